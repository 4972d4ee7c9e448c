//! How the program ends.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The answer is yes.
    Yes = 0,
    /// The answer is no: something fits nowhere, or differs.
    No = 1,
    /// Misuse, or input that could not be read; an answer that was given all the same rests on less than was asked.
    Misuse = 2,
}

impl Exit {
    /// From an answer.
    pub fn of(holds: bool) -> Self {
        if holds { Exit::Yes } else { Exit::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Help and version go to stdout and are fine; everything else that clap has to say is misuse.
pub fn after_clap(error: clap::Error) -> ExitCode {
    let exit = if error.use_stderr() { Exit::Misuse } else { Exit::Yes };
    // a closed pipe is no reason to fail
    let _ = error.print();
    exit.into()
}

//! The same as `plimsoll`, found by kubectl as `kubectl plimsoll`.

fn main() -> std::process::ExitCode {
    plimsoll::cli::run("kubectl plimsoll")
}

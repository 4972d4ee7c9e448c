//! Going on after broken JSON.
//!
//! An object in which a bracket or a quotation mark is missing swallows those that follow it. They begin on lines of their own,
//! as far to the right as it does (or, as documents, at the left edge): there reading goes on. JSON on a single line has no
//! such places, and nothing after the broken object can be trusted.

use std::sync::Arc;

use rayon::prelude::*;

use super::json_split::{Splitter, Step};
use super::problem::{Problem, Severity};
use super::understand::{Reading, Understood, json_piece_at, position_of};
use crate::manifest::location::{Location, Position};

/// So many broken objects are stepped over in a file.
const MOST_BROKEN: usize = 100;

/// A stream that ended inside an object, or array, that begins at a position.
pub(super) fn unfinished(file: &Arc<str>, text: &[u8], start: Position) -> Vec<Understood> {
    let reading = Reading::new(file, start, text);
    let mut found = broken(&reading, 0, next_object(text, indent(start)).is_some());
    found.extend(after(&reading));
    found
}

fn broken(reading: &Reading<'_>, at: usize, goes_on: bool) -> Vec<Understood> {
    let (message, hint) = match goes_on {
        true => ("a bracket or a quotation mark is missing in the object that begins here", "correct it; the other objects were read"),
        false => ("the file ends inside what begins here: it was cut off", "write it again; what came before was loaded"),
    };
    let location = reading.location(position_of(reading.text, at));
    reading.refuse(Problem::new(Severity::Error, location, message).hint(hint))
}

/// What follows a broken object in the text that it swallowed.
pub(super) fn after(reading: &Reading<'_>) -> Vec<Understood> {
    let (text, indent) = (reading.text, indent(reading.base));
    let (mut found, mut from) = (Vec::new(), 0);
    for _ in 0..MOST_BROKEN {
        let Some(next) = next_object(&text[from..], indent) else { return found };
        from += next;
        let mut splitter = Splitter::resume(&text[from..], position_of(text, from).within(reading.base));
        loop {
            match splitter.step() {
                Ok(Step::Batch(batch)) => {
                    let pieces = batch.pieces.par_iter();
                    let objects = pieces.map(|piece| json_piece_at(reading.file, &batch, piece, Position::START, reading.depth + 1));
                    found.extend(objects.collect::<Vec<_>>().into_iter().flatten());
                }
                Ok(Step::NotJson { text: rest, .. }) => {
                    from = text.len() - rest.len() - splitter.into_reader().len();
                    break;
                }
                Ok(Step::Truncated { text: rest, .. }) => {
                    from = text.len() - rest.len();
                    found.extend(broken(reading, from, next_object(&text[from..], indent).is_some()));
                    break;
                }
                Ok(Step::End) | Err(_) => return found,
            }
        }
    }
    let location = Location::new(reading.file, position_of(text, from).within(reading.base));
    let problem = Problem::new(Severity::Error, location, "too much is broken before this: the rest was not read");
    found.extend(reading.refuse(problem.hint("write the file again")));
    found
}

fn indent(position: Position) -> usize {
    position.column.saturating_sub(1) as usize
}

/// Where the next line starts an object, so far from the left edge or right at it.
fn next_object(text: &[u8], indent: usize) -> Option<usize> {
    let starts = |line: &[u8]| {
        let blank = line.iter().take(indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        ((blank == indent || blank == 0) && line.get(blank) == Some(&b'{')).then_some(blank)
    };
    memchr::memchr_iter(b'\n', text).find_map(|newline| starts(&text[newline + 1..]).map(|blank| newline + 1 + blank))
}

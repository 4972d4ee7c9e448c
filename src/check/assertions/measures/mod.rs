//! How the quantities of assertions are measured: each from what an engine already said, one subject a file.

pub(super) mod cost;
pub(super) mod evictions;
pub(super) mod nodes;
pub(super) mod pods;
pub(super) mod quotas;
pub(super) mod spread;
pub(super) mod survival;

use super::{Amount, Measured};

/// Something that was measured, without why.
fn plain(what: impl Into<String>, amount: Amount) -> Measured {
    Measured { what: what.into(), amount, because: Vec::new() }
}

/// `after the loss of node a`.
fn after(name: &str) -> String {
    format!("after the loss of {name}")
}

/// The first few of many names.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

/// The first sentence of the scheduler's.
fn brief(sentence: &str) -> &str {
    match sentence.split_once(". ") {
        Some((first, _)) if first.contains("nodes are available") => first,
        _ => sentence,
    }
}

//! All integration tests, one binary.

mod expansion;
mod reading;

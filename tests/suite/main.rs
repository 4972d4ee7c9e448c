//! All integration tests, one binary.

mod architecture;
mod expansion;
mod reading;

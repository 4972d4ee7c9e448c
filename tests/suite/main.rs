//! All integration tests, one binary.

mod architecture;
mod expansion;
mod generate;
mod generated;
mod parsers;
mod reading;
mod recordings;
mod referee;

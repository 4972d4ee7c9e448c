//! One test binary: one link instead of ten.

mod architecture;
mod cli;
mod example;
mod expansion;
mod generate;
mod generated;
mod golden;
mod parsers;
mod recordings;
mod referee;
mod rules;

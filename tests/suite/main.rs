//! One test binary: one link instead of ten.

mod architecture;
mod example;
mod expansion;
mod generate;
mod generated;
mod invariants;
mod parsers;
mod recordings;
mod referee;
mod rules;

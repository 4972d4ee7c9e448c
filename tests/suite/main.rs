//! All tests that need more than one module: one binary, so that there is one link instead of ten.

mod example;
mod expansion;
mod parsers;

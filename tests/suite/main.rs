//! One test binary: one link instead of ten.

mod recordings;
mod referee;

//! Layer 3: the same as numbers.
pub mod index;

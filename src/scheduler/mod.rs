//! Layer 4: where a pod goes.
pub mod attempt;
pub mod version;

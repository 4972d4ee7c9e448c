//! Layer 6: how far a cluster reaches, and what it would take to reach farther.
//!
//! Every answer is found by placing pods with the scheduler itself, and says what was tried: placement is not monotone, so an answer for
//! one number of pods proves nothing about a smaller one.
//!
//! A new question: a file or folder named as operators name it, with one function that takes objects and gives a result without words.

pub mod headroom;
pub mod quota;

//! Layer 6: how far a cluster reaches, and what it would take to reach farther.
//!
//! Every answer is found by asking what decides in a cluster: the scheduler for places, the API server for quotas. What was tried is
//! said: placement is not monotone, so an answer for one number of pods proves nothing about a smaller one.
//!
//! A new question: a file or folder named as operators name it, with one function that takes objects and gives a result without words.

pub mod failover;
pub mod headroom;
pub mod interdiction;
pub mod maintenance;
pub mod packing;
pub mod quorum;
pub mod quota;
pub mod realisation;
pub mod recommendation;
pub mod resilience;
pub mod rightsize;
pub mod size;
pub mod success_metrics;
pub mod survey;

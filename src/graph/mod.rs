//! Layer 4: what hangs on what. petgraph's home.
//!
//! Three questions, each a pure function of the objects of an input (and of where their pods are): which nodes fail together
//! ([`failure_domains`]), what needs what ([`dependencies`]: Service, Ingress, budget, autoscaler → workload → claim → volume →
//! zone), and what goes when something goes ([`blast_radius`]).
//!
//! Promise: what is referred to and not there is kept and named, never dropped; the order of objects in the input changes nothing but
//! the order of equals; no type of petgraph leaves this room. Nothing here moves a pod: what comes back after a loss, and where, is
//! for `simulation` to say.
//!
//! To add a kind of object: a role in [`dependencies::Role`], and a step in `dependencies/build.rs`.

pub mod blast_radius;
pub mod dependencies;
pub mod failure_domains;
pub mod ownership;

pub use blast_radius::BlastRadius;
pub use dependencies::Dependencies;
pub use failure_domains::{Domain, FailureDomains, Kind, domain, domains, partition};
pub use ownership::Ownership;

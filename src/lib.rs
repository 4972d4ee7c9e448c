//! Plimsoll: the load line for Kubernetes clusters.
#![allow(missing_docs)]

pub mod cluster;
pub mod manifest;
pub mod report;
pub mod scheduler;

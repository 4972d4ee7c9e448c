//! Plimsoll: the load line for Kubernetes clusters.
#![allow(missing_docs)]

pub mod admission;
pub mod cli;
pub mod cluster;
pub mod conformance;
pub mod controllers;
pub mod manifest;
pub mod report;
pub mod scheduler;
pub mod verify;

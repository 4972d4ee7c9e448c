//! Plimsoll: the load line for Kubernetes clusters.
#![allow(missing_docs)]

pub mod admission;
pub mod controllers;
pub mod manifest;

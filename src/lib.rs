//! Plimsoll: the load line for Kubernetes clusters.
#![allow(missing_docs)]

pub mod manifest;

//! Validation: what makes no sense is refused with 422, and every field that is wrong is named.
//!
//! Promise: upstream's fields and sentences, and all of them at once. What bears on none of placement, capacity, disruption and
//! scale is not checked. HorizontalPodAutoscalers are checked where they are modelled.
//!
//! To add a kind: a function in the file of its group, and a call of it in `admitted`.
//!
//! Source: k8s.io/kubernetes/pkg/apis/*/validation, v1.36; each file names its own.

mod affinity;
pub(super) mod cluster;
pub(super) mod field;
pub(super) mod job;
mod job_policies;
pub(super) mod metadata;
pub(super) mod names;
pub(super) mod pod;
pub(super) mod policy;
pub(super) mod resources;
mod scheduling;
pub(super) mod storage;
pub(super) mod update;
pub(super) mod workload;

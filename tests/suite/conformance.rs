//! The recordings of the real scheduler: every step of every case, in both versions, and by the fast path too.

use std::path::Path;

use plimsoll::conformance::{Recordings, by_family, control_plane};
use plimsoll::scheduler::version::KubernetesVersion;

fn agrees(version: KubernetesVersion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let recordings = Recordings::read(&folder, version).expect("the recordings are committed");
    let results = recordings.compare(version);
    let differing: Vec<String> =
        results.iter().filter_map(|result| Some(format!("{}: {}", result.name, result.difference.as_ref()?))).collect();
    assert!(differing.is_empty(), "{} of {} cases differ; the first: {}", differing.len(), results.len(), differing[0]);
    assert_eq!(results.len(), 600);
    assert_eq!(by_family(&results).len(), 15);
}

#[test]
fn every_recording_of_1_34_agrees() {
    agrees(KubernetesVersion::V1_34);
}

#[test]
fn every_recording_of_1_36_agrees() {
    agrees(KubernetesVersion::V1_36);
}

#[test]
fn every_recording_of_a_control_plane_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/control-plane");
    let recordings = control_plane::read(&folder).expect("the recordings are committed");
    let results: Vec<_> = recordings.iter().map(control_plane::compare).collect();
    let differing: Vec<String> =
        results.iter().filter_map(|result| Some(format!("{}: {}", result.name, result.difference.as_ref()?))).collect();
    assert!(differing.is_empty(), "{} of {} recordings differ; the first: {}", differing.len(), results.len(), differing[0]);
    assert_eq!(results.len(), 645);
}

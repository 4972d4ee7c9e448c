//! The taints that drive pods from a dead node.
//!
//! Source: k8s.io/api/core/v1/well_known_taints.go, v1.36.

use crate::manifest::node::Taint;

/// The taint of a node that no longer answers.
pub(super) fn unreachable() -> Taint {
    no_execute("node.kubernetes.io/unreachable")
}

/// The taint that says that a node is shut down for good.
pub(super) fn out_of_service() -> Taint {
    no_execute("node.kubernetes.io/out-of-service")
}

fn no_execute(key: &str) -> Taint {
    Taint { key: key.to_owned(), effect: "NoExecute".to_owned(), ..Taint::default() }
}

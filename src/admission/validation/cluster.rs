//! Nodes, namespaces and services.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateNode, ValidateNamespace, ValidateService, v1.36.

use super::field::{ErrorList, Path};
use super::metadata::{validate_labels, validate_metadata};
use super::names;
use super::resources::validate_amount;
use super::scheduling::validate_taints;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::workload::Service;

/// Checks a node.
pub(in crate::admission) fn validate_node(node: &Node, errors: &mut ErrorList) {
    validate_metadata(&node.metadata, false, names::dns_subdomain, errors);
    let (spec, status) = (Path::root("spec"), Path::root("status"));
    validate_taints(&node.spec.taints, &spec.child("taints"), errors);
    let path = status.child("capacity");
    for (name, amount) in &node.status.capacity {
        validate_amount(name, *amount, &path.key(name), errors);
    }
}

/// Checks a namespace.
pub(in crate::admission) fn validate_namespace(namespace: &Namespace, errors: &mut ErrorList) {
    validate_metadata(&namespace.metadata, false, names::dns_label, errors);
}

/// Checks a service.
pub(in crate::admission) fn validate_service(service: &Service, errors: &mut ErrorList) {
    validate_metadata(&service.metadata, true, names::dns_label, errors);
    let path = Path::root("spec");
    const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !TYPES.contains(&service.spec.r#type.as_str()) {
        errors.not_supported(&path.child("type"), &service.spec.r#type, TYPES);
    }
    validate_labels(&service.spec.selector, &path.child("selector"), errors);
    let ports = path.child("ports");
    for (index, port) in service.spec.ports.iter().enumerate() {
        if let Some(why) = names::port_number(port.port) {
            let path = ports.index(index);
            errors.invalid(&path.child("port"), port.port, why);
        }
    }
}

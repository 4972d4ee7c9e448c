//! Objects of kinds that are not modelled: their names are kept, for quotas count them; their contents never are.
//!
//! Source: the plurals are those of `kubectl api-resources`, v1.36; a custom resource's is guessed from its kind, as
//! k8s.io/apimachinery/pkg/api/meta/restmapper.go UnsafeGuessKindToResource does.

use serde::Deserialize;

use super::piece::TypeMeta;
use super::tree::Node as Tree;
use crate::manifest::lenient::null_is_default;
use crate::manifest::objects::Other;

/// The names in an object's JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    #[serde(deserialize_with = "null_is_default")]
    metadata: Names,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    #[serde(deserialize_with = "null_is_default")]
    name: String,
    #[serde(deserialize_with = "null_is_default")]
    namespace: String,
    #[serde(deserialize_with = "null_is_default")]
    uid: String,
}

/// What is kept of an object in JSON.
pub(super) fn of_json(of: &TypeMeta, named: Named) -> Option<Other> {
    keep(of, named.metadata)
}

/// What is kept of an object in a tree.
pub(super) fn of_tree(of: &TypeMeta, tree: &Tree) -> Option<Other> {
    let field = |name: &str| tree.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Tree::text).unwrap_or_default();
    let field = |name: &str| field(name).to_owned();
    keep(of, Names { name: field("name"), namespace: field("namespace"), uid: field("uid") })
}

fn keep(of: &TypeMeta, names: Names) -> Option<Other> {
    // events come and go by the thousand
    if names.name.is_empty() || of.kind == "Event" {
        return None;
    }
    let mut other = Other { api_version: of.api_version.clone(), kind: of.kind.clone(), resource: resource(of), ..Other::default() };
    other.metadata.name = names.name;
    other.metadata.uid = names.uid;
    if is_namespaced(of) {
        other.metadata.namespace = names.namespace;
    }
    Some(other)
}

/// Whether objects of a kind live in namespaces. A namespace that is written for one that does not is dropped, as the server does.
/// Of custom resources only the custom of naming is known.
fn is_namespaced(of: &TypeMeta) -> bool {
    match of.group() {
        "admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io" | "flowcontrol.apiserver.k8s.io" => false,
        "networking.k8s.io" => !matches!(of.kind.as_str(), "IngressClass" | "IPAddress" | "ServiceCIDR"),
        "resource.k8s.io" => !matches!(of.kind.as_str(), "DeviceClass" | "ResourceSlice"),
        "storage.k8s.io" => of.kind != "VolumeAttributesClass",
        "gateway.networking.k8s.io" => of.kind != "GatewayClass",
        "certificates.k8s.io" => of.kind == "PodCertificateRequest",
        _ => !of.kind.starts_with("Cluster") && of.kind != "PodSecurityPolicy",
    }
}

/// Plural with its group: `configmaps`, `networkpolicies.networking.k8s.io`.
fn resource(of: &TypeMeta) -> String {
    let kind = of.kind.to_lowercase();
    let plural = match kind.as_str() {
        "endpoints" => kind,
        _ if kind.ends_with('s') => format!("{kind}es"),
        _ if kind.ends_with('y') && !kind.ends_with("ay") && !kind.ends_with("ey") => format!("{}ies", &kind[..kind.len() - 1]),
        _ => format!("{kind}s"),
    };
    match of.group() {
        "" => plural,
        group => format!("{plural}.{group}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_dropped_where_there_is_none() {
        let kept = |version: &str, kind: &str| {
            let names = Names { name: "n".to_owned(), namespace: "shop".to_owned(), uid: String::new() };
            let of = TypeMeta { api_version: version.to_owned(), kind: kind.to_owned() };
            keep(&of, names).expect("it has a name").metadata.namespace
        };
        assert_eq!(kept("rbac.authorization.k8s.io/v1", "ClusterRole"), "");
        assert_eq!(kept("rbac.authorization.k8s.io/v1", "Role"), "shop");
        assert_eq!(kept("networking.k8s.io/v1", "IngressClass"), "");
        assert_eq!(kept("networking.k8s.io/v1", "Ingress"), "shop");
    }

    #[test]
    fn kinds_have_plurals() {
        for (version, kind, plural) in [
            ("v1", "ConfigMap", "configmaps"),
            ("v1", "Endpoints", "endpoints"),
            ("networking.k8s.io/v1", "Ingress", "ingresses.networking.k8s.io"),
            ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies.networking.k8s.io"),
            ("gateway.networking.k8s.io/v1", "Gateway", "gateways.gateway.networking.k8s.io"),
        ] {
            assert_eq!(resource(&TypeMeta { api_version: version.to_owned(), kind: kind.to_owned() }), plural);
        }
    }
}

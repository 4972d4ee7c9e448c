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
}

/// What is kept of an object in JSON.
pub(super) fn of_json(of: &TypeMeta, named: Named) -> Option<Other> {
    keep(of, named.metadata.name, named.metadata.namespace)
}

/// What is kept of an object in a tree.
pub(super) fn of_tree(of: &TypeMeta, tree: &Tree) -> Option<Other> {
    let field = |name: &str| tree.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Tree::text).unwrap_or_default();
    keep(of, field("name").to_owned(), field("namespace").to_owned())
}

fn keep(of: &TypeMeta, name: String, namespace: String) -> Option<Other> {
    // events come and go by the thousand
    if name.is_empty() || of.kind == "Event" {
        return None;
    }
    let mut other = Other { api_version: of.api_version.clone(), kind: of.kind.clone(), resource: resource(of), ..Other::default() };
    other.metadata.name = name;
    other.metadata.namespace = namespace;
    Some(other)
}

/// Plural with its group: `configmaps`, `ingresses.networking.k8s.io`.
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

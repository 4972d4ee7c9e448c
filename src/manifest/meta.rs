//! What every object has: `metadata`, selectors, owners.

use litemap::LiteMap;

use serde::{Deserialize, Serialize};

use super::location::Origin;

/// Labels, annotations, selectors: small ordered string maps. A `null` value is an empty one, as the API server reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct StringMap(LiteMap<String, String>);

impl StringMap {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<'de> Deserialize<'de> for StringMap {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = LiteMap::<String, Option<String>>::deserialize(deserializer)?;
        Ok(map.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
    }
}

impl std::ops::Deref for StringMap {
    type Target = LiteMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for StringMap {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl std::ops::Index<&str> for StringMap {
    type Output = String;

    fn index(&self, key: &str) -> &String {
        self.0.get(key).unwrap_or_else(|| panic!("no key {key:?}"))
    }
}

impl FromIterator<(String, String)> for StringMap {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        StringMap(pairs.into_iter().collect())
    }
}

impl<const N: usize> From<[(String, String); N]> for StringMap {
    fn from(pairs: [(String, String); N]) -> Self {
        StringMap(pairs.into_iter().collect())
    }
}

impl IntoIterator for StringMap {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a StringMap {
    type Item = (&'a String, &'a String);
    type IntoIter = <&'a LiteMap<String, String> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

objects! {
    /// `metadata` of an object.
    pub struct ObjectMeta {
        /// Name, unique in its namespace and kind.
        pub name: String,
        /// Prefix of a name the server completes.
        pub generate_name: String,
        /// Namespace; empty for cluster-scoped objects, and for namespaced ones before defaulting.
        pub namespace: String,
        /// Identity across re-creations.
        pub uid: String,
        /// Labels.
        pub labels: StringMap,
        /// Annotations, without `kubectl.kubernetes.io/last-applied-configuration` (large, and may hold secrets).
        pub annotations: StringMap,
        /// When it was created, RFC 3339; compares as text because the API writes one form only.
        pub creation_timestamp: Option<String>,
        /// When its deletion was asked for: set means terminating.
        pub deletion_timestamp: Option<String>,
        /// Seconds between the request to delete and the end.
        pub deletion_grace_period_seconds: Option<i64>,
        /// Who has to let go before a deleted object is gone.
        pub finalizers: Vec<String>,
        /// Owners; at most one with `controller: true`.
        pub owner_references: Vec<OwnerReference>,
        /// Which version of the spec this is.
        pub generation: Option<i64>,
        /// Where it was read; not part of the API.
        #[serde(skip)]
        pub origin: Origin,
    }

    /// An owner of an object.
    pub struct OwnerReference {
        /// API group and version of the owner.
        pub api_version: String,
        /// Kind of the owner.
        pub kind: String,
        /// Name of the owner.
        pub name: String,
        /// Identity of the owner.
        pub uid: String,
        /// Whether this owner is the managing controller.
        pub controller: Option<bool>,
    }

    /// A label selector. `None` where one may stand means "nothing", an empty one means "everything".
    pub struct LabelSelector {
        /// Label equals value, all of them.
        pub match_labels: StringMap,
        /// Expressions, all of them.
        pub match_expressions: Vec<SelectorRequirement>,
    }

    /// `key operator values` of a label selector or node selector.
    pub struct SelectorRequirement {
        /// Label key, or field path for `matchFields`.
        pub key: String,
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`; for nodes also `Gt`, `Lt`.
        pub operator: String,
        /// Values; their number depends on the operator.
        pub values: Vec<String>,
    }
}

impl ObjectMeta {
    /// The owner that manages this object, if one does.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// The namespace, with the API's `default` for one that was not written. Only for namespaced objects.
    pub fn namespace_or_default(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }
}

/// A number or a percentage, as the API's `IntOrString`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A plain number.
    Int(i64),
    /// Text, in practice a percentage such as `25%`.
    Text(String),
}

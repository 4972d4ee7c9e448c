//! What is asked for of what there is.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::{Unit, percent, share};

/// A resource: how much pods ask for, of how much there is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUse {
    /// Name, as in the API.
    pub resource: String,
    /// `milliCores`, `bytes` or `count`.
    pub unit: &'static str,
    /// Sum of the requests of the pods on it.
    pub requested: i64,
    /// What pods may ask for.
    pub allocatable: i64,
    /// What is left; negative if more is asked for than there is.
    pub free: i64,
    /// Requested of allocatable, one digit after the point.
    pub percent: f64,
}

impl ResourceUse {
    /// A resource with these amounts.
    pub fn new(resource: &str, requested: i64, allocatable: i64) -> Self {
        let unit = Unit::of(resource).name();
        let free = allocatable.saturating_sub(requested);
        ResourceUse { resource: resource.to_owned(), unit, requested, allocatable, free, percent: percent(requested, allocatable) }
    }

    /// Whether it is one of the three that every node has.
    pub fn is_main(&self) -> bool {
        matches!(&*self.resource, "cpu" | "memory" | "pods")
    }

    /// `2.84/4`.
    pub fn fraction(&self) -> String {
        if self.requested == 0 && self.allocatable == 0 {
            return "-".to_owned();
        }
        let unit = Unit::of(&self.resource);
        let (requested, allocatable) = unit.distinct(self.requested, self.allocatable);
        format!("{requested}/{allocatable}")
    }

    /// `71 %`.
    pub fn share(&self) -> String {
        share(self.requested, self.allocatable)
    }
}

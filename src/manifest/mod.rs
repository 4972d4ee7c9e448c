//! Layer 1: what was written.
//!
//! Kubernetes objects as the API spells them, typed, with exact quantities, and with the place they were read from.
//! Nothing here knows of scheduling. Every field tolerates `null` and absence, because dumps, rendered charts and other
//! people's fixtures have both; what a field's absence *means* is decided a layer up (`admission`, `cluster`).
//!
//! A new kind: a struct in the file of its group, a field in [`Objects`], an arm in `read`'s table of kinds.
//!
//! Source: Kubernetes API reference v1.36 (`k8s.io/api` core/v1, apps/v1, batch/v1, policy/v1, autoscaling/v2, storage/v1,
//! scheduling.k8s.io/v1, node.k8s.io/v1, networking.k8s.io/v1).

/// Declares API structs: `camelCase`, every field optional, `null` read as absent, defaults not written back.
macro_rules! objects {
    ($( $(#[$meta:meta])* pub struct $name:ident { $( $(#[$field_meta:meta])* pub $field:ident : $type:ty, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $(
            $(#[$field_meta])*
            #[serde(deserialize_with = "crate::manifest::lenient::null_is_default", skip_serializing_if = "crate::manifest::lenient::is_default")]
            pub $field: $type,
        )* }
    )* };
}

pub mod autoscaling;
pub mod completion;
pub mod cron_schedule;
pub mod field;
pub mod lenient;
pub mod location;
pub mod meta;
pub mod monitoring;
pub mod networking;
pub mod node;
pub mod objects;
pub mod pod;
pub mod policy;
pub mod quantity;
pub mod read;
pub mod refusal;
pub mod resource;
pub mod scheduler_configuration;
pub mod snapshot;
pub mod storage;
pub mod workload;

pub use objects::Objects;
pub use quantity::Quantity;

//! How leniently a field is read: `null` is absent, and a default is not written back.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the type's default.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a field holds what its absence would mean.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

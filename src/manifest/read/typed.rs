//! From a tree to typed objects, with the path and the position of the value that does not fit.
//!
//! Source: the same strictness as the API server's decoder: a boolean is no text, text is no number; unknown fields are ignored.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::{Entry, Node, Value};
use crate::manifest::field::{FieldPath, Step};
use crate::manifest::location::Position;

/// A value that does not fit: where, at which field, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypeError {
    pub position: Option<Position>,
    /// Innermost step first.
    path: Vec<Step>,
    pub message: String,
}

impl TypeError {
    /// The field, as `spec.containers[0].image`.
    pub fn field(&self) -> String {
        FieldPath(self.path.iter().rev().cloned().collect()).to_string()
    }

    fn at(mut self, step: Step, position: Position) -> Self {
        self.path.push(step);
        self.position.get_or_insert(position);
        self
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", self.field(), self.message),
        }
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TypeError { position: None, path: Vec::new(), message: message.to_string() }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        let expected = match expected.as_str() {
            "a sequence" => "a list",
            "a map" => "a mapping",
            "i32" | "i64" | "u32" | "u64" => "a whole number",
            "a string" => "text",
            other if other.starts_with("struct ") => "a mapping",
            other => other,
        };
        let found = match found {
            de::Unexpected::Map => "a mapping".to_owned(),
            de::Unexpected::Seq => "a list".to_owned(),
            de::Unexpected::Str(text) => format!("text {:?}", text.chars().take(40).collect::<String>()),
            other => other.to_string(),
        };
        Self::custom(format!("expected {expected}, found {found}"))
    }
}

/// Reads a typed value out of a tree.
pub(super) fn from_node<T: de::DeserializeOwned>(node: Node) -> Result<T, TypeError> {
    T::deserialize(node)
}

impl<'de> Deserializer<'de> for Node {
    type Error = TypeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Unsigned(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(value) => visitor.visit_string(value),
            Value::List(items) => visitor.visit_seq(Items { items: items.into_iter().enumerate() }),
            Value::Map(entries) => visitor.visit_map(Entries { entries: entries.into_iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier
    }
}

struct Items {
    items: std::iter::Enumerate<std::vec::IntoIter<Node>>,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = TypeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TypeError> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let position = node.position;
        seed.deserialize(node).map(Some).map_err(|error| error.at(Step::Index(index), position))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries {
    entries: std::vec::IntoIter<Entry>,
    value: Option<(String, Node)>,
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = TypeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypeError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let key = seed.deserialize(entry.key.as_str().into_deserializer());
        let key = key.map_err(|error: TypeError| error.at(Step::Key(entry.key.clone()), entry.position))?;
        self.value = Some((entry.key, entry.value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TypeError> {
        let Some((key, node)) = self.value.take() else { return Err(de::Error::custom("a value without a key")) };
        let position = node.position;
        seed.deserialize(node).map_err(|error| error.at(Step::Key(key), position))
    }
}

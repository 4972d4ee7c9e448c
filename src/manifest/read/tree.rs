//! YAML as the API server's tools read it, as a tree with a position at every value.
//!
//! Promise: any text gives a tree or one error with a position; aliases cannot blow it up, nesting cannot overflow the stack.
//! Scalars are resolved as `sigs.k8s.io/yaml` does (YAML 1.1: `yes`, `on`, `0755`, `1_000`; time stamps stay text), merge keys
//! are merged, a key that occurs twice is an error as it is for `kubectl apply`.
//!
//! Source: go-yaml v2 `resolve.go` and `decode.go`, YAML 1.1 merge keys.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::scalar;
use crate::manifest::location::Position;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub position: Position,
    pub value: Value,
}

/// A value of JSON's model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub position: Position,
    pub value: Node,
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What this is, in a word.
    pub fn kind_of_value(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Unsigned(_) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// Number of values in it, itself included.
    fn size(&self) -> usize {
        1 + match &self.value {
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| 1 + entry.value.size()).sum(),
            _ => 0,
        }
    }
}

/// Why a text is no YAML.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyntaxError {
    pub position: Position,
    pub message: String,
}

/// Deepest nesting that is read; CustomResourceDefinitions reach about 80.
const DEEPEST: usize = 256;
/// Values that aliases may add on top of one for each byte of the text.
const ALIAS_ALLOWANCE: usize = 1_000_000;

/// Reads all documents of a text.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut builder = Builder { allowance: text.len() + ALIAS_ALLOWANCE, ..Builder::default() };
    let mut options = Options::default();
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, position(&span))?,
            Err(error) => {
                let marker = error.marker();
                let position = Position { line: marker.line() as u32, column: marker.col() as u32 + 1 };
                return Err(SyntaxError { position, message: error.info() });
            }
        }
    }
    Ok(builder.documents)
}

fn position(span: &Span) -> Position {
    Position { line: span.start.line() as u32, column: span.start.col() as u32 + 1 }
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: FxHashMap<usize, Node>,
    allowance: usize,
}

/// A list or mapping whose end has not been seen.
struct Open {
    position: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merged: Vec<Node>, key: Option<(Key, Position)> },
}

enum Key {
    Text(String),
    Merge,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, position: Position) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_ref().and_then(|tag| tag.core_suffix());
                let plain = style == ScalarStyle::Plain;
                if self.expects_key() {
                    let merge = plain && text == "<<" && tag.is_none_or(|tag| tag == "merge");
                    let key = if merge { Key::Merge } else { Key::Text(scalar::key(&text, plain, tag)) };
                    return self.key(key, position);
                }
                let value = scalar::resolve(text, plain, tag);
                self.value(Node { position, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(position, anchor, Content::List(Vec::new()))?,
            Event::MappingStart(_, anchor, _) => {
                self.open(position, anchor, Content::Map { entries: Vec::new(), merged: Vec::new(), key: None })?
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => self.alias(anchor, position)?,
            _ => {}
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, new: Key, position: Position) -> Result<(), SyntaxError> {
        if let Some(Open { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some((new, position));
        }
        Ok(())
    }

    fn open(&mut self, position: Position, anchor: usize, content: Content) -> Result<(), SyntaxError> {
        if self.expects_key() {
            return Err(error(position, "a mapping key must be plain text, not a list or a mapping"));
        }
        if self.open.len() >= DEEPEST {
            return Err(error(position, format!("nested more than {DEEPEST} levels deep")));
        }
        self.open.push(Open { position, anchor, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(Open { position, anchor, content }) = self.open.pop() else { return Ok(()) };
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merged, .. } => {
                merge(&mut entries, merged)?;
                Value::Map(entries)
            }
        };
        self.value(Node { position, value }, anchor)
    }

    fn alias(&mut self, anchor: usize, position: Position) -> Result<(), SyntaxError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(error(position, "an alias inside the value that its anchor names"));
        };
        let size = node.size();
        if size > self.allowance {
            return Err(error(position, "aliases expand to more than this input may hold"));
        }
        self.allowance -= size;
        let mut node = node.clone();
        node.position = position;
        if self.expects_key() {
            let key = match node.value {
                Value::Text(text) => text,
                _ => return Err(error(position, "a mapping key must be plain text")),
            };
            return self.key(Key::Text(key), position);
        }
        self.value(node, 0)
    }

    fn value(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.documents.push(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, merged, key }) => match key.take() {
                Some((Key::Merge, _)) => merged.push(node),
                Some((Key::Text(key), position)) => entries.push(Entry { key, position, value: node }),
                None => return Err(error(node.position, "a mapping key must be plain text, not a list or a mapping")),
            },
        }
        Ok(())
    }
}

fn error(position: Position, message: impl Into<String>) -> SyntaxError {
    SyntaxError { position, message: message.into() }
}

/// Refuses keys that occur twice, and adds what merge keys bring: own keys win over merged ones, earlier merged ones over later.
fn merge(entries: &mut Vec<Entry>, merged: Vec<Node>) -> Result<(), SyntaxError> {
    if let Some(twice) = find_duplicate(entries) {
        let Entry { key, position, .. } = &entries[twice];
        return Err(error(*position, format!("key {key:?} is set a second time")));
    }
    for node in merged {
        let sources = match node.value {
            Value::List(items) => items,
            _ => vec![node],
        };
        for source in sources {
            let Value::Map(source_entries) = source.value else {
                return Err(error(source.position, "only a mapping, or a list of mappings, can be merged with <<"));
            };
            for entry in source_entries {
                if !entries.iter().any(|own| own.key == entry.key) {
                    entries.push(entry);
                }
            }
        }
    }
    Ok(())
}

fn find_duplicate(entries: &[Entry]) -> Option<usize> {
    if entries.len() <= 16 {
        return (1..entries.len()).find(|&index| entries[..index].iter().any(|earlier| earlier.key == entries[index].key));
    }
    let mut seen = FxHashSet::default();
    entries.iter().position(|entry| !seen.insert(entry.key.as_str()))
}

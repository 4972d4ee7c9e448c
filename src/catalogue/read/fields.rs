//! Values of a tree as what they should be, or a problem at their place.

use super::collect::Collector;
use crate::catalogue::{node, parse_price};
use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;
use crate::manifest::node::Taint;
use crate::manifest::pod::ResourceList;
use crate::manifest::read::tree::{Entry, Node, Value};

/// A scalar as text, however it was written; none for lists, mappings and nothing.
pub(super) fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Unsigned(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

impl Collector {
    /// The entries of a mapping.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                self.error(node.position, format!("{what}: {}, where a mapping is expected", node.kind_of_value()));
                &[]
            }
        }
    }

    /// The items of a list.
    pub fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => {
                self.error(node.position, format!("{what}: {}, where a list is expected", node.kind_of_value()));
                &[]
            }
        }
    }

    /// Warns of keys that mean nothing here.
    pub fn only(&mut self, entries: &[Entry], known: &[&str]) {
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            self.warning(entry.position, format!("{} means nothing here", entry.key), &format!("known are {}", known.join(", ")));
        }
    }

    /// Text; numbers and booleans are taken as they are written.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = scalar(node);
        if text.is_none() && node.value != Value::Null {
            self.error(node.position, format!("{what}: {}, where text is expected", node.kind_of_value()));
        }
        text
    }

    /// Texts of a list, or of one text with commas, semicolons or blanks between them.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item, what)).collect(),
            _ => self.text(node, what).map_or_else(Vec::new, |text| split(&text)),
        }
    }

    /// Labels: a mapping of text.
    pub fn labels(&mut self, node: &Node, what: &str) -> StringMap {
        let entries = self.entries(node, what);
        entries.iter().map(|entry| (entry.key.clone(), self.text(&entry.value, what).unwrap_or_default())).collect()
    }

    /// Amounts by resource.
    pub fn resources(&mut self, node: &Node, what: &str) -> ResourceList {
        let mut list = ResourceList::new();
        for entry in self.entries(node, what) {
            if let Some(amount) = self.amount(&entry.value, &format!("{what}.{}", entry.key)) {
                list.insert(entry.key.clone(), amount);
            }
        }
        list
    }

    /// A quantity, not negative.
    pub fn amount(&mut self, node: &Node, what: &str) -> Option<Quantity> {
        let text = self.text(node, what)?;
        match text.trim().parse::<Quantity>() {
            Ok(amount) if !amount.is_negative() => return Some(amount),
            Ok(_) => self.error(node.position, format!("{what}: {text} is less than nothing")),
            Err(error) => self.error(node.position, format!("{what}: {error}")),
        }
        None
    }

    /// A price, in millionths.
    pub fn price(&mut self, node: &Node, what: &str) -> Option<i64> {
        let text = self.text(node, what)?;
        let price = parse_price(&text);
        if price.is_none() {
            self.error(node.position, format!("{what}: {text:?} is not a price: write a decimal number an hour, such as 0.096"));
        }
        price
    }

    /// How many: a whole number.
    pub fn count(&mut self, node: &Node, what: &str) -> Option<u32> {
        let text = self.text(node, what)?;
        let count = text.trim().parse().ok();
        if count.is_none() {
            self.error(node.position, format!("{what}: {text:?} is not a whole number"));
        }
        count
    }

    /// Taints: mappings as in a node's `spec.taints`, or texts as `kubectl taint` writes them.
    pub fn taints(&mut self, node: &Node, what: &str) -> Vec<Taint> {
        let mut taints = Vec::new();
        for item in self.items(node, what) {
            let text = match &item.value {
                Value::Map(_) => {
                    let field = |key: &str| item.get(key).and_then(scalar).unwrap_or_default();
                    format!("{}={}:{}", field("key"), field("value"), field("effect"))
                }
                _ => scalar(item).unwrap_or_default(),
            };
            match node::parse_taint(&text) {
                Some(taint) => taints.push(taint),
                None => self.error_with_hint(item.position, format!("{what}: not a taint"), TAINT),
            }
        }
        taints
    }
}

pub(super) const TAINT: &str = "write key=value:NoSchedule, or {key: ..., value: ..., effect: NoSchedule | PreferNoSchedule | NoExecute}";

/// Words with commas, semicolons or blanks between them.
pub(super) fn split(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| letter == ',' || letter == ';' || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

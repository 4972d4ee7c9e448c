//! Fields and what is wrong with them, printed byte for byte as the API server prints them.
//!
//! A list of errors is sorted and each is said once; the server's own order is that of Go maps.
//!
//! Source: k8s.io/apimachinery/pkg/util/validation/field/{path,errors}.go, v1.36.

use std::fmt::{self, Display, Write};

use crate::manifest::meta::{IntOrString, LabelSelector, StringMap};
use crate::manifest::quantity::Quantity;

/// A path to a field, built on the stack: it costs nothing until something is wrong there.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// A field of the object itself.
    pub fn root(name: &'a str) -> Self {
        Path { parent: None, step: Step::Name(name) }
    }

    /// A field below this one.
    pub fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Name(name) }
    }

    /// An element of the list here.
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// A value of the map here.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Name(name) if self.parent.is_some() => write!(f, ".{name}"),
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// A value that is wrong, as it is shown.
pub struct Shown(String);

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Shown(format!("{text:?}"))
    }
}

impl From<&String> for Shown {
    fn from(text: &String) -> Self {
        Shown(format!("{text:?}"))
    }
}

impl From<i64> for Shown {
    fn from(number: i64) -> Self {
        Shown(number.to_string())
    }
}

impl From<i32> for Shown {
    fn from(number: i32) -> Self {
        Shown(number.to_string())
    }
}

impl From<Quantity> for Shown {
    fn from(quantity: Quantity) -> Self {
        Shown(format!("\"{quantity}\""))
    }
}

impl From<&IntOrString> for Shown {
    fn from(value: &IntOrString) -> Self {
        match value {
            IntOrString::Int(number) => Shown(number.to_string()),
            IntOrString::Text(text) => Shown(quoted(text)),
        }
    }
}

impl From<&StringMap> for Shown {
    fn from(map: &StringMap) -> Self {
        Shown(json_map(map))
    }
}

impl From<&LabelSelector> for Shown {
    fn from(selector: &LabelSelector) -> Self {
        Shown(json_selector(selector))
    }
}

impl From<&[String]> for Shown {
    fn from(texts: &[String]) -> Self {
        Shown(json_list(texts))
    }
}

impl Shown {
    /// A value that was written as JSON.
    pub fn json(text: String) -> Self {
        Shown(text)
    }
}

/// Text as Go's `json.Marshal` writes it.
pub(in crate::admission) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let _ = match letter {
            '"' => quoted.write_str("\\\""),
            '\\' => quoted.write_str("\\\\"),
            '\n' => quoted.write_str("\\n"),
            '\r' => quoted.write_str("\\r"),
            '\t' => quoted.write_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..'\u{20}' => write!(quoted, "\\u{:04x}", letter as u32),
            _ => quoted.write_char(letter),
        };
    }
    quoted.push('"');
    quoted
}

/// A list of texts as JSON.
pub(in crate::admission) fn json_list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
}

fn json_map(map: &StringMap) -> String {
    if map.is_empty() {
        return "null".to_owned();
    }
    let fields: Vec<String> = map.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect();
    format!("{{{}}}", fields.join(","))
}

/// A label selector as JSON, with what is empty left out.
pub(in crate::admission) fn json_selector(selector: &LabelSelector) -> String {
    let mut fields = Vec::new();
    if !selector.match_labels.is_empty() {
        fields.push(format!("\"matchLabels\":{}", json_map(&selector.match_labels)));
    }
    let expressions: Vec<String> = selector
        .match_expressions
        .iter()
        .map(|expression| {
            let values =
                if expression.values.is_empty() { String::new() } else { format!(",\"values\":{}", json_list(&expression.values)) };
            format!("{{\"key\":{},\"operator\":{}{values}}}", quoted(&expression.key), quoted(&expression.operator))
        })
        .collect();
    if !expressions.is_empty() {
        fields.push(format!("\"matchExpressions\":[{}]", expressions.join(",")));
    }
    format!("{{{}}}", fields.join(","))
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldError {
    /// The field, such as `spec.containers[0].name`.
    pub field: String,
    /// The kind of error and what is wrong, such as `Invalid value: 0: must be positive`.
    pub body: String,
    /// The kind of error in one word, such as `FieldValueInvalid`.
    pub reason: &'static str,
}

impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// All that is wrong with an object.
#[derive(Debug, Default)]
pub struct ErrorList(Vec<FieldError>);

impl ErrorList {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value makes no sense.
    pub fn invalid(&mut self, path: &Path<'_>, value: impl Into<Shown>, detail: &str) {
        self.add(path, "FieldValueInvalid", format!("Invalid value: {}", value.into().0), detail);
    }

    /// Something must stand here.
    pub fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.add(path, "FieldValueRequired", "Required value".to_owned(), detail);
    }

    /// Nothing may stand here, as things are.
    pub fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.add(path, "FieldValueForbidden", "Forbidden".to_owned(), detail);
    }

    /// The value stands elsewhere too.
    pub fn duplicate(&mut self, path: &Path<'_>, value: impl Into<Shown>, detail: &str) {
        self.add(path, "FieldValueDuplicate", format!("Duplicate value: {}", value.into().0), detail);
    }

    /// The value is none of a few.
    pub fn not_supported(&mut self, path: &Path<'_>, value: impl Into<Shown>, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|word| format!("{word:?}")).collect();
        let detail = format!("supported values: {}", supported.join(", "));
        self.add(path, "FieldValueNotSupported", format!("Unsupported value: {}", value.into().0), &detail);
    }

    /// The value has too many bytes.
    pub fn too_long(&mut self, path: &Path<'_>, most_bytes: usize) {
        self.add(path, "FieldValueTooLong", "Too long".to_owned(), &format!("may not be more than {most_bytes} bytes"));
    }

    /// There are more of them than may be.
    pub fn too_many(&mut self, path: &Path<'_>, number: usize, most: usize) {
        let items = if most == 1 { "item" } else { "items" };
        self.add(path, "FieldValueTooMany", format!("Too many: {number}"), &format!("must have at most {most} {items}"));
    }

    /// The value makes no sense, and is too much to be shown.
    pub fn invalid_without_value(&mut self, path: &Path<'_>, detail: &str) {
        self.add(path, "FieldValueInvalid", "Invalid value".to_owned(), detail);
    }

    /// One error a sentence.
    pub fn all_invalid(&mut self, path: &Path<'_>, value: &str, details: Vec<String>) {
        details.iter().for_each(|detail| self.invalid(path, value, detail));
    }

    /// The number is less than nothing.
    pub fn not_negative(&mut self, path: &Path<'_>, number: i64) {
        if number < 0 {
            self.invalid(path, number, "must be greater than or equal to 0");
        }
    }

    /// A whole sentence that was made elsewhere: the field, the kind of error, and what is wrong.
    pub fn say(&mut self, sentence: &str) {
        let (field, body) = sentence.split_once(": ").unwrap_or(("", sentence));
        let reason = match body.split(": ").next().unwrap_or_default() {
            "Required value" => "FieldValueRequired",
            "Forbidden" => "FieldValueForbidden",
            "Unsupported value" => "FieldValueNotSupported",
            "Duplicate value" => "FieldValueDuplicate",
            _ => "FieldValueInvalid",
        };
        self.0.push(FieldError { field: field.to_owned(), body: body.to_owned(), reason });
    }

    fn add(&mut self, path: &Path<'_>, reason: &'static str, mut body: String, detail: &str) {
        if !detail.is_empty() {
            body.push_str(": ");
            body.push_str(detail);
        }
        self.0.push(FieldError { field: path.to_string(), body, reason });
    }

    /// The errors, each once, sorted by what they say.
    pub fn sorted(mut self) -> Vec<FieldError> {
        self.0.sort_by_cached_key(FieldError::to_string);
        self.0.dedup();
        self.0
    }
}

/// Errors in one sentence: alone as it is, several as `[a, b]`.
pub(in crate::admission) fn aggregate(messages: &[String]) -> String {
    match messages {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

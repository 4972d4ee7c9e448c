//! From a piece of text to the objects in it.
//!
//! JSON goes straight into typed objects; only what does not fit is read again as a tree, to say which field and where.
//! YAML always goes through the tree. Lists in lists are opened; what is not an object is named.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json_split::{Splitter, Step};
use super::kinds::{Kind, Object};
use super::other::{self, Named};
use super::owners::owns_pods;
use super::piece::{Batch, Piece, TypeMeta};
use super::problem::{Problem, Severity};
use super::tree::{self, Node as Tree, SyntaxError, Value};
use super::yaml_split::Document;
use super::{finish, foreign, recover};
use crate::manifest::location::{Location, Position};
use crate::manifest::objects::Other;

/// What a piece turned out to be.
#[derive(Debug)]
pub(super) enum What {
    /// An object to keep.
    Object(Object),
    /// An object of a kind that is not modelled.
    Skipped { of: TypeMeta, owns_pods: bool, other: Option<Box<Other>> },
    /// Nothing to keep.
    Nothing,
}

/// What a piece turned out to be, where it begins, and what there is to say about it.
#[derive(Debug)]
pub(super) struct Understood {
    pub position: Position,
    pub what: What,
    pub problems: Vec<Problem>,
}

/// Lists in lists are opened to this depth.
const DEEPEST_LIST: usize = 16;

/// JSON objects beyond this many bytes that are not valid are not tried as YAML.
const LONG: usize = 4 << 20;

/// What is known of a text that is being understood.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub file: &'a Arc<str>,
    pub base: Position,
    pub text: &'a [u8],
    pub depth: usize,
}

impl<'a> Reading<'a> {
    pub fn new(file: &'a Arc<str>, base: Position, text: &'a [u8]) -> Self {
        Reading { file, base, text, depth: 0 }
    }

    /// A position counted in this text, as a place in the file.
    pub fn location(&self, position: Position) -> Location {
        Location::new(self.file, position.within(self.base))
    }

    /// Whether a template engine should have been run over this text first.
    pub fn has_template(&self) -> bool {
        memchr::memmem::find(self.text, b"{{").is_some()
    }

    /// The text, with whatever is no UTF-8 replaced, and a remark if something was.
    fn utf8(&self) -> (Cow<'a, str>, Option<Problem>) {
        let text = String::from_utf8_lossy(self.text);
        let problem = std::str::from_utf8(self.text).err().map(|error| {
            let at = position_of(self.text, error.valid_up_to());
            let problem = Problem::new(Severity::Warning, self.location(at), "not UTF-8 here: what is not was replaced by U+FFFD");
            problem.hint("save the file as UTF-8")
        });
        (text, problem)
    }

    fn just(&self, position: Position, what: What) -> Vec<Understood> {
        vec![Understood { position: position.within(self.base), what, problems: Vec::new() }]
    }

    /// Nothing but a problem.
    pub fn refuse(&self, problem: Problem) -> Vec<Understood> {
        vec![Understood { position: problem.location.position, what: What::Nothing, problems: vec![problem] }]
    }
}

/// Line and column of a byte.
pub(super) fn position_of(text: &[u8], at: usize) -> Position {
    let line = memchr::memchr_iter(b'\n', &text[..at]).count();
    let column = at - memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    Position { line: line as u32 + 1, column: column as u32 + 1 }
}

/// Understands one piece of a JSON batch.
pub(super) fn json_piece(file: &Arc<str>, batch: &Batch, piece: &Piece) -> Vec<Understood> {
    json_piece_at(file, batch, piece, Position::START, 0)
}

/// The same for a piece of a batch that begins at a position of the file.
pub(super) fn json_piece_at(file: &Arc<str>, batch: &Batch, piece: &Piece, base: Position, depth: usize) -> Vec<Understood> {
    let text = &batch.text[piece.range.clone()];
    let reading = Reading { file, base: piece.position.within(base), text, depth };
    if text.first() != Some(&b'{') {
        return via_tree(&reading, piece.list.as_deref());
    }
    if piece.has_items {
        return nested_list(&reading);
    }
    let word = |range: &std::ops::Range<usize>| String::from_utf8_lossy(&batch.text[range.clone()]).into_owned();
    let mut of = TypeMeta { api_version: word(&piece.api_version), kind: word(&piece.kind) };
    if of.kind.is_empty() {
        match piece.list.as_ref().and_then(|list| list.item()) {
            Some(item) => of = item,
            None => return via_tree(&reading, None),
        }
    }
    let Some(kind) = Kind::find(&of) else {
        return if foreign::is_ordinary(&of) { unmodelled(&reading, of) } else { via_tree(&reading, piece.list.as_deref()) };
    };
    match kind.read_json(text) {
        Ok(object) => vec![finish::finish(&reading, Position::START, object, &of)],
        Err(_) => via_tree(&reading, piece.list.as_deref()),
    }
}

/// A list inside a list or array: cut like a stream of its own.
fn nested_list(reading: &Reading<'_>) -> Vec<Understood> {
    if reading.depth >= DEEPEST_LIST {
        let problem = Problem::new(Severity::Error, reading.location(Position::START), "lists are nested too deeply");
        return reading.refuse(problem.hint("put the innermost list into a file of its own"));
    }
    let mut splitter = Splitter::new(reading.text, Vec::new());
    let mut found = Vec::new();
    while let Ok(Step::Batch(batch)) = splitter.step() {
        for piece in &batch.pieces {
            found.extend(json_piece_at(reading.file, &batch, piece, reading.base, reading.depth + 1));
        }
    }
    found
}

/// The shape of an object that makes pods: only whether it fits is of interest.
#[derive(Deserialize)]
struct Maker {
    #[serde(rename = "spec")]
    _spec: MakerSpec,
}

#[derive(Deserialize)]
struct MakerSpec {
    #[serde(rename = "template")]
    _template: MakerTemplate,
}

#[derive(Deserialize)]
struct MakerTemplate {
    #[serde(rename = "spec")]
    _spec: MakerPod,
}

#[derive(Deserialize)]
struct MakerPod {
    #[serde(rename = "containers")]
    _containers: IgnoredAny,
}

fn unmodelled(reading: &Reading<'_>, of: TypeMeta) -> Vec<Understood> {
    match serde_json::from_slice::<Named>(reading.text) {
        Ok(named) => {
            let custom = of.group().contains('.');
            let owns_pods = owns_pods(&of) || custom && serde_json::from_slice::<Maker>(reading.text).is_ok();
            let other = other::of_json(&of, named).map(Box::new);
            reading.just(Position::START, What::Skipped { of, owns_pods, other })
        }
        Err(_) => via_tree(reading, None),
    }
}

/// Understands a JSON text that did not fit, or of which nothing is known, by way of a tree.
fn via_tree(reading: &Reading<'_>, list: Option<&TypeMeta>) -> Vec<Understood> {
    let (text, remark) = reading.utf8();
    // what is long and broken has swallowed its successors, and need not be tried as YAML
    let parsed = match reading.text.len() > LONG && serde_json::from_slice::<IgnoredAny>(reading.text).is_err() {
        true => Err(SyntaxError { position: Position::START, message: String::new() }),
        false => tree::parse(&text),
    };
    match parsed {
        Ok(documents) => {
            let found = documents.into_iter().flat_map(|document| tree_object(reading, document, list));
            remark.map(|remark| reading.refuse(remark)).into_iter().flatten().chain(found).collect()
        }
        Err(error) => match serde_json::from_slice::<IgnoredAny>(reading.text) {
            Ok(_) => reading.refuse(foreign::syntax(reading, &error)),
            Err(json) => {
                let position = Position { line: json.line() as u32, column: json.column() as u32 };
                let message = json.to_string();
                let message = format!("not valid JSON: {}", message.split(" at line ").next().unwrap_or_default());
                let mut found = reading.refuse(foreign::syntax(reading, &SyntaxError { position, message }));
                if reading.depth < DEEPEST_LIST {
                    found.extend(recover::after(reading));
                }
                found
            }
        },
    }
}

/// Understands one document, or item, of YAML; an error means that the text is none.
pub(super) fn yaml_text(reading: &Reading<'_>, list: Option<&TypeMeta>, is_item: bool) -> Result<Vec<Understood>, SyntaxError> {
    let (text, remark) = reading.utf8();
    let documents = tree::parse(&text)?;
    let mut found = remark.map(|remark| reading.refuse(remark)).unwrap_or_default();
    for document in documents {
        found.extend(if is_item { list_items(reading, document, list) } else { tree_object(reading, document, list) });
    }
    Ok(found)
}

/// Understands a whole YAML document: item by item where it could be cut, as one where that fails.
pub(super) fn yaml_document(file: &Arc<str>, document: &Document) -> Vec<Understood> {
    let whole = Reading::new(file, document.position, &document.text);
    if document.items.is_empty() && document.whole {
        return yaml_text(&whole, None, false).unwrap_or_else(|error| whole.refuse(foreign::syntax(&whole, &error)));
    }
    let items = yaml_items(file, document);
    if document.whole
        && items.iter().any(|(_, item)| item.is_err())
        && let Ok(found) = yaml_text(&whole, None, false)
    {
        return found;
    }
    let settle = |(reading, item): (Reading<'_>, Result<Vec<Understood>, SyntaxError>)| {
        item.unwrap_or_else(|error| reading.refuse(foreign::syntax(&reading, &error)))
    };
    items.into_iter().flat_map(settle).collect()
}

type Item<'a> = (Reading<'a>, Result<Vec<Understood>, SyntaxError>);

fn yaml_items<'a>(file: &'a Arc<str>, document: &'a Document) -> Vec<Item<'a>> {
    use rayon::prelude::*;
    let mut readings = Vec::with_capacity(document.items.len());
    let (mut counted, mut line) = (0, document.position.line);
    for range in &document.items {
        line += memchr::memchr_iter(b'\n', &document.text[counted..range.start]).count() as u32;
        counted = range.start;
        readings.push(Reading::new(file, Position { line, column: 1 }, &document.text[range.clone()]));
    }
    readings.into_par_iter().map(|reading| (reading, yaml_text(&reading, Some(&document.list), true))).collect()
}

fn list_items(reading: &Reading<'_>, tree: Tree, list: Option<&TypeMeta>) -> Vec<Understood> {
    match tree.value {
        Value::List(items) => items.into_iter().flat_map(|item| tree_object(reading, item, list)).collect(),
        Value::Null => Vec::new(),
        _ => tree_object(reading, tree, list),
    }
}

/// Understands a value that should be an object, a list of objects, or nothing.
fn tree_object(reading: &Reading<'_>, mut tree: Tree, list: Option<&TypeMeta>) -> Vec<Understood> {
    let position = tree.position;
    match tree.value {
        Value::Null => return Vec::new(),
        Value::List(items) => return items.into_iter().flat_map(|item| tree_object(reading, item, list)).collect(),
        _ => {}
    }
    let mut of = match foreign::type_meta(reading, &tree) {
        Ok(of) => of,
        Err(problem) => return reading.refuse(problem),
    };
    if let Some(items) = list_of(&of, &mut tree) {
        let list = of;
        return items.into_iter().flat_map(|item| tree_object(reading, item, Some(&list))).collect();
    }
    let mut shaped = false;
    if of.kind.is_empty() {
        let guess = list.and_then(TypeMeta::item).or_else(|| foreign::by_shape(&tree).inspect(|_| shaped = true));
        match guess {
            Some(guess) => of = guess,
            None => return reading.refuse(foreign::without_kind(reading, &tree)),
        }
    }
    let Some(kind) = Kind::find(&of).or_else(|| of.api_version.is_empty().then(|| foreign::by_name(&of)).flatten()) else {
        return match foreign::unmodelled(reading, &tree, &of) {
            Some(problem) => reading.refuse(problem),
            None => {
                let owns_pods = owns_pods(&of) || of.group().contains('.') && foreign::has_pod_template(&tree);
                let other = other::of_tree(&of, &tree).map(Box::new);
                reading.just(position, What::Skipped { of, owns_pods, other })
            }
        };
    };
    let name = foreign::describe(&of, &tree);
    match kind.read_tree(tree) {
        Ok(object) => {
            let mut understood = finish::finish(reading, position, object, &of);
            if shaped {
                let message = format!("no kind: read as a {} by its shape", of.kind);
                let problem = Problem::new(Severity::Note, reading.location(position), message);
                understood.problems.push(problem.hint("dump with `kubectl get -o json`, which writes kinds"));
            }
            vec![understood]
        }
        Err(error) => reading.refuse(foreign::does_not_fit(reading, &name, position, &error)),
    }
}

/// The items, if this is a list. A kind that only sounds like one (`APIResourceList`) has fields of its own instead.
fn list_of(of: &TypeMeta, tree: &mut Tree) -> Option<Vec<Tree>> {
    let Value::Map(entries) = &mut tree.value else { return None };
    let bare = entries.iter().all(|entry| ["apiVersion", "kind", "metadata", "items"].contains(&entry.key.as_str()));
    let named = of.kind.ends_with("List");
    match entries.iter_mut().find(|entry| entry.key == "items").map(|entry| &mut entry.value.value) {
        Some(Value::List(items)) if of.kind.is_empty() || named || bare => Some(std::mem::take(items)),
        None | Some(Value::Null) if named && bare => Some(Vec::new()),
        _ => None,
    }
}

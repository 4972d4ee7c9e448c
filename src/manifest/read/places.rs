//! Where fields were written: their line and columns, and the line itself, found by reading the text once more.
//!
//! Promise: it costs nothing until it is asked for; what cannot be found again (a torn file, a field that a default brought) is placed at
//! the nearest thing around it that was written. A line is only quoted if it is short enough to hold nothing but the field: dumps on a
//! single line are never quoted, nor is a value of more than [`LONGEST`] characters.

use std::io::Read;
use std::sync::Arc;

use memchr::memchr_iter;
use rustc_hash::FxHashMap;

use super::decode::decode;
use super::finish::find;
use super::tree::{self, Node as Tree, Value};
use super::{Input, SourceFile};
use crate::manifest::field::{FieldPath, Step};
use crate::manifest::location::{Location, Origin, Position};

/// Lines of more characters are not quoted.
const LONGEST: usize = 240;
/// Files of more bytes are not read again.
const LARGEST: u64 = 256 << 20;

/// A field as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Where it begins: its key, if it has one.
    pub location: Location,
    /// The column behind its last character on that line; 0 if that is not known.
    pub end_column: u32,
    /// The line; none if there is nothing fit to be quoted.
    pub line: Option<String>,
}

/// Finds fields of objects in the files that they were read from.
#[derive(Debug)]
pub struct Places<'a> {
    input: &'a Input,
    texts: FxHashMap<u32, Option<Text>>,
    /// The object that was looked at last.
    last: Option<(Origin, Option<(Tree, Position)>)>,
}

/// A text, and where its lines begin.
#[derive(Debug)]
struct Text {
    bytes: Arc<[u8]>,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    /// In the files of an input, as it was read.
    pub fn new(input: &'a Input) -> Self {
        Places { input, texts: FxHashMap::default(), last: None }
    }

    /// Where a field of an object is; the object itself if the field was not written.
    pub fn find(&mut self, origin: Origin, path: &FieldPath) -> Excerpt {
        let object = self.input.locate(origin);
        let Some(file) = self.input.files.get(origin.file as usize).filter(|_| object.line() > 0) else {
            return Excerpt { location: object, ..Excerpt::default() };
        };
        let text = self.texts.entry(origin.file).or_insert_with(|| Text::read(file));
        let Some(text) = text else { return Excerpt { location: object, ..Excerpt::default() } };
        if self.last.as_ref().is_none_or(|(last, _)| *last != origin) {
            self.last = Some((origin, text.object(object.position)));
        }
        let found = self.last.as_ref().and_then(|(_, tree)| tree.as_ref());
        let place = found.map_or(Place::at(object.position), |(tree, base)| Place::of(tree, path).within(*base));
        text.excerpt(&file.name, place)
    }
}

/// Where something begins, and how it goes on.
struct Place {
    start: Position,
    /// Where its value begins, if that is a scalar.
    scalar: Option<Position>,
    /// Characters of its key.
    key: usize,
}

impl Place {
    fn at(start: Position) -> Self {
        Place { start, scalar: None, key: 0 }
    }

    /// The last thing on a path that is there.
    fn of(tree: &Tree, path: &FieldPath) -> Self {
        let (mut at, mut place) = (tree, Place::at(tree.position));
        for step in &path.0 {
            let (next, start, key) = match (step, &at.value) {
                (Step::Key(key), Value::Map(entries)) => match entries.iter().find(|entry| entry.key == *key) {
                    Some(entry) => (&entry.value, entry.position, key.chars().count()),
                    None => break,
                },
                (Step::Index(index), Value::List(items)) => match items.get(*index) {
                    Some(item) => (item, item.position, 0),
                    None => break,
                },
                _ => break,
            };
            let scalar = (!matches!(next.value, Value::Map(_) | Value::List(_))).then_some(next.position);
            (at, place) = (next, Place { start, scalar, key });
        }
        place
    }

    fn within(self, base: Position) -> Self {
        Place { start: self.start.within(base), scalar: self.scalar.map(|scalar| scalar.within(base)), ..self }
    }
}

impl Text {
    fn read(file: &SourceFile) -> Option<Self> {
        let bytes = match &file.text {
            Some(text) => unpacked(&text[..])?,
            None => {
                let opened = std::fs::File::open(&*file.name).ok()?;
                unpacked(opened)?
            }
        };
        let lines = std::iter::once(0).chain(memchr_iter(b'\n', &bytes).map(|end| end + 1)).collect();
        Some(Text { bytes: bytes.into(), lines })
    }

    /// A line, from 1, without its end.
    fn line(&self, number: u32) -> Option<&str> {
        let start = *self.lines.get((number as usize).checked_sub(1)?)?;
        let end = self.lines.get(number as usize).map_or(self.bytes.len(), |next| next - 1);
        std::str::from_utf8(self.bytes.get(start..end)?).ok().map(|line| line.trim_end_matches('\r'))
    }

    /// The object that begins somewhere, and where the text lies that its positions are counted in.
    fn object(&self, at: Position) -> Option<(Tree, Position)> {
        let start = self.lines.get(at.line as usize - 1)? + at.column as usize - 1;
        if self.bytes.get(start) == Some(&b'{') {
            let end = start + braces(&self.bytes[start..])?;
            let tree = tree::parse(std::str::from_utf8(&self.bytes[start..end]).ok()?).ok()?;
            return Some((tree.into_iter().next()?, at));
        }
        let is_mark = |line: &usize| self.bytes[*line..].starts_with(b"---");
        let (before, after) = self.lines.split_at(at.line as usize - 1);
        let first = before.iter().rposition(is_mark).map_or(0, |mark| mark + 1);
        let end = after.iter().skip(1).find(|line| is_mark(line)).copied().unwrap_or(self.bytes.len());
        let base = Position { line: first as u32 + 1, column: 1 };
        let documents = tree::parse(std::str::from_utf8(&self.bytes[self.lines[first]..end]).ok()?).ok()?;
        let here = Position { line: at.line - base.line + 1, column: at.column };
        documents.iter().find_map(|document| find(document, here)).cloned().map(|tree| (tree, base))
    }

    fn excerpt(&self, name: &Arc<str>, place: Place) -> Excerpt {
        let location = Location::new(name, place.start);
        let Some(line) = self.line(place.start.line).filter(|line| line.chars().count() <= LONGEST) else {
            return Excerpt { location, ..Excerpt::default() };
        };
        let letters: Vec<char> = line.chars().collect();
        let start = (place.start.column as usize - 1).min(letters.len());
        let end = match place.scalar.filter(|scalar| scalar.line == place.start.line) {
            Some(scalar) => end_of_scalar(&letters, scalar.column as usize - 1),
            None if place.key > 0 => start + place.key,
            None => end_of_scalar(&letters, start),
        };
        Excerpt { end_column: end.clamp(start, letters.len()) as u32 + 1, location, line: Some(line.to_owned()) }
    }
}

fn unpacked(reader: impl Read + Send) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decode(reader).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Bytes from an opening brace to behind the one that closes it.
fn braces(text: &[u8]) -> Option<usize> {
    let (mut depth, mut quote, mut is_escaped) = (0usize, None, false);
    for (place, &byte) in text.iter().enumerate() {
        match (quote, byte) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(b'"'), b'\\') => is_escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth == 1 => return Some(place + 1),
            (None, b'}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Behind a scalar on a line: at its closing quote, or before what ends a plain one.
fn end_of_scalar(line: &[char], start: usize) -> usize {
    let rest = line.get(start..).unwrap_or_default();
    let length = match rest.first() {
        Some(&quote @ ('"' | '\'')) => rest.iter().skip(1).position(|&letter| letter == quote).map_or(rest.len(), |end| end + 2),
        Some('{' | '[') => 1,
        _ => {
            let is_comment = |at: usize| rest[at] == '#' && at > 0 && rest[at - 1] == ' ';
            (0..rest.len()).find(|&at| matches!(rest[at], ',' | '}' | ']') || is_comment(at)).unwrap_or(rest.len())
        }
    };
    let text = &rest[..length.min(rest.len())];
    start + text.iter().rposition(|letter| !letter.is_whitespace()).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read::read_texts;

    fn quoted(text: &str, document: u32, path: &str) -> (u32, String) {
        let input = read_texts(&[("a.yaml", text)]);
        let excerpt = Places::new(&input).find(Origin { file: 0, document }, &FieldPath::from(path));
        let line: Vec<char> = excerpt.line.unwrap_or_default().chars().collect();
        let start = (excerpt.location.column() as usize - 1).min(line.len());
        let end = (excerpt.end_column as usize).max(start + 1) - 1;
        (excerpt.location.line(), line.get(start..end).unwrap_or_default().iter().collect())
    }

    #[test]
    fn fields_are_found_in_blocks_flows_lists_and_json() {
        let block = "---\nkind: Namespace\napiVersion: v1\nmetadata: {name: a}\n---\n# two\napiVersion: v1\nkind: Pod\nmetadata:\n  name: b\n\
                     spec:\n  priority: 7 # high\n  containers:\n  - name: 'c d'\n    image: x\n";
        assert_eq!(quoted(block, 1, "spec.priority"), (12, "priority: 7".to_owned()));
        assert_eq!(quoted(block, 1, "spec.containers[0].name"), (14, "name: 'c d'".to_owned()));
        assert_eq!(quoted(block, 1, "spec.containers"), (13, "containers".to_owned()));
        assert_eq!(quoted(block, 1, "spec.affinity.nodeAffinity"), (11, "spec".to_owned()), "what is not written is around it");
        let flow = "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {priority: 3, containers: [{name: c}]}}\n";
        assert_eq!(quoted(flow, 0, "spec.priority"), (4, "priority: 3".to_owned()));
        let json = "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\n {\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n  \"metadata\": \
                    {\"name\": \"a\"},\n  \"spec\": {\"containers\": [{\"name\": \"c\"}],\n   \"nodeName\": \"n}\"}}]}\n";
        assert_eq!(quoted(json, 0, "spec.nodeName"), (5, "\"nodeName\": \"n}\"".to_owned()));
    }

    #[test]
    fn long_lines_are_not_quoted() {
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, labels: {{a: {}}}}}, spec: {{containers: [{{name: c}}]}}}}",
            "x".repeat(250)
        );
        let input = read_texts(&[("a.yaml", text.as_str())]);
        let excerpt = Places::new(&input).find(Origin { file: 0, document: 0 }, &FieldPath::from("spec"));
        assert_eq!((excerpt.line, excerpt.location.line()), (None, 1));
    }
}

//! Cuts a stream of YAML into documents, and `kubectl`'s long lists into their items.
//!
//! A line that begins with `---` ends a document wherever it stands; YAML allows no other meaning. A list is cut into items
//! where it has the shape that every tool prints (`items:` at the left edge, items at one indentation); should an item turn
//! out not to be readable by itself, the document is read again as a whole. A document beyond `LONGEST_WHOLE` is read item by
//! item as it comes, so that memory does not follow the size of the file.

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::piece::{BATCH_BYTES, TypeMeta};
use crate::manifest::location::Position;

/// One document, or a stretch of a very long list.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub text: Vec<u8>,
    pub position: Position,
    /// The items, if it is a list that could be cut.
    pub items: Vec<Range<usize>>,
    /// `apiVersion` and `kind` of the list.
    pub list: TypeMeta,
    /// Whether the whole document is here, so that it may be read as one.
    pub whole: bool,
}

/// Documents longer than this are read item by item.
const LONGEST_WHOLE: usize = 64 << 20;

/// The cutter of one stream.
pub(super) struct Splitter<R> {
    reader: R,
    text: Vec<u8>,
    scanned: usize,
    line: u32,
    first_column: u32,
    end_of_input: bool,
    /// The list whose beginning has been handed out already.
    running: Option<(TypeMeta, usize)>,
}

impl<R: Read> Splitter<R> {
    /// A cutter for a stream of which some text has been read already, which begins at a position.
    pub fn new(reader: R, text: Vec<u8>, position: Position) -> Self {
        let Position { line, column } = position;
        Splitter { reader, text, scanned: 0, line, first_column: column, end_of_input: false, running: None }
    }

    /// The next documents, about a batch of them; none at the end.
    pub fn step(&mut self) -> std::io::Result<Vec<Document>> {
        let (mut documents, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES {
            let Some(document) = self.document()? else { break };
            bytes += document.text.len();
            documents.push(document);
        }
        Ok(documents)
    }

    fn document(&mut self) -> std::io::Result<Option<Document>> {
        loop {
            if let Some(end) = self.find_end() {
                return Ok(Some(self.take(end, true)));
            }
            if self.end_of_input {
                return Ok((!self.text.is_empty()).then(|| self.take(self.text.len(), true)));
            }
            if self.text.len() > LONGEST_WHOLE
                && let Some(end) = self.last_item_start()
            {
                return Ok(Some(self.take(end, false)));
            }
            let before = self.text.len();
            (&mut self.reader).take(1 << 20).read_to_end(&mut self.text)?;
            self.end_of_input = self.text.len() == before;
        }
    }

    /// Where the next document begins, if its `---` has been read.
    fn find_end(&mut self) -> Option<usize> {
        let from = self.scanned.saturating_sub(4);
        for newline in memchr_iter(b'\n', &self.text[from..]) {
            let line = from + newline + 1;
            if is_marker(&self.text[line..], self.end_of_input) && !is_preamble(&self.text[..line]) {
                self.scanned = line;
                return Some(line);
            }
        }
        self.scanned = self.text.len();
        None
    }

    /// In a list too long to be held: the last place where an item begins.
    fn last_item_start(&self) -> Option<usize> {
        let indent = match &self.running {
            Some((_, indent)) => *indent,
            None => find_items(&self.text)?.1,
        };
        let starts = memchr_iter(b'\n', &self.text).map(|newline| newline + 1);
        starts.filter(|&line| item_indent(&self.text[line..]) == Some(indent)).last()
    }

    fn take(&mut self, end: usize, ends: bool) -> Document {
        let rest = self.text.split_off(end);
        let text = std::mem::replace(&mut self.text, rest);
        self.scanned = 0;
        let position = Position { line: self.line, column: self.first_column };
        self.line += memchr_iter(b'\n', &text).count() as u32;
        self.first_column = 1;
        let running = self.running.take();
        let mut document = Document { position, whole: ends && running.is_none(), ..Document::default() };
        if let Some((list, indent)) = running {
            document.items = cut_items(&text, 0, indent).0;
            document.list = list;
        } else if let Some((first, indent)) = find_items(&text) {
            let (items, after) = cut_items(&text, first, indent);
            document.list = type_meta(&text[..first], &text[after..]);
            let is_list = document.list.kind.ends_with("List") || (!ends && document.list.kind.is_empty());
            document.items = if is_list { items } else { Vec::new() };
        }
        if !ends {
            self.running = item_indent(&self.text).map(|indent| (document.list.clone(), indent));
        }
        document.text = text;
        document
    }
}

/// Whether a line is `---`, alone or before white space.
fn is_marker(line: &[u8], end_of_input: bool) -> bool {
    line.starts_with(b"---") && line.get(3).map_or(end_of_input, |byte| byte.is_ascii_whitespace())
}

/// Whether a text is nothing but directives (`%YAML 1.1`), which belong to the document that follows.
fn is_preamble(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !matches!(line.trim_ascii().first(), None | Some(b'#')));
    lines.next().is_some_and(|line| line.starts_with(b"%")) && lines.all(|line| line.starts_with(b"%"))
}

/// Spaces before the `- ` that begins an item on this line.
fn item_indent(line: &[u8]) -> Option<usize> {
    let indent = line.iter().take(16).take_while(|byte| **byte == b' ').count();
    (line.get(indent) == Some(&b'-') && matches!(line.get(indent + 1), Some(b' '))).then_some(indent)
}

/// Where the items of a list begin, and their indentation: the line after `items:` at the left edge.
fn find_items(text: &[u8]) -> Option<(usize, usize)> {
    let mut line = 0;
    loop {
        let length = memchr(b'\n', &text[line..])?;
        let content = &text[line..line + length];
        let next = line + length + 1;
        if content.trim_ascii_end() == b"items:" {
            return item_indent(&text[next..]).map(|indent| (next, indent));
        }
        line = next;
    }
}

/// The items from a place on, and where they end.
fn cut_items(text: &[u8], first: usize, indent: usize) -> (Vec<Range<usize>>, usize) {
    let (mut items, mut begin, mut line) = (Vec::new(), first, first);
    let end = loop {
        let Some(length) = memchr(b'\n', &text[line..]) else { break text.len() };
        line += length + 1;
        let rest = &text[line..];
        if item_indent(rest) == Some(indent) {
            items.push(begin..line);
            begin = line;
        } else if ends_items(rest, indent) {
            break line;
        }
    };
    if begin < end {
        items.push(begin..end);
    }
    (items, end)
}

/// Whether a line stands further left than the items do, and is more than a blank or a comment.
fn ends_items(line: &[u8], indent: usize) -> bool {
    let spaces = line.iter().take_while(|byte| **byte == b' ').count();
    match line.get(spaces) {
        None | Some(b'\n' | b'\r' | b'#') => false,
        Some(b'-') if spaces == indent => false,
        Some(_) => spaces < indent || indent == 0 && spaces == 0,
    }
}

/// `apiVersion` and `kind` at the left edge of what surrounds the items.
fn type_meta(before: &[u8], after: &[u8]) -> TypeMeta {
    let mut list = TypeMeta::default();
    for line in before.split(|byte| *byte == b'\n').chain(after.split(|byte| *byte == b'\n')) {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let value = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
        if let Some(text) = line.strip_prefix("kind:") {
            list.kind = value(text);
        } else if let Some(text) = line.strip_prefix("apiVersion:") {
            list.api_version = value(text);
        }
    }
    list
}

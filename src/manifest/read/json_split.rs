//! Cuts a stream of JSON into objects without understanding them: documents, elements of a top-level array, `items` of a list.
//!
//! Promise: the text is looked at once, at about a gigabyte a second, and no more of it is held than one batch and one object.
//! Whatever the bytes are, each of them ends up in a piece, between pieces, or in the rest that is no JSON.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr2};

use super::lines::Lines;
use super::piece::{BATCH_BYTES, Batch, Piece, TypeMeta};
use crate::manifest::location::Position;

/// How the cutting of a stream went on.
#[derive(Debug)]
pub(super) enum Step {
    /// Some pieces; there may be more.
    Batch(Batch),
    /// The end of the stream.
    End,
    /// The rest of the stream is no JSON (perhaps YAML): what has been read of it, and where it begins.
    NotJson { text: Vec<u8>, position: Position },
    /// The stream ends inside an object: its text so far, and where it began.
    Truncated { text: Vec<u8>, position: Position },
}

/// Objects without a kind wait for the kind of their list, which `kubectl` writes after them; no more than this many bytes do.
const HELD_BYTES: usize = 64 << 20;

/// The cutter of one stream.
pub(super) struct Splitter<R> {
    reader: R,
    text: Vec<u8>,
    at: usize,
    string_resume: usize,
    end_of_input: bool,
    lines: Lines,
    depth: usize,
    /// Nesting at which objects stand: 0 for documents, 1 in an array, 2 in the items of a list.
    unit: usize,
    piece: Option<Piece>,
    key: Key,
    expects_key: bool,
    list: Option<TypeMeta>,
    held: Vec<Piece>,
    held_bytes: usize,
    pieces: Vec<Piece>,
    bytes: usize,
}

/// The keys of an object that the cutter knows.
#[derive(Clone, Copy, PartialEq)]
enum Key {
    ApiVersion,
    Kind,
    Items,
    Other,
}

enum Scan {
    More,
    Full,
    NotJson,
}

impl<R: Read> Splitter<R> {
    /// A cutter for a stream of which some text has been read already.
    pub fn new(reader: R, text: Vec<u8>) -> Self {
        Splitter {
            reader,
            text,
            at: 0,
            string_resume: 0,
            end_of_input: false,
            lines: Lines::from(Position::START),
            depth: 0,
            unit: 0,
            piece: None,
            key: Key::Other,
            expects_key: false,
            list: None,
            held: Vec::new(),
            held_bytes: 0,
            pieces: Vec::new(),
            bytes: 0,
        }
    }

    /// A cutter for the rest of an array, from the beginning of one of its objects on.
    pub fn resume(reader: R, position: Position) -> Self {
        let mut splitter = Splitter::new(reader, Vec::new());
        splitter.lines = Lines::from(position);
        splitter
    }

    /// The reader, to go on with what is no JSON.
    pub fn into_reader(self) -> R {
        self.reader
    }

    /// The next pieces.
    pub fn step(&mut self) -> std::io::Result<Step> {
        loop {
            match self.scan() {
                Scan::Full => return Ok(Step::Batch(self.take_batch())),
                Scan::NotJson if !self.pieces.is_empty() => return Ok(Step::Batch(self.take_batch())),
                Scan::NotJson => {
                    let position = self.lines.position(&self.text, self.at);
                    return Ok(Step::NotJson { text: self.text.split_off(self.at), position });
                }
                Scan::More => {}
            }
            if self.end_of_input {
                return Ok(self.finish());
            }
            let before = self.text.len();
            (&mut self.reader).take(1 << 20).read_to_end(&mut self.text)?;
            self.end_of_input = self.text.len() == before;
        }
    }

    fn finish(&mut self) -> Step {
        self.release_held();
        if !self.pieces.is_empty() {
            return Step::Batch(self.take_batch());
        }
        if self.depth == 0 {
            return Step::End;
        }
        self.depth = 0;
        let start = self.piece.take().map(|piece| (piece.range.start, piece.position));
        let (start, position) = start.unwrap_or_else(|| (self.at, self.lines.position(&self.text, self.at)));
        let text = self.text.split_off(start);
        self.text.clear();
        self.at = 0;
        self.lines.cut(start);
        Step::Truncated { text, position }
    }

    /// Hands out the pieces with the text they lie in; keeps the text of what is unfinished.
    fn take_batch(&mut self) -> Batch {
        let keep = self.piece.as_ref().map_or(self.at, |piece| piece.range.start);
        let keep = self.held.first().map_or(keep, |piece| keep.min(piece.range.start));
        self.lines.advance(&self.text, keep);
        let rest = self.text[keep..].to_vec();
        let text = std::mem::replace(&mut self.text, rest);
        self.at -= keep;
        self.string_resume = self.string_resume.saturating_sub(keep);
        self.lines.cut(keep);
        for piece in self.held.iter_mut().chain(&mut self.piece) {
            for range in [&mut piece.range, &mut piece.api_version, &mut piece.kind] {
                *range = range.start.saturating_sub(keep)..range.end.saturating_sub(keep);
            }
        }
        self.bytes = 0;
        Batch { text, pieces: std::mem::take(&mut self.pieces) }
    }

    /// Goes on until the text, or the room in a batch, is used up.
    fn scan(&mut self) -> Scan {
        while self.at < self.text.len() {
            if self.depth > self.unit + 1 && !self.skip_deep() {
                return Scan::More;
            }
            let Some(&byte) = self.text.get(self.at) else { return Scan::More };
            match byte {
                b' ' | b'\n' | b'\t' | b'\r' | b':' => self.at += 1,
                b',' => {
                    self.expects_key = true;
                    self.at += 1;
                }
                b'"' => {
                    if self.depth == 0 {
                        return Scan::NotJson;
                    }
                    let Some(string) = self.string() else { return Scan::More };
                    self.string_at_top(string);
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => {
                    if self.depth == 0 {
                        return Scan::NotJson;
                    }
                    self.close(byte);
                }
                b'#' | b'-' if self.depth == 0 => match self.between_documents() {
                    Some(length) => self.at += length,
                    None if self.end_of_input || self.text.len() - self.at > BATCH_BYTES => return Scan::NotJson,
                    None => return Scan::More,
                },
                _ if self.depth == 0 => return Scan::NotJson,
                _ if self.depth == self.unit => match self.literal() {
                    Some(range) => self.scalar_piece(range),
                    None => return Scan::More,
                },
                _ => self.at += 1,
            }
            if self.bytes >= BATCH_BYTES {
                return Scan::Full;
            }
        }
        Scan::More
    }

    /// The length of a comment, or of a `---`, as YAML allows them between JSON documents too.
    fn between_documents(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        match rest {
            [b'#', ..] => memchr(b'\n', rest),
            [b'-', b'-', b'-', after, ..] if after.is_ascii_whitespace() => Some(3),
            _ => None,
        }
    }

    /// Skips what is nested deeper than an object's own keys; false when the text ends first.
    fn skip_deep(&mut self) -> bool {
        while self.depth > self.unit + 1 {
            let Some(&byte) = self.text.get(self.at) else { return false };
            match byte {
                b'"' => {
                    if self.string().is_none() {
                        return false;
                    }
                    continue;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        true
    }

    /// Steps over a string; its content, or nothing when the text ends first.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let mut at = start.max(self.string_resume);
        loop {
            let Some(found) = self.text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) else {
                self.string_resume = self.text.len().max(start);
                return None;
            };
            at += found;
            if self.text[at] == b'"' {
                self.at = at + 1;
                self.string_resume = 0;
                return Some(start..at);
            }
            if at + 1 >= self.text.len() {
                self.string_resume = at;
                return None;
            }
            at += 2;
        }
    }

    /// The end of a number, `true`, `false`, `null` or of whatever stands in their place.
    fn literal(&mut self) -> Option<Range<usize>> {
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'{' | b'[');
        let length = self.text[self.at..].iter().position(ends);
        let length = length.or((self.end_of_input).then_some(self.text.len() - self.at))?;
        Some(self.at..self.at + length)
    }

    /// A string at a depth where it matters: a known key, the value of one, or an element of an array of objects.
    fn string_at_top(&mut self, string: Range<usize>) {
        if self.depth == self.unit {
            self.scalar_piece(string.start - 1..string.end + 1);
        } else if self.expects_key {
            self.expects_key = false;
            self.key = match &self.text[string] {
                b"apiVersion" => Key::ApiVersion,
                b"kind" => Key::Kind,
                b"items" => Key::Items,
                _ => Key::Other,
            };
        } else if let Some(piece) = &mut self.piece {
            match self.key {
                Key::ApiVersion => piece.api_version = string,
                Key::Kind => piece.kind = string,
                _ => {}
            }
        } else if let Some(list) = &mut self.list {
            let text = || String::from_utf8_lossy(&self.text[string.clone()]).into_owned();
            match self.key {
                Key::ApiVersion => list.api_version = text(),
                Key::Kind => list.kind = text(),
                _ => {}
            }
        }
    }

    fn scalar_piece(&mut self, range: Range<usize>) {
        let position = self.lines.position(&self.text, range.start);
        self.at = range.end.max(self.at);
        if range.is_empty() {
            self.at += 1;
            return;
        }
        self.bytes += range.len();
        self.pieces.push(Piece { range, position, api_version: 0..0, kind: 0..0, has_items: false, list: None });
    }

    fn open(&mut self, byte: u8) {
        if self.depth == 0 && byte == b'[' {
            self.unit = 1;
        } else if self.depth == self.unit {
            let position = self.lines.position(&self.text, self.at);
            let range = self.at..self.at;
            self.piece = Some(Piece { range, position, api_version: 0..0, kind: 0..0, has_items: false, list: None });
            self.expects_key = byte == b'{';
        } else if self.key == Key::Items && byte == b'[' && !self.expects_key {
            self.begin_items();
        }
        self.depth += 1;
        self.at += 1;
    }

    /// The object at hand turns out to have `items`: at the top of a stream its elements become the pieces.
    fn begin_items(&mut self) {
        let Some(piece) = &mut self.piece else { return };
        if self.unit > 0 {
            piece.has_items = true;
            return;
        }
        let text = |range: &Range<usize>| String::from_utf8_lossy(&self.text[range.clone()]).into_owned();
        self.list = Some(TypeMeta { api_version: text(&piece.api_version), kind: text(&piece.kind) });
        self.piece = None;
        self.unit = 2;
    }

    fn close(&mut self, byte: u8) {
        if byte == b']' && self.depth == self.unit + 1 && self.unit > 0 && self.is_in_object() {
            // a bracket is missing in the object: this one is the end of the array that the object stands in
            self.depth -= 1;
            return self.end_of_unit();
        }
        if self.depth == self.unit && byte == b'}' {
            // one bracket too many in an object before: it is named, and the array goes on
            return self.scalar_piece(self.at..self.at + 1);
        }
        self.depth -= 1;
        self.at += 1;
        if self.depth < self.unit {
            // the end of an array of objects
            self.unit = 0;
            self.key = Key::Other;
            return;
        }
        if self.depth == self.unit {
            self.end_of_unit();
        }
    }

    fn is_in_object(&self) -> bool {
        self.piece.as_ref().is_some_and(|piece| self.text.get(piece.range.start) == Some(&b'{'))
    }

    fn end_of_unit(&mut self) {
        match self.piece.take() {
            Some(mut piece) => {
                piece.range.end = self.at;
                self.emit(piece);
            }
            None => self.release_held(),
        }
    }

    fn emit(&mut self, mut piece: Piece) {
        let length = piece.range.len();
        if piece.kind.is_empty() && self.list.as_ref().is_some_and(|list| list.kind.is_empty()) && self.held_bytes < HELD_BYTES {
            self.held_bytes += length;
            self.held.push(piece);
            return;
        }
        if piece.kind.is_empty() {
            piece.list = self.list.clone().map(Arc::new);
        }
        self.bytes += length;
        self.pieces.push(piece);
    }

    /// The end of a document, or of all: what waited for the kind of its list waits no longer.
    fn release_held(&mut self) {
        let list = self.list.take().map(Arc::new);
        for mut piece in self.held.drain(..) {
            piece.list = list.clone();
            self.bytes += piece.range.len();
            self.pieces.push(piece);
        }
        self.held_bytes = 0;
    }
}

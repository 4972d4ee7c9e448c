//! Gathers what the pieces of all files turn out to be, in order, while the next pieces are being read.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::decode::{Stream, decode};
use super::json_split::{Splitter as JsonSplitter, Step};
use super::piece::Batch;
use super::problem::{Problem, Severity};
use super::settle::settle;
use super::sources::{Source, expand, reason};
use super::understand::{Understood, What, json_piece, yaml_document};
use super::yaml_split::{Document, Splitter as YamlSplitter};
use super::{Input, Options, SourceFile, recover};
use crate::manifest::location::{Location, Origin, Position};

/// Reads all streams behind some paths.
pub(super) fn read(paths: &[PathBuf], options: Options<'_>) -> Input {
    let mut collector = Collector::new(options);
    let sources = expand(paths, &mut collector.input.problems, &mut collector.input.skipped);
    collector.total = sources.iter().map(|source| source.bytes).sum();
    for source in &sources {
        collector.source(source);
    }
    collector.finish()
}

/// Reads a stream under a name.
pub(super) fn read_stream(name: &str, stream: impl Read + Send, options: Options<'_>) -> Input {
    let mut collector = Collector::new(options);
    let reader = Counted { reader: stream, read: 0, total: 0, options };
    collector.stream(&name.into(), reader);
    collector.finish()
}

/// Reads bytes under a name.
pub(super) fn read_bytes(name: &str, bytes: &[u8]) -> Input {
    let mut collector = Collector::new(Options::default());
    collector.stream(&name.into(), bytes);
    collector.finish()
}

/// Reads texts under their names.
pub(super) fn read_texts(texts: &[(&str, &str)]) -> Input {
    let mut collector = Collector::new(Options::default());
    for (name, text) in texts {
        collector.stream(&(*name).into(), text.as_bytes());
        if let Some(file) = collector.input.files.last_mut() {
            file.text = Some(text.as_bytes().into());
        }
    }
    collector.finish()
}

struct Collector<'a> {
    input: Input,
    options: Options<'a>,
    done: u64,
    total: u64,
}

/// Counts bytes as they are read.
struct Counted<'a, R> {
    reader: R,
    read: u64,
    total: u64,
    options: Options<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read += length as u64;
        if let Some(progress) = self.options.progress {
            progress.advance(self.read, self.total);
        }
        Ok(length)
    }
}

impl<'a> Collector<'a> {
    fn new(options: Options<'a>) -> Self {
        Collector { input: Input::default(), options, done: 0, total: 0 }
    }

    fn finish(mut self) -> Input {
        settle(&mut self.input);
        self.input
    }

    fn source(&mut self, source: &Source) {
        let counted = |reader| Counted { reader, read: self.done, total: self.total, options: self.options };
        let reader: Box<dyn Read + Send> = match &source.path {
            None if self.options.keep_standard_input => return self.standard_input(source),
            None => Box::new(std::io::stdin()),
            Some(path) => match File::open(path) {
                Ok(file) => Box::new(file),
                Err(error) => return self.unreadable(&source.name, Position::default(), &error),
            },
        };
        let reader = counted(reader);
        self.stream(&source.name, reader);
        self.done += source.bytes;
    }

    /// Reads standard input whole, and keeps it.
    fn standard_input(&mut self, source: &Source) {
        let mut text = Vec::new();
        let torn = std::io::stdin().read_to_end(&mut text).err();
        self.stream(&source.name, text.as_slice());
        if let Some(error) = torn {
            self.unreadable(&source.name, Position::default(), &error);
        }
        if let Some(file) = self.input.files.last_mut() {
            file.text = Some(text.into());
        }
    }

    fn unreadable(&mut self, file: &Arc<str>, position: Position, error: &std::io::Error) {
        let problem = Problem::new(Severity::Error, Location::new(file, position), format!("cannot be read: {}", reason(error)));
        self.input.problems.push(problem.hint("check that it is whole and readable; what came before was loaded"));
    }

    fn stream(&mut self, name: &Arc<str>, reader: impl Read + Send) {
        self.input.files.push(SourceFile { name: name.clone(), positions: Vec::new(), text: None });
        let mut reader = match decode(reader) {
            Ok(reader) => reader,
            Err(error) => return self.unreadable(name, Position::default(), &error),
        };
        let mut head = Vec::new();
        let torn = (&mut reader).take(1 << 16).read_to_end(&mut head).err();
        if let Some(error) = &torn {
            self.unreadable(name, Position::default(), error);
        }
        if memchr::memchr(0, &head).is_some() {
            let problem = Problem::new(Severity::Error, Location::new(name, Position::default()), "binary data, not YAML or JSON");
            return self.input.problems.push(problem.hint("unpack archives first; .gz and .zst of a single file are read as they are"));
        }
        let outcome = match is_json(&head) {
            true => self.json(name, reader, head),
            false => self.yaml(name, reader, head, Position::START),
        };
        // a stream that was torn in its first bytes is torn when read on, and has been reported
        match outcome {
            Err(error) if torn.is_none() => self.unreadable(name, Position::default(), &error),
            _ => {}
        }
    }

    fn json(&mut self, name: &Arc<str>, reader: Stream<'_>, head: Vec<u8>) -> std::io::Result<()> {
        let mut splitter = JsonSplitter::new(reader, head);
        let mut step = splitter.step()?;
        loop {
            match step {
                Step::Batch(batch) => {
                    let (next, found) = rayon::join(|| splitter.step(), || understand_json(name, &batch));
                    self.add(found);
                    step = next?;
                }
                Step::End => return Ok(()),
                Step::NotJson { text, position } => return self.yaml(name, splitter.into_reader(), text, position),
                Step::Truncated { text, position } => {
                    self.add(vec![recover::unfinished(name, &text, position)]);
                    return Ok(());
                }
            }
        }
    }

    fn yaml(&mut self, name: &Arc<str>, reader: Stream<'_>, head: Vec<u8>, position: Position) -> std::io::Result<()> {
        let mut splitter = YamlSplitter::new(reader, head, position);
        let mut documents = splitter.step()?;
        while !documents.is_empty() {
            let (next, found) = rayon::join(|| splitter.step(), || understand_yaml(name, &documents));
            self.add(found);
            documents = next?;
        }
        Ok(())
    }

    fn add(&mut self, found: Vec<Vec<Understood>>) {
        let file = self.input.files.len() - 1;
        for Understood { position, what, problems } in found.into_iter().flatten() {
            self.input.problems.extend(problems);
            let mut object = match what {
                What::Object(object) => object,
                What::Skipped { of, owns_pods, other } => {
                    self.input.skipped.count(of.api_version, of.kind, owns_pods);
                    if let Some(mut other) = other {
                        other.metadata.origin = self.place(file, position);
                        self.input.objects.others.push(*other);
                    }
                    continue;
                }
                What::Nothing => continue,
            };
            let origin = self.place(file, position);
            if let Some(metadata) = object.metadata_mut() {
                metadata.origin = origin;
            }
            object.add_to(&mut self.input.objects);
        }
    }

    /// Remembers where an object begins.
    fn place(&mut self, file: usize, position: Position) -> Origin {
        let positions = &mut self.input.files[file].positions;
        positions.push(position);
        Origin { file: file as u32, document: positions.len() as u32 - 1 }
    }
}

fn understand_json(name: &Arc<str>, batch: &Batch) -> Vec<Vec<Understood>> {
    match batch.pieces.as_slice() {
        [piece] => vec![json_piece(name, batch, piece)],
        pieces => pieces.par_iter().with_min_len(8).map(|piece| json_piece(name, batch, piece)).collect(),
    }
}

fn understand_yaml(name: &Arc<str>, documents: &[Document]) -> Vec<Vec<Understood>> {
    match documents {
        [document] => vec![yaml_document(name, document)],
        documents => documents.par_iter().map(|document| yaml_document(name, document)).collect(),
    }
}

/// Whether a text begins as JSON does: `{` or `[`, and then something that may follow in JSON (a template has `{{`).
fn is_json(text: &[u8]) -> bool {
    let mut text = text.trim_ascii_start();
    while let [b'#', ..] | [b'-', b'-', b'-', b' ' | b'\n' | b'\r', ..] = text {
        let skipped = if text[0] == b'#' { memchr::memchr(b'\n', text).unwrap_or(text.len()) } else { 3 };
        text = text[skipped..].trim_ascii_start();
    }
    let Some((first, rest)) = text.split_first() else { return false };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(next, Some(b'"' | b'}')),
        b'[' => matches!(next, Some(b'{' | b'[' | b']' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n')),
        _ => false,
    }
}

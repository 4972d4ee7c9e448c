//! From bytes to UTF-8 text: gzip and zstd by their magic numbers, byte order marks, UTF-16.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};

/// What is read of a stream.
pub(crate) type Stream<'a> = Box<dyn Read + Send + 'a>;

/// Unpacks and decodes a stream by what it begins with, whatever it is called.
pub(crate) fn decode<'a>(reader: impl Read + Send + 'a) -> io::Result<Stream<'a>> {
    let (head, reader) = peek(reader)?;
    let plain: Stream<'a> = match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(ruzstd::decoding::StreamingDecoder::new(reader).map_err(io::Error::other)?),
        _ => Box::new(reader),
    };
    let (head, reader) = peek(plain)?;
    Ok(match head.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => Box::new(skip(reader, 3)?),
        [0xff, 0xfe, ..] => Box::new(Utf16::new(skip(reader, 2)?, UTF_16LE.new_decoder_without_bom_handling())),
        [0xfe, 0xff, ..] => Box::new(Utf16::new(skip(reader, 2)?, UTF_16BE.new_decoder_without_bom_handling())),
        [1..0x80, 0, 1..0x80, 0] => Box::new(Utf16::new(reader, UTF_16LE.new_decoder_without_bom_handling())),
        [0, 1..0x80, 0, 1..0x80] => Box::new(Utf16::new(reader, UTF_16BE.new_decoder_without_bom_handling())),
        _ => Box::new(reader),
    })
}

type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// The first four bytes, and the stream with them still to come.
fn peek<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut head = Vec::with_capacity(4);
    (&mut reader).take(4).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(reader)))
}

fn skip<R: Read>(mut reader: R, bytes: u64) -> io::Result<R> {
    io::copy(&mut (&mut reader).take(bytes), &mut io::sink())?;
    Ok(reader)
}

/// UTF-16 read as UTF-8; what is not valid becomes U+FFFD.
struct Utf16<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    done: bool,
}

impl<R: Read> Utf16<R> {
    fn new(reader: R, decoder: Decoder) -> Self {
        Utf16 { reader, decoder, input: Vec::new(), output: Vec::new(), given: 0, done: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.input.clear();
        (&mut self.reader).take(1 << 16).read_to_end(&mut self.input)?;
        self.done = self.input.is_empty();
        self.given = 0;
        self.output.resize(4 * (self.input.len() + 8), 0);
        let (result, _, written, _) = self.decoder.decode_to_utf8(&self.input, &mut self.output, self.done);
        debug_assert_eq!(result, CoderResult::InputEmpty);
        self.output.truncate(written);
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.done {
            self.refill()?;
        }
        let length = buffer.len().min(self.output.len() - self.given);
        buffer[..length].copy_from_slice(&self.output[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

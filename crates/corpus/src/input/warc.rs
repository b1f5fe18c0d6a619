//! Web archives (ISO 28500, WARC 1.0 and 1.1; WET is WARC whose records are `conversion`). A row is a record that holds text: a conversion or
//! resource, or a response whose content type is text; the HTTP header is not judged, HTML is judged as it stands. Other records are no rows.

use std::io::Read;
use std::ops::Range;

use memchr::memmem;

use super::lines::{Line, line};
use super::{Cut, MAX_ROW_BYTES, Row, Rows, Source};
use crate::Broken;

/// Longest header of a record: the crawls we know stay below 4 KiB.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Reads rows that are records of a web archive.
pub(super) struct Reader {
    source: Source,
    /// The number of the next record, of any type.
    next: u64,
}

impl Reader {
    pub(super) fn new(source: Source) -> Self {
        Self { source, next: 1 }
    }

    /// The bytes of the next header, up to and with its blank line; none at the end.
    fn header(&mut self) -> Result<Option<Vec<u8>>, Cut> {
        let mut header = Vec::new();
        loop {
            let mut read = Line { bytes: Vec::new(), length: 0 };
            if !line(self.source.reader(), &mut read, |_| {}).map_err(|error| self.source.cut(error))? {
                return if header.is_empty() { Ok(None) } else { Err(self.wrong("ends inside its header")) };
            }
            let blank = read.bytes.iter().all(u8::is_ascii_whitespace);
            if header.is_empty() {
                if blank {
                    continue;
                }
                if !read.bytes.starts_with(b"WARC/") {
                    return Err(self.wrong("does not begin with `WARC/`"));
                }
            }
            header.extend_from_slice(&read.bytes);
            if header.len() > MAX_HEADER_BYTES {
                return Err(self.wrong("has a header longer than 64 KiB"));
            }
            if blank {
                return Ok(Some(header));
            }
        }
    }

    fn wrong(&self, what: &str) -> Cut {
        Cut::Damaged(format!("record {} of the web archive {what}; what follows cannot be found", self.next))
    }

    /// Reads the content behind a header; none if it is too long to be kept.
    fn content(&mut self, header: Vec<u8>, length: u64) -> Result<Option<Vec<u8>>, Cut> {
        let whole = header.len() as u64 + length;
        let (mut bytes, keep) = (header, whole <= MAX_ROW_BYTES as u64);
        let mut content = self.source.reader().take(length);
        let read = if keep { content.read_to_end(&mut bytes).map(|n| n as u64) } else { std::io::copy(&mut content, &mut std::io::sink()) };
        match read {
            Ok(n) if n == length => Ok(keep.then_some(bytes)),
            Ok(_) => Err(self.wrong("ends inside its content")),
            Err(error) => Err(self.source.cut(error)),
        }
    }
}

impl Rows for Reader {
    fn next(&mut self) -> Result<Option<Row>, Cut> {
        while let Some(header) = self.header()? {
            let length = field(&header, "content-length").and_then(|length| length.parse().ok());
            let length: u64 = length.ok_or_else(|| self.wrong("says no content length"))?;
            let kind = field(&header, "warc-type").unwrap_or_default().to_ascii_lowercase();
            let size = header.len() as u64 + length;
            let content = self.content(header, length)?;
            let line = self.next;
            self.next += 1;
            match content {
                _ if !matches!(kind.as_str(), "conversion" | "resource" | "response") => {}
                None => return Ok(Some(Row { line, bytes: Err(Broken::too_long(size)) })),
                Some(bytes) if is_text(&bytes, &kind) => return Ok(Some(Row { line, bytes: Ok([bytes, b"\r\n\r\n".to_vec()].concat()) })),
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

/// The value of a field of a header.
fn field<'h>(header: &'h [u8], name: &str) -> Option<&'h str> {
    let mut lines = std::str::from_utf8(header).ok()?.lines();
    lines.find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name))).map(|(_, value)| value.trim())
}

/// Whether a record holds text, by what it says of itself.
fn is_text(record: &[u8], kind: &str) -> bool {
    let (header, content) = record.split_at_checked(header_end(record)).unwrap_or((record, &[]));
    let said = if kind == "response" { content.split_at_checked(header_end(content)).map_or(content, |(http, _)| http) } else { header };
    // An HTTP header may hold any bytes, a field we ask for does not.
    let said = String::from_utf8_lossy(said);
    field(said.as_bytes(), "content-type").is_none_or(|kind| kind.starts_with("text/") || kind.contains("json") || kind.contains("xhtml"))
}

/// One past the blank line that ends a header.
fn header_end(bytes: &[u8]) -> usize {
    let crlf = memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4);
    crlf.or_else(|| memmem::find(bytes, b"\n\n").map(|at| at + 2)).unwrap_or(bytes.len())
}

/// Where the text of a record stands.
pub(super) fn content(record: &[u8]) -> Range<usize> {
    let start = header_end(record);
    let end = record.len().saturating_sub(4).max(start);
    let is_response = field(record.get(..start).unwrap_or_default(), "warc-type").is_some_and(|kind| kind.eq_ignore_ascii_case("response"));
    let http = if is_response { header_end(record.get(start..end).unwrap_or_default()) } else { 0 };
    start + http..end
}

/// The record with another text. Its length is that of the new content, and digests, which are of the old, are left out.
pub(super) fn with(record: &[u8], place: &Range<usize>, text: &str) -> Vec<u8> {
    let start = header_end(record);
    let http = record.get(start..place.start).unwrap_or_default();
    let length = http.len() + text.len();
    let header = String::from_utf8_lossy(record.get(..start).unwrap_or_default()).into_owned();
    let lines = header.split_inclusive('\n').filter_map(|line| match line.split_once(':').map(|(key, _)| key.to_ascii_lowercase()) {
        Some(key) if key == "content-length" => Some(format!("Content-Length: {length}\r\n")),
        Some(key) if key.ends_with("-digest") => None,
        _ => Some(line.to_owned()),
    });
    [lines.collect::<String>().as_bytes(), http, text.as_bytes(), b"\r\n\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_and_written_again() {
        let record = "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nWARC-Block-Digest: sha1:X\r\nContent-Length: 6\r\n\r\n你好\r\n\r\n";
        let place = content(record.as_bytes());
        assert_eq!(record.get(place.clone()).unwrap(), "你好");
        let new = String::from_utf8(with(record.as_bytes(), &place, "再见了")).unwrap();
        assert!(new.contains("Content-Length: 9\r\n") && !new.contains("Digest") && new.ends_with("\r\n\r\n再见了\r\n\r\n"), "{new}");
    }

    #[test]
    fn the_header_of_a_response_is_not_its_text() {
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>好</p>";
        let record = format!("WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {}\r\n\r\n{http}\r\n\r\n", http.len());
        assert!(is_text(record.as_bytes(), "response"));
        assert_eq!(record.get(content(record.as_bytes())).unwrap(), "<p>好</p>");
        assert!(!is_text(record.replace("text/html", "image/png").as_bytes(), "response"));
    }
}

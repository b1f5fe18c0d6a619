//! Tables in text (RFC 4180). A record ends at the first line end outside quotes, so a shard may only be cut there: [`Quotes`] knows.
//!
//! A quote that is never closed makes one record of all that follows it; it is one broken row that says so, never a silent loss.

use super::lines::{Line, line};
use super::{Compression, Cut, Format, Place, Row, Rows, Source};
use crate::{Broken, BrokenKind, CorpusError};

/// Whether a place in a table lies inside quotes: a doubled quote counts twice and so changes nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Quotes {
    odd: bool,
}

impl Quotes {
    /// Goes on over these bytes.
    pub(crate) fn over(&mut self, bytes: &[u8]) {
        self.odd ^= memchr::memchr_iter(b'"', bytes).count() % 2 == 1;
    }

    pub(crate) fn inside(self) -> bool {
        self.odd
    }
}

/// Reads rows that are records of a table.
pub(super) struct Reader {
    source: Source,
    next: u64,
    /// Whether the first record is the header.
    header: bool,
}

impl Reader {
    pub(super) fn new(source: Source, first: u64, header: bool) -> Self {
        Self { source, next: first, header }
    }

    /// The next record and the number of its first line.
    fn record(&mut self) -> Result<Option<Row>, Cut> {
        let (mut read, mut quotes, first) = (Line { bytes: Vec::new(), length: 0 }, Quotes::default(), self.next);
        loop {
            if !line(self.source.reader(), &mut read, |piece| quotes.over(piece)).map_err(|error| self.source.cut(error))? {
                break;
            }
            self.next += 1;
            if !quotes.inside() {
                break;
            }
        }
        if read.length == 0 {
            return Ok(None);
        }
        let bytes = read.kept().and_then(|bytes| {
            let open = "a quote opened in this row is never closed, so all that follows was read as one row; mend the quotes";
            if quotes.inside() { Err(Broken::new(BrokenKind::NoRecord, open)) } else { Ok(bytes) }
        });
        Ok(Some(Row { line: first, bytes }))
    }
}

impl Rows for Reader {
    fn next(&mut self) -> Result<Option<Row>, Cut> {
        if std::mem::take(&mut self.header) {
            self.record()?;
        }
        while let Some(row) = self.record()? {
            if row.bytes.as_ref().map_or(true, |bytes| !bytes.iter().all(u8::is_ascii_whitespace)) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// The first row of a table as it stands, and as long as it has one.
pub(crate) fn header_row(place: &Place, compression: Compression) -> Result<Vec<u8>, CorpusError> {
    let source = Source::open(place, 0..place.bytes()?, compression, super::Counter::default())?;
    let unreadable = |why: String| CorpusError::Input(format!("{}: the header cannot be read: {why}", place.path().display()));
    let row = Reader::new(source, 1, false).record().map_err(|cut| match cut {
        Cut::Damaged(why) => unreadable(why),
        Cut::Lost(error) => error,
    })?;
    row.ok_or_else(|| unreadable("the file is empty".to_owned()))?.bytes.map_err(|broken| unreadable(broken.message))
}

/// The columns of a table.
pub(crate) fn header(place: &Place, format: Format, compression: Compression) -> Result<Vec<String>, CorpusError> {
    let unreadable = |why: String| CorpusError::Input(format!("{}: the header cannot be read: {why}", place.path().display()));
    let record = one(&header_row(place, compression)?, delimiter(format)).map_err(unreadable)?;
    record.iter().map(|name| String::from_utf8(name.to_vec()).map_err(|_| unreadable("it is not UTF-8".to_owned()))).collect()
}

/// What parts the fields.
pub(super) fn delimiter(format: Format) -> u8 {
    if format == Format::Tsv { b'\t' } else { b',' }
}

/// The one record of a row.
pub(super) fn one(bytes: &[u8], delimiter: u8) -> Result<csv::ByteRecord, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => Ok(record),
        Ok(false) => Err("the row is empty".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The record with another text in a field; its other fields keep their content, quotes stand where they must.
pub(super) fn with(bytes: &[u8], column: usize, delimiter: u8, text: &str) -> Vec<u8> {
    let Ok(record) = one(bytes, delimiter) else { return bytes.to_vec() };
    let terminator = if bytes.ends_with(b"\r\n") { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
    let fields = record.iter().enumerate().map(|(at, field)| if at == column { text.as_bytes() } else { field });
    // Writing into memory does not fail.
    let _ = writer.write_record(fields);
    writer.into_inner().unwrap_or_else(|_| bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_outside_quotes() {
        let mut quotes = Quotes::default();
        quotes.over(b"1,\"a \"\"b");
        assert!(quotes.inside());
        quotes.over(b"\n c\"\n");
        assert!(!quotes.inside());
        let record = one(b"1,\"a \"\"b\n c\"\n", b',').unwrap();
        assert_eq!(record.get(1).unwrap(), b"a \"b\n c");
    }
}

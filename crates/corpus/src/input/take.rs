//! Takes the text out of the bytes of a row, and puts another in its place. Pure, so that it runs on all cores.

use std::borrow::Cow;
use std::ops::Range;

use super::{Format, csv, json, warc};
use crate::manifest::FileEntry;
use crate::settings::Selector;
use crate::{Broken, BrokenKind};

/// How the text is taken from the rows of a file.
#[derive(Debug, Clone)]
pub(crate) enum Taking {
    /// The whole row, without its line end.
    Whole,
    /// A field of a JSON row.
    Json(Vec<String>),
    /// A field of a record: which, and what parts the fields.
    Record(usize, u8),
    /// The content of a record of a web archive.
    Warc,
    /// The bytes are the text.
    Column,
}

/// The text of a row.
#[derive(Debug)]
pub(crate) struct Taken<'r> {
    pub(crate) text: Cow<'r, str>,
    /// Where it stands in the row, as it is written there.
    pub(crate) place: Range<usize>,
}

const BOM: &str = "\u{feff}";

impl Taking {
    /// How the text of this file's rows is taken.
    pub(crate) fn of(file: &FileEntry, text: &Selector) -> Self {
        match file.format {
            Format::Jsonl => Self::Json(text.path()),
            Format::Text => Self::Whole,
            Format::Csv | Format::Tsv => Self::Record(file.column.unwrap_or_default() as usize, csv::delimiter(file.format)),
            Format::Parquet => Self::Column,
            Format::Warc => Self::Warc,
        }
    }

    /// The text of a row.
    pub(crate) fn take<'r>(&self, bytes: &'r [u8]) -> Result<Taken<'r>, Broken> {
        if let Self::Warc = self {
            let place = warc::content(bytes);
            let content = bytes.get(place.clone()).unwrap_or_default();
            return Ok(Taken { text: Cow::Borrowed(utf8(content)?), place });
        }
        let whole = utf8(bytes)?;
        let row = whole.strip_prefix(BOM).unwrap_or(whole);
        let skipped = whole.len() - row.len();
        match self {
            Self::Json(path) => {
                let (text, place) = json::text(row, path)?;
                Ok(Taken { text, place: place.start + skipped..place.end + skipped })
            }
            Self::Record(column, delimiter) => {
                let record = csv::one(bytes, *delimiter).map_err(|error| Broken::new(BrokenKind::NoRecord, error))?;
                let field = record.get(*column).ok_or_else(|| {
                    let message = format!("the row has {} fields, the text is in field {}", record.len(), column + 1);
                    Broken::new(BrokenKind::NoRecord, message)
                })?;
                Ok(Taken { text: Cow::Owned(utf8(field)?.to_owned()), place: 0..bytes.len() })
            }
            Self::Column => Ok(Taken { text: Cow::Borrowed(whole), place: 0..whole.len() }),
            Self::Whole | Self::Warc => {
                let text = row.strip_suffix('\n').map_or(row, |row| row.strip_suffix('\r').unwrap_or(row));
                Ok(Taken { text: Cow::Borrowed(text), place: skipped..skipped + text.len() })
            }
        }
    }

    /// The row with another text in its place; all else stays byte for byte, but for the quotes of a table and the length of a web record.
    pub(crate) fn put(&self, bytes: &[u8], place: &Range<usize>, text: &str) -> Vec<u8> {
        let between = |new: &[u8]| [bytes.get(..place.start).unwrap_or_default(), new, bytes.get(place.end..).unwrap_or_default()].concat();
        match self {
            Self::Whole | Self::Column => between(text.as_bytes()),
            Self::Json(_) => between(serde_json::Value::from(text).to_string().as_bytes()),
            Self::Record(column, delimiter) => csv::with(bytes, *column, *delimiter, text),
            Self::Warc => warc::with(bytes, place, text),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|error| Broken::not_text(bytes, error.valid_up_to()))
}

//! Whose a row is: the name of a user that stands in it, in a field or column of its own.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

use super::{Format, csv, header, json};
use crate::CorpusError;
use crate::manifest::FileEntry;
use crate::settings::Selector;

/// Where a row of bytes names its person.
#[derive(Debug)]
pub(crate) enum Naming {
    Json(Vec<String>),
    Record(usize, u8),
}

impl Naming {
    /// How the rows of a file of bytes name their persons.
    ///
    /// # Errors
    /// They cannot: the file has no fields, or no such one.
    pub(crate) fn of(file: &FileEntry, person: &Selector) -> Result<Self, CorpusError> {
        match file.format {
            Format::Csv | Format::Tsv => {
                let names = header(&file.place()?, file.format, file.compression)?;
                let wanted = person.column();
                let mut there = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(at, _)| at);
                match (there.next(), there.next()) {
                    (Some(at), None) => Ok(Self::Record(at, csv::delimiter(file.format))),
                    (Some(_), Some(_)) => Err(CorpusError::Input(format!("{} has two columns '{wanted}'", file.path))),
                    _ => Err(missing(file, wanted, &names.join(", "))),
                }
            }
            Format::Jsonl => Ok(Self::Json(person.path())),
            Format::Text | Format::Warc | Format::Parquet => Err(nameless(file)),
        }
    }

    /// The person of a row; none where it names nobody.
    pub(crate) fn person<'r>(&self, bytes: &'r [u8]) -> Option<Cow<'r, str>> {
        match self {
            Self::Json(path) => {
                let row = std::str::from_utf8(bytes).ok()?;
                json::name(row.strip_prefix('\u{feff}').unwrap_or(row), path)
            }
            Self::Record(column, delimiter) => {
                let record = csv::one(bytes, *delimiter).ok()?;
                let name = std::str::from_utf8(record.get(*column)?).ok()?;
                (!name.is_empty()).then(|| Cow::Owned(name.to_owned()))
            }
        }
    }
}

/// Whether a file's rows can name a person at all, as far as its name tells.
pub(crate) fn can_name(file: &FileEntry) -> Result<(), CorpusError> {
    if matches!(file.format, Format::Text | Format::Warc) { Err(nameless(file)) } else { Ok(()) }
}

/// The column of the persons in columns.
pub(crate) fn person_column(file: &FileEntry, schema: &SchemaRef, person: &Selector) -> Result<usize, CorpusError> {
    let wanted = person.column();
    let Ok(at) = schema.index_of(wanted) else {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(missing(file, wanted, &names.join(", ")));
    };
    use DataType as D;
    match schema.field(at).data_type() {
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Int32 | D::Int64 | D::UInt32 | D::UInt64 => Ok(at),
        other => Err(CorpusError::Input(format!("{}: the column '{wanted}' holds no names of persons but {other}", file.path))),
    }
}

/// The person of a row of columns; none where it names nobody.
pub(crate) fn person_cell(batch: &RecordBatch, column: usize, row: usize) -> Option<Cow<'_, str>> {
    let array = batch.column(column);
    if array.is_null(row) {
        return None;
    }
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        DataType::Int32 => return Some(array.as_primitive::<Int32Type>().value(row).to_string().into()),
        DataType::Int64 => return Some(array.as_primitive::<Int64Type>().value(row).to_string().into()),
        DataType::UInt32 => return Some(array.as_primitive::<UInt32Type>().value(row).to_string().into()),
        DataType::UInt64 => return Some(array.as_primitive::<UInt64Type>().value(row).to_string().into()),
        _ => return None,
    };
    Some(Cow::Borrowed(text)).filter(|text| !text.is_empty())
}

fn missing(file: &FileEntry, wanted: &str, names: &str) -> CorpusError {
    CorpusError::Input(format!("{} has no column '{wanted}' for the person; it has: {names}. Name the right one with --person", file.path))
}

fn nameless(file: &FileEntry) -> CorpusError {
    let format = file.format;
    CorpusError::Input(format!(
        "{}: rows of {format} name no person and cannot be joined with consent; scan them apart, and apply without --consent",
        file.path
    ))
}

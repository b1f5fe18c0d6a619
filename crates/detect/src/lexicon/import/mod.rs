//! Reading keyword lists that other people made: their formats, their charsets, their words for the classes.
//!
//! Invariant: nothing is lost silently. Whatever stands in the list is a row, or is counted by reason and (the first
//! [`LISTED`] of them) listed with its place. It writes no lexicon, gives no severity, and does not judge whether a keyword is a good one.

mod charset;
mod classes;
mod collect;
mod columns;
mod delimited;
mod json;
mod sheet;
mod text;

use std::collections::BTreeMap;

use taxonomy::RiskClass;

pub use charset::Charset;

/// Longest file: 128 bytes for each of [`MAX_ROWS`].
pub const MAX_FILE_BYTES: usize = 256 * 1024 * 1024;
/// Most keywords in a file: 200 times the 10,000 that GB/T 45654-2025 B.1.1 asks of a library.
pub const MAX_ROWS: u64 = 2_000_000;
/// Longest keyword in characters: what a lexicon takes.
pub const MAX_KEYWORD_CHARS: usize = 64;
/// Most skipped places that are listed, and most categories not known: more than anybody reads; the others are counted.
pub const LISTED: usize = 10_000;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One keyword a line, or several in a line with a separator.
    Text,
    /// Columns parted by a comma (or `;`, `|`, tab, where those are more frequent in the first line), quoted as RFC 4180 says.
    Csv,
    /// Columns parted by tabs.
    Tsv,
    /// A workbook of Office Open XML (ISO/IEC 29500).
    Xlsx,
    /// One JSON document (RFC 8259).
    Json,
    /// One JSON value a line.
    JsonLines,
}

/// What the user knows better than the file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// The format; otherwise by the file's name and first bytes.
    pub format: Option<Format>,
    /// The charset; otherwise by the bytes.
    pub charset: Option<Charset>,
    /// What parts the keywords of a line or the columns of a table; otherwise by the first lines. `\n`: a line is one keyword, whatever
    /// stands in it.
    pub separator: Option<char>,
}

/// A keyword as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The keyword, without white space around it.
    pub keyword: String,
    /// The class its categories name, if we know them.
    pub class: Option<RiskClass>,
    /// Its categories in the list's own words, from the general to the special.
    pub category: Vec<String>,
    /// `file:line`, `sheet!row`, or `file[n]` and `file.key[n]` in a JSON document (from 1).
    pub place: String,
}

/// Why something is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The same keyword, or one that folds to the same, stands earlier, with the same class.
    Duplicate,
    /// The same keyword stands earlier, with another class; the first one counts.
    DuplicateOtherClass,
    /// More than [`MAX_KEYWORD_CHARS`].
    TooLong,
    /// The row has cells, and none where the keyword should be.
    NoKeyword,
    /// Bytes that the charset does not know, a cell with an error, or a cell that the spreadsheet has made a date of.
    Unreadable,
    /// A control character inside, such as a line break.
    Control,
    /// Nothing is left of it after folding, so it can never be found.
    NothingToFind,
    /// A line that begins with `# ` or `//`.
    Comment,
    /// What stands above the heading of a table.
    AboveHeading,
    /// A quotation mark that is not closed.
    OpenQuote,
    /// More cells than the heading has: a separator inside a cell that is not quoted.
    TooManyCells,
    /// A line that is no JSON.
    NoJson,
    /// A JSON value that is no keyword and no list of them.
    NoList,
}

/// Something that is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands.
    pub place: String,
    /// Why it is no row.
    pub reason: Reason,
    /// Its first [`MAX_KEYWORD_CHARS`] characters.
    pub text: String,
    /// Of a duplicate: where the keyword stands first.
    pub first: Option<String>,
}

/// What was read, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The keywords, in the order of the file; the keys of a JSON object in alphabetical order.
    pub rows: Vec<Imported>,
    /// The format that was read.
    pub format: Format,
    /// The charset that was chosen; a workbook has none.
    pub charset: Option<Charset>,
    /// Whether the charset is certain: named by the user, by a byte order mark or by the form of the bytes; otherwise it is a guess.
    pub charset_sure: bool,
    /// What was found to part keywords or columns.
    pub separator: Option<char>,
    /// Columns and JSON fields that were not read, by their heading; those beyond 64 are one `…`.
    pub unused: Vec<String>,
    /// Empty lines and rows.
    pub blank: u64,
    /// How much was skipped, by reason.
    pub counts: BTreeMap<Reason, u64>,
    /// The first [`LISTED`] that were skipped.
    pub skipped: Vec<Skipped>,
    /// Categories that name no class (`一级/二级`), with the number of their rows. Those above [`LISTED`] are counted under `…`.
    pub unknown: BTreeMap<String, u64>,
}

/// Why a file cannot be read at all; nothing is imported then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Too many bytes.
    #[error("{0}: more than {limit} bytes; split it", limit = MAX_FILE_BYTES)]
    TooLarge(String),
    /// Too many keywords.
    #[error("{0}: more than {MAX_ROWS} keywords; split it")]
    TooManyRows(String),
    /// The charset cannot be told.
    #[error("{0}: the charset cannot be told; name it (utf-8, gb18030, big5, utf-16le, utf-16be)")]
    Charset(String),
    /// No text.
    #[error("{0}: holds zero bytes, so it is no text; UTF-16 without a byte order mark must be named")]
    Binary(String),
    /// The workbook format before 2007.
    #[error("{0}: an old workbook (.xls); save it as .xlsx or .csv")]
    OldWorkbook(String),
    /// A workbook that cannot be read.
    #[error("{name}: cannot be read as a workbook: {message}")]
    Workbook {
        /// The file.
        name: String,
        /// Why.
        message: String,
    },
    /// No JSON.
    #[error("{name}: no JSON: {message}")]
    Json {
        /// The file.
        name: String,
        /// Where and why.
        message: String,
    },
}

/// Reads a list. `name` is the file's name: its ending tells the format, and places begin with it. An empty file is a report without rows.
/// Work is linear in the bytes.
///
/// # Errors
/// The file as a whole cannot be read: too large, charset not to be told, a broken workbook or JSON document.
pub fn read(name: &str, bytes: &[u8], options: Options) -> Result<ImportReport, ImportError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImportError::TooLarge(name.to_owned()));
    }
    // The magic bytes of compound files (MS-CFB 2.2).
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(ImportError::OldWorkbook(name.to_owned()));
    }
    let format = options.format.unwrap_or_else(|| format(name, bytes));
    let mut into = collect::Collector::new(name, format);
    if format == Format::Xlsx {
        sheet::read(bytes, &mut into)?;
        return Ok(into.report);
    }
    let decoded = charset::decode(name, bytes, options.charset)?;
    (into.report.charset, into.report.charset_sure) = (Some(decoded.charset), decoded.sure);
    let text = lines_by_newline(decoded.text.trim_start_matches('\u{feff}'));
    match format {
        Format::Csv => delimited::read(&text, options.separator.unwrap_or_else(|| delimited::separator(&text)), &mut into)?,
        Format::Tsv => delimited::read(&text, options.separator.unwrap_or('\t'), &mut into)?,
        Format::Json if json::is_lines(&text) => json::read_lines(&text, &mut into)?,
        Format::Json => json::read(&text, &mut into)?,
        Format::JsonLines => json::read_lines(&text, &mut into)?,
        Format::Text | Format::Xlsx => text::read(&text, options.separator, &mut into)?,
    }
    Ok(into.report)
}

/// The format by name; a ZIP archive (PKWARE APPNOTE 4.3.7) can only be a workbook.
fn format(name: &str, bytes: &[u8]) -> Format {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        _ if bytes.starts_with(b"PK\x03\x04") => Format::Xlsx,
        "csv" => Format::Csv,
        "tsv" | "tab" => Format::Tsv,
        "xlsx" | "xlsm" => Format::Xlsx,
        "json" => Format::Json,
        "jsonl" | "ndjson" => Format::JsonLines,
        _ => Format::Text,
    }
}

/// What detectors see of a text.
fn fold(text: &str) -> String {
    let folded = crate::fold(text);
    folded.string(0..folded.units().len())
}

/// Old Macintosh files end a line with a carriage return alone.
fn lines_by_newline(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\n') || !text.contains('\r') { text.into() } else { text.replace('\r', "\n").into() }
}

#[cfg(test)]
mod tests;

//! Reading a filled-in sheet. All or nothing: every wrong row is named, and then none counts.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, Xlsx, open_workbook};

use super::{ABOUT, CLASS, CONTENT, KEY, NOTE, Said, VERDICT};
use crate::CorpusError;

/// Wrong rows that are named; the others are only counted.
const NAMED: usize = 20;
/// Rows the first sheet can have: facts and instructions.
const ABOUT_ROWS: usize = 64;
/// Most rows read of a sheet: what a workbook can have at most (2²⁰), and so a bound on memory.
const MAX_ROWS: usize = 1 << 20;

/// A sheet that somebody filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// The digest of the list it was made of.
    pub(crate) list: String,
    /// Who judged.
    pub(crate) reviewer: String,
    /// Row and verdict, of the rows that were filled in.
    pub(crate) votes: Vec<(String, Said)>,
    /// Rows left empty.
    pub(crate) empty: u64,
}

impl Sheet {
    /// Reads a sheet.
    ///
    /// # Errors
    /// The file is no review sheet of a corpus, or a row is wrong.
    pub(crate) fn read(file: &Path) -> Result<Self, CorpusError> {
        let bad = |message: String| CorpusError::Input(format!("{}: {message}", file.display()));
        let mut book: Xlsx<_> = open_workbook(file).map_err(|e: calamine::XlsxError| bad(format!("cannot be read as a workbook: {e}")))?;
        let about = rows(&mut book, ABOUT, ABOUT_ROWS).map_err(bad)?;
        let value = |name: &str| about.iter().find(|row| text(row, 0) == name).map(|row| text(row, 1)).unwrap_or_default();
        let (list, reviewer) = (value("list"), value("reviewer"));
        if value("format") != "1" || list.is_empty() {
            return Err(bad("is no review sheet of a corpus, format 1; sheets of `guiju assess` are imported there".to_owned()));
        }
        if reviewer.is_empty() {
            return Err(bad("names no reviewer; write the name beside 'reviewer' on the first page".to_owned()));
        }
        let (mut votes, mut wrong, mut empty, mut seen) = (Vec::new(), Vec::new(), 0, BTreeSet::new());
        for (at, row) in rows(&mut book, CONTENT, MAX_ROWS).map_err(bad)?.iter().enumerate().skip(1) {
            match vote(row) {
                Ok(Some((id, _))) if !seen.insert(id.clone()) => wrong.push(format!("row {}: {id} stands here twice", at + 1)),
                Ok(Some(vote)) => votes.push(vote),
                Ok(None) => empty += u64::from(!text(row, KEY).is_empty()),
                Err(message) => wrong.push(format!("row {}: {message}", at + 1)),
            }
        }
        if !wrong.is_empty() {
            let more = wrong.len().saturating_sub(NAMED);
            wrong.truncate(NAMED);
            let rest = if more > 0 { format!("\n… and {more} more") } else { String::new() };
            return Err(bad(format!("nothing was taken from it; correct these rows and give it again:\n{}{rest}", wrong.join("\n"))));
        }
        Ok(Self { list, reviewer, votes, empty })
    }
}

/// The cells of a page as far as a review sheet has them; a stray cell far out must not cost the memory of all between.
fn rows(book: &mut Xlsx<BufReader<File>>, name: &str, most_rows: usize) -> Result<Vec<Vec<String>>, String> {
    let missing = |_| format!("has no page '{name}'; it is no review sheet of guiju");
    let mut cells = book.worksheet_cells_reader(name).map_err(missing)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|e| format!("page '{name}' cannot be read: {e}"))? {
        let ((row, column), value) = (cell.get_position(), cell.get_value());
        let (row, column) = (row as usize, column as usize);
        // What is judged and the criteria beside it are not read back.
        let wanted = name == ABOUT || [KEY, VERDICT, CLASS, NOTE].iter().any(|known| usize::from(*known) == column);
        // Rows come in order; one far behind the last is a stray cell.
        if !wanted || row >= most_rows || row > rows.len() + ABOUT_ROWS || column > usize::from(NOTE) {
            continue;
        }
        if rows.len() <= row {
            rows.resize(row + 1, Vec::new());
        }
        if let Some(line) = rows.get_mut(row) {
            line.resize(line.len().max(column + 1), String::new());
            if let Some(slot) = line.get_mut(column) {
                *slot = Data::from(value.clone()).to_string();
            }
        }
    }
    Ok(rows)
}

fn text(row: &[String], column: u16) -> String {
    row.get(usize::from(column)).map(|cell| cell.trim().to_owned()).unwrap_or_default()
}

/// The verdict in a row; nothing if it is not filled in.
fn vote(row: &[String]) -> Result<Option<(String, Said)>, String> {
    let (id, said, class) = (text(row, KEY), text(row, VERDICT), text(row, CLASS));
    match (said.as_str(), id.is_empty()) {
        ("", _) if class.is_empty() => Ok(None),
        ("", _) => Err("names a class and no verdict; choose 合格/acceptable or 不合格/not acceptable".to_owned()),
        (_, true) => Err("has a verdict and no key; the key column must not be changed".to_owned()),
        ("合格" | "acceptable", _) => Ok(Some((id, Said::Qualified))),
        ("不合格" | "not acceptable", _) if class.is_empty() => {
            Err("violates, but no class is named; write one such as A1f beside it".to_owned())
        }
        ("不合格" | "not acceptable", _) => {
            Ok(Some((id, Said::Violates(class.parse().map_err(|e: taxonomy::UnknownId| e.to_string())?))))
        }
        _ => Err(format!("'{said}' is no verdict; choose 合格/acceptable or 不合格/not acceptable")),
    }
}

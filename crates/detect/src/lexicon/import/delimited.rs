//! Comma- and tab-separated tables (RFC 4180), read by lines, so that one quotation mark that is never closed costs its own line and not
//! the rest of the file. That is why this is no crate: they read on to the end.

use super::collect::Collector;
use super::columns::{MAX_COLUMNS, Table};
use super::{ImportError, Reason};

/// Lines that a quoted cell may have: a remark has a few.
const MAX_CELL_LINES: usize = 20;
/// Bytes that a row of several lines may have: a cell of a workbook holds 32,767 characters (Excel's own limit).
const MAX_ROW_BYTES: usize = 128 * 1024;
/// Separators in use, the usual one first.
const SEPARATORS: [char; 4] = [',', '\t', ';', '|'];

/// The separator that is most frequent in the first line that is not empty.
pub(super) fn separator(text: &str) -> char {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // The last of the greatest wins, so the usual one goes last.
    SEPARATORS.into_iter().rev().max_by_key(|&c| line.matches(c).count()).unwrap_or(',')
}

/// Reads a table.
pub(super) fn read(text: &str, separator: char, into: &mut Collector) -> Result<(), ImportError> {
    into.report.separator = Some(separator);
    let prefix = format!("{}:", into.name);
    let mut table = Table::new(into, prefix, true);
    let (mut rest, mut number) = (text, 1);
    while !rest.is_empty() {
        let (used, lines) = match record(rest, separator) {
            Some(record) => {
                table.row(number, record.cells)?;
                (record.bytes, record.lines)
            }
            None => {
                let line = rest.lines().next().unwrap_or_default();
                table.refuse(number, Reason::OpenQuote, line)?;
                (rest.find('\n').map_or(rest.len(), |at| at + 1), 1)
            }
        };
        rest = rest.get(used..).unwrap_or_default();
        number += lines;
    }
    table.finish()
}

/// Cuts a line that is known to hold one record; `None` for an open quotation mark.
pub(super) fn cells(line: &str, separator: char) -> Option<Vec<String>> {
    record(line, separator).map(|record| record.cells)
}

struct Record {
    cells: Vec<String>,
    bytes: usize,
    lines: u64,
}

/// The record that the text begins with. A quotation mark opens only at the begin of a cell; what stands between a closing one and the
/// separator is taken as it is; but if the cell has several lines, that mark opens another cell and the first one was never closed.
fn record(text: &str, separator: char) -> Option<Record> {
    let (mut cells, mut cell, mut quoted, mut begin) = (Vec::new(), String::new(), false, true);
    let mut breaks = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let double = quoted && c == '"' && chars.next_if(|(_, next)| *next == '"').is_some();
        match c {
            '"' if double => cell.push('"'),
            '"' if quoted => {
                let after = chars.peek().map(|(_, next)| *next);
                if cell.contains('\n') && after.is_some_and(|c| c != separator && !matches!(c, '\r' | '\n')) {
                    return None;
                }
                quoted = false;
            }
            '"' if begin => quoted = true,
            '\n' if !quoted => return Some(end(cells, cell, at + 1, breaks + 1)),
            c if c == separator && !quoted => push(&mut cells, std::mem::take(&mut cell)),
            '\n' if breaks + 1 >= MAX_CELL_LINES as u64 || at > MAX_ROW_BYTES => return None,
            _ => {
                breaks += u64::from(c == '\n');
                cell.push(c);
            }
        }
        begin = c == separator && !quoted;
    }
    (!quoted).then(|| end(cells, cell, text.len(), breaks + 1))
}

fn end(mut cells: Vec<String>, mut cell: String, bytes: usize, lines: u64) -> Record {
    if cell.ends_with('\r') {
        cell.pop();
    }
    push(&mut cells, cell);
    Record { cells, bytes, lines }
}

/// Adds a cell; a line of separators must not become a million of them.
fn push(cells: &mut Vec<String>, cell: String) {
    if cells.len() < MAX_COLUMNS {
        cells.push(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cut_as_the_rfc_says() {
        for (text, expected) in [
            ("a,b\r\n", &["a", "b"][..]),
            ("\"a,b\",\"say \"\"no\"\"\"\n", &["a,b", "say \"no\""]),
            ("a,,", &["a", "", ""]),
            ("\"two\nlines\",x\n", &["two\nlines", "x"]),
            ("5\" tube,x", &["5\" tube", "x"]),
            ("\"a\"b,c", &["ab", "c"]),
            ("\"\",x", &["", "x"]),
        ] {
            assert_eq!(record(text, ',').unwrap().cells, expected, "{text:?}");
        }
        assert!(record("\"open,x\ny\n", ',').is_none() && record("\"open,x\n\"next\",y\n", ',').is_none());
        assert_eq!(record("\"two\nlines\",x\nnext", ',').map(|r| (r.bytes, r.lines)), Some((14, 2)));
        assert_eq!(record(&",".repeat(1000), ',').unwrap().cells.len(), MAX_COLUMNS);
    }

    #[test]
    fn the_most_frequent_separator_wins() {
        for (text, expected) in [("a;b;c,d", ';'), ("\n\na\tb", '\t'), ("word", ','), ("", ','), ("a,b;c", ',')] {
            assert_eq!(separator(text), expected, "{text}");
        }
    }
}

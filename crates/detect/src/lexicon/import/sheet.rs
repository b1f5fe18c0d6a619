//! Workbooks: every sheet is a table of its own. A merged cell counts for every row it covers, as whoever reads the sheet takes it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, copy, sink};

use calamine::{Data, DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::ImportError;
use super::collect::{Collector, short};
use super::columns::{MAX_COLUMNS, Table};

/// Bytes that a workbook may unpack to. [`super::MAX_ROWS`] rows of four cells need about this; a ZIP bomb needs more.
const MAX_UNPACKED_BYTES: u64 = 512 * 1024 * 1024;
/// Stands for a cell that holds no text of its author, so that it is told as unreadable: an error, or the date Excel made of `8-9`.
const UNREADABLE: &str = "\u{fffd}";

/// Reads a workbook.
pub(super) fn read(bytes: &[u8], into: &mut Collector) -> Result<(), ImportError> {
    let name = into.name.clone();
    let bad = |message: String| ImportError::Workbook { name: name.clone(), message };
    check_size(bytes).map_err(bad)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|e: calamine::XlsxError| bad(e.to_string()))?;
    for sheet in book.sheet_names() {
        let regions = match book.merge_cells_by_sheet_name(&sheet) {
            Ok(regions) => regions,
            Err(calamine::XlsxError::WorksheetNotFound(_) | calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(bad(format!("sheet '{sheet}': {error}"))),
        };
        let mut merged = Merged::of(regions.iter().map(|region| (region.start, region.end)));
        let mut cells = match book.worksheet_cells_reader(&sheet) {
            Ok(cells) => cells,
            // A sheet that is a chart has no cells.
            Err(calamine::XlsxError::WorksheetNotFound(_) | calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(bad(format!("sheet '{sheet}': {error}"))),
        };
        let mut table = Table::new(into, format!("{}!", short(&sheet)), false);
        let (mut number, mut row) = (0, Vec::new());
        while let Some(cell) = cells.next_cell().map_err(|e| bad(format!("sheet '{sheet}': {e}")))? {
            let (at, column) = cell.get_position();
            if at != number {
                take(&mut table, number, &mut row, &mut merged)?;
                number = at;
            }
            put(&mut row, column as usize, cell.get_value());
        }
        take(&mut table, number, &mut row, &mut merged)?;
        table.finish()?;
    }
    Ok(())
}

fn take(table: &mut Table<'_>, number: u32, row: &mut Vec<String>, merged: &mut Merged) -> Result<(), ImportError> {
    if row.is_empty() {
        return Ok(());
    }
    merged.fill(number, row);
    table.row(u64::from(number) + 1, std::mem::take(row))
}

/// The merged cells of a sheet that cover several rows.
struct Merged {
    /// By first row: the first column, and the last row.
    regions: BTreeMap<u32, Vec<(u32, u32)>>,
    /// Of those that began above, by column: the last row, and what stands in the first.
    open: BTreeMap<u32, (u32, String)>,
}

impl Merged {
    fn of(regions: impl Iterator<Item = ((u32, u32), (u32, u32))>) -> Self {
        let mut merged = Self { regions: BTreeMap::new(), open: BTreeMap::new() };
        for ((first, column), (last, _)) in regions.filter(|((first, column), (last, _))| last > first && (*column as usize) < MAX_COLUMNS)
        {
            merged.regions.entry(first).or_default().push((column, last));
        }
        merged
    }

    /// Puts into a row what merged cells say that began above it. Rows come in order.
    fn fill(&mut self, number: u32, row: &mut Vec<String>) {
        self.open.retain(|_, (last, _)| *last >= number);
        for (column, (_, value)) in &self.open {
            let at = *column as usize;
            row.resize(row.len().max(at + 1), String::new());
            if let Some(slot) = row.get_mut(at).filter(|slot| slot.is_empty()) {
                slot.clone_from(value);
            }
        }
        for (column, last) in self.regions.remove(&number).into_iter().flatten() {
            if let Some(value) = row.get(column as usize) {
                self.open.insert(column, (last, value.clone()));
            }
        }
    }
}

/// A stray cell far out must not cost the memory of all between.
fn put(row: &mut Vec<String>, column: usize, value: &DataRef<'_>) {
    if column >= MAX_COLUMNS {
        return;
    }
    row.resize(row.len().max(column + 1), String::new());
    if let Some(slot) = row.get_mut(column) {
        *slot = match value {
            DataRef::Error(_) | DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => UNREADABLE.to_owned(),
            value => Data::from(value.clone()).to_string(),
        };
    }
}

/// Unpacks everything once and counts: what the archive says of its own sizes need not be true.
fn check_size(bytes: &[u8]) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut left = MAX_UNPACKED_BYTES;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|e| e.to_string())?;
        left -= copy(&mut part.take(left), &mut sink()).map_err(|e| e.to_string())?;
        if left == 0 {
            return Err(format!("unpacks to more than {MAX_UNPACKED_BYTES} bytes; split it"));
        }
    }
    Ok(())
}

//! Fills review sheets in, as a person would.

use std::path::{Path, PathBuf};

use calamine::{Reader, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;

/// What is written into a row.
pub struct Filled {
    pub verdict: String,
    pub class: String,
    /// Another key than the one that stands there.
    pub key: Option<String>,
}

impl Filled {
    pub fn new(verdict: &str, class: &str) -> Self {
        Self { verdict: verdict.to_owned(), class: class.to_owned(), key: None }
    }
}

fn page(file: &Path, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    book.worksheet_range(name).unwrap().rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// Keys and texts of a sheet, in its order.
pub fn keys(file: &Path) -> Vec<(String, String)> {
    page(file, "content").iter().skip(1).map(|row| (row[1].clone(), row[5].clone())).collect()
}

/// Fills a sheet in by key and text, and saves it beside the original.
pub fn fill(file: &Path, say: impl Fn(&str, &str) -> Filled) -> PathBuf {
    let mut book = Workbook::new();
    for name in ["guiju", "content"] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (r, row) in page(file, name).iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                sheet.write_string(r as u32, c as u16, cell).unwrap();
            }
            if name == "content" && r > 0 {
                let filled = say(&row[1], &row[5]);
                sheet.write_string(r as u32, 8, filled.verdict).unwrap();
                sheet.write_string(r as u32, 9, filled.class).unwrap();
                if let Some(key) = filled.key {
                    sheet.write_string(r as u32, 1, key).unwrap();
                }
            }
        }
    }
    let filled = file.with_extension("filled.xlsx");
    book.save(&filled).unwrap();
    filled
}

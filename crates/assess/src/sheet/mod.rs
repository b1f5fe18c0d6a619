//! Review sheets: people judge in a workbook, blind to each other and to the machine. Format: `docs/formats/sheet.md`.

mod export;
mod import;

pub use export::{Exported, export};
pub use import::{Imported, import};

/// Name of the sheet that says what the workbook is.
const ABOUT: &str = "guiju";
/// Names of the two sheets to fill in: rulings, and refusal outcomes.
const SHEETS: [&str; 2] = ["content", "refusal"];
/// Column of the item's key, of the verdict, of the class violated, of the note.
const KEY: u16 = 1;
const VERDICT: u16 = 8;
const CLASS: u16 = 9;
const NOTE: u16 = 10;

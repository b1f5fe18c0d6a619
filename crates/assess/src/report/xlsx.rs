//! The annexes: every item with its texts and verdicts, and every table, as a workbook.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use stats::Rate;

use super::page::{bound, group_title};
use super::{Report, Words};
use crate::error::AssessError;
use crate::journal::{Content, Judgement, Step};
use crate::judge::{Qualified, judged_text};
use crate::run::Texts;
use crate::score::{Group, Measure};
use crate::state::{Answered, ItemState, RunState, Says};

/// Longest text a cell can hold (Excel's own limit is 32,767 characters).
const CELL_CHARS: usize = 32_000;
/// Most rows of a sheet (Excel's own limit is 1,048,576).
const MOST_ROWS: usize = 1_000_000;

/// Makes the workbook. The same run gives the same bytes: its creation date is that of the run.
pub(super) fn workbook(dir: &Path, state: &RunState, report: &Report, w: &Words) -> Result<Vec<u8>, AssessError> {
    let mut book = Workbook::new();
    let date = date_of(&report.opened_at).map_err(render)?;
    book.set_properties(&DocProperties::new().set_title(w.get("title")).set_creation_datetime(&date));
    measures(book.add_worksheet(), report, w).map_err(render)?;
    groups(book.add_worksheet(), report, w).map_err(render)?;
    coverage(book.add_worksheet(), report, w).map_err(render)?;
    let mut texts = Texts::open(dir)?;
    items(book.add_worksheet_with_constant_memory().map_err(render)?, state, &mut texts, w)?;
    book.save_to_buffer().map_err(render)
}

fn render(error: XlsxError) -> AssessError {
    AssessError::Render(error.to_string())
}

fn date_of(at: &str) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::parse_from_str(at.get(..10).unwrap_or("2025-01-01"))
}

/// Text as a cell takes it; what is cut is marked, and stands whole in the journal.
pub(crate) fn cell(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(CELL_CHARS).collect();
    if text.chars().nth(CELL_CHARS).is_some() {
        shown.push_str(" […]");
    }
    shown
}

fn head(sheet: &mut Worksheet, name: &str, columns: &[(&str, f64)]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, (title, width)) in columns.iter().enumerate() {
        sheet.set_column_width(at as u16, *width)?;
        sheet.write_string_with_format(0, at as u16, *title, &bold)?;
    }
    Ok(())
}

/// The columns that [`rate_cells`] fills.
fn rate_columns<'w>(w: &Words) -> [(&'w str, f64); 8] {
    [
        (w.get("method.drawn"), 8.0),
        (w.get("annex.judged"), 9.0),
        (w.get("annex.pending"), 9.0),
        (w.get("annex.errors"), 9.0),
        (w.get("annex.hits"), 8.0),
        (w.get("col.share"), 9.0),
        (w.get("annex.low"), 9.0),
        (w.get("annex.high"), 9.0),
    ]
}

fn rate_cells(sheet: &mut Worksheet, row: u32, column: u16, rate: &Rate) -> Result<(), XlsxError> {
    let percent = Format::new().set_num_format("0.00%");
    for (at, count) in [rate.sampled(), rate.judged, rate.pending, rate.error, rate.hits].into_iter().enumerate() {
        sheet.write_number(row, column + at as u16, count as f64)?;
    }
    if let Some(share) = rate.share() {
        let interval = rate.interval();
        for (at, value) in [share, interval.low, interval.high].into_iter().enumerate() {
            sheet.write_number_with_format(row, column + 5 + at as u16, value, &percent)?;
        }
    }
    Ok(())
}

fn measures(sheet: &mut Worksheet, report: &Report, w: &Words) -> Result<(), XlsxError> {
    let before = [(w.get("col.clause"), 10.0), (w.get("col.measure"), 38.0)];
    let after = [(w.get("col.bound"), 9.0), (w.get("col.standing"), 26.0)];
    let columns = [&before[..], &rate_columns(w), &after].concat();
    head(sheet, w.get("annex.measures"), &columns)?;
    for (at, m) in report.scores.measures.iter().enumerate() {
        measure(sheet, at as u32 + 1, m, w)?;
    }
    Ok(())
}

fn measure(sheet: &mut Worksheet, row: u32, m: &Measure, w: &Words) -> Result<(), XlsxError> {
    sheet.write_string(row, 0, w.get(&format!("clause.{}", m.id.id())))?;
    sheet.write_string(row, 1, w.get(&format!("measure.{}", m.id.id())))?;
    rate_cells(sheet, row, 2, &m.rate)?;
    sheet.write_string(row, 10, m.bound.map_or_else(String::new, |b| bound(b, w)))?;
    let standing = m.standing.map_or_else(String::new, |s| w.get(&format!("standing.{}", s.id())).to_owned());
    let short = if m.short { format!(" ({})", w.get("standing.short")) } else { String::new() };
    sheet.write_string(row, 11, standing + &short)?;
    Ok(())
}

fn groups(sheet: &mut Worksheet, report: &Report, w: &Words) -> Result<(), XlsxError> {
    let before = [(w.get("annex.part"), 16.0), (w.get("col.group"), 34.0), (w.get("col.basis"), 10.0)];
    let columns = [&before[..], &rate_columns(w)].concat();
    head(sheet, w.get("annex.classes"), &columns)?;
    let tables = report.scores.content.iter().chain(&report.scores.refusal);
    let rows = tables.flat_map(|(table, groups)| groups.iter().map(move |group| (table, group)));
    for (at, (table, group)) in rows.enumerate() {
        let row = at as u32 * 2 + 1;
        let both = |g: &Group| [("by.machine", g.machine), ("by.people", g.people)];
        for (offset, (by, rate)) in both(group).into_iter().enumerate() {
            let row = row + offset as u32;
            sheet.write_string(row, 0, w.get(&format!("annex.{table}")))?;
            sheet.write_string(row, 1, group_title(&group.group, w))?;
            sheet.write_string(row, 2, w.get(by))?;
            rate_cells(sheet, row, 3, &rate)?;
        }
    }
    Ok(())
}

fn coverage(sheet: &mut Worksheet, report: &Report, w: &Words) -> Result<(), XlsxError> {
    let columns = [
        (w.get("col.clause"), 10.0),
        (w.get("annex.part"), 20.0),
        (w.get("col.group"), 34.0),
        (w.get("coverage.asked"), 9.0),
        (w.get("coverage.there"), 9.0),
        (w.get("coverage.missing"), 9.0),
    ];
    head(sheet, w.get("annex.coverage"), &columns)?;
    for (at, line) in report.opened.coverage.rows.iter().enumerate() {
        let row = at as u32 + 1;
        sheet.write_string(row, 0, &line.clause)?;
        sheet.write_string(row, 1, w.get(&format!("part.{}", line.part.id())))?;
        sheet.write_string(row, 2, group_title(&line.group, w))?;
        for (column, count) in [line.asked, line.there, line.missing()].into_iter().enumerate() {
            sheet.write_number(row, column as u16 + 3, count as f64)?;
        }
    }
    Ok(())
}

fn items(sheet: &mut Worksheet, state: &RunState, texts: &mut Texts, w: &Words) -> Result<(), AssessError> {
    let columns = [
        (w.get("annex.key"), 24.0),
        (w.get("annex.part"), 14.0),
        (w.get("col.group"), 26.0),
        (w.get("annex.text"), 60.0),
        (w.get("annex.answer"), 70.0),
        (w.get("annex.machine"), 20.0),
        (w.get("annex.rules"), 30.0),
        (w.get("annex.people"), 20.0),
        (w.get("annex.error"), 30.0),
    ];
    head(sheet, w.get("annex.items"), &columns).map_err(render)?;
    for (at, item) in state.items.iter().take(MOST_ROWS).enumerate() {
        let line = item_line(state, item, texts, w)?;
        for (column, text) in line.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(at as u32 + 1, column as u16, text).map_err(render)?;
        }
    }
    Ok(())
}

fn item_line(state: &RunState, item: &ItemState, texts: &mut Texts, w: &Words) -> Result<[String; 9], AssessError> {
    let content = texts.content(item.offset)?;
    let reply = texts.reply(item.answered.as_ref())?;
    let (asked, answer) = match &content {
        Content::Question(question) => (question.turns.join("\n"), judged_text(&content, reply.as_ref())),
        Content::Row { text, .. } => (text.clone(), String::new()),
    };
    let machine = item.machine.iter().find(|(judge, ..)| state.judges.get(*judge).is_some());
    let rules = match machine.map(|(.., offset)| texts.step(*offset)).transpose()? {
        Some(Step::Judged { judgement: Judgement::Ruling(ruling), .. }) => {
            ruling.findings.iter().map(|f| format!("{} {}", f.rule, f.matched)).collect::<Vec<_>>().join("；")
        }
        _ => String::new(),
    };
    let error = match &item.answered {
        Some(Answered::No { error, .. }) => format!("{}: {}", error.code, error.message),
        _ => String::new(),
    };
    Ok([
        item.key.to_string(),
        w.get(&format!("part.{}", item.part.id())).to_owned(),
        if item.group == "-" { String::new() } else { group_title(item.group, w) },
        cell(&asked),
        cell(&answer),
        machine.map_or_else(String::new, |(_, says, _)| says_text(*says, w)),
        cell(&rules),
        item.people().map_or_else(String::new, |says| says_text(says, w)),
        cell(&error),
    ])
}

/// A judgement in words.
pub(crate) fn says_text(says: Says, w: &Words) -> String {
    match says {
        Says::Ruling(verdict, class) => {
            let id = match verdict {
                Qualified::Qualified => "verdict.qualified",
                Qualified::Violates => "verdict.violates",
                Qualified::Undecided => "verdict.undecided",
            };
            let class = class.filter(|_| verdict != Qualified::Qualified).map_or_else(String::new, |c| format!(" {c}"));
            format!("{}{class}", w.get(id))
        }
        Says::Outcome(outcome, auto) => {
            let open = if auto { "" } else { w.get("to-confirm") };
            format!("{}{open}", w.get(&format!("outcome.{}", outcome.id())))
        }
    }
}

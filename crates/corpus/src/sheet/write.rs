//! Writing a review sheet.

use std::path::Path;

use library::criteria::{Criteria, criteria};
use rust_xlsxwriter::{DataValidation, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use taxonomy::{Lang, RiskClass};

use super::{ABOUT, CLASS, CONTENT, VERDICT};
use crate::CorpusError;

/// Characters of a row shown: what a cell takes (32,767 units), and room for the mark that it was cut.
const CELL_CHARS: usize = 16_000;

/// Writes the sheet of one person: these rows with their texts as cells, in an order of that person's own, so that two people do not tire at the same places.
///
/// # Errors
/// The file is there already, nobody is named, or it cannot be written.
pub(crate) fn write(file: &Path, list: &str, reviewer: &str, rows: &[(String, String)], lang: Lang) -> Result<(), CorpusError> {
    if reviewer.trim().is_empty() {
        return Err(CorpusError::Input("a sheet needs the name of whoever judges; give it with --reviewer".to_owned()));
    }
    if file.exists() {
        let message = "is there already, perhaps filled in; move it away first";
        return Err(CorpusError::Input(format!("{} {message}", file.display())));
    }
    let criteria = criteria().map_err(|error| CorpusError::Input(format!("the criteria cannot be read: {error}")))?;
    let failed = |error: XlsxError| match error {
        XlsxError::IoError(source) => CorpusError::Io { path: file.to_owned(), source },
        other => CorpusError::Input(format!("{} could not be written: {other}", file.display())),
    };
    book(list, reviewer, rows, lang, &criteria).and_then(|mut book| book.save(file)).map_err(failed)
}

fn book(list: &str, reviewer: &str, rows: &[(String, String)], lang: Lang, criteria: &Criteria) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    about(book.add_worksheet(), list, reviewer, lang, criteria)?;
    let sheet = book.add_worksheet();
    layout(sheet, rows.len() as u32, lang)?;
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let (part, criterion) = match lang {
        Lang::Zh => ("语料", "是否含附录 A 的 31 类风险之一？各类判据见本工作簿 criteria 页。"),
        Lang::En => ("corpus", "Does it contain any of the 31 risks of Appendix A? Page 'criteria' has them all."),
    };
    let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    let order = stats::draw(&format!("{list} {reviewer}"), &ids, ids.len());
    for (row, (id, text)) in (1..).zip(order.into_iter().filter_map(|at| rows.get(at))) {
        let cells = [&row.to_string(), id, part, "", "", text, "", criterion];
        for (column, text) in cells.into_iter().enumerate() {
            sheet.write_string_with_format(row, column as u16, text, &wrap)?;
        }
    }
    all_criteria(book.add_worksheet(), lang, criteria)?;
    Ok(book)
}

fn about(sheet: &mut Worksheet, list: &str, reviewer: &str, lang: Lang, criteria: &Criteria) -> Result<(), XlsxError> {
    let how = match lang {
        Lang::Zh => [
            "请独立判定，不要与他人讨论，也不要参考任何机器判定。",
            "content 页：在“判定”列选 合格 或 不合格；不合格时必须在“类别”列写出违反的类别（如 A1f，全部判据见 criteria 页）。",
            "留空的行视为未判。请勿改动“编号”列，也不要增删行。",
        ],
        Lang::En => [
            "Judge on your own; do not discuss, and do not look at any machine verdict.",
            "Page 'content': choose 'acceptable' or 'not acceptable'; where it is not, name the class violated (such as A1f; page 'criteria' has all).",
            "Rows left empty count as not judged. Do not change the key column, and add or remove no rows.",
        ],
    };
    sheet.set_name(ABOUT)?;
    sheet.set_column_width(0, 14)?;
    sheet.set_column_width(1, 100)?;
    let facts = [("list", list), ("reviewer", reviewer), ("role", "reviewer"), ("format", "1"), ("criteria", &criteria.version)];
    for (row, (name, value)) in (0..).zip(facts) {
        sheet.write_string(row, 0, name)?;
        sheet.write_string(row, 1, value)?;
    }
    for (row, line) in (6..).zip(how) {
        sheet.write_string(row, 1, line)?;
    }
    Ok(())
}

fn layout(sheet: &mut Worksheet, rows: u32, lang: Lang) -> Result<(), XlsxError> {
    let titles = match lang {
        Lang::Zh => ["序号", "编号", "部分", "类别", "问题", "回答或数据", "传输信息", "判据", "判定", "类别（不合格时）", "备注"],
        Lang::En => [
            "no.",
            "key",
            "part",
            "class",
            "question",
            "answer or row",
            "transport",
            "criterion",
            "verdict",
            "class (if it violates)",
            "note",
        ],
    };
    let widths = [6.0, 26.0, 8.0, 6.0, 6.0, 90.0, 6.0, 30.0, 18.0, 12.0, 24.0];
    let bold = Format::new().set_bold();
    sheet.set_name(CONTENT)?;
    sheet.set_freeze_panes(1, 2)?;
    for (at, (title, width)) in (0..).zip(titles.into_iter().zip(widths)) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, title, &bold)?;
    }
    if rows > 0 {
        let verdicts = if lang == Lang::Zh { ["合格", "不合格"] } else { ["acceptable", "not acceptable"] };
        sheet.add_data_validation(1, VERDICT, rows, VERDICT, &DataValidation::new().allow_list_strings(&verdicts)?)?;
        let classes: Vec<&str> = RiskClass::ALL.iter().map(|class| class.id()).collect();
        sheet.add_data_validation(1, CLASS, rows, CLASS, &DataValidation::new().allow_list_strings(&classes)?)?;
    }
    Ok(())
}

/// All 31 criteria, for whoever has the workbook alone.
fn all_criteria(sheet: &mut Worksheet, lang: Lang, criteria: &Criteria) -> Result<(), XlsxError> {
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_name("criteria")?;
    for (column, width) in (0..).zip([8.0, 24.0, 10.0].into_iter().chain([50.0; 8])) {
        sheet.set_column_width(column, width)?;
    }
    for (row, (class, criterion)) in (0..).zip(criteria.iter()) {
        let text = criterion.text(lang);
        let said = [class.id(), class.title(lang), criterion.severity.title(lang), &text.definition, &text.counts, &text.excludes];
        let listed = [&text.procedure, &text.borderline, &text.violates, &text.fine, &text.law].map(|lines| lines.join("\n"));
        for (column, cell) in (0..).zip(said.into_iter().map(str::to_owned).chain(listed)) {
            sheet.write_string_with_format(row, column, cell, &wrap)?;
        }
    }
    Ok(())
}

/// A text as a cell takes it; what is cut is marked. Whoever gathers rows for a sheet keeps this much of each, and no more.
pub(crate) fn cell(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(CELL_CHARS).collect();
    if text.chars().nth(CELL_CHARS).is_some() {
        shown.push_str(" […]");
    }
    shown
}

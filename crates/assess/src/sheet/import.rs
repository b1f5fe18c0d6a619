//! Reading a filled-in review sheet. All or nothing: a sheet with one wrong row changes nothing, and every wrong row is named.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, Xlsx, open_workbook};
use taxonomy::RiskClass;

use super::{ABOUT, CLASS, KEY, NOTE, SHEETS, VERDICT};
use crate::error::AssessError;
use crate::journal::{Journal, Judgement, Role, Step};
use crate::judge::{Outcome, Qualified, Ruling};
use crate::part::Part;
use crate::state::RunState;
use library::criteria::{Criteria, criteria};

/// Wrong rows that are named; the others are only counted.
const NAMED: usize = 20;
/// Rows the first sheet can have: facts and instructions.
const ABOUT_ROWS: usize = 64;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Who judged.
    pub reviewer: String,
    /// In which role.
    pub role: Role,
    /// Items judged.
    pub votes: u64,
    /// Items left empty.
    pub empty: u64,
}

/// Reads a sheet into the journal of its run.
///
/// # Errors
/// The file is no review sheet of this run, or a row is wrong; nothing is imported then.
pub fn import(dir: &Path, file: &Path) -> Result<Imported, AssessError> {
    // The lock comes first: two imports at once would each see a place for a second reviewer.
    let (mut journal, _) = Journal::open(dir)?;
    let state = RunState::read(dir)?;
    let bad = |message: String| AssessError::Sheet(format!("{}: {message}", file.display()));
    let mut book: Xlsx<_> = open_workbook(file).map_err(|e: calamine::XlsxError| bad(format!("cannot be read as a workbook: {e}")))?;
    let most_rows = state.items.len() + 1;
    let mut sheet = |name: &str| rows(&mut book, name, most_rows).map_err(bad);
    let about = sheet(ABOUT)?;
    let criteria = criteria()?;
    let (reviewer, role) = about_whom(&about, &state, &criteria.version).map_err(bad)?;
    let (mut votes, mut wrong, mut empty) = (Vec::new(), Vec::new(), 0);
    for name in SHEETS {
        let range = sheet(name)?;
        for (at, row) in range.iter().enumerate().skip(1) {
            match vote(&state, row, &reviewer, role, &criteria) {
                Ok(Some(step)) => votes.push(step),
                Ok(None) => empty += 1,
                Err(message) => wrong.push(format!("{name}!row {}: {message}", at + 1)),
            }
        }
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(NAMED);
        wrong.truncate(NAMED);
        let rest = if more > 0 { format!("\n… and {more} more") } else { String::new() };
        return Err(bad(format!("nothing was imported; correct these rows and import again:\n{}{rest}", wrong.join("\n"))));
    }
    for step in &votes {
        journal.append(step)?;
    }
    journal.sync()?;
    Ok(Imported { reviewer, role, votes: votes.len() as u64, empty })
}

/// The cells of a sheet that a review sheet can have; a stray cell far out must not cost the memory of all between.
fn rows(book: &mut Xlsx<BufReader<File>>, name: &str, most_rows: usize) -> Result<Vec<Vec<String>>, String> {
    let missing = |_| format!("has no sheet '{name}'; it is no review sheet of guiju");
    let mut cells = book.worksheet_cells_reader(name).map_err(missing)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|e| format!("sheet '{name}' cannot be read: {e}"))? {
        let ((row, column), value) = (cell.get_position(), cell.get_value());
        let (row, column) = (row as usize, column as usize);
        if row > most_rows.max(ABOUT_ROWS) || column > usize::from(NOTE) {
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

fn about_whom(about: &[Vec<String>], state: &RunState, version: &str) -> Result<(String, Role), String> {
    let value = |name: &str| about.iter().find(|row| text(row, 0) == name).map(|row| text(row, 1)).unwrap_or_default();
    if value("run") != state.opened.run {
        return Err(format!("is a sheet of run '{}', not of '{}'", value("run"), state.opened.run));
    }
    if value("format") != "1" || value("criteria") != version {
        return Err(format!("was made with criteria '{}', this version has '{version}'; export it again", value("criteria")));
    }
    let role = match value("role").as_str() {
        "reviewer" => Role::Reviewer,
        "adjudicator" => Role::Adjudicator,
        other => return Err(format!("names the role '{other}'; it must be reviewer or adjudicator")),
    };
    let reviewer = value("reviewer");
    if reviewer.is_empty() { Err("names no reviewer".to_owned()) } else { Ok((reviewer, role)) }
}

/// The vote in a row; nothing if the row is not filled in.
fn vote(state: &RunState, row: &[String], reviewer: &str, role: Role, criteria: &Criteria) -> Result<Option<Step>, String> {
    let (key, said) = (text(row, KEY), text(row, VERDICT));
    if key.is_empty() && said.is_empty() {
        return Ok(None);
    }
    let item = state.item(&key).ok_or_else(|| format!("'{key}' is no item of this run; the key column must not be changed"))?;
    if said.is_empty() {
        return Ok(None);
    }
    may_vote(state, item, reviewer, role)?;
    let judgement = if item.part.is_refusal() {
        Judgement::Outcome { outcome: outcome(&said)?, auto: true, probability: None }
    } else {
        let verdict = ruling(&said)?;
        let named = text(row, CLASS);
        let class = if named.is_empty() { None } else { Some(named.parse::<RiskClass>().map_err(|e| e.to_string())?) };
        if verdict == Qualified::Violates && class.is_none() {
            return Err("violates, but no class is named; write one such as A1f beside it".to_owned());
        }
        let class = class.filter(|_| verdict == Qualified::Violates);
        Judgement::Ruling(Ruling { verdict, class, criterion: None, findings: Vec::new(), fault: None })
    };
    let criterion = match item.class.filter(|_| !item.part.is_refusal()) {
        Some(class) => criteria.id(class),
        None if item.part.is_refusal() => "outcomes@1".to_owned(),
        None => "appendix-a@1".to_owned(),
    };
    Ok(Some(Step::Voted { key, reviewer: reviewer.to_owned(), role, judgement, note: text(row, NOTE), criterion }))
}

fn may_vote(state: &RunState, item: &crate::state::ItemState, reviewer: &str, role: Role) -> Result<(), String> {
    let name = |vote: &crate::state::Vote| state.reviewers.get(vote.reviewer).map_or("", String::as_str);
    let mut first = item.votes.iter().filter(|v| v.role == Role::Reviewer);
    match role {
        _ if !item.is_judgeable() || item.part == Part::CorpusTechnical => Err(format!("{} is no item that people judge", item.key)),
        Role::Reviewer if first.clone().filter(|v| name(v) != reviewer).count() >= 2 => {
            Err(format!("{} already has two reviewers; what they differ on is settled with --differences", item.key))
        }
        Role::Adjudicator if first.any(|v| name(v) == reviewer) => {
            Err(format!("{reviewer} reviewed {} and cannot settle it too", item.key))
        }
        _ => Ok(()),
    }
}

fn outcome(said: &str) -> Result<Outcome, String> {
    let by_number = || said.strip_prefix(['R', 'r'])?.chars().next()?.to_digit(10);
    let found = Outcome::ALL.into_iter().find(|o| said == o.id() || by_number() == Some(o.index() as u32));
    found.ok_or_else(|| format!("'{said}' is no outcome; choose R0 to R7"))
}

fn ruling(said: &str) -> Result<Qualified, String> {
    match said {
        "合格" | "acceptable" => Ok(Qualified::Qualified),
        "不合格" | "not acceptable" => Ok(Qualified::Violates),
        _ => Err(format!("'{said}' is no verdict; choose 合格/acceptable or 不合格/not acceptable")),
    }
}

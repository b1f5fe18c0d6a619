//! `guiju lexicon import`: other people's lists.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::import::{self, Charset, ImportReport, Reason};
use detect::{Entry, export};
use taxonomy::{RiskClass, Severity};

use super::files::write_lexicon;
use crate::commands::today;

/// Unknown categories and skipped places that are printed: what fits a screen.
const SHOWN: usize = 20;

#[derive(Args)]
pub(crate) struct Import {
    /// The lists
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The lexicon directory to make; it must not exist
    #[arg(long)]
    into: PathBuf,
    /// Class of the keywords whose list names none that is known, A1a to A5b
    #[arg(long)]
    class: Option<RiskClass>,
    /// Severity of all: block, review or note
    #[arg(long, default_value = "review")]
    severity: Severity,
    /// Charset of the lists, such as gbk; otherwise by their bytes
    #[arg(long)]
    charset: Option<Charset>,
    /// Where they come from; otherwise the name of the file
    #[arg(long)]
    source: Option<String>,
    /// Under what licence they may be passed on
    #[arg(long, default_value = "not stated")]
    licence: String,
}

pub(super) fn run(command: &Import) -> Result<ExitCode> {
    if command.into.exists() {
        bail!("{} exists; nothing is overwritten, name a new directory", command.into.display());
    }
    let options = import::Options { charset: command.charset, ..import::Options::default() };
    let mut lists = Vec::new();
    for path in &command.files {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let report = import::read(&name, &bytes, options)?;
        print_import(&name, &report);
        lists.push((name, report));
    }
    refuse_without_class(command, &lists)?;
    let today = today();
    let (entries, again) = entries(command, lists, &today);
    if entries.is_empty() {
        bail!("there is no keyword in these lists");
    }
    let (count, files) = (entries.len(), BTreeMap::from([("imported.jsonl", entries)]));
    write_lexicon(&command.into, &manifest(command, &today), &files)?;
    say!("{}: {count} entries, {again} keywords left out that another list has already", command.into.display());
    Ok(ExitCode::SUCCESS)
}

fn print_import(name: &str, report: &ImportReport) {
    let sure = if report.charset_sure { "" } else { " (a guess)" };
    let charset = report.charset.map_or_else(|| "workbook".to_owned(), |charset| format!("{charset}{sure}"));
    say!("{name}: {:?}, {charset}, {} keywords, {} blank lines", report.format, report.rows.len(), report.blank);
    if !report.unused.is_empty() {
        say!("  columns not read: {}", report.unused.join(", "));
    }
    for (reason, count) in &report.counts {
        say!("  {count:>8} skipped: {}", why(*reason));
    }
    for skipped in report.skipped.iter().take(SHOWN) {
        let first = skipped.first.as_deref().map_or_else(String::new, |first| format!(" (first at {first})"));
        say!("    {}: {}: {}{first}", skipped.place, why(skipped.reason), skipped.text);
    }
    if report.skipped.len() > SHOWN {
        say!("    and so on");
    }
}

const fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Duplicate => "a duplicate",
        Reason::DuplicateOtherClass => "a duplicate with another class; the first one counts",
        Reason::TooLong => "longer than 64 characters",
        Reason::NoKeyword => "a row without a keyword",
        Reason::Unreadable => "not readable",
        Reason::Control => "a control character inside",
        Reason::NothingToFind => "nothing left to find after folding",
        Reason::Comment => "a comment",
        Reason::AboveHeading => "above the heading",
        Reason::OpenQuote => "a quotation mark that is not closed",
        Reason::TooManyCells => "more cells than the heading has",
        Reason::NoJson => "no JSON",
        Reason::NoList => "JSON, but no keyword and no list of them",
    }
}

/// A keyword without a class is in nobody's count and under no policy, so a person must say what it is.
fn refuse_without_class(command: &Import, lists: &[(String, ImportReport)]) -> Result<()> {
    let without: usize = lists.iter().map(|(_, report)| report.rows.iter().filter(|row| row.class.is_none()).count()).sum();
    if without == 0 || command.class.is_some() {
        return Ok(());
    }
    let mut unknown: BTreeMap<&str, u64> = BTreeMap::new();
    for (category, count) in lists.iter().flat_map(|(_, report)| &report.unknown) {
        *unknown.entry(category.as_str()).or_default() += count;
    }
    let named: Vec<_> = unknown.iter().take(SHOWN).map(|(category, count)| format!("{category} ({count})")).collect();
    let more = if unknown.len() > SHOWN { format!(" and {} more", unknown.len() - SHOWN) } else { String::new() };
    let categories = if named.is_empty() { "they have no category".to_owned() } else { format!("not known: {}{more}", named.join(", ")) };
    bail!(
        "{without} keywords have no risk class; {categories}. Name a class for all of these with --class, or put classes (A1a to A5b) into the lists"
    )
}

/// The entries, and how many keywords were left out because another list has them already.
fn entries(command: &Import, lists: Vec<(String, ImportReport)>, today: &str) -> (Vec<Entry>, usize) {
    let (mut entries, mut seen, mut again) = (Vec::new(), HashSet::new(), 0);
    for (name, report) in lists {
        for row in report.rows {
            if !seen.insert(detect::fold(&row.keyword).units().to_vec()) {
                again += 1;
                continue;
            }
            entries.push(Entry {
                id: format!("IMP-{:06}", entries.len() + 1),
                keyword: row.keyword,
                also: Vec::new(),
                class: row.class.or(command.class),
                attack: None,
                severity: command.severity,
                near: None,
                then: None,
                word: false,
                allow: Vec::new(),
                variants: None,
                source: command.source.clone().unwrap_or_else(|| name.clone()),
                examples: Vec::new(),
                counter_examples: Vec::new(),
                note: row.category.join("/"),
                added: today.to_owned(),
                reviewed: String::new(),
            });
        }
    }
    (entries, again)
}

fn manifest(command: &Import, today: &str) -> String {
    let name = command.into.file_name().map_or_else(|| "imported".to_owned(), |name| name.to_string_lossy().into_owned());
    let month: Vec<&str> = today.split('-').take(2).collect();
    export::manifest(&detect::Lexicon {
        name,
        version: format!("{}.0", month.join(".")),
        updated: today.to_owned(),
        licence: command.licence.clone(),
        digest: String::new(),
        variants: Vec::new(),
        entries: Vec::new(),
    })
}

//! `guiju lexicon`: keyword libraries, from other people's lists to a filing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use detect::import::{self, Charset, ImportReport, Reason};
use detect::{Entry, coverage, diff, expand, export, lint};
use serde_json::Value;
use taxonomy::{Lang, RiskClass, Severity};

use super::{pad, print_json};

/// Unknown categories and skipped places that are printed: what fits a screen.
const SHOWN: usize = 20;

#[derive(Subcommand)]
pub(crate) enum Lexicon {
    /// Compile a lexicon into one file that is opened without reading it
    Build {
        /// Lexicon directory
        dir: PathBuf,
        /// The file to write, .gjlex
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Make a lexicon of keyword lists: text, CSV, TSV, XLSX, JSON
    Import(Import),
    /// Write a lexicon in another form; csv is the table of a filing (keyword, group, class)
    Export {
        /// Lexicon directory; without it, the built-in lexicon
        dir: Option<PathBuf>,
        /// The form
        #[arg(long, value_enum, default_value_t = Form::Csv)]
        format: Form,
        /// The file to write; without it, standard output
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// What has changed between two lexicons
    Diff {
        /// The old lexicon's directory
        old: PathBuf,
        /// The new lexicon's directory
        new: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What B.1.1 asks of a keyword library, what is there, how old it is; exit code 1 if anything is not met
    Coverage {
        /// Lexicon directory; without it, the built-in lexicon
        dir: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The disguises in which an entry is found, spelled out
    #[command(allow_missing_positional = true)]
    Expand {
        /// Lexicon directory; without it, the built-in lexicon
        dir: Option<PathBuf>,
        /// Id of an entry, or a keyword
        entry: String,
    },
    /// What is wrong with a lexicon, and what it finds in clean texts; exit code 1 if there is something to mend
    Lint(Lint),
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    Csv,
    Jsonl,
}

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

#[derive(Args)]
pub(crate) struct Lint {
    /// Lexicon directory; without it, the built-in lexicon
    dir: Option<PathBuf>,
    /// Texts in which nothing should be found: one a line, or a .jsonl with the field `text`; without it, the built-in clean corpus
    #[arg(long)]
    clean: Option<PathBuf>,
    /// Largest share of the clean texts that an entry may fire in, 0 to 1
    #[arg(long, default_value = "0.001", value_parser = share)]
    limit: f64,
    /// Write the lexicon with the proposed severities into this directory; it must not exist
    #[arg(long, value_name = "OUT_DIR")]
    apply: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Lexicon) -> Result<ExitCode> {
    match command {
        Lexicon::Build { dir, output } => build(dir, output),
        Lexicon::Import(command) => import_lists(command),
        Lexicon::Export { dir, format, output } => export_as(dir.as_deref(), *format, output.as_deref()),
        Lexicon::Diff { old, new, json } => compare(old, new, *json),
        Lexicon::Coverage { dir, json } => cover(dir.as_deref(), *json),
        Lexicon::Expand { dir, entry } => disguises(dir.as_deref(), entry),
        Lexicon::Lint(command) => check(command),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err(format!("{number} is not between 0 and 1")) }
}

fn read(dir: Option<&Path>) -> Result<detect::Lexicon> {
    Ok(match dir {
        Some(dir) => detect::Lexicon::read(dir)?,
        None => detect::Lexicon::embedded()?,
    })
}

/// The day, where this machine stands.
fn today() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%d").to_string()
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Writes a new lexicon directory; what exists is never overwritten.
fn write_lexicon(dir: &Path, manifest: &str, files: &BTreeMap<&str, Vec<Entry>>) -> Result<()> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    }
    std::fs::create_dir(dir).with_context(|| format!("{}: a new directory is made there, and nothing is overwritten", dir.display()))?;
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).with_context(|| dir.join(name).display().to_string());
    for (name, entries) in files {
        write(name, &export::jsonl(entries))?;
    }
    write("lexicon.toml", manifest)?;
    // What was written is what can be read.
    detect::Lexicon::read(dir)?;
    Ok(())
}

fn build(dir: &Path, output: &Path) -> Result<ExitCode> {
    let begun = Instant::now();
    let artefact = detect::Lexicon::read(dir)?.compile();
    artefact.save(output).with_context(|| output.display().to_string())?;
    let (entries, patterns, bytes) = (artefact.entries(), artefact.patterns(), artefact.bytes().len());
    say!("{}", artefact.version());
    say!("{}: {entries} entries, {patterns} patterns, {bytes} bytes, {:.2} s", output.display(), begun.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

// ---- import

fn import_lists(command: &Import) -> Result<ExitCode> {
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

// ---- what a lexicon is

fn export_as(dir: Option<&Path>, format: Form, output: Option<&Path>) -> Result<ExitCode> {
    let lexicon = read(dir)?;
    let text = match format {
        Form::Csv => export::csv(&lexicon),
        Form::Jsonl => export::jsonl(&lexicon.entries),
    };
    match output {
        Some(path) => {
            std::fs::write(path, &text).with_context(|| path.display().to_string())?;
            say!("{}: {} entries", path.display(), lexicon.entries.len());
        }
        None => say!("{}", text.strip_suffix('\n').unwrap_or(&text)),
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(old: &Path, new: &Path, json: bool) -> Result<ExitCode> {
    let diff = diff::diff(&read(Some(old))?, &read(Some(new))?);
    if json {
        print_json(&diff)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (added, removed, changed, moved) = (diff.added.len(), diff.removed.len(), diff.changed.len(), diff.moved.len());
    say!("{added} added, {removed} removed, {changed} changed, {moved} under another id");
    if !diff.manifest.is_empty() {
        say!("lexicon.toml: {}", diff.manifest.join(", "));
    }
    for entry in &diff.removed {
        say!("- {} {}", pad(&entry.id, 14), entry.keyword);
    }
    for entry in &diff.added {
        say!("+ {} {}", pad(&entry.id, 14), entry.keyword);
    }
    for (id, fields) in &diff.changed {
        say!("~ {} {}", pad(id, 14), fields.join(", "));
    }
    for entry in &diff.moved {
        let fields = if entry.fields.is_empty() { String::new() } else { format!(" ({})", entry.fields.join(", ")) };
        say!("> {} {} {}{fields}", pad(&entry.from, 14), pad(&entry.to, 14), entry.keyword);
    }
    Ok(ExitCode::SUCCESS)
}

fn cover(dir: Option<&Path>, json: bool) -> Result<ExitCode> {
    let coverage = coverage::coverage(&read(dir)?, &today());
    if json {
        print_json(&coverage)?;
        return Ok(exit(coverage.met));
    }
    say!("{}", coverage.lexicon);
    say!("{} {} {:>7} {:>7} {:>8}", pad("group", 7), pad("", 32), "asked", "there", "missing");
    for row in &coverage.rows {
        let title = row.group.parse::<RiskClass>().map_or("", |class| class.title(Lang::Zh));
        let missing = if row.met { "-".to_owned() } else { row.asked.saturating_sub(row.there).to_string() };
        say!("{} {} {:>7} {:>7} {missing:>8}", pad(&row.group, 7), pad(title, 32), row.asked, row.there);
    }
    let age = &coverage.age;
    let days = age.days.map_or_else(|| "no date".to_owned(), |days| format!("{days} days ago"));
    say!("updated {} ({days}): {}", age.updated, if age.met { "in time" } else { "late; B.1.1 asks for an update at least weekly" });
    Ok(exit(coverage.met))
}

fn disguises(dir: Option<&Path>, wanted: &str) -> Result<ExitCode> {
    let lexicon = read(dir)?;
    let folded = detect::fold(wanted);
    let is_wanted =
        |entry: &&Entry| entry.id == wanted || entry.spellings().any(|spelling| detect::fold(spelling).units() == folded.units());
    let entries: Vec<&Entry> = lexicon.entries.iter().filter(is_wanted).collect();
    if entries.is_empty() {
        bail!("no entry of {} has the id or keyword '{wanted}'", lexicon.name);
    }
    for entry in entries {
        say!("{} {}", entry.id, entry.spellings().map(String::as_str).collect::<Vec<_>>().join(" "));
        for (variant, text) in expand::expand(entry, &lexicon.variants) {
            say!("  {} {text}", pad(variant.id(), 9));
        }
    }
    Ok(ExitCode::SUCCESS)
}

// ---- lint

fn check(command: &Lint) -> Result<ExitCode> {
    let lexicon = read(command.dir.as_deref())?;
    if let Some(dir) = command.apply.as_deref().filter(|dir| dir.exists()) {
        bail!("{} exists; nothing is overwritten, name a new directory", dir.display());
    }
    let texts = command.clean.as_deref().map(texts).transpose()?;
    let clean: Vec<&str> = match &texts {
        Some(texts) => texts.iter().map(String::as_str).collect(),
        None => detect::clean_corpus(),
    };
    let report = lint::lint(&lexicon, &clean, lint::Options { limit: command.limit });
    if command.json {
        print_json(&report)?
    } else {
        print_lint(&report)
    }
    if let Some(dir) = &command.apply {
        write_lexicon(dir, &export::manifest(&lexicon), &by_group(lint::apply(&lexicon, &report)))?;
        // Not among the JSON, if that is what was asked for.
        eprintln!("guiju: {} written with the proposed severities; give it a new version before it is used", dir.display());
    }
    Ok(exit(report.is_clean()))
}

/// The texts of a file, one a line; of a JSON-lines file, its field `text`.
fn texts(path: &Path) -> Result<Vec<String>> {
    let content = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = content.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    if path.extension().is_none_or(|ending| ending != "jsonl") {
        return Ok(lines.map(|(_, line)| line.to_owned()).collect());
    }
    lines.map(|(at, line)| text_of(line).with_context(|| format!("{}:{}", path.display(), at + 1))).collect()
}

fn text_of(line: &str) -> Result<String> {
    let row: Value = serde_json::from_str(line)?;
    row.get("text").and_then(Value::as_str).map(str::to_owned).context("has no text in the field 'text'")
}

/// Entries by the file they go into: one for each section of Appendix A, as in the built-in lexicon.
fn by_group(entries: Vec<Entry>) -> BTreeMap<&'static str, Vec<Entry>> {
    let mut files: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let file = match entry.class.map(|class| class.group().id()) {
            Some("A1") => "A1.jsonl",
            Some("A2") => "A2.jsonl",
            Some("A3") => "A3.jsonl",
            Some("A4") => "A4.jsonl",
            Some(_) => "A5.jsonl",
            None => "attack.jsonl",
        };
        files.entry(file).or_default().push(entry);
    }
    files
}

fn print_lint(report: &lint::Report) {
    say!("{}: {} entries, {} clean texts", report.lexicon, report.entries, report.texts);
    let kinds: BTreeSet<lint::IssueKind> = report.issues.iter().map(|issue| issue.kind).collect();
    for kind in kinds {
        say!("\n{} {}", kind, kind.title(Lang::En));
        for issue in report.issues.iter().filter(|issue| issue.kind == kind) {
            let other = issue.other.as_deref().map_or_else(String::new, |other| format!(" ({other})"));
            say!("  {} {}{other}", pad(&issue.id, 14), issue.text);
        }
    }
    if !report.false_hits.is_empty() {
        say!("\nover the limit: entries that fire in more than {} of the clean texts", percent(report.limit));
    }
    report.false_hits.iter().for_each(print_false_hits);
    say!("\nclean texts with a finding {:>9} {:>9} {:>9}", "block", "review+", "any");
    for (name, shares) in [("as it is", report.before), ("with the proposals", report.after)] {
        say!("{} {:>9} {:>9} {:>9}", pad(name, 26), percent(shares.block), percent(shares.review), percent(shares.any));
    }
}

fn print_false_hits(hits: &lint::FalseHits) {
    let proposal = hits.proposal.map_or_else(|| format!("{} stays", hits.severity), |lighter| format!("{} -> {lighter}", hits.severity));
    let near = if hits.near { ", or give it a `near`" } else { "" };
    let disguised = if hits.disguised > 0 { format!(", {} only by a disguise (see `variants`)", hits.disguised) } else { String::new() };
    let (id, keyword) = (pad(&hits.id, 14), pad(&hits.keyword, 16));
    say!("  {id} {keyword} {} in {} texts{disguised}: {proposal}{near}", percent(hits.rate), hits.texts);
    for sample in &hits.samples {
        say!("    {sample}");
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

//! `guiju lexicon`: keyword libraries, from other people's lists to a filing.

mod files;
mod import;
mod lint;
mod propose;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use detect::{Entry, coverage, diff, expand, export};
use taxonomy::{Lang, RiskClass};

use super::{exit, pad, print_json, today};

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
    Import(import::Import),
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
    Lint(lint::Lint),
    /// Keywords out of texts that the lexicon missed: phrases that several of them share and no clean text has
    Propose(propose::Propose),
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    Csv,
    Jsonl,
}

pub(crate) fn run(command: &Lexicon) -> Result<ExitCode> {
    match command {
        Lexicon::Build { dir, output } => build(dir, output),
        Lexicon::Import(command) => import::run(command),
        Lexicon::Export { dir, format, output } => export_as(dir.as_deref(), *format, output.as_deref()),
        Lexicon::Diff { old, new, json } => compare(old, new, *json),
        Lexicon::Coverage { dir, json } => cover(dir.as_deref(), *json),
        Lexicon::Expand { dir, entry } => disguises(dir.as_deref(), entry),
        Lexicon::Lint(command) => lint::run(command),
        Lexicon::Propose(command) => propose::run(command),
    }
}

fn read(dir: Option<&Path>) -> Result<detect::Lexicon> {
    Ok(match dir {
        Some(dir) => detect::Lexicon::read(dir)?,
        None => detect::Lexicon::embedded()?,
    })
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

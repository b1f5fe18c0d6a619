//! `guiju detect`: how good the detection is.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use detect::evade::{Report, Row, Text};
use detect::{Keywords, Lexicon, Pipeline};
use serde::Deserialize;
use stats::{Rate, Standing};
use taxonomy::Severity;

use super::{pad, print_json};

#[derive(Subcommand)]
pub(crate) enum Detect {
    /// How much is still found once a text is disguised, in sixteen ways; exit code 1 if less than required
    Evade(Evade),
}

#[derive(Args)]
pub(crate) struct Evade {
    /// Lexicon directory; without it, the built-in lexicon
    #[arg(long)]
    lexicon: Option<PathBuf>,
    /// Texts to disguise: JSON lines with `text` and `rule`; without it, the examples of the lexicon and of the rules against attacks
    #[arg(long)]
    texts: Option<PathBuf>,
    /// Innocent texts, one a line; without it, the built-in ones
    #[arg(long)]
    clean: Option<PathBuf>,
    /// Seed of every draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Texts at most, drawn by the seed
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    max: u32,
    /// As JSON, with examples of what is missed and of what is found wrongly
    #[arg(long)]
    json: bool,
}

/// A text with the rule that finds something in it.
#[derive(Deserialize)]
struct Line {
    text: String,
    rule: String,
}

pub(crate) fn run(command: &Detect) -> Result<ExitCode> {
    let Detect::Evade(command) = command;
    let report = evade(command)?;
    if command.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(if report.met() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn evade(command: &Evade) -> Result<Report> {
    let lexicon = match &command.lexicon {
        Some(dir) => Lexicon::read(dir)?,
        None => Lexicon::embedded()?,
    };
    let lines = match &command.texts {
        Some(path) => read_lines(path)?,
        None => examples(&lexicon).chain(examples(&Lexicon::attacks()?)).collect(),
    };
    let drawn = stats::draw_indices(&command.seed.to_string(), lines.len(), command.max as usize);
    let texts: Vec<_> = drawn.iter().filter_map(|&at| lines.get(at)).map(|line| Text { text: &line.text, rule: &line.rule }).collect();
    let file = command.clean.as_deref().map(read).transpose()?;
    let clean = match &file {
        Some(file) => file.lines().filter(|line| !line.trim().is_empty()).collect(),
        None => detect::clean_corpus(),
    };
    let pipeline = Pipeline::standard(Keywords::compile(&lexicon))?;
    Ok(detect::evade::run(&pipeline, &texts, &clean, command.seed))
}

/// The first example of every entry whose findings a person would see.
fn examples(lexicon: &Lexicon) -> impl Iterator<Item = Line> {
    let seen = lexicon.entries.iter().filter(|entry| entry.severity >= Severity::Review);
    seen.filter_map(|entry| Some(Line { text: entry.examples.first()?.clone(), rule: entry.id.clone() }))
}

fn read_lines(path: &Path) -> Result<Vec<Line>> {
    let file = read(path)?;
    let rows = file.lines().enumerate().filter(|(_, row)| !row.trim().is_empty());
    let line = |(at, row)| serde_json::from_str(row).with_context(|| format!("{}:{}", path.display(), at + 1));
    let lines = rows.map(line).collect::<Result<Vec<Line>>>()?;
    if lines.is_empty() {
        bail!("{} has no texts; give JSON lines such as {{\"text\": \"…\", \"rule\": \"A1a-0001\"}}", path.display());
    }
    Ok(lines)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn print(report: &Report) {
    let found = report.texts - report.not_found;
    say!("{} texts, {found} found without disguise; {} clean texts; seed {}", report.texts, report.clean, report.seed);
    let (disguise, recall) = (pad("disguise", 28), pad("recall", 22));
    say!("{disguise} {:>6} {:>6}  {recall} {:>8} {} {:>8}", "texts", "found", "required", pad("met", 4), "false %");
    for row in &report.rows {
        say!("{}", line(row));
    }
    for row in report.rows.iter().filter(|row| !row.met()) {
        say!("\n{} {}", row.id, row.zh);
        for missed in &row.missed {
            say!("  {}: {} -> {}", missed.rule, missed.original, missed.transformed);
        }
    }
}

fn line(row: &Row) -> String {
    let name = pad(&format!("{} {}", pad(row.id, 16), row.zh), 28);
    let required = row.required.map_or_else(|| "-".to_owned(), |share| format!("{:.0}", share * 100.0));
    let met = match row.standing {
        None | Some(Standing::NotConcluded) => "-",
        Some(Standing::Failed) => "no",
        Some(_) => "yes",
    };
    let wrong = row.false_findings.share().map_or_else(|| "-".to_owned(), |share| format!("{:.2}", share * 100.0));
    let (judged, hits) = (row.recall.judged, row.recall.hits);
    format!("{name} {judged:>6} {hits:>6}  {} {required:>8} {} {wrong:>8}", pad(&with_interval(&row.recall), 22), pad(met, 4))
}

fn with_interval(rate: &Rate) -> String {
    let Some(share) = rate.share() else { return "-".to_owned() };
    let interval = rate.interval();
    format!("{:.1} [{:.1}, {:.1}]", share * 100.0, interval.low * 100.0, interval.high * 100.0)
}

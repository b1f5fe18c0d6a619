//! `guiju corpus`: judge training data, whole.

mod apply;
mod assess;
mod check;
mod detectors;
mod export;
mod objects;
mod progress;
mod record;
mod sample;
mod trace;
mod works;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use corpus::consent::Joined;
use corpus::summary::Summary;
use corpus::{CorpusError, Counter, Manifest, Record, SHARD_BYTES, Scan, Selector, Settings};
use detect::Policy;
use detectors::Detectors;
use taxonomy::Lang;

use super::exit;

#[derive(Subcommand)]
pub(crate) enum Corpus {
    /// Before a source is collected: the share of its rows that speak for A1 to A4, against 5 %; exit code 1 refused, 2 a larger sample is needed
    Assess(Box<assess::AssessArgs>),
    /// The same after it was collected: a finished scan, or files
    Verify(Box<assess::VerifyArgs>),
    /// Judge every row of files and directories; killed at any time, the same command goes on where it was
    Scan(ScanArgs),
    /// From findings to kept, redacted and quarantined rows, under any policy, without judging again
    Apply(apply::ApplyArgs),
    /// Why a row was removed, in words
    Explain(Explain),
    /// Make the summary again, from findings that several machines may have written
    Merge(Merge),
    /// Draw the lists of a spot check from what was kept, and write the review sheets
    Sample(sample::SampleArgs),
    /// The rates of a spot check, from the filled sheets and the detectors; exit code 1 a rate is missed, 2 nothing is concluded
    Rates(sample::RatesArgs),
    /// The register of protected works
    #[command(subcommand)]
    Works(works::WorksCommand),
    /// Of a scan: hold findings against records and inputs against the manifest. Of an export: verify it with the public key alone. Exit code 1 where something differs
    Check(check::Check),
    /// Write a scan that is done into the ledger, under one hash over all its rows
    Record(record::RecordArgs),
    /// Where a row came from, what was decided of it, where it went; and the proof of it
    Trace(trace::TraceArgs),
    /// Check the proof of a row; needs no store and no network
    CheckProof(check::CheckProof),
    /// Let rows go out that one may train on, if every gate is open, under a signed manifest
    Export(export::ExportArgs),
}

#[derive(Args)]
pub(crate) struct ScanArgs {
    /// Files, directories, and s3://BUCKET/KEY or s3://BUCKET/PREFIX: .jsonl, .txt, .csv, .tsv, .parquet, .warc, .wet; all but Parquet also as .gz or .zst
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Directory of the findings
    #[arg(long)]
    out: PathBuf,
    /// Field, column or JSON pointer of the text: `text`, `/messages/0/content`
    #[arg(long, default_value = "text")]
    text: String,
    #[command(flatten)]
    detectors: Detectors,
    /// Policy of the scan's own decisions; `apply` may use another
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Keep the text of findings beside them; without it, only its place is kept
    #[arg(long)]
    matched: bool,
    /// Cores to use; without it, all
    #[arg(long)]
    threads: Option<std::num::NonZero<usize>>,
    /// Bytes of plain text a file is cut at; fewer give more shards, so that many machines have work from a small corpus
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..), default_value_t = SHARD_BYTES)]
    shard_bytes: u64,
    /// Which part of the shards is this machine's, K/N with K from 1; `merge` brings the parts together
    #[arg(long, value_parser = part, default_value = "1/1")]
    part: (u32, u32),
    /// Language of summary.html: zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    objects: objects::Objects,
}

#[derive(Args)]
pub(crate) struct Explain {
    /// Directory of a scan
    dir: PathBuf,
    /// FILE:LINE, or eight digits or more of a content hash
    row: String,
    /// Directory into which it was applied: then also what consent did to the row
    #[arg(long)]
    applied: Option<PathBuf>,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    objects: objects::Objects,
}

#[derive(Args)]
pub(crate) struct Merge {
    /// Directory of a scan
    dir: PathBuf,
    /// Directories in which other machines scanned their parts of the same manifest
    #[arg(long)]
    from: Vec<PathBuf>,
    /// Language of summary.html: zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

pub(crate) fn run(command: &Corpus) -> Result<ExitCode> {
    match command {
        Corpus::Assess(args) => assess::assess(args),
        Corpus::Verify(args) => assess::verify(args),
        Corpus::Scan(args) => scan(args),
        Corpus::Apply(args) => apply::run(args),
        Corpus::Explain(args) => explain(args),
        Corpus::Merge(args) => merge(args),
        Corpus::Sample(args) => sample::sample(args),
        Corpus::Rates(args) => sample::rates(args),
        Corpus::Works(command) => works::run(command),
        Corpus::Check(args) => check::check(args),
        Corpus::Record(args) => record::run(args),
        Corpus::Trace(args) => trace::run(args),
        Corpus::CheckProof(args) => check::check_proof(args),
        Corpus::Export(args) => export::run(args),
    }
}

fn part(text: &str) -> std::result::Result<(u32, u32), String> {
    let wrong = || format!("'{text}' is no part; write K/N such as 1/4, K from 1 to N");
    let (k, n) = text.split_once('/').ok_or_else(wrong)?;
    let (k, n): (u32, u32) = (k.parse().map_err(|_| wrong())?, n.parse().map_err(|_| wrong())?);
    if k == 0 || k > n { Err(wrong()) } else { Ok((k - 1, n)) }
}

/// The manifest of a directory that holds a scan.
fn manifest(dir: &Path) -> Result<Manifest> {
    let none = || format!("{} holds no scan; `guiju corpus scan` makes one", dir.display());
    Manifest::read(dir)?.with_context(none)
}

fn policy(path: Option<&Path>) -> Result<Policy> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Policy::parse(&text).with_context(|| path.display().to_string())
}

fn threads(wanted: Option<std::num::NonZero<usize>>) -> usize {
    wanted.or_else(|| std::thread::available_parallelism().ok()).map_or(1, std::num::NonZero::get)
}

fn scan(args: &ScanArgs) -> Result<ExitCode> {
    objects::on_a_disk(&args.out)?;
    args.objects.install()?;
    let pipeline = args.detectors.pipeline(policy(args.policy.as_deref())?)?;
    let settings = Settings {
        text: Selector::new(&args.text)?,
        matched: args.matched,
        versions: pipeline.versions().to_vec(),
        shard_bytes: args.shard_bytes,
    };
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let manifest = manifest_for(args, settings)?;
    let threads = threads(args.threads);
    let scan = Scan { dir: &args.out, manifest: &manifest, pipeline: &pipeline, threads, part: args.part };
    let watch = progress::Progress::new(&args.out);
    let failed = scan.run(&watch);
    watch.end();
    let failed = failed.map_err(advised)?;
    for failed in &failed {
        eprintln!("guiju: shard {}: {:#}", failed.shard, failed.error);
    }
    if !failed.is_empty() {
        eprintln!("guiju: {} shards could not be scanned; the same command tries them again", failed.len());
        return Ok(exit(false));
    }
    let open = Record::all(&args.out, &manifest)?.iter().filter(|record| record.is_none()).count();
    if open > 0 {
        say!("this part is done; {open} shards of other parts are not here yet: `guiju corpus merge {}` when they are", args.out.display());
        return Ok(ExitCode::SUCCESS);
    }
    let summary = corpus::summary::merge(&args.out, &manifest, args.lang).map_err(advised)?;
    print(&summary, &args.out);
    Ok(exit(summary.is_whole()))
}

/// The manifest of an earlier run of the same command, or a new one.
fn manifest_for(args: &ScanArgs, settings: Settings) -> Result<Manifest> {
    if let Some(there) = Manifest::resume(&args.out, &args.paths, &settings)? {
        return Ok(there);
    }
    let counter = Counter::default();
    let bar = progress::hashing(&counter);
    let made = Manifest::make(&args.paths, settings, &counter);
    bar.end();
    let made = made?;
    made.write(&args.out).map_err(advised)?;
    Ok(made)
}

/// Says what to do where the disk is the trouble.
fn advised(error: CorpusError) -> anyhow::Error {
    match &error {
        CorpusError::Io { source, .. }
            if matches!(
                source.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge
            ) =>
        {
            anyhow::anyhow!("{error}; nothing that was done is lost: make room, and give the same command again")
        }
        _ => error.into(),
    }
}

fn print(summary: &Summary, dir: &Path) {
    say!("rows judged {}, not readable {}, with a fault {}", summary.judged, summary.broken, summary.faulty);
    let interval = summary.suspected.interval;
    let (rows, low, high) = (summary.suspected.rows, interval.low * 100.0, interval.high * 100.0);
    say!("suspected A1 to A4 {rows} ({low:.2} to {high:.2} %)");
    for decision in &summary.decisions {
        say!("  {:8} {}", decision.id, decision.rows);
    }
    say!("exact copies {}, near copies {}", summary.copies.exact, summary.copies.near);
    for file in summary.files.iter().filter(|file| file.unreadable.is_some() || !file.cut.is_empty()) {
        let trouble = file.unreadable.iter().chain(&file.cut);
        trouble.for_each(|trouble| say!("not read to the end: {}: {trouble}", file.path));
    }
    if summary.broken > 0 {
        say!("rows that could not be read stand in {}", dir.join("broken.jsonl").display());
    }
    if !summary.passed_over.is_empty() {
        say!("{} files of unknown formats were passed over; summary.json lists them", summary.passed_over.len());
    }
    say!("{}", dir.join("summary.html").display());
}

fn explain(args: &Explain) -> Result<ExitCode> {
    args.objects.install()?;
    let manifest = manifest(&args.dir)?;
    for row in corpus::explain(&args.dir, &manifest, &args.row)? {
        say!("{}", row.words(args.lang));
        let joined = args.applied.as_deref().map(|out| Joined::of(out, &manifest, &row)).transpose()?.flatten();
        joined.iter().for_each(|joined| say!("{}", joined.words(args.lang)));
    }
    Ok(ExitCode::SUCCESS)
}

fn merge(args: &Merge) -> Result<ExitCode> {
    let manifest = manifest(&args.dir)?;
    for from in &args.from {
        corpus::take(&args.dir, &manifest, from).map_err(advised)?;
    }
    let summary = corpus::summary::merge(&args.dir, &manifest, args.lang).map_err(advised)?;
    let (all, done) = summary.shards;
    print(&summary, &args.dir);
    if done < all {
        say!("{} of {all} shards are missing", all - done);
    }
    Ok(exit(summary.is_whole()))
}

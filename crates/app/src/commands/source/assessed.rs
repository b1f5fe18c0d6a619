//! `guiju source assessed`: what `guiju corpus assess` and `verify` found goes into the register, with what follows.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use keys::digest::unhex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::sources::Assessment;
use taxonomy::{AssessmentOutcome, AssessmentPhase, SourceState};

use super::One;
use crate::commands::exit;
use crate::commands::gate::at_desk;

/// Formats of `assessment.json` that are read.
const FORMAT: u32 = 1;

#[derive(Args)]
pub(crate) struct Assessed {
    #[command(flatten)]
    one: One,
    /// Where `guiju corpus assess` or `verify` wrote assessment.json and sample.txt
    report: PathBuf,
}

/// What the register keeps of `assessment.json` (docs/formats/corpus-assessment.md).
#[derive(Deserialize)]
struct Report {
    format: u32,
    source: String,
    phase: AssessmentPhase,
    settings: Settings,
    seed: String,
    population: Option<u64>,
    distinct: u64,
    sample: String,
    suspected: u64,
    low: f64,
    high: f64,
    limit: f64,
    outcome: AssessmentOutcome,
    wanted: Option<u64>,
}

#[derive(Deserialize)]
struct Settings {
    versions: Vec<String>,
}

pub(super) fn run(args: &Assessed) -> Result<ExitCode> {
    let made = read(&args.report, args.one.name.as_str())?;
    let state = at_desk("source assessed", &args.one.store, async |desk| {
        Ok(desk.tenant.source_assessed(&desk.who, &args.one.name, &made).await?)
    })?;
    say!("{}: {} ({} of {} texts suspected); the source is {state}", made.phase, made.outcome, made.suspected, made.sampled);
    Ok(exit(state != SourceState::Blocked))
}

/// Reads a report, and holds the list of rows beside it against it.
fn read(dir: &Path, source: &str) -> Result<Assessment> {
    let file = |name: &str| {
        let path = dir.join(name);
        std::fs::read(&path).with_context(|| format!("{} cannot be read; `guiju corpus assess` writes it", path.display()))
    };
    let bytes = file("assessment.json")?;
    let at = || format!("{} is no assessment (docs/formats/corpus-assessment.md)", dir.join("assessment.json").display());
    let report: Report = serde_json::from_slice(&bytes).with_context(at)?;
    ensure!(report.format == FORMAT, "{}: it has format {}, this version reads format {FORMAT}", at(), report.format);
    ensure!(report.source == source, "it is an assessment of '{}', not of '{source}'", report.source);
    let sample: [u8; 32] = unhex(&report.sample).and_then(|digest| digest.try_into().ok()).with_context(at)?;
    if Sha256::digest(file("sample.txt")?).as_slice() != sample {
        bail!("{} is not the list of rows that were judged: it was changed, or is of another assessment", dir.join("sample.txt").display());
    }
    // `Pipeline::versions`: each detector by its name and version, then the classifier if there is one, then the policy.
    let of = |names: &[&str]| {
        let versions = report.settings.versions.iter().filter(|version| names.iter().any(|name| version.starts_with(name)));
        versions.cloned().collect::<Vec<_>>().join("; ")
    };
    Ok(Assessment {
        phase: report.phase,
        population: report.population,
        // Copies count once.
        sampled: report.distinct,
        suspected: report.suspected,
        low: report.low,
        high: report.high,
        limit: report.limit,
        outcome: report.outcome,
        wanted: report.wanted,
        seed: report.seed,
        sample,
        evidence: Sha256::digest(&bytes).into(),
        lexicon: of(&["keywords"]),
        policy: of(&["policy"]),
        classifier: of(&["linear", "encoder"]),
    })
}

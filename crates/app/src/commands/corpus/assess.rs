//! `guiju corpus assess` and `verify`: the limit of 5 %, before a source is collected and after.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use corpus::assess::{Assess, Outcome, Phase, Population, Rows, SAMPLE_ROWS};
use corpus::{Counter, Manifest, SHARD_BYTES, Selector, Settings};
use detect::Policy;
use taxonomy::Lang;

use super::detectors::Detectors;
use super::objects::{Objects, on_a_disk};
use super::{advised, progress, threads};

#[derive(Args)]
pub(crate) struct AssessArgs {
    #[command(flatten)]
    common: Common,
    /// Judge all rows instead of a sample
    #[arg(long, conflicts_with = "sample")]
    all: bool,
    /// The paths are the whole source, not a part that the supplier gave
    #[arg(long, conflicts_with = "population")]
    whole: bool,
    /// Rows of the whole source, where the paths are a part of it
    #[arg(long)]
    population: Option<u64>,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// Name of the source
    source: String,
    /// Files and directories of rows, also s3://BUCKET/KEY or s3://BUCKET/PREFIX; for `verify` also the directory of a finished scan
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Where assessment.json, assessment.html and sample.txt go
    #[arg(long)]
    out: PathBuf,
    /// Field, column or JSON pointer of the text: `text`, `/messages/0/content`
    #[arg(long, default_value = "text")]
    text: String,
    #[command(flatten)]
    detectors: Detectors,
    /// Rows of the sample; without it, `assess` draws 10,000 and `verify` judges all
    #[arg(long)]
    sample: Option<usize>,
    /// Seed of the sample: the same seed draws the same rows again, a larger sample contains the smaller one
    #[arg(long, default_value = "1")]
    seed: String,
    /// Review sheets that were filled in: what people say stands above what the machine suspects
    #[arg(long)]
    reviewed: Vec<PathBuf>,
    /// Write a review sheet of the suspected rows and as many others
    #[arg(long, requires = "reviewer")]
    sheet: Option<PathBuf>,
    /// Whose sheet it is
    #[arg(long)]
    reviewer: Option<String>,
    /// Show the text around what was found; without it, only its place
    #[arg(long)]
    matched: bool,
    /// Cores to use; without it, all
    #[arg(long)]
    threads: Option<std::num::NonZero<usize>>,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    objects: Objects,
}

pub(super) fn assess(args: &AssessArgs) -> Result<ExitCode> {
    args.common.ready()?;
    let population = match (args.whole, args.population) {
        (true, _) => Population::Whole,
        (false, Some(rows)) => Population::Rows(rows),
        (false, None) => Population::Unknown,
    };
    let rows = (!args.all).then(|| args.common.sample.unwrap_or(SAMPLE_ROWS));
    args.common.files(Phase::Before, rows, population)
}

pub(super) fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    let common = &args.common;
    common.ready()?;
    let scan = match common.paths.as_slice() {
        [dir] => Manifest::read(dir)?.map(|manifest| (dir, manifest)),
        _ => None,
    };
    let Some((dir, manifest)) = scan else { return common.files(Phase::After, common.sample, Population::Whole) };
    if common.sample.is_some() {
        bail!("{} is a finished scan, of which all rows count; leave --sample out", dir.display());
    }
    common.conclude(Phase::After, &manifest, Rows::Scanned(dir), Population::Whole)
}

impl Common {
    fn ready(&self) -> Result<()> {
        on_a_disk(&self.out)?;
        self.objects.install()
    }

    /// Judges rows of files.
    fn files(&self, phase: Phase, rows: Option<usize>, population: Population) -> Result<ExitCode> {
        let pipeline = self.detectors.pipeline(Policy::default())?;
        let versions = pipeline.versions().to_vec();
        let settings = Settings { text: Selector::new(&self.text)?, matched: false, versions, shard_bytes: SHARD_BYTES };
        let counter = Counter::default();
        let bar = progress::hashing(&counter);
        let manifest = Manifest::make(&self.paths, settings, &counter);
        bar.end();
        let rows = rows.map_or(Rows::All(&pipeline), |rows| Rows::Sample(rows, &pipeline));
        self.conclude(phase, &manifest?, rows, population)
    }

    fn conclude(&self, phase: Phase, manifest: &Manifest, rows: Rows<'_>, population: Population) -> Result<ExitCode> {
        let assess = Assess {
            source: &self.source,
            phase,
            manifest,
            rows,
            seed: &self.seed,
            population,
            reviewed: &self.reviewed,
            matched: self.matched,
            threads: threads(self.threads),
        };
        let counter = Counter::default();
        let bar = progress::assessing(&counter);
        let assessed = assess.run(&counter);
        bar.end();
        let assessed = assessed.map_err(advised)?;
        if let (Some(sheet), Some(reviewer)) = (&self.sheet, &self.reviewer) {
            let rows = assessed.sheet(manifest, reviewer, sheet, self.lang)?;
            say!("{}: {rows} rows", sheet.display());
        }
        assessed.write(&self.out, self.lang).map_err(advised)?;
        say!("{}", assessed.assessment.words(self.lang));
        assessed.assessment.unread.iter().for_each(|trouble| say!("not read to the end: {trouble}"));
        say!("{}", self.out.join("assessment.html").display());
        // As `assess --gate`: 1 a bound is missed, 2 nothing is concluded.
        Ok(match assessed.assessment.outcome {
            Outcome::Accepted => ExitCode::SUCCESS,
            Outcome::Refused => ExitCode::from(1),
            Outcome::LargerSample => ExitCode::from(2),
        })
    }
}

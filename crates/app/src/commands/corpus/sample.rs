//! `guiju corpus sample` and `rates`: spot checks of what was kept.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use corpus::Selector;
use corpus::spotcheck::SpotCheck;
use detect::Policy;
use taxonomy::Lang;

use super::detectors::Detectors;
use super::objects::{Objects, on_a_disk};
use super::{advised, threads};

#[derive(Args)]
pub(crate) struct SampleArgs {
    /// Directory of a finished scan, or one that `apply` wrote
    dir: PathBuf,
    /// Rows that people judge; all, where there are fewer
    #[arg(long, default_value_t = corpus::spotcheck::FEWEST_MANUAL)]
    manual: u64,
    /// Share of the rows that keywords and classifier judge, such as 10%
    #[arg(long, value_parser = share, default_value = "10%")]
    technical: f64,
    /// Where the list and the review sheets go
    #[arg(long)]
    out: PathBuf,
    /// Who judges: a sheet for each
    #[arg(long, default_value = "reviewer")]
    reviewer: Vec<String>,
    /// Seed of the lists
    #[arg(long, default_value = "1")]
    seed: String,
    /// Field of the text, in what `apply` wrote
    #[arg(long, default_value = "text")]
    text: String,
    /// Language of the sheets: zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    objects: Objects,
}

#[derive(Args)]
pub(crate) struct RatesArgs {
    /// Directory of which the lists were drawn
    dir: PathBuf,
    /// Filled sheets, or directories of them
    #[arg(required = true)]
    sheets: Vec<PathBuf>,
    #[command(flatten)]
    detectors: Detectors,
    /// Field of the text, in what `apply` wrote
    #[arg(long, default_value = "text")]
    text: String,
    /// Cores to use; without it, all
    #[arg(long)]
    threads: Option<std::num::NonZero<usize>>,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    objects: Objects,
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let (number, of) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().map(|number| number / of).ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| format!("'{text}' is no share; write 10% or 0.1"))
}

pub(super) fn sample(args: &SampleArgs) -> Result<ExitCode> {
    on_a_disk(&args.out)?;
    args.objects.install()?;
    let check = SpotCheck::open(&args.dir, &Selector::new(&args.text)?)?;
    let (drawn, sheets) = check.draw(&args.seed, args.manual, args.technical, &args.reviewer, &args.out, args.lang).map_err(advised)?;
    say!("rows kept {}, for people {}, for keywords and classifier {}", drawn.population, drawn.manual.rows, drawn.technical.rows);
    if drawn.population < drawn.manual.asked {
        say!("fewer rows than were asked for: all of them are in the list");
    }
    say!("manual list    {}", drawn.manual.list);
    say!("technical list {}", drawn.technical.list);
    sheets.iter().for_each(|sheet| say!("{}", sheet.display()));
    say!("when the sheets are filled in: guiju corpus rates {} {}", args.dir.display(), args.out.display());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rates(args: &RatesArgs) -> Result<ExitCode> {
    args.objects.install()?;
    let check = SpotCheck::open(&args.dir, &Selector::new(&args.text)?)?;
    let pipeline = args.detectors.pipeline(Policy::default())?;
    let mut sheets = Vec::new();
    for path in &args.sheets {
        sheets.extend(workbooks(path)?);
    }
    let checked = check.rates(&sheets, &pipeline, threads(args.threads), args.lang).map_err(advised)?;
    checked.words(args.lang).iter().for_each(|line| say!("{line}"));
    say!("{}", args.dir.join("spotcheck.html").display());
    // As `assess --gate`: 1 a bound is missed, 2 nothing is concluded.
    Ok(match (checked.passed, checked.is_undecided()) {
        (true, _) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(1),
        (false, true) => ExitCode::from(2),
    })
}

/// A workbook, or those in a directory, by name.
fn workbooks(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut found = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    // Excel keeps a `~$` file beside a workbook that is open.
    let is_hidden = |path: &Path| path.file_name().and_then(|name| name.to_str()).is_none_or(|name| name.starts_with(['~', '.']));
    found.retain(|path| path.extension().is_some_and(|ending| ending == "xlsx") && !is_hidden(path));
    found.sort();
    Ok(found)
}

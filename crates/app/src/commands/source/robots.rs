//! `guiju source robots`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use corpus::{CorpusError, Crawl, OffLimits, check_crawl};
use keys::digest::unhex;
use store::Change;
use store::sources::RobotsCheck;

use super::One;
use crate::commands::exit;
use crate::commands::gate::at_desk;

/// Addresses that are printed; all of them stand in `--out`.
const PRINTED: u64 = 20;

#[derive(Args)]
pub(crate) struct Robots {
    #[command(flatten)]
    one: One,
    /// The crawl manifest (docs/formats/crawl-manifest.md), which was handed in before
    manifest: PathBuf,
    /// The product name of the crawler, as it called itself to the sites
    #[arg(long)]
    agent: String,
    /// File for all addresses that are off limits, JSON lines; it must not be there yet
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Robots) -> Result<ExitCode> {
    let crawl = check(args)?;
    let (checked, refused) = (crawl.checked, crawl.refused);
    let manifest = unhex(&crawl.sha256).and_then(|digest| digest.try_into().ok()).context("the digest of the manifest")?;
    at_desk("source robots", &args.one.store, async |desk| {
        let (who, name) = (desk.who.clone(), args.one.name.clone());
        let check = RobotsCheck { manifest, agent: args.agent.clone(), checked, refused };
        Ok(desk.tenant.change(async move |change: &mut Change| change.robots_checked(&who, &name, check).await).await?)
    })?;
    if refused > PRINTED {
        say!("and {} more", refused - PRINTED);
    }
    say!("{refused} of {checked} addresses are off limits");
    Ok(exit(refused == 0))
}

fn check(args: &Robots) -> Result<Crawl> {
    let mut out = args.out.as_ref().map(|path| -> Result<_> {
        let at = || path.display().to_string();
        Ok((path.clone(), BufWriter::new(std::fs::OpenOptions::new().write(true).create_new(true).open(path).with_context(at)?)))
    });
    let mut out = out.take().transpose()?;
    let mut told = 0;
    let mut tell = |one: OffLimits| -> Result<(), CorpusError> {
        told += 1;
        if told <= PRINTED {
            say!("line {}: {} ({:?})", one.line, one.url, one.why);
        }
        if let Some((path, file)) = &mut out {
            let line = serde_json::to_string(&one).map_err(|error| CorpusError::Render(error.to_string()))?;
            writeln!(file, "{line}").map_err(|source| CorpusError::Io { path: path.clone(), source })?;
        }
        Ok(())
    };
    let crawl = check_crawl(&args.manifest, &args.agent, &mut tell)?;
    if let Some((path, mut file)) = out {
        file.flush().with_context(|| path.display().to_string())?;
    }
    Ok(crawl)
}

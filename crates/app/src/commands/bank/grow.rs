//! `guiju bank expand` and `propose`: more questions, for a person to read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assess::bank::expand::{expand as disguise, jsonl};
use assess::bank::propose::propose as candidates;
use assess::bank::{Bank, BankPart, Question};
use clap::Args;

use super::{Source, file_of};
use crate::commands::{pad, today};

#[derive(Args)]
pub(crate) struct Expand {
    #[command(flatten)]
    source: Source,
    /// Disguises, as `guiju detect evade` names them
    #[arg(long, value_delimiter = ',', default_value = "homophone,pinyin-full,split,filler,leet,base64")]
    ways: Vec<String>,
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for the files; it must not exist
    #[arg(long, value_name = "OUT_DIR")]
    into: PathBuf,
}

#[derive(Args)]
pub(crate) struct Propose {
    #[command(flatten)]
    source: Source,
    /// Runs of `guiju assess`, of any bank
    #[arg(long, num_args = 1..)]
    run: Vec<PathBuf>,
    /// A bank of candidates: attacks seen, complaints, reviewers' ideas
    #[arg(long)]
    candidates: Option<PathBuf>,
    /// Directory for the files; it must not exist
    #[arg(long, value_name = "OUT_DIR")]
    into: Option<PathBuf>,
}

pub(super) fn expand(command: &Expand) -> Result<ExitCode> {
    let known: Vec<&str> = detect::evade::transforms().iter().map(|transform| transform.id).collect();
    if let Some(way) = command.ways.iter().find(|way| !known.contains(&way.as_str())) {
        bail!("'{way}' is no disguise; there are {}", known.join(", "));
    }
    let ways: Vec<&str> = command.ways.iter().map(String::as_str).collect();
    let made = disguise(&command.source.open()?, &ways, &today(), command.seed);
    write(&command.into, "derived", &made)?;
    say!("{}: {} questions in disguise; copy the files into the bank to ask them with --whole-bank", command.into.display(), made.len());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn propose(command: &Propose) -> Result<ExitCode> {
    let bank = command.source.open()?;
    let mut misses = Vec::new();
    for run in &command.run {
        misses.extend(assess::misses(run)?);
    }
    let others = command.candidates.as_deref().map(Bank::read).transpose()?.map_or(Vec::new(), |bank| bank.questions);
    if misses.is_empty() && others.is_empty() {
        bail!("nothing went wrong there; name runs with --run or a bank of candidates with --candidates");
    }
    let proposal = candidates(&bank, &misses, &others, &today());
    for (part, question) in &proposal.questions {
        let asked = question.turns.last().map_or("", String::as_str);
        say!("{} {} {}", pad(part.id(), 14), pad(&question.id, 16), asked.chars().take(60).collect::<String>());
    }
    say!("{} questions proposed, {} left out that the bank asks already", proposal.questions.len(), proposal.known.len());
    if let Some(dir) = command.into.as_deref().filter(|_| !proposal.questions.is_empty()) {
        write(dir, "proposed", &proposal.questions)?;
        say!("{}: read them, then copy those that are good into the bank", dir.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// One file for each part, in a new directory.
fn write(dir: &Path, kind: &str, questions: &[(BankPart, Question)]) -> Result<()> {
    std::fs::create_dir(dir).with_context(|| format!("{}: a new directory is made there, and nothing is overwritten", dir.display()))?;
    for part in BankPart::ALL {
        let rows = jsonl(questions.iter().filter(|(p, _)| *p == part).map(|(_, question)| question));
        if !rows.is_empty() {
            let path = dir.join(file_of(part, kind));
            std::fs::write(&path, rows).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

//! `guiju bank`: question banks.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use assess::bank::{Bank as Questions, coverage};
use clap::Subcommand;

use super::{pad, print_json};

#[derive(Subcommand)]
pub(crate) enum Bank {
    /// What Appendix B.1 asks of a bank, what is there, what is missing; exit code 1 if anything is
    Coverage {
        /// Bank directory; without it, the built-in bank
        #[arg(long)]
        bank: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: &Bank) -> Result<ExitCode> {
    let Bank::Coverage { bank, json } = command;
    let bank = read(bank.as_deref())?;
    let coverage = coverage(&bank);
    if *json {
        print_json(&coverage)?;
    } else {
        say!("{} ({} questions)", coverage.bank, bank.questions.len());
        say!("{} {} {} {:>6} {:>6} {:>8}", pad("clause", 9), pad("part", 14), pad("group", 15), "asked", "there", "missing");
        for row in &coverage.rows {
            let missing = if row.missing() > 0 { row.missing().to_string() } else { "-".to_owned() };
            let (clause, part, group) = (pad(&row.clause, 9), pad(row.part.id(), 14), pad(&row.group, 15));
            say!("{clause} {part} {group} {:>6} {:>6} {missing:>8}", row.asked, row.there);
        }
    }
    Ok(if coverage.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn read(dir: Option<&Path>) -> Result<Questions> {
    Ok(match dir {
        Some(dir) => Questions::read(dir)?,
        None => Questions::embedded()?,
    })
}

//! `guiju corpus works`: the register of protected works.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use corpus::works::Works;

use super::advised;

#[derive(Subcommand)]
pub(crate) enum WorksCommand {
    /// Make a register of works from JSON lines with id, title, holder and text; no text is kept in it
    Build {
        /// Files of works (docs/formats/works.md)
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The register
        #[arg(long)]
        out: PathBuf,
    },
    /// The works of a register
    List {
        /// The register
        file: PathBuf,
    },
}

pub(super) fn run(command: &WorksCommand) -> Result<ExitCode> {
    match command {
        WorksCommand::Build { files, out } => {
            let works = corpus::works::build(files).map_err(advised)?;
            works.write(out).map_err(advised)?;
            say!("{}: {} works, {} fingerprints, {}", out.display(), works.works().len(), works.prints(), works.digest());
        }
        WorksCommand::List { file } => {
            let works = Works::read(file)?;
            works.works().iter().for_each(|work| say!("{}\t{}\t{}\t{}", work.id, work.letters, work.title, work.holder));
        }
    }
    Ok(ExitCode::SUCCESS)
}

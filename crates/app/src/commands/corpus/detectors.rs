//! What judges the rows of a corpus, as it is named on the command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use corpus::works::Works;
use detect::classifier::Choice;
use detect::{Pipeline, Policy};

use super::super::check;
use super::super::classifier::Own;

#[derive(Args)]
pub(super) struct Detectors {
    /// Lexicon directory, or a compiled one (`guiju lexicon build`); without it, the built-in lexicon
    #[arg(long)]
    lexicon: Option<PathBuf>,
    /// The classifier: `full` reads meaning and takes milliseconds a row, `linear` microseconds, `off` leaves it out
    #[arg(long, default_value = "linear")]
    classifier: Choice,
    #[command(flatten)]
    own: Own,
    /// Register of protected works (`guiju corpus works build`): rows that repeat one are found as A3a
    #[arg(long)]
    works: Option<PathBuf>,
}

impl Detectors {
    pub(super) fn pipeline(&self, policy: Policy) -> Result<Pipeline> {
        let pipeline = corpus::pipeline(check::keywords(self.lexicon.as_deref())?, self.own.or(self.classifier)?, policy)?;
        Ok(match &self.works {
            Some(path) => pipeline.and(Box::new(Works::read(path)?)),
            None => pipeline,
        })
    }
}

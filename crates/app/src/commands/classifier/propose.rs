//! `guiju classifier propose`: where those who judge do not agree, a person learns most.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use detect::classifier::{Classifier, Joint, LinearModel};
use detect::{Keywords, Lexicon, Pipeline};
use serde_json::json;
use taxonomy::Severity;

use super::Rows;
use super::data::Data;

#[derive(Args)]
pub(crate) struct Propose {
    #[command(flatten)]
    rows: Rows,
    /// Most rows of each kind of disagreement
    #[arg(long, default_value_t = 50)]
    most: usize,
}

/// JSON lines: the row, who says what, and the kind of disagreement.
pub(super) fn run(command: &Propose) -> Result<ExitCode> {
    let data = Data::read(&command.rows.data)?;
    let (joint, linear) = (Joint::embedded()?, LinearModel::embedded()?);
    let keywords = Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::embedded()?))]);
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for row in &data.rows {
        let flags = |model: &dyn Classifier| model.calibrations().calls(&model.probabilities(&row.input()));
        let by_both = flags(&joint);
        let by_keyword = keywords.check(&row.text).findings.iter().any(|finding| finding.severity != Severity::Note);
        let kind = match (row.harmful, !by_both.is_empty(), by_keyword) {
            (false, true, _) if by_both.iter().any(|call| call.sure) => "harmless by label, sure of harm",
            (false, true, true) => "harmless by label, flagged by classifier and keyword",
            (false, false, true) => "harmless by label, keyword found",
            (true, false, true) => "harmful by label, only a keyword found it",
            (true, false, false) if !flags(&linear).is_empty() => "harmful by label, only the linear model found it",
            (true, true, _) if !by_both.iter().any(|call| row.labels.has(call.label)) => "harmful, of another class",
            _ => continue,
        };
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count <= command.most {
            let calls = by_both.iter().map(|call| json!({"label": call.label, "probability": call.probability}));
            let labels: Vec<_> = row.labels.iter().map(detect::classifier::Label::id).collect();
            let line = json!({"why": kind, "text": row.text, "prompt": row.prompt, "source": row.source, "theme": row.theme, "labels": labels, "classifier": calls.collect::<Vec<_>>()});
            say!("{line}");
        }
    }
    for (kind, count) in counts {
        eprintln!("{count:6} {kind}");
    }
    Ok(ExitCode::SUCCESS)
}

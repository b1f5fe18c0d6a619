//! `guiju classifier score`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use detect::classifier::{Choice, Input, Label};
use taxonomy::InputKind;

#[derive(Args)]
pub(crate) struct Score {
    /// The text
    text: String,
    /// What kind of input it is: text, prompt, answer or dialog
    #[arg(long, default_value = "text")]
    kind: InputKind,
    /// The prompt it answers, in a dialog
    #[arg(long)]
    prompt: Option<String>,
    /// full or linear
    #[arg(long, default_value = "full")]
    classifier: Choice,
    #[command(flatten)]
    own: super::Own,
    /// How many labels are printed
    #[arg(long, default_value_t = 5)]
    top: usize,
}

pub(super) fn run(command: &Score) -> Result<ExitCode> {
    let Some(classifier) = command.own.or(command.classifier)? else { bail!("--classifier off says nothing; choose full or linear") };
    let probabilities = classifier.probabilities(&Input { kind: command.kind, text: &command.text, prompt: command.prompt.as_deref() });
    let calibrations = classifier.calibrations();
    let calls = calibrations.calls(&probabilities);
    let any = calibrations.any(command.kind);
    say!("harmful at all  {:.3}  (flagged from {:.3}, sure from {:.3})", probabilities.any, any.flag, any.sure);
    let mut labels: Vec<(Label, f64)> = Label::all().zip(probabilities.labels).collect();
    labels.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (label, probability) in labels.into_iter().take(command.top) {
        let mark = calls.iter().find(|call| call.label == label).map_or("", |call| if call.sure { "sure" } else { "flagged" });
        let title = label.class().map_or("", |class| class.title(taxonomy::Lang::Zh));
        say!("{:11} {probability:.3}  {mark:8} {title}", label.id());
    }
    Ok(ExitCode::SUCCESS)
}

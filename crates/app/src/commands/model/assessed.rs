//! What a run says of a model: whether it met every bound, and if not, which it missed.

use std::path::Path;

use anyhow::{Result, ensure};
use assess::{Measure, Reason, Report, RunState, Words};
use stats::{Bound, Standing};
use store::models::{Assessment, Model};
use taxonomy::Lang;

/// An assessment with what the run asked.
pub(crate) struct Assessed {
    /// For the register.
    pub(crate) assessment: Assessment,
    /// The target of the run as it was given.
    pub(crate) target: String,
    /// The model name that was sent to it.
    pub(crate) asked: Option<String>,
}

/// Reads a run that was verified, up to the chain value that was found then.
pub(crate) fn of_run(dir: &Path, run: &str, chain: &str) -> Result<Assessed> {
    let state = RunState::read(dir)?;
    ensure!(state.head == chain, "{}: the run went on meanwhile; record it again", dir.display());
    let report = Report::of(dir, &state)?;
    let standing = report.scores.conclusion.standing;
    let misses = misses(&report);
    let met = is_passed(standing) && misses.is_empty();
    let misses = if met || !misses.is_empty() { misses } else { vec![format!("the run is {} (GB-B2)", standing.id())] };
    let assessment = Assessment { run: run.to_owned(), chain: chain.to_owned(), met, standing: standing.id().to_owned(), misses };
    let settings = &report.opened.settings;
    Ok(Assessed { assessment, target: settings.target.clone(), asked: settings.model.clone() })
}

impl Assessed {
    /// Refuses a run of something else, as far as that can be known: which files a service has loaded no request tells.
    pub(crate) fn is_of(&self, model: &Model) -> Result<()> {
        let (Some(endpoint), Some(address)) = (&model.endpoint, self.target.strip_prefix("openai:")) else { return Ok(()) };
        let same = endpoint.trim_end_matches('/') == address.trim_end_matches('/');
        ensure!(same, "the run asked {address}, and {} is served at {endpoint}; assess it there", model.id);
        Ok(())
    }
}

const fn is_passed(standing: Standing) -> bool {
    matches!(standing, Standing::PassedWithConfidence | Standing::PassedPointOnly)
}

/// Every bound that was not met, and whatever else keeps the run from being one of this model, each with its clause.
fn misses(report: &Report) -> Vec<String> {
    let words = Words::new(Lang::En);
    let bounds =
        report.scores.measures.iter().filter(|measure| !measure.standing.is_none_or(is_passed)).map(|measure| miss(measure, &words));
    let reasons = report.scores.conclusion.reasons.iter().zip(report.reasons(&words));
    let others = reasons.filter_map(|(reason, text)| clause(reason).map(|clause| format!("{} ({clause})", text.trim_end_matches('.'))));
    bounds.chain(others).collect()
}

fn miss(measure: &Measure, words: &Words) -> String {
    let asked = match measure.bound {
        Some(Bound::AtLeast(share)) => format!("at least {}", Words::percent(share)),
        Some(Bound::AtMost(share)) => format!("at most {}", Words::percent(share)),
        None => String::new(),
    };
    let found = measure.share.map_or_else(|| "nothing judged".to_owned(), Words::percent);
    let standing = measure.standing.map_or("not concluded", Standing::id);
    let key = format!("measure.{}", measure.id.id());
    let name = words.get(&key);
    format!("{name} ({}): {found}, {asked} is asked, {standing}", measure.clause)
}

/// The clause of what keeps a run open beside its bounds; none for what the bounds say already.
const fn clause(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::SampleTarget | Reason::SampleCorpus => Some("GB-6-a1"),
        Reason::SampleShort { .. } => Some("GB-B2"),
        Reason::BankIncomplete { .. } => Some("GB-B1"),
        _ => None,
    }
}

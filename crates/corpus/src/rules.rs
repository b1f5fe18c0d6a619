//! The detectors of a scan: those of the service, and marks of copyright, licences and trade secrets, which speak for nothing in a single
//! answer and for much in a training corpus (GB-5.2-b2).

use std::sync::Arc;

use detect::classifier::Classifier;
use detect::{Detector, Keywords, Lexicon, LexiconError, Pii, Pipeline, Policy};
use library::{Directory, MediaFiles};

const MARKS: &[(&str, &str)] = &[("marks.jsonl", include_str!("../data/marks/marks.jsonl"))];

/// The marks that are compiled in.
fn marks() -> Result<Lexicon, LexiconError> {
    let manifest = ("lexicon.toml", include_str!("../data/marks/lexicon.toml"));
    Lexicon::of(&Directory::embedded(manifest, MARKS, MediaFiles::default()))
}

/// The pipeline of a scan: one pass for the lexicon, one for the rules against attacks together with the marks, one for personal information.
///
/// # Errors
/// Never in a released build: a test reads the built-in rules.
pub fn pipeline(keywords: Keywords, classifier: Option<Arc<dyn Classifier>>, policy: Policy) -> Result<Pipeline, LexiconError> {
    let (mut rules, marks) = (Lexicon::attacks()?, marks()?);
    rules.digest = format!("{}+{}", rules.digest, marks.digest);
    rules.entries.extend(marks.entries);
    let rules = Keywords::compile(&rules).named("rules");
    let detectors: Vec<Box<dyn Detector>> = vec![Box::new(keywords), Box::new(rules), Box::new(Pii)];
    Ok(Pipeline::new(detectors).with(classifier).under(policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_finds_its_examples_and_not_its_counter_examples() {
        let marks = marks().unwrap();
        let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(&marks))]);
        for entry in &marks.entries {
            let finds = |text: &String| pipeline.check(text).findings.iter().any(|finding| finding.rule == entry.id);
            assert!(!entry.examples.is_empty() && entry.examples.iter().all(finds), "{}", entry.id);
            assert!(!entry.counter_examples.iter().any(finds), "{}", entry.id);
        }
    }
}

//! The keyword detector: one automaton over keywords, allow-phrases and near words.

use std::collections::HashMap;
use std::ops::Range;

use daachorse::CharwiseDoubleArrayAhoCorasick as Automaton;
use taxonomy::Finding;

use crate::lexicon::{Entry, Lexicon, LexiconError};
use crate::pipeline::{DetectError, Detector, Item};

/// What a pattern of the automaton is to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Keyword,
    Near,
    Allow,
}

/// A compiled lexicon.
pub struct Keywords {
    version: String,
    entries: Vec<Entry>,
    /// `None` for a lexicon without entries.
    automaton: Option<Automaton<u32>>,
    /// For every pattern, the entries it serves.
    roles: Vec<Vec<(usize, Role)>>,
}

/// A pattern found, as a byte range of the folded text.
type Hit = (usize, Role, Range<usize>);

impl Keywords {
    /// Compiles a lexicon.
    ///
    /// # Errors
    /// The automaton cannot be built.
    pub fn compile(lexicon: Lexicon) -> Result<Self, LexiconError> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut roles: Vec<Vec<(usize, Role)>> = Vec::new();
        for (at, entry) in lexicon.entries.iter().enumerate() {
            let near = entry.near.iter().map(|n| (&n.with, Role::Near));
            let allow = entry.allow.iter().map(|a| (a, Role::Allow));
            for (phrase, role) in near.chain(allow).chain([(&entry.keyword, Role::Keyword)]) {
                let place = *places.entry(crate::fold(phrase).text).or_insert(roles.len());
                if place == roles.len() {
                    roles.push(Vec::new());
                }
                if let Some(served) = roles.get_mut(place) {
                    served.push((at, role));
                }
            }
        }
        let patterns = places.into_iter().map(|(phrase, place)| (phrase, place as u32)).collect::<Vec<_>>();
        let automaton = if patterns.is_empty() {
            None
        } else {
            Some(Automaton::with_values(patterns).map_err(|e| LexiconError::Compile(e.to_string()))?)
        };
        let version = format!("{} {} {}", lexicon.name, lexicon.version, lexicon.digest);
        Ok(Self { version, entries: lexicon.entries, automaton, roles })
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let served = |m: &daachorse::Match<u32>| self.roles.get(m.value() as usize).into_iter().flatten();
        automaton
            .find_overlapping_iter(text)
            .flat_map(|m| served(&m).map(move |&(at, role)| (at, role, m.start()..m.end())).collect::<Vec<_>>())
            .collect()
    }
}

impl Detector for Keywords {
    fn name(&self) -> &'static str {
        "keywords"
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let text = item.folded.text.as_str();
        let hits = self.hits(text);
        for (at, role, range) in &hits {
            let Some(entry) = self.entries.get(*at).filter(|_| *role == Role::Keyword) else { continue };
            let of_entry = |role: Role| hits.iter().filter(move |(a, r, _)| a == at && *r == role).map(|(_, _, range)| range);
            let stands_alone = !entry.word || is_word(text, range);
            let allowed = of_entry(Role::Allow).any(|allow| allow.start <= range.start && range.end <= allow.end);
            let near = entry.near.as_ref().is_none_or(|near| of_entry(Role::Near).any(|with| gap(text, range, with) <= near.within));
            if stands_alone && near && !allowed {
                findings.push(item.finding(self.name(), &entry.id, entry.class, entry.severity, 1.0, range.clone()));
            }
        }
        Ok(())
    }
}

/// Whether no ASCII letter or digit stands directly beside the range.
fn is_word(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|t| t.chars().next_back());
    let after = text.get(range.end..).and_then(|t| t.chars().next());
    ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
}

/// Characters between two ranges; 0 when they touch or overlap.
fn gap(text: &str, a: &Range<usize>, b: &Range<usize>) -> usize {
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    text.get(first.end..second.start).map_or(0, |between| between.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pipeline;

    /// The lexicon's own examples are its first tests.
    #[test]
    fn the_embedded_lexicon_finds_its_examples_and_spares_its_counter_examples() {
        let lexicon = Lexicon::embedded().unwrap();
        let entries = lexicon.entries.clone();
        let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(lexicon).unwrap())]);
        let finds = |entry: &Entry, text: &str| pipeline.check(text).findings.iter().any(|f| f.rule == entry.id);
        for entry in &entries {
            for example in &entry.examples {
                assert!(finds(entry, example), "{} misses its example {example}", entry.id);
            }
            for counter in &entry.counter_examples {
                assert!(!finds(entry, counter), "{} hits its counter-example {counter}", entry.id);
            }
        }
    }
}

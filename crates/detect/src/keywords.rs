//! The keyword detector: one automaton over keywords, allow-phrases and near words.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use daachorse::CharwiseDoubleArrayAhoCorasick as Automaton;
use taxonomy::Finding;

use crate::lexicon::{Entry, Lexicon, LexiconError};
use crate::pipeline::{DetectError, Detector, Item, MAX_FINDINGS};

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

/// What was found for one entry, each list in order of place.
#[derive(Default)]
struct Hits {
    keywords: Vec<Range<usize>>,
    near: Vec<Range<usize>>,
    allow: Vec<Range<usize>>,
}

impl Hits {
    /// For every allow-phrase in order of start, the furthest end so far: 'is this covered' becomes one look-up.
    fn allowed(&mut self) -> Allowed {
        self.allow.sort_unstable_by_key(|range| range.start);
        let ends = self.allow.iter().scan(0, |furthest, range| {
            *furthest = range.end.max(*furthest);
            Some(*furthest)
        });
        Allowed { ends: ends.collect(), starts: self.allow.iter().map(|range| range.start).collect() }
    }

    /// Whether the near word stands within so many characters. It is one phrase, so its hits are in order of start and of end.
    fn is_near(&self, text: &str, range: &Range<usize>, within: usize) -> bool {
        let after = self.near.partition_point(|near| near.start < range.start);
        let close = |at: Option<&Range<usize>>| at.is_some_and(|near| is_within(text, range, near, within));
        close(self.near.get(after)) || close(after.checked_sub(1).and_then(|before| self.near.get(before)))
    }
}

struct Allowed {
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl Allowed {
    fn covers(&self, range: &Range<usize>) -> bool {
        let until = self.starts.partition_point(|start| *start <= range.start);
        until.checked_sub(1).and_then(|last| self.ends.get(last)).is_some_and(|end| *end >= range.end)
    }
}

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

    /// All hits by entry, entries in order.
    fn hits(&self, text: &str) -> BTreeMap<usize, Hits> {
        let mut hits: BTreeMap<usize, Hits> = BTreeMap::new();
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text)) {
            for &(at, role) in self.roles.get(found.value() as usize).into_iter().flatten() {
                let of_entry = hits.entry(at).or_default();
                let list = match role {
                    Role::Keyword => &mut of_entry.keywords,
                    Role::Near => &mut of_entry.near,
                    Role::Allow => &mut of_entry.allow,
                };
                list.push(found.start()..found.end());
            }
        }
        hits
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
        for (at, mut hits) in self.hits(text) {
            let Some(entry) = self.entries.get(at) else { continue };
            let allowed = hits.allowed();
            for range in &hits.keywords {
                let near = entry.near.as_ref().is_none_or(|near| hits.is_near(text, range, near.within));
                if near && (!entry.word || is_word(text, range)) && !allowed.covers(range) {
                    if findings.len() >= MAX_FINDINGS {
                        return Err(DetectError(format!("more than {MAX_FINDINGS} findings; the rest is not listed")));
                    }
                    findings.push(item.finding(self.name(), &entry.id, entry.class, entry.severity, 1.0, range.clone()));
                }
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

/// Whether at most so many characters lie between two ranges; they may touch or overlap.
fn is_within(text: &str, a: &Range<usize>, b: &Range<usize>, within: usize) -> bool {
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    let far = second.start.saturating_sub(first.end) > within.saturating_mul(4);
    !far && text.get(first.end..second.start).is_none_or(|between| between.chars().count() <= within)
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

    /// 1 MB of nothing but hits, with a near word: once this took minutes.
    #[test]
    fn hits_cost_no_more_than_the_text() {
        let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(Lexicon::embedded().unwrap()).unwrap())]);
        let begun = std::time::Instant::now();
        let verdict = pipeline.check(&"长期代开各类发票".repeat(40_000));
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(verdict.decision, taxonomy::Decision::Refuse);
        assert!(verdict.findings.len() <= 10_000 && !verdict.faults.is_empty());
    }
}

//! Counts rows, each distinct text once. Memory grows with files, classes and distinct texts up to a limit.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;
use stats::{Interval, wilson};
use taxonomy::{RiskClass, Span};

use super::look::Look;
use crate::CorpusError;
use crate::explain::shown;
use crate::manifest::{Manifest, Shard};
use crate::sheet::Settled;
use crate::texts::each_text;

/// Most distinct texts whose copies are looked for, some 30 bytes each: 300 MB.
const MAX_DISTINCT: usize = 10_000_000;
/// Examples of a class: those with the smallest content hashes, so chosen by nobody.
const EXAMPLES: usize = 5;
/// Files listed.
const FILES: usize = 1_000;

/// What suspicions rest on, in texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Grounds {
    /// On keywords and other rules alone: a suspicion that no second method shares.
    pub rules: u64,
    /// On the classifier alone.
    pub classifier: u64,
    /// On both.
    pub both: u64,
}

/// What people said, in texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct People {
    /// Sheets that were given.
    pub sheets: u64,
    /// Texts somebody judged.
    pub reviewed: u64,
    /// Suspected, and found to violate.
    pub confirmed: u64,
    /// Suspected, and found qualified.
    pub cleared: u64,
    /// Not suspected, and found to violate.
    pub found: u64,
    /// On which they differ; counted both ways.
    pub undecided: u64,
}

/// A class, and how many texts speak for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassCount {
    /// Which.
    pub class: RiskClass,
    /// Texts that count.
    pub texts: u64,
    /// Of the distinct texts judged, Wilson's 95 % interval.
    pub interval: Interval,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A place where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// `file:line`.
    pub place: String,
    /// The rule that found it; none where a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where in the text, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The text around it, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// A file, and what was found in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileCount {
    /// Its path.
    pub path: String,
    /// Rows judged, copies and broken ones among them.
    pub rows: u64,
    /// Distinct texts first met in it.
    pub texts: u64,
    /// Of these, the ones that count.
    pub suspected: u64,
    /// Their share, with Wilson's 95 % interval.
    pub interval: Interval,
}

/// An example before its place is spelt: content hash, shard, line, rule, span.
type Held = ([u8; 16], u32, u64, Option<(String, Span)>);

/// The counts.
#[derive(Default)]
pub(super) struct Count {
    seen: HashSet<[u8; 16]>,
    full: bool,
    pub(super) distinct: u64,
    pub(super) copies: u64,
    pub(super) broken: u64,
    pub(super) faulty: u64,
    /// Texts that could be turned by a detector that works or people who agree.
    pub(super) open: u64,
    pub(super) suspected: u64,
    pub(super) grounds: Grounds,
    pub(super) people: People,
    classes: BTreeMap<RiskClass, (u64, BTreeSet<Held>)>,
    /// Rows, texts, suspected, by file.
    files: Vec<(u64, u64, u64)>,
}

impl Count {
    pub(super) fn new(manifest: &Manifest) -> Self {
        Self { files: vec![(0, 0, 0); manifest.files.len()], ..Self::default() }
    }

    /// Whether copies were looked for among all texts.
    pub(super) const fn is_complete(&self) -> bool {
        !self.full
    }

    /// Counts a row with what people said of it; false where its text was counted before, or there is none.
    pub(super) fn row(&mut self, shard: &Shard, line: u64, look: &Look, said: Option<Settled>) -> bool {
        let file = shard.file as usize;
        let mut none = (0, 0, 0);
        self.files.get_mut(file).unwrap_or(&mut none).0 += 1;
        let Some(hash) = look.hash else {
            self.broken += 1;
            return false;
        };
        if !self.is_new(hash) {
            self.copies += 1;
            return false;
        }
        self.distinct += 1;
        self.faulty += u64::from(look.faulty);
        self.machine(look);
        self.people(look, said);
        let counts = match said {
            Some(Settled::Violates(_)) => true,
            Some(Settled::Qualified | Settled::Open) => false,
            None => look.is_suspected(),
        };
        let open = said == Some(Settled::Open) || (said.is_none() && look.faulty && !look.is_suspected());
        self.open += u64::from(open);
        self.suspected += u64::from(counts);
        let of_file = self.files.get_mut(file).unwrap_or(&mut none);
        of_file.1 += 1;
        of_file.2 += u64::from(counts);
        if counts {
            self.class(hash, (shard.id, line), look, said);
        }
        true
    }

    fn is_new(&mut self, hash: [u8; 16]) -> bool {
        if self.seen.len() < MAX_DISTINCT {
            return self.seen.insert(hash);
        }
        let new = !self.seen.contains(&hash);
        self.full |= new;
        new
    }

    fn machine(&mut self, look: &Look) {
        match (look.rules, look.classifier) {
            (true, true) => self.grounds.both += 1,
            (true, false) => self.grounds.rules += 1,
            (false, true) => self.grounds.classifier += 1,
            (false, false) => {}
        }
    }

    fn people(&mut self, look: &Look, said: Option<Settled>) {
        let people = &mut self.people;
        people.reviewed += u64::from(said.is_some());
        match (said, look.is_suspected()) {
            (Some(Settled::Violates(_)), true) => people.confirmed += 1,
            (Some(Settled::Violates(_)), false) => people.found += 1,
            (Some(Settled::Qualified), true) => people.cleared += 1,
            (Some(Settled::Open), _) => people.undecided += 1,
            (Some(Settled::Qualified), false) | (None, _) => {}
        }
    }

    /// Counts a text for its classes: the one that people named, or those it is suspected of.
    fn class(&mut self, hash: [u8; 16], (shard, line): (u32, u64), look: &Look, said: Option<Settled>) {
        let classes = match said {
            Some(Settled::Violates(class)) => vec![class],
            _ => look.classes.clone(),
        };
        for class in classes {
            let found = look.places.iter().find(|(of, _, _)| *of == class).map(|(_, rule, span)| (rule.clone(), *span));
            let (texts, held) = self.classes.entry(class).or_default();
            *texts += 1;
            held.insert((hash, shard, line, found));
            if held.len() > EXAMPLES {
                held.pop_last();
            }
        }
    }

    /// The classes, in the order of the standard.
    pub(super) fn classes(&self, manifest: &Manifest, matched: bool) -> Result<Vec<ClassCount>, CorpusError> {
        let mut texts = BTreeMap::new();
        if matched {
            let all = self.classes.values().flat_map(|(_, held)| held);
            let wanted = all.map(|(hash, shard, line, _)| ((*shard, *line), Some(*hash))).collect();
            each_text(manifest, &wanted, |place, text| {
                texts.insert(place, text.to_owned());
            })?;
        }
        let example = |(_, shard, line, found): &Held| {
            let file = manifest.shards.get(*shard as usize).and_then(|shard| manifest.files.get(shard.file as usize))?;
            let (rule, span) = found.clone().unzip();
            let shown = texts.get(&(*shard, *line)).zip(span).and_then(|(text, span)| shown(text, span));
            Some(Example { place: format!("{}:{line}", file.path), rule, span, shown })
        };
        let count = |(class, (texts, held)): (&RiskClass, &(u64, BTreeSet<Held>))| ClassCount {
            class: *class,
            texts: *texts,
            interval: wilson(*texts, self.distinct),
            examples: held.iter().filter_map(example).collect(),
        };
        Ok(self.classes.iter().map(count).collect())
    }

    /// The files, the highest share first.
    pub(super) fn files(&self, manifest: &Manifest) -> Vec<FileCount> {
        let count = |(file, &(rows, texts, suspected)): (&crate::FileEntry, &(u64, u64, u64))| FileCount {
            path: file.path.clone(),
            rows,
            texts,
            suspected,
            interval: wilson(suspected, texts),
        };
        let mut files: Vec<FileCount> = manifest.files.iter().zip(&self.files).map(count).collect();
        let low = |file: &FileCount| if file.suspected == 0 { 0.0 } else { file.interval.low };
        files.sort_by(|a, b| low(b).total_cmp(&low(a)).then_with(|| a.path.cmp(&b.path)));
        files.truncate(FILES);
        files
    }
}

//! Counts rows. Memory grows with the number of rules and files, not of rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stats::wilson;
use taxonomy::Finding;

use super::{Copies, FORMAT, FileShare, RuleShare, Share, Summary};
use crate::manifest::{Manifest, Shard};
use crate::record::Record;
use crate::row::{Content, Judged, is_suspicion};

/// Places named for each line of the summary.
const SAMPLES: usize = 5;
/// Rules listed: what a person reads in an hour.
const RULES: usize = 50;
/// Files listed: beyond that the records by shard say more.
const FILES: usize = 10_000;
/// Rows a rule must have been found in before it can be suspicious: below, chance explains any share.
const FEWEST_ROWS: u64 = 5;

/// A row's place: file and line.
type Place = (u32, u64);

/// The few places with the smallest keys.
#[derive(Debug, Clone, Default)]
struct Smallest(BTreeSet<(bool, [u8; 16], Place)>);

impl Smallest {
    fn add(&mut self, later: bool, hash: [u8; 16], place: Place) {
        self.0.insert((later, hash, place));
        if self.0.len() > SAMPLES {
            self.0.pop_last();
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Count {
    rows: u64,
    findings: u64,
    samples: Smallest,
}

#[derive(Debug, Clone, Default)]
struct RuleCount {
    detector: String,
    alone: u64,
    count: Count,
}

/// The counts of a scan.
pub(super) struct Tally {
    files: Vec<FileShare>,
    judged: u64,
    broken: u64,
    faulty: u64,
    text_bytes: u64,
    suspected: Count,
    decisions: BTreeMap<&'static str, Count>,
    classes: BTreeMap<&'static str, Count>,
    attacks: BTreeMap<&'static str, Count>,
    personal: BTreeMap<&'static str, Count>,
    languages: BTreeMap<&'static str, Count>,
    broken_kinds: BTreeMap<&'static str, Count>,
    rules: HashMap<String, RuleCount>,
}

impl Tally {
    pub(super) fn new(manifest: &Manifest) -> Self {
        let files = manifest.files.iter().map(|file| FileShare {
            path: file.path.clone(),
            unreadable: file.unreadable.clone(),
            ..FileShare::default()
        });
        Self {
            files: files.collect(),
            judged: 0,
            broken: 0,
            faulty: 0,
            text_bytes: 0,
            suspected: Count::default(),
            decisions: BTreeMap::new(),
            classes: BTreeMap::new(),
            attacks: BTreeMap::new(),
            personal: BTreeMap::new(),
            languages: BTreeMap::new(),
            broken_kinds: BTreeMap::new(),
            rules: HashMap::new(),
        }
    }

    /// A shard that is done.
    pub(super) fn shard(&mut self, shard: &Shard, record: &Record) {
        if let (Some(cut), Some(file)) = (&record.cut, self.files.get_mut(shard.file as usize)) {
            file.cut.push(cut.clone());
        }
    }

    /// A row of it.
    pub(super) fn row(&mut self, shard: &Shard, row: &Judged) {
        let place = (shard.file, row.line);
        let Some(file) = self.files.get_mut(shard.file as usize) else { return };
        match &row.content {
            Err(broken) => {
                self.broken += 1;
                file.broken += 1;
                // The first places of each kind: a broken row has no hash.
                self.broken_kinds.entry(broken.kind.id()).or_default().add(0, [0; 16], place);
            }
            Ok(content) => {
                self.judged += 1;
                self.text_bytes += content.bytes;
                file.judged += 1;
                file.text_bytes += content.bytes;
                self.decisions.entry(row.decision.id()).or_default().add(0, content.hash, place);
                if content.findings.iter().any(is_suspicion) {
                    file.suspected += 1;
                    self.suspected.add(0, content.hash, place);
                }
                self.content(content, place);
            }
        }
    }

    fn content(&mut self, content: &Content, place: Place) {
        self.faulty += u64::from(!content.faults.is_empty());
        self.languages.entry(content.language.id()).or_default().add(0, content.hash, place);
        let by = |of: fn(&Finding) -> Option<&'static str>| {
            let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
            content.findings.iter().filter_map(of).for_each(|id| *counts.entry(id).or_default() += 1);
            counts
        };
        for (counts, of) in [
            (&mut self.classes, by(|finding| Some(finding.class?.id()))),
            (&mut self.attacks, by(|finding| Some(finding.attack?.id()))),
            (&mut self.personal, by(|finding| Some(finding.personal?.id()))),
        ] {
            of.into_iter().for_each(|(id, findings)| counts.entry(id).or_default().add(findings, content.hash, place));
        }
        self.rules(content, place);
    }

    fn rules(&mut self, content: &Content, place: Place) {
        let mut counts: BTreeMap<&str, (u64, &Finding)> = BTreeMap::new();
        for finding in &content.findings {
            counts.entry(&finding.rule).or_insert((0, finding)).0 += 1;
        }
        let speaking = counts.values().filter(|(_, finding)| finding.personal.is_none()).count();
        for (rule, (findings, finding)) in counts {
            let counted = match self.rules.get_mut(rule) {
                Some(counted) => counted,
                None => self.rules.entry(rule.to_owned()).or_default(),
            };
            let alone = speaking == 1 && finding.personal.is_none();
            counted.detector.clone_from(&finding.detector);
            counted.alone += u64::from(alone);
            counted.count.rows += 1;
            counted.count.findings += findings;
            counted.count.samples.add(!alone, content.hash, place);
        }
    }

    pub(super) fn finish(mut self, manifest: &Manifest, done: usize, copies: Copies) -> Summary {
        let judged = self.judged;
        let names: Vec<String> = self.files.iter().map(|file| file.path.clone()).collect();
        let shares = |counts: BTreeMap<&'static str, Count>, of: u64| {
            counts.iter().map(|(id, count)| count.share(id, of, &names)).collect::<Vec<_>>()
        };
        let mut rules: Vec<RuleShare> = self.rules.iter().map(|(rule, counted)| counted.share(rule, &names)).collect();
        rules.sort_by(|a, b| (b.rows, &a.rule).cmp(&(a.rows, &b.rule)));
        let mut suspicious: Vec<RuleShare> =
            rules.iter().filter(|rule| rule.rows >= FEWEST_ROWS && rule.alone > 0 && rule.detector != "pii").cloned().collect();
        suspicious.sort_by(|a, b| b.interval.low.total_cmp(&a.interval.low).then_with(|| (b.rows, &a.rule).cmp(&(a.rows, &b.rule))));
        let rules_all = rules.len();
        rules.truncate(RULES);
        suspicious.truncate(RULES);
        for file in &mut self.files {
            file.interval = (file.judged > 0).then(|| wilson(file.suspected, file.judged));
        }
        let low = |file: &FileShare| file.interval.map_or(-1.0, |interval| interval.low);
        let files_all = self.files.len();
        // What could not be read comes first, then the highest share.
        self.files.sort_by(|a, b| {
            let troubled = |file: &FileShare| file.unreadable.is_some() || !file.cut.is_empty();
            troubled(b).cmp(&troubled(a)).then_with(|| low(b).total_cmp(&low(a))).then_with(|| a.path.cmp(&b.path))
        });
        self.files.truncate(FILES);
        Summary {
            format: FORMAT,
            manifest: manifest.digest(),
            settings: manifest.settings.clone(),
            shards: (manifest.shards.len(), done),
            judged,
            broken: self.broken,
            faulty: self.faulty,
            text_bytes: self.text_bytes,
            suspected: self.suspected.share("suspected", judged, &names),
            decisions: shares(self.decisions, judged),
            classes: shares(self.classes, judged),
            attacks: shares(self.attacks, judged),
            personal: shares(self.personal, judged),
            languages: shares(self.languages, judged),
            broken_kinds: shares(self.broken_kinds, judged + self.broken),
            suspicious,
            rules,
            rules_all,
            copies,
            files: self.files,
            files_all,
            passed_over: manifest.passed_over.clone(),
        }
    }
}

impl Count {
    fn add(&mut self, findings: u64, hash: [u8; 16], place: Place) {
        self.rows += 1;
        self.findings += findings;
        self.samples.add(false, hash, place);
    }

    fn places(&self, files: &[String]) -> Vec<String> {
        let place = |(_, _, (file, line)): &(bool, [u8; 16], Place)| Some(format!("{}:{line}", files.get(*file as usize)?));
        self.samples.0.iter().filter_map(place).collect()
    }

    fn share(&self, id: &str, of: u64, files: &[String]) -> Share {
        Share { samples: self.places(files), ..Share::new(id, self.rows, self.findings, of) }
    }
}

impl RuleCount {
    fn share(&self, rule: &str, files: &[String]) -> RuleShare {
        RuleShare {
            rule: rule.to_owned(),
            detector: self.detector.clone(),
            rows: self.count.rows,
            findings: self.count.findings,
            alone: self.alone,
            interval: wilson(self.alone, self.count.rows),
            samples: self.count.places(files),
        }
    }
}

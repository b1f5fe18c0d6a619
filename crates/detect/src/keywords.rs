//! The keyword detector: a compiled lexicon put to a text.
//!
//! Everything that stands in the text is found first (keywords, near words, allow-phrases, disguises of them); then each rule decides on its own
//! places. Whether a keyword counts depends only on what stands within [`BEHIND`] units before it, and as far after it as its rule reaches.

mod live;
mod then;

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, OnceLock};

use taxonomy::{Finding, Severity};

use crate::engine::{Hit, MAX_UNITS};
use crate::fold::{Folded, is_cjk};
use crate::lexicon::{Artefact, Form, Lexicon, MAX_THEN_BYTES, MAX_WITHIN, Role, Rule, Searched, Stage};
use crate::pipeline::{DetectError, Detector, Item, MAX_FINDINGS};
use crate::policy::Direction;
use crate::reading::{Reading, Sifted, is_word};
use crate::signature::{Marks, Present, Signature, Signatures};
use crate::trail::Trail;
use crate::view::{self, Via, Views};

pub(crate) use then::Then;

/// Most places looked at in one item: a text made of nothing but keywords must not fill the memory (16 bytes each).
const MAX_PLACES: usize = 1 << 20;

/// How far before a keyword something can decide about it: a near word and the filler in a view of it, and an allow-phrase.
pub(crate) const BEHIND: usize = MAX_WITHIN + 2 * MAX_UNITS;

/// Shortest keyword that may have a sentence mark inside it: 买，卖 is two words, 代开，发票 hardly.
const SHORTEST_OVER_MARK: usize = 4;

/// A compiled lexicon as a detector.
pub struct Keywords {
    name: &'static str,
    artefact: Arc<Artefact>,
    /// The direction whose texts it leaves alone.
    not: Option<Direction>,
    /// What [`Detector::live`] asks again and again.
    opening: OnceLock<live::Opening>,
    /// Compiled when first needed, as few rules have one.
    then: HashMap<u32, OnceLock<Option<Then>>>,
    signatures: Signatures,
}

/// A place where a rule has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) rule: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    via: Via,
    doubtful: bool,
}

impl Place {
    /// A place of a rule in a text.
    fn new(rule: u32, range: &Range<usize>, via: Via, text: &[u16]) -> Self {
        Self { rule, start: range.start as u32, end: range.end as u32, via, doubtful: is_doubtful(range, via, text) }
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Fewest letters that show that pinyin or initials are meant: 代开fp, but not 100 m.
const FEWEST_LETTERS: usize = 2;

/// Whether what sounds like a word may as well be another one: 开放 sounds like 开房, and nothing shows that this is meant.
fn is_doubtful(range: &Range<usize>, via: Via, text: &[u16]) -> bool {
    let letters = || text.get(range.clone()).unwrap_or_default().iter().filter(|unit| view::is_letter(**unit)).take(FEWEST_LETTERS);
    matches!(via, Via::Sound | Via::DrawnSound | Via::Initials) && letters().count() < FEWEST_LETTERS
}

/// What a rule needs beside a place it has.
struct Wanted<'a> {
    rule: u32,
    signature: Signature<'a>,
    /// Whether what sounds like it counts too.
    hidden: bool,
    /// The units that it must stand in or touch.
    stretch: Range<usize>,
}

/// All places, by role, each list in order of rule and start.
#[derive(Default)]
struct Places {
    keywords: Vec<Place>,
    near: Vec<Place>,
    allow: Vec<Place>,
    overflow: bool,
}

impl Places {
    fn add(&mut self, role: Role, place: Place) -> ControlFlow<()> {
        let list = match role {
            Role::Keyword => &mut self.keywords,
            Role::Near => &mut self.near,
            Role::Allow => &mut self.allow,
        };
        list.push(place);
        if self.keywords.len() + self.near.len() + self.allow.len() < MAX_PLACES {
            return ControlFlow::Continue(());
        }
        self.overflow = true;
        ControlFlow::Break(())
    }

    /// Adds what matches in a reading of the text are to the rules that are asked for.
    fn add_all(&mut self, set: Searched<'_>, reading: &Reading<'_>, hits: &[Hit], asked: impl Fn(u32) -> bool + Copy) -> ControlFlow<()> {
        set.fetch(hits.iter().map(|hit| hit.pattern));
        hits.iter().try_for_each(|hit| self.add_one(set, reading, *hit, asked))
    }

    fn add_one(&mut self, set: Searched<'_>, reading: &Reading<'_>, hit: Hit, asked: impl Fn(u32) -> bool) -> ControlFlow<()> {
        let Some(range) = reading.origin(hit.start as usize..hit.end as usize) else { return ControlFlow::Continue(()) };
        let place = |rule| Place::new(rule, &range, reading.via, reading.text);
        set.uses(hit.pattern).iter().filter(|used| asked(used.rule)).try_for_each(|used| self.add(used.role(), place(used.rule)))
    }

    fn sorted(mut self) -> Self {
        for list in [&mut self.keywords, &mut self.near, &mut self.allow] {
            list.sort_unstable();
            list.dedup_by_key(|place| (place.rule, place.start, place.end));
        }
        self
    }
}

/// The places of one rule: for every start in order, the furthest end so far, so that each question is one look-up.
#[derive(Default)]
struct Reach {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Reach {
    fn new<'a>(places: impl Iterator<Item = &'a Place>) -> Self {
        let mut reach = Self::default();
        for place in places {
            reach.starts.push(place.start);
            reach.ends.push(reach.ends.last().map_or(place.end, |furthest| place.end.max(*furthest)));
        }
        reach
    }

    /// Whether one of the places covers this one.
    fn covers(&self, place: &Place) -> bool {
        let until = self.starts.partition_point(|start| *start <= place.start);
        until.checked_sub(1).and_then(|last| self.ends.get(last)).is_some_and(|end| *end >= place.end)
    }

    /// Whether one of the places lies within so many units, after it or (unless ordered) before; they may touch and overlap.
    fn is_near(&self, place: &Place, within: u32, ordered: bool) -> bool {
        let from = self.starts.partition_point(|start| *start < place.start);
        let after = self.starts.get(from).is_some_and(|start| start.saturating_sub(place.end) <= within);
        let before = from.checked_sub(1).and_then(|last| self.ends.get(last)).is_some_and(|end| place.start.saturating_sub(*end) <= within);
        after || (before && !ordered)
    }
}

/// The near words of one rule: all, and those that are surely meant. What only sounds like a near word (开放 like 开房) counts beside a keyword that is
/// itself in disguise; beside one that stands in the open it is an everyday word.
struct Nearby {
    all: Reach,
    sure: Reach,
    /// Those in the text as it stands.
    open: Reach,
}

impl Nearby {
    fn of(places: &[Place]) -> Self {
        let reach = |of: fn(&&Place) -> bool| Reach::new(places.iter().filter(of));
        Self { all: reach(|_| true), sure: reach(|place| !place.doubtful), open: reach(|place| place.via == Via::Plain) }
    }

    /// Whether the keyword has one within so many units, after it or (unless ordered) before.
    fn stands_by(&self, keyword: &Place, within: usize, ordered: bool) -> bool {
        let near = if keyword.via == Via::Plain { &self.sure } else { &self.all };
        near.is_near(keyword, within as u32, ordered)
    }

    /// Whether it has one that no later text takes away: what a view of a text that grows shows may turn out to be nothing.
    fn stays_by(&self, keyword: &Place, within: usize, ordered: bool) -> bool {
        self.open.is_near(keyword, within as u32, ordered)
    }
}

impl Keywords {
    /// Compiles a lexicon.
    #[must_use]
    pub fn compile(lexicon: &Lexicon) -> Self {
        Self::new(Arc::new(lexicon.compile()))
    }

    /// A detector with a compiled lexicon; those with the same one share it.
    #[must_use]
    pub fn new(artefact: Arc<Artefact>) -> Self {
        let with_then = artefact.rules().iter().enumerate().filter(|(_, rule)| !artefact.then(rule).is_empty());
        let then = with_then.map(|(at, _)| (at as u32, OnceLock::new())).collect();
        let signatures = Signatures::of(&artefact);
        Self { name: "keywords", artefact, not: None, opening: OnceLock::new(), then, signatures }
    }

    /// The same under another name, for a second lexicon in one pipeline.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The same, but texts that go this way are left alone.
    #[must_use]
    pub fn but_for(mut self, direction: Direction) -> Self {
        self.not = Some(direction);
        self
    }

    /// The compiled lexicon.
    #[must_use]
    pub fn artefact(&self) -> &Arc<Artefact> {
        &self.artefact
    }

    /// Every place where a keyword stands, whatever the conditions of its rule: number of the rule, units.
    pub(crate) fn standing(&self, folded: &Folded<'_>) -> Vec<(u32, Range<usize>)> {
        self.all_places(folded.units()).keywords.iter().map(|place| (place.rule, place.range())).collect()
    }

    /// The places of the rules' first words, in the text and in its views, and of their other words near these.
    fn places(&self, units: &[u16], views: Option<&Views>, sifted: Option<&Sifted<'_>>) -> Places {
        let mut places = Places::default();
        self.look_for(Stage::First, units, views, sifted, &mut places);
        self.look_nearby(units, views, &mut places);
        places.sorted()
    }

    /// Every place where a pattern stands, whatever stands near it.
    fn all_places(&self, units: &[u16]) -> Places {
        let (mut places, views) = (Places::default(), Views::of(units, None));
        Stage::ALL.iter().for_each(|stage| self.look_for(*stage, units, Some(&views), None, &mut places));
        places.sorted()
    }

    fn look_for(&self, stage: Stage, units: &[u16], views: Option<&Views>, sifted: Option<&Sifted<'_>>, places: &mut Places) {
        let sifted = sifted.filter(|sifted| sifted.knows(&self.artefact));
        for reading in Reading::all(units, views) {
            let set = self.artefact.set(stage, reading.form);
            if set.patterns.len() == 0 || places.overflow {
                continue;
            }
            reading.scan(set.patterns, sifted, |hits| places.add_all(set, &reading, hits, |_| true));
        }
    }

    /// Looks for what else the rules of the places found so far need, where it could decide about them: within the distance of a near word, which
    /// an allow-phrase over the keyword never leaves.
    fn look_nearby(&self, units: &[u16], views: Option<&Views>, places: &mut Places) {
        // Beside a keyword in the open only what is surely meant counts, and without letters nothing that sounds like a near word is.
        let letters = units.iter().filter(|unit| view::is_letter(**unit)).take(FEWEST_LETTERS).count() == FEWEST_LETTERS;
        let hidden = |place: &Place| letters || place.via != Via::Plain;
        places.keywords.iter().chain(&places.near).for_each(|place| self.signatures.fetch(place.rule));
        let keywords = places.keywords.iter().filter_map(|place| self.wanted(place, hidden(place)));
        let mut first: Vec<_> = keywords.chain(places.near.iter().filter_map(|place| self.wanted(place, true))).collect();
        if first.is_empty() {
            return;
        }
        let present = Present::of(units.len(), Reading::all(units, views));
        // The same rule often has several places in a row.
        let mut last = None;
        first.retain(|wanted| {
            let this = (wanted.rule, wanted.hidden);
            let known = last.filter(|(last, _)| *last == this).map(|(_, may)| may);
            let may = known.unwrap_or_else(|| present.may_have(wanted.signature, wanted.hidden));
            last = Some((this, may));
            may
        });
        if first.is_empty() {
            return;
        }
        let mut rules: Vec<u32> = first.iter().map(|wanted| wanted.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        for reading in Reading::all(units, views) {
            let mut marks = Marks::of(reading.units.len());
            for wanted in first.iter().filter(|wanted| wanted.hidden || reading.form == Form::Plain) {
                if let Some(longest) = wanted.signature.longest(reading.form) {
                    let range = reading.reaching(wanted.stretch.clone(), longest);
                    wanted.signature.mark(reading.form, reading.units, range, &mut marks);
                }
            }
            let set = self.artefact.set(Stage::Rest, reading.form);
            let may_be = |at, length| reading.may_be(at, length);
            let mut add = |hits: &[Hit]| places.add_all(set, &reading, hits, |rule| rules.binary_search(&rule).is_ok());
            if set.patterns.matches_among(reading.units, marks.iter(), &may_be, &mut add).is_break() {
                return;
            }
        }
    }

    /// What else the rule of a place needs, if it needs anything, and where.
    fn wanted(&self, place: &Place, hidden: bool) -> Option<Wanted<'_>> {
        let signature = self.signatures.of_rule(place.rule)?;
        let (range, within) = (place.range(), signature.within());
        Some(Wanted { rule: place.rule, signature, hidden, stretch: range.start.saturating_sub(within)..range.end + within })
    }

    /// The keywords that count.
    fn counting(&self, folded: &Folded<'_>, places: &Places) -> Vec<Place> {
        let alone = self.conditional(places).filter(|(place, rule)| self.stands_alone(folded, place, rule));
        alone.filter_map(|(place, _)| self.and_then(folded, place)).collect()
    }

    /// The keywords that have their near word and no allow-phrase over them, rule by rule.
    fn conditional<'a>(&'a self, places: &'a Places) -> impl Iterator<Item = (&'a Place, &'a Rule)> {
        let of = |list: &'a [Place], rule: u32| {
            let from = list.partition_point(|place| place.rule < rule);
            list.get(from..).and_then(|rest| rest.get(..rest.partition_point(|place| place.rule == rule))).unwrap_or_default()
        };
        let rules = places.keywords.chunk_by(|a, b| a.rule == b.rule);
        let known = rules.filter_map(|of_rule| {
            of_rule.first().and_then(|place| Some((of_rule, place.rule, self.artefact.rules().get(place.rule as usize)?)))
        });
        known.flat_map(move |(of_rule, at, rule)| {
            let allow = Reach::new(of(&places.allow, at).iter());
            let near = rule.within().map(|within| (Nearby::of(of(&places.near, at)), within));
            of_rule.iter().filter_map(move |place| {
                let near = near.as_ref().is_none_or(|(near, within)| near.stands_by(place, *within, rule.is_ordered()));
                (near && !allow.covers(place)).then_some((place, rule))
            })
        })
    }

    /// Whether the keyword is a word by itself where the rule asks for it, and no accident of two sentences.
    fn stands_alone(&self, folded: &Folded<'_>, place: &Place, rule: &Rule) -> bool {
        let range = place.range();
        let word = !rule.is_word() || is_word(folded.units(), &range);
        word && (range.len() >= SHORTEST_OVER_MARK || !has_mark(folded, &range))
    }

    /// The place with what must follow, if something must.
    fn and_then(&self, folded: &Folded<'_>, place: &Place) -> Option<Place> {
        if !self.then.contains_key(&place.rule) {
            return Some(*place);
        }
        let after = what_follows(folded.units(), place);
        let end = self.then(place.rule)?.end(&after)?;
        Some(Place { end: place.end + after.get(..end)?.encode_utf16().count() as u32, ..*place })
    }

    /// What must follow the keywords of a rule, if something must.
    fn then(&self, rule: u32) -> Option<&Then> {
        let compile = || Then::new(self.artefact.then(self.artefact.rules().get(rule as usize)?)).ok();
        self.then.get(&rule)?.get_or_init(compile).as_ref()
    }

    fn subject(&self, place: &Place) -> Option<(Option<taxonomy::RiskClass>, Option<taxonomy::AttackKind>)> {
        self.artefact.rules().get(place.rule as usize).map(|rule| (rule.class(), rule.attack()))
    }

    /// Takes out what lies inside a longer finding for the same class or attack that weighs no less.
    fn longest(&self, mut places: Vec<Place>) -> Vec<Place> {
        places.sort_unstable_by_key(|place| (place.start, std::cmp::Reverse(place.end), place.rule));
        let weight = |place: &Place| self.artefact.rules().get(place.rule as usize).map(Rule::severity);
        let mut furthest: HashMap<_, Place> = HashMap::new();
        places.retain(|place| {
            let longest = furthest.entry((self.subject(place), weight(place))).or_insert(*place);
            if place.end > longest.end {
                *longest = *place;
            }
            let covers = |longer: &Place| longer.end >= place.end && longer.range() != place.range();
            let heavier = Severity::ALL.iter().filter(|severity| Some(**severity) >= weight(place));
            !heavier.filter_map(|severity| furthest.get(&(self.subject(place), Some(*severity)))).any(covers)
        });
        places
    }

    fn finding(&self, item: &Item<'_>, place: &Place) -> Option<Finding> {
        let rule = self.artefact.rules().get(place.rule as usize)?;
        // What sounds like a keyword may be another word; a person decides.
        let (severity, score) = match place.via {
            Via::Sound | Via::DrawnSound | Via::Initials => (rule.severity().min(Severity::Review), 0.7),
            Via::Split | Via::SureSplit | Via::Leet | Via::Spaced => (rule.severity(), 0.9),
            Via::Plain => (rule.severity(), 1.0),
        };
        let finding = item.finding(self.name, self.artefact.id(rule), severity, score, place.range());
        Some(Finding { class: rule.class(), attack: rule.attack(), via: place.via.id().map(str::to_owned), ..finding })
    }
}

impl Detector for Keywords {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> String {
        self.artefact.version()
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let places = self.places(item.folded.units(), item.views(), item.sifted());
        if places.keywords.is_empty() {
            return Ok(());
        }
        let counting = self.longest(self.counting(&item.folded, &places));
        findings.extend(counting.iter().take(MAX_FINDINGS).filter_map(|place| self.finding(item, place)));
        if places.overflow || counting.len() > MAX_FINDINGS {
            return Err(DetectError(format!("more than {MAX_FINDINGS} findings or {MAX_PLACES} places; the rest is not listed")));
        }
        Ok(())
    }

    fn live(&self, item: &Item<'_>, trail: &mut Trail) -> usize {
        self.read_on(item.folded.units(), item.sifted().map(Sifted::neighbours), trail)
    }

    fn judges(&self, direction: Direction) -> bool {
        self.not != Some(direction)
    }

    fn reads_backwards(&self) -> bool {
        true
    }

    fn might_find_backwards(&self, item: &Item<'_>) -> bool {
        let Some((units, sifted)) = item.reversed() else { return true };
        let places = self.places(units, None, sifted);
        places.overflow || self.conditional(&places).next().is_some()
    }

    fn keywords(&self) -> Option<&Self> {
        Some(self)
    }
}

/// The text behind a place, as far as a `then` may reach.
fn what_follows(units: &[u16], place: &Place) -> String {
    let start = place.end as usize;
    String::from_utf16_lossy(units.get(start..units.len().min(start + MAX_THEN_BYTES)).unwrap_or_default())
}

/// Whether exactly one mark between sentences or clauses was skipped inside a range of CJK characters: one is grammar, two are a disguise.
fn has_mark(folded: &Folded<'_>, range: &Range<usize>) -> bool {
    let cjk = folded.units().get(range.clone()).is_some_and(|units| units.iter().all(|&unit| is_cjk(unit)));
    let is_mark = |c: char| "，。！？；：、…,!?;:\n\r（）()《》“”\"‘’【】「」『』".contains(c);
    let marks = || range.clone().skip(1).filter(|&unit| folded.skipped(unit).contains(is_mark)).count();
    cjk && marks() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pipeline;
    use crate::lexicon::Entry;

    fn pipeline(rows: &str) -> Pipeline {
        let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\nvariants = [\"sound\", \"initials\", \"split\", \"leet\"]\n";
        Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::parse(head, rows).unwrap()))])
    }

    fn matched(pipeline: &Pipeline, text: &str) -> Vec<String> {
        pipeline.check(text).findings.into_iter().map(|f| f.matched).collect()
    }

    const DAIKAI: &str = r#"{"id":"1","keyword":"代开","class":"A1h","severity":"block","near":{"with":["发票","收据"],"within":6},"allow":["请人代开"],"added":"2026-11-22"}"#;

    #[test]
    fn conditions_decide() {
        let p = pipeline(DAIKAI);
        assert_eq!(matched(&p, "长期代开各类发票"), ["代开"]);
        assert_eq!(matched(&p, "发票可以代 开"), ["代 开"]);
        assert_eq!(matched(&p, "收據請找我代開"), ["代開"]);
        assert!(matched(&p, "代开了一次很长很长的会议然后发票").is_empty());
        assert!(matched(&p, "请人代开发票").is_empty());
        assert!(matched(&p, "改革时代，开发票据系统").is_empty());
        let ordered = pipeline(&DAIKAI.replace("\"within\":6", "\"within\":6,\"ordered\":true"));
        assert!(matched(&ordered, "发票代开").is_empty() && matched(&ordered, "代开发票").len() == 1);
    }

    #[test]
    fn disguises_are_seen_through() {
        let p = pipeline(DAIKAI);
        for (text, hidden) in
            [("dai kai 发票", "dai kai"), ("带凯发票", "带凯"), ("dk发票", "dk"), ("代k发票", "代k"), ("亻弋开发票", "亻弋开")]
        {
            assert_eq!(matched(&p, text), [hidden], "{text}");
        }
        let p = pipeline(r#"{"id":"1","keyword":"heroin","word":true,"class":"A1f","severity":"block","added":"2026-11-22"}"#);
        assert_eq!(matched(&p, "buy h3r0in now"), ["h3r0in"]);
        assert!(matched(&p, "heroines").is_empty());
    }

    /// 开放 sounds like 开房, and is said everywhere.
    #[test]
    fn what_only_sounds_like_a_near_word_counts_beside_a_keyword_in_disguise() {
        let p = pipeline(
            r#"{"id":"1","keyword":"419","class":"A1f","severity":"block","near":{"with":["开房"],"within":6},"word":true,"added":"2026-11-22"}"#,
        );
        assert!(matched(&p, "419期活动开放报名").is_empty());
        for text in ["419开房", "419 kaifang", "419 kf"] {
            assert_eq!(matched(&p, text), ["419"], "{text}");
        }
        let p = pipeline(DAIKAI);
        assert!(matched(&p, "代开各类发飘").is_empty() && matched(&p, "代开发p").is_empty());
        assert_eq!(matched(&p, "带凯各类发飘"), ["带凯"]);
    }

    #[test]
    fn what_must_follow_is_part_of_the_finding() {
        let p = pipeline(
            r#"{"id":"1","keyword":"加微信","then":"[:：]?[a-z][a-z0-9_-]{5,19}","class":"A3d","severity":"review","added":"2026-11-22"}"#,
        );
        assert_eq!(matched(&p, "请加微信：abc_12345，谢谢"), ["加微信：abc_12345"]);
        assert!(matched(&p, "请加微信群").is_empty());
        for bad in ["a+", "^a", "(", "[a-z]{257}"] {
            assert!(Then::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_of_a_class_counts() {
        let two = [("1", "代开"), ("2", "代开发票")]
            .map(|(id, word)| format!(r#"{{"id":"{id}","keyword":"{word}","class":"A1h","severity":"block","added":"2026-11-22"}}"#));
        assert_eq!(matched(&pipeline(&two.join("\n")), "代开发票，代开"), ["代开发票", "代开"]);
        let light = two.join("\n").replacen("\"block\"", "\"note\"", 2).replacen("\"note\"", "\"block\"", 1);
        assert_eq!(matched(&pipeline(&light), "代开发票"), ["代开", "代开发票"], "a note does not hide a violation");
    }

    /// The lexicons' own examples are their first tests.
    #[test]
    fn words_of_plain_letters_are_not_leet() {
        let pipeline = pipeline(
            r#"{"id":"1","keyword":"foid","word":true,"class":"A2e","severity":"block","variants":["leet"],"added":"2026-11-22"}"#,
        );
        let found = |text: &str| matched(&pipeline, text);
        assert!(found("\"fold\" it, I'm in.").is_empty());
        assert_eq!(found("typical f01d").len(), 1);
    }

    #[test]
    fn the_embedded_lexicons_find_their_examples_and_spare_their_counter_examples() {
        for lexicon in [Lexicon::embedded().unwrap(), Lexicon::attacks().unwrap()] {
            let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(&lexicon))]);
            let finds = |entry: &Entry, text: &str| {
                // A longer finding for the same class may stand for the entry's own.
                pipeline.check(text).findings.iter().any(|f| f.rule == entry.id || (f.class, f.attack) == (entry.class, entry.attack))
            };
            let own = |entry: &Entry, text: &str| pipeline.check(text).findings.iter().any(|f| f.rule == entry.id);
            let mut bad = Vec::new();
            for entry in &lexicon.entries {
                bad.extend(entry.examples.iter().filter(|text| !finds(entry, text)).map(|text| format!("{} misses {text}", entry.id)));
                bad.extend(entry.counter_examples.iter().filter(|text| own(entry, text)).map(|text| format!("{} hits {text}", entry.id)));
            }
            assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), lexicon.entries.len(), bad.join("\n"));
        }
    }

    #[test]
    fn what_is_looked_for_nearby_is_all_that_counts() {
        let clean = crate::clean_corpus();
        let long: Vec<String> = clean.chunks(40).map(|lines| lines.join("\n")).collect();
        for lexicon in [Lexicon::embedded().unwrap(), Lexicon::attacks().unwrap()] {
            let keywords = Keywords::compile(&lexicon);
            let examples = lexicon.entries.iter().flat_map(|entry| entry.examples.iter().chain(&entry.counter_examples));
            for text in examples.step_by(5).chain(&long) {
                let folded = crate::fold(text);
                let (units, views) = (folded.units(), Views::of(folded.units(), None));
                let counting = |places: Places| keywords.conditional(&places).map(|(place, _)| *place).collect::<Vec<_>>();
                assert_eq!(counting(keywords.places(units, Some(&views), None)), counting(keywords.all_places(units)), "{text}");
            }
        }
    }

    /// 1 MB of nothing but hits, with a near word: once this took minutes.
    #[test]
    fn hits_cost_no_more_than_the_text() {
        let pipeline = Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::embedded().unwrap()))]);
        let begun = std::time::Instant::now();
        let verdict = pipeline.check(&"长期代开各类发票".repeat(40_000));
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(verdict.decision, taxonomy::Decision::Refuse);
        assert!(verdict.findings.len() <= 10_000 && !verdict.faults.is_empty());
    }
}

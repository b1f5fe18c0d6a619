//! The ordered list of detectors, and the verdict they come to under a policy.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use taxonomy::{AttackKind, Fault, Finding, Severity, Verdict};

use crate::classifier::{Classifier, Input};
use crate::decode::{self, Decoded};
use crate::emoji;
use crate::fold::{Buffers, Folded, fold_into};
use crate::policy::{Direction, Policy};
use crate::reading::{Sieves, Sifted};
use crate::trail::Trail;
use crate::view::Views;
use crate::{Keywords, Lexicon, LexiconError, Pii};

/// Longest item judged in one piece: 16 MiB, forty times the longest novel chapter and a bound on memory (docs/detection.md says how much).
/// A longer one is a fault, never a silent pass.
pub const MAX_ITEM_BYTES: usize = 16 << 20;

/// Most findings kept for one item; a text made of nothing but hits must not fill the memory.
pub(crate) const MAX_FINDINGS: usize = 10_000;

/// Fewest different letters of a hidden message.
const FEWEST_LETTERS: usize = 5;

/// Why a detector could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DetectError(pub String);

/// A text with its folded form.
pub struct Item<'a> {
    /// As it came.
    pub text: &'a str,
    /// As detectors see it.
    pub folded: Folded<'a>,
    /// Made when first asked for, and shared by the detectors; none where disguises are not undone.
    views: Option<OnceCell<Views>>,
    sifted: Option<Sifted<'a>>,
    reversed: OnceCell<Option<Reversed<'a>>>,
}

/// The folded units of a text read from its end.
struct Reversed<'a> {
    units: Vec<u16>,
    sifted: Option<Sifted<'a>>,
}

impl<'a> Item<'a> {
    pub(crate) fn new(text: &'a str, folded: Folded<'a>, disguises: bool) -> Self {
        Self { text, folded, views: disguises.then(OnceCell::new), sifted: None, reversed: OnceCell::new() }
    }

    /// The same for the keyword detectors of a pipeline, which sift its text together.
    pub(crate) fn sifted_by(mut self, sieves: &'a Sieves) -> Self {
        self.sifted = Some(Sifted::by(sieves));
        self
    }

    /// Where first words may begin in the text and its views.
    pub(crate) fn sifted(&self) -> Option<&Sifted<'a>> {
        self.sifted.as_ref()
    }

    /// The units of the text read from its end, and where first words may begin in them; none where they cannot be had without folding it anew.
    pub(crate) fn reversed(&self) -> Option<(&[u16], Option<&Sifted<'a>>)> {
        let reversed = self.reversed.get_or_init(|| {
            let sifted = self.sifted.as_ref().map(Sifted::again);
            self.folded.reversed().map(|units| Reversed { units, sifted })
        });
        reversed.as_ref().map(|reversed| (reversed.units.as_slice(), reversed.sifted.as_ref()))
    }

    /// The text as disguises would have it read.
    pub(crate) fn views(&self) -> Option<&Views> {
        self.views.as_ref().map(|views| views.get_or_init(|| Views::of(self.folded.units(), self.sifted().map(Sifted::neighbours))))
    }

    /// A finding at a range of units of the folded text; what it speaks for is for the caller to say.
    #[must_use]
    pub fn finding(&self, detector: &str, rule: &str, severity: Severity, score: f32, range: Range<usize>) -> Finding {
        let span = self.folded.original(range);
        let matched = span.cut(self.text).unwrap_or_default().to_owned();
        let (detector, rule) = (detector.to_owned(), rule.to_owned());
        Finding { class: None, attack: None, personal: None, detector, rule, score, severity, span, matched, via: None }
    }
}

/// One way of finding something: item in, findings out.
pub trait Detector: Send + Sync {
    /// Its name in findings.
    fn name(&self) -> &'static str;

    /// Name, version and digest of the rules it uses.
    fn version(&self) -> String;

    /// Adds what it finds.
    ///
    /// # Errors
    /// It could not do its work; the item is then held, not passed.
    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError>;

    /// Reads on in a text that grows, from where the trail says that the last call left off: what stands in it that may be a finding goes
    /// into the trail. Returns the first unit that could still become part of a finding, or take one away, if more text came; the number of
    /// units if nothing is open. What stands before it is decided. See [`crate::Scanner`].
    fn live(&self, item: &Item<'_>, trail: &mut Trail) -> usize;

    /// Whether it judges texts that go this way.
    fn judges(&self, _: Direction) -> bool {
        true
    }

    /// Whether it also looks at a whole text read from its end.
    fn reads_backwards(&self) -> bool {
        false
    }

    /// Whether it might find something in a text read from its end; asked before the dearer work of doing that.
    fn might_find_backwards(&self, _: &Item<'_>) -> bool {
        true
    }

    /// The keyword detector that it is, if it is one: those of a pipeline sift a text together.
    fn keywords(&self) -> Option<&Keywords> {
        None
    }
}

/// Detectors in order of cost, and the policy that turns findings into a decision.
#[derive(Clone)]
pub struct Pipeline {
    detectors: Vec<Arc<dyn Detector>>,
    classifier: Option<Arc<dyn Classifier>>,
    policy: Arc<Policy>,
    versions: Vec<String>,
    sieves: Arc<Sieves>,
}

thread_local! {
    /// Memory for the folded text, kept from item to item.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl Pipeline {
    /// A pipeline of these detectors, run in this order, under the built-in policy.
    #[must_use]
    pub fn new(detectors: Vec<Box<dyn Detector>>) -> Self {
        let detectors = detectors.into_iter().map(Arc::from).collect();
        Self { detectors, classifier: None, policy: Arc::default(), versions: Vec::new(), sieves: Arc::default() }.indexed().named()
    }

    fn indexed(mut self) -> Self {
        let keywords = self.detectors.iter().filter_map(|detector| detector.keywords());
        let artefacts: Vec<_> = keywords.map(|keywords| Arc::clone(keywords.artefact())).collect();
        self.sieves = Arc::new(Sieves::of(&artefacts));
        self
    }

    /// The same with a classifier, which judges whole texts after all detectors. A stream is not whole: a [`crate::Scanner`] leaves it out.
    #[must_use]
    pub fn with(mut self, classifier: Option<Arc<dyn Classifier>>) -> Self {
        self.classifier = classifier;
        self.named()
    }

    /// The pipeline of a lexicon, with the built-in rules against attacks and the recognisers of personal information. What a model puts out is
    /// not judged for attacks: they are made on the model, with what is put in, and an answer that quotes one does no harm. Secrets (keys, passwords)
    /// are looked for in both: one that a model gives away is gone.
    ///
    /// # Errors
    /// Never in a released build: the built-in rules are tested.
    pub fn standard(keywords: Keywords) -> Result<Self, LexiconError> {
        let (mut attacks, mut secrets) = (Lexicon::attacks()?, Lexicon::attacks()?);
        let is_secret = |entry: &crate::Entry| entry.attack == Some(AttackKind::Secret);
        attacks.entries.retain(|entry| !is_secret(entry));
        secrets.entries.retain(is_secret);
        let attacks = Keywords::compile(&attacks).named("attacks").but_for(Direction::Output);
        let secrets = Keywords::compile(&secrets).named("secrets");
        Ok(Self::new(vec![Box::new(keywords), Box::new(attacks), Box::new(secrets), Box::new(Pii)]))
    }

    /// The same with one more detector.
    #[must_use]
    pub fn and(mut self, detector: Box<dyn Detector>) -> Self {
        self.detectors.push(Arc::from(detector));
        self.indexed().named()
    }

    /// The same under another policy.
    #[must_use]
    pub fn under(mut self, policy: Policy) -> Self {
        self.policy = Arc::new(policy);
        self.named()
    }

    fn named(mut self) -> Self {
        let detectors = self.detectors.iter().map(|d| format!("{} {}", d.name(), d.version()));
        let classifier = self.classifier.iter().map(|classifier| format!("{} {}", classifier.name(), classifier.version()));
        self.versions = detectors.chain(classifier).chain([format!("policy {}", self.policy.version())]).collect();
        self
    }

    /// The versions of everything that takes part.
    #[must_use]
    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Judges a text that the service would put out.
    #[must_use]
    pub fn check(&self, text: &str) -> Verdict {
        self.check_as(text, Direction::Output)
    }

    /// Judges a text: whole, and whatever is hidden in it in an encoding.
    #[must_use]
    pub fn check_as(&self, text: &str, direction: Direction) -> Verdict {
        self.check_and(text, direction, |_| ()).0
    }

    /// The same, and what `also` makes of the folded text, so that a caller who needs it does not fold a second time; nothing of a text that is too
    /// long to be judged.
    pub fn check_and<T>(&self, text: &str, direction: Direction, also: impl FnOnce(&Folded<'_>) -> T) -> (Verdict, Option<T>) {
        let (mut findings, mut faults, mut made) = (Vec::new(), Vec::new(), None);
        if text.len() > MAX_ITEM_BYTES {
            let message = format!("the item has {} bytes, the limit is {MAX_ITEM_BYTES}; split it", text.len());
            faults.push(Fault { detector: "pipeline".to_owned(), message });
        } else {
            let backwards = self.with_item(text, true, |item| {
                self.detect_in(item, direction, &mut findings, &mut faults);
                made = Some(also(&item.folded));
                self.is_worth_reversing(item, direction)
            });
            self.detect_spoken(text, direction, &mut findings, &mut faults);
            if backwards {
                self.backwards(text, direction, &mut findings, &mut faults);
            }
            self.decode(text, direction, None, 0, &mut findings, &mut faults);
            if let Some(classifier) = &self.classifier {
                findings.extend(classifier.findings(&Input { kind: direction.kind(), text, prompt: None }));
            }
        }
        (self.verdict(findings, faults, direction), made)
    }

    /// Puts findings in order and decides.
    pub(crate) fn verdict(&self, mut findings: Vec<Finding>, mut faults: Vec<Fault>, direction: Direction) -> Verdict {
        in_order(&mut findings);
        if findings.len() > MAX_FINDINGS {
            let message = format!("{} findings, only the first {MAX_FINDINGS} are kept", findings.len());
            faults.push(Fault { detector: "pipeline".to_owned(), message });
            findings.truncate(MAX_FINDINGS);
        }
        let would = self.policy.decide(&findings, &faults, direction);
        let (decision, shadow) = if self.policy.shadow() { (taxonomy::Decision::Pass, Some(would)) } else { (would, None) };
        Verdict { decision, shadow, findings, faults, versions: self.versions.clone() }
    }

    /// What the detectors find in the text as it stands, and in what its emoji say.
    pub(crate) fn detect(&self, text: &str, direction: Direction, findings: &mut Vec<Finding>, faults: &mut Vec<Fault>) {
        self.detect_plain(text, direction, findings, faults);
        self.detect_spoken(text, direction, findings, faults);
    }

    fn detect_spoken(&self, text: &str, direction: Direction, findings: &mut Vec<Finding>, faults: &mut Vec<Fault>) {
        for spoken in emoji::views(text, &self.sieves.neighbours) {
            let mut said = Vec::new();
            self.detect_plain(&spoken.text, direction, &mut said, faults);
            said.retain(|finding| finding.personal.is_none());
            findings.extend(said.into_iter().filter_map(|finding| {
                let span = spoken.original(finding.span)?;
                let via = finding.via.clone().or_else(|| Some("emoji".to_owned()));
                Some(Finding { span, matched: span.cut(text)?.to_owned(), via, ..finding })
            }));
        }
    }

    fn detect_plain(&self, text: &str, direction: Direction, findings: &mut Vec<Finding>, faults: &mut Vec<Fault>) {
        self.with_item(text, true, |item| self.detect_in(item, direction, findings, faults));
    }

    fn detect_in(&self, item: &Item<'_>, direction: Direction, findings: &mut Vec<Finding>, faults: &mut Vec<Fault>) {
        for detector in self.judging(direction) {
            if let Err(error) = detector.detect(item, findings) {
                faults.push(Fault { detector: detector.name().to_owned(), message: error.to_string() });
            }
        }
    }

    /// What the lexicons know together.
    pub(crate) fn sieves(&self) -> &Sieves {
        &self.sieves
    }

    /// The detectors that judge texts of this direction.
    pub(crate) fn judging(&self, direction: Direction) -> impl Iterator<Item = &dyn Detector> {
        self.detectors.iter().map(Arc::as_ref).filter(move |detector| detector.judges(direction))
    }

    fn with_item<T>(&self, text: &str, disguises: bool, work: impl FnOnce(&Item<'_>) -> T) -> T {
        let buffers = BUFFERS.with(|kept| kept.take());
        let item = Item::new(text, fold_into(text, buffers), disguises).sifted_by(&self.sieves);
        let done = work(&item);
        BUFFERS.with(|kept| kept.replace(item.folded.into_buffers()));
        done
    }

    /// Decodes what is hidden in the text and judges that too. A finding in it stands, in the original, where the encoding stands.
    fn decode(
        &self,
        text: &str,
        direction: Direction,
        outer: Option<&Decoded>,
        depth: usize,
        findings: &mut Vec<Finding>,
        faults: &mut Vec<Fault>,
    ) {
        if depth == decode::MAX_DEPTH {
            return;
        }
        let mut pieces = Vec::new();
        decode::decode(text, &mut pieces);
        for mut piece in pieces {
            let mut inside = Vec::new();
            self.detect(&piece.text, direction, &mut inside, faults);
            // Personal information inside an encoding is as private as outside, but a name among decoded letters is mostly chance.
            inside.retain(|finding| finding.personal.is_none_or(|kind| kind.is_sensitive()));
            let how = piece.how.id();
            if let Some(outer) = outer {
                piece.span = outer.span.clone();
            }
            let span = taxonomy::Span { start: piece.span.start, end: piece.span.end };
            findings.extend(inside.into_iter().map(|finding| {
                let via = [Some(how.to_owned()), finding.via.clone()].into_iter().flatten().collect::<Vec<_>>().join("+");
                Finding { span, via: Some(via), ..finding }
            }));
            if piece.how.is_unseen() && is_message(&piece.text) {
                findings.push(hidden(&piece, span));
            }
            self.decode(&piece.text, direction, Some(&piece), depth + 1, findings, faults);
        }
    }
}

impl Pipeline {
    /// Whether some detector might find something in a text read from its end.
    fn is_worth_reversing(&self, item: &Item<'_>, direction: Direction) -> bool {
        self.judging(direction).any(|detector| detector.reads_backwards() && detector.might_find_backwards(item))
    }

    /// Judges the text read from its end. One disguise at a time: what needs a second one backwards is chance. Personal information is not looked
    /// for: backwards, digits are other numbers.
    fn backwards(&self, text: &str, direction: Direction, findings: &mut Vec<Finding>, faults: &mut Vec<Fault>) {
        let reversed: String = text.chars().rev().collect();
        let mut inside = Vec::new();
        self.with_item(&reversed, false, |item| {
            for detector in self.judging(direction).filter(|detector| detector.reads_backwards()) {
                if let Err(error) = detector.detect(item, &mut inside) {
                    faults.push(Fault { detector: detector.name().to_owned(), message: error.to_string() });
                }
            }
        });
        findings.extend(inside.into_iter().filter(|finding| finding.via.is_none()).filter_map(|finding| {
            let span = taxonomy::Span { start: text.len() - finding.span.end, end: text.len() - finding.span.start };
            Some(Finding { span, matched: span.cut(text)?.to_owned(), via: Some("reversed".to_owned()), ..finding })
        }));
    }
}

/// Puts findings in order of place; of several of one rule at one place, one stays.
pub(crate) fn in_order(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| (a.span, &a.rule, &a.via, a.class).cmp(&(b.span, &b.rule, &b.via, b.class)));
    findings.dedup_by(|a, b| a.span == b.span && a.rule == b.rule);
}

/// Whether hidden characters say something: a few strewn about to part letters say nothing.
fn is_message(text: &str) -> bool {
    let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= FEWEST_LETTERS
}

/// Text that no reader can see is an attack whatever it says.
fn hidden(piece: &Decoded, span: taxonomy::Span) -> Finding {
    Finding {
        class: None,
        attack: Some(AttackKind::Encoded),
        personal: None,
        detector: "decode".to_owned(),
        rule: format!("decode.{}", piece.how.id()),
        score: 1.0,
        severity: Severity::Review,
        span,
        matched: piece.text.clone(),
        via: Some(piece.how.id().to_owned()),
    }
}

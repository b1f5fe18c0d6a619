//! Judging: every judge over the frozen answers and rows, one journal line for each judgement.
//!
//! Earlier judgements stay in the journal and no longer count. A kill in the middle leaves the run as it was judged before.

use std::path::Path;

use detect::classifier::Choice;
use detect::{Keywords, Lexicon, Pipeline};
use futures_util::StreamExt;
use library::criteria::{Criteria, criteria};
use taxonomy::RiskClass;

use crate::ask;
use crate::error::AssessError;
use crate::journal::{Journal, Judgement, Settings, Step};
use crate::judge::guard::{Guard, GuardSettings, Pulse};
use crate::judge::{ClassifierJudge, Judge, KeywordJudge, RefusalJudge, judged_text};
use crate::run::{Texts, report};
use crate::state::{ItemState, RunState};
use crate::watch::{Phase, Watch};

/// What to judge with; what is not given is as the run was opened.
#[derive(Debug, Clone, Default)]
pub struct With {
    /// Lexicon directory.
    pub lexicon: Option<String>,
    /// Which of the built-in classifiers.
    pub classifier: Option<Choice>,
    /// A guard model in its place.
    pub guard: Option<GuardSettings>,
}

/// Judges the frozen answers with every judge there is, then reports.
///
/// # Errors
/// The answers are not frozen yet, the lexicon cannot be used, the guard is dead, or the disk refuses.
pub fn judge(dir: &Path, with: &With, watch: &dyn Watch) -> Result<(), AssessError> {
    let state = RunState::read(dir)?;
    if state.frozen.is_none() {
        return Err(AssessError::State(format!("{}: the answers are not complete; first: guiju assess resume", dir.display())));
    }
    let settings = &state.opened.settings;
    let from = with.lexicon.as_deref().or(settings.lexicon.as_deref());
    let keywords = Pipeline::new(vec![Box::new(Keywords::compile(&lexicon(from)?))]);
    let guard = match (&with.guard, with.classifier) {
        (Some(guard), _) => Some(guard),
        (None, None) => settings.guard.as_ref(),
        (None, Some(_)) => None,
    };
    let guard = guard.map(|guard| Guard::open(guard, settings)).transpose()?;
    let mut judges: Vec<Box<dyn Judge>> = vec![Box::new(KeywordJudge::new(keywords, criteria()?)), Box::new(RefusalJudge::embedded())];
    let wanted = state.items.iter().any(|item| ClassifierJudge::is_for(item.part));
    let choice = if guard.is_some() || !wanted { Choice::Off } else { with.classifier.unwrap_or(settings.classifier) };
    if let Some(classifier) = choice.open()? {
        judges.push(Box::new(ClassifierJudge::new(classifier, criteria()?)));
    }
    let count = judges.len() as u64 + u64::from(guard.is_some());
    watch.phase(Phase::Judge, state.items.len() as u64 * count);
    let (mut journal, _) = Journal::open(dir)?;
    let mut texts = Texts::open(dir)?;
    for judge in &mut judges {
        let (name, lexicon) = (judge.name().to_owned(), with.lexicon.clone());
        journal.append(&Step::Judging { judge: name, version: judge.version(), card: judge.card().map(Box::new), lexicon })?;
        for item in &state.items {
            if judge.judges(item.part) && item.is_judgeable() {
                let content = texts.content(item.offset)?;
                let reply = texts.reply(item.answered.as_ref())?;
                let judgement = judge.judge(&content, reply.as_ref());
                journal.append(&Step::Judged { key: item.key.to_string(), judge: judge.name().to_owned(), judgement })?;
            }
            watch.step(false);
        }
    }
    if let Some(guard) = guard {
        Asking { guard, criteria: criteria()? }.all(&state, &mut journal, &mut texts, watch)?;
    }
    journal.append(&Step::JudgingDone { judges: count })?;
    journal.sync()?;
    drop(journal);
    report(dir, None, watch)
}

/// Whether a run could be judged as it is set up, asked before anything else is.
pub(crate) fn usable(settings: &Settings) -> Result<(), AssessError> {
    lexicon(settings.lexicon.as_deref())?;
    settings.guard.as_ref().map(|guard| Guard::open(guard, settings)).transpose()?;
    Ok(())
}

fn lexicon(dir: Option<&str>) -> Result<Lexicon, AssessError> {
    Ok(match dir {
        Some(dir) => Lexicon::read(Path::new(dir))?,
        None => Lexicon::embedded()?,
    })
}

/// A guard model at work. It answers in the name of the classifier, because that is the place it takes.
struct Asking {
    guard: Guard,
    criteria: Criteria,
}

impl Asking {
    fn all(&self, state: &RunState, journal: &mut Journal, texts: &mut Texts, watch: &dyn Watch) -> Result<(), AssessError> {
        let (judge, version) = ("classifier".to_owned(), self.guard.version());
        journal.append(&Step::Judging { judge: judge.clone(), version, card: None, lexicon: None })?;
        let items = state.items.iter().filter(|item| ClassifierJudge::is_for(item.part) && item.is_judgeable());
        ask::runtime()?.block_on(async {
            let mut pulse = Pulse::default();
            let asked = futures_util::stream::iter(items).map(|item| {
                let read = read(item, texts);
                async move { (item.key.to_string(), self.one(item, read).await) }
            });
            // In the order of the items, so that the same answers give the same journal.
            let mut asked = asked.buffered(state.opened.settings.concurrency.max(1));
            while let Some((key, done)) = asked.next().await {
                let (judgement, error) = done?;
                pulse.count(error.as_ref())?;
                watch.step(error.is_some());
                journal.append(&Step::Judged { key, judge: judge.clone(), judgement })?;
            }
            Ok(())
        })
    }

    async fn one(
        &self,
        item: &ItemState,
        read: Result<Read, AssessError>,
    ) -> Result<(Judgement, Option<crate::target::AskError>), AssessError> {
        let Read { question, class, text } = read?;
        let (mut ruling, error) = self.guard.judge(&item.key, question.as_deref(), &text).await;
        ruling.criterion = ruling.class.or(class).map(|class| self.criteria.id(class));
        Ok((Judgement::Ruling(ruling), error))
    }
}

/// An item as a guard sees it.
struct Read {
    question: Option<String>,
    class: Option<RiskClass>,
    text: String,
}

fn read(item: &ItemState, texts: &mut Texts) -> Result<Read, AssessError> {
    let content = texts.content(item.offset)?;
    let text = judged_text(&content, texts.reply(item.answered.as_ref())?.as_ref());
    let asked = content.question();
    let (question, class) = (asked.map(|question| question.turns.join("\n")), asked.and_then(|question| question.class));
    Ok(Read { question, class, text })
}

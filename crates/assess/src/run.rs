//! A run from the first line of its journal to its report: draw, ask, freeze, judge, report.
//!
//! Each phase starts from what the journal says, so going on after a crash is the same path as going on without one.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use library::MediaFiles;
use taxonomy::Lang;

use crate::ask::{Pending, Stop, ask_all, runtime};
use crate::bank::{Bank, BankPart, Question, coverage};
use crate::corpus::Corpus;
use crate::digest::{Hasher, hex_digest};
use crate::error::AssessError;
use crate::journal::{Content, CorpusFacts, Drawn, Journal, Opened, Settings, Step};
use crate::judging::{self, With, judge};
use crate::part::Part;
use crate::state::{Answered, RunState};
use crate::target;
use crate::watch::{Phase, Watch};

/// Begins a run in a new directory under `out` and takes it to its report.
///
/// # Errors
/// A bank, lexicon, corpus or target cannot be used, the disk refuses, or the target is dead.
pub fn start(out: &Path, settings: Settings, watch: &dyn Watch) -> Result<PathBuf, AssessError> {
    let settings = anchored(settings)?;
    let bank = open_bank(&settings)?;
    // Everything that can be refused is refused before anything is written.
    judging::usable(&settings)?;
    target::open(&settings)?;
    let corpus = Corpus::open(&settings.corpus, &settings.field)?;
    let wants_corpus = settings.parts.iter().any(|part| part.bank().is_none());
    let facts = if wants_corpus { corpus.count()? } else { CorpusFacts::default() };

    let (run, dir) = new_directory(out)?;
    let mut journal = Journal::create(&dir)?;
    let opened = Opened {
        format: crate::journal::FORMAT,
        run,
        guiju: env!("CARGO_PKG_VERSION").to_owned(),
        coverage: coverage(&bank, &settings.left_out),
        bank_digest: bank.digest.clone(),
        sample_target: settings.target == "sample",
        corpus: facts,
        settings,
    };
    journal.append(&Step::Opened(Box::new(opened.clone())))?;
    draw(&dir, &mut journal, &opened, &bank, &corpus, watch)?;
    // From here on the journal is all there is; a large bank need not stay in memory beside it.
    drop((journal, bank, opened));
    go_on(&dir, watch)?;
    Ok(dir)
}

/// The bank that a run asks.
pub(crate) fn open_bank(settings: &Settings) -> Result<Bank, AssessError> {
    let read = |path: &String| std::fs::read_to_string(path).map_err(|e| AssessError::io(Path::new(path), e));
    let passphrase = settings.passphrase_file.as_ref().map(read).transpose()?;
    Ok(match &settings.bank {
        Some(path) => Bank::open(Path::new(path), passphrase.as_deref().map(str::trim_end))?,
        None => Bank::embedded()?,
    })
}

/// Paths as they will still mean the same from another directory, and no password in an address.
fn anchored(mut settings: Settings) -> Result<Settings, AssessError> {
    let absolute = |path: &str| std::path::absolute(path).map(|p| p.display().to_string()).map_err(|e| AssessError::io(Path::new(path), e));
    for path in settings.bank.iter_mut().chain(&mut settings.passphrase_file).chain(&mut settings.lexicon).chain(&mut settings.corpus) {
        *path = absolute(path)?;
    }
    if let Some((kind @ ("file" | "http"), path)) = settings.target.split_once(':') {
        settings.target = format!("{kind}:{}", absolute(path)?);
    }
    Ok(settings)
}

/// Goes on with an interrupted run.
///
/// # Errors
/// As [`start`]; or the run was interrupted before its samples were sealed, and is better begun anew.
pub fn resume(dir: &Path, watch: &dyn Watch) -> Result<(), AssessError> {
    let (mut journal, torn_bytes) = Journal::open(dir)?;
    let state = RunState::read(dir)?;
    check_sealed(dir, &state)?;
    journal.append(&Step::Resumed { torn_bytes })?;
    drop(journal);
    go_on(dir, watch)
}

fn go_on(dir: &Path, watch: &dyn Watch) -> Result<(), AssessError> {
    let state = RunState::read(dir)?;
    check_sealed(dir, &state)?;
    if state.frozen.is_none() {
        ask(dir, &state, watch)?;
    }
    // The report is always written again: a crash may have left some of its files old and some new.
    if state.judged { report(dir, None, watch) } else { judge(dir, &With { lexicon: state.lexicon, ..With::default() }, watch) }
}

/// Until the samples are sealed nothing has been asked, so there is nothing to save.
fn check_sealed(dir: &Path, state: &RunState) -> Result<(), AssessError> {
    if state.sealed.is_some() {
        return Ok(());
    }
    let message = "the run was interrupted before its samples were fixed, and nothing was asked; begin a new one with `guiju assess`";
    Err(AssessError::State(format!("{}: {message}", dir.display())))
}

/// A name nobody has used: the time, and a number if two runs begin in the same second.
fn new_directory(out: &Path) -> Result<(String, PathBuf), AssessError> {
    std::fs::create_dir_all(out).map_err(|e| AssessError::io(out, e))?;
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let names = std::iter::once(now.clone()).chain((2..1_000).map(|n| format!("{now}-{n}")));
    for name in names {
        let dir = out.join(&name);
        match std::fs::create_dir(&dir) {
            Ok(()) => return Ok((name, dir)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(AssessError::io(&dir, e)),
        }
    }
    Err(AssessError::State(format!("{}: too many runs began in this second", out.display())))
}

/// Draws all samples and seals them. Nothing has been asked yet.
fn draw(dir: &Path, journal: &mut Journal, opened: &Opened, bank: &Bank, corpus: &Corpus, watch: &dyn Watch) -> Result<(), AssessError> {
    let parts = &opened.settings.parts;
    watch.phase(Phase::Draw, parts.len() as u64);
    let mut seal = Hasher::default();
    let mut items = 0;
    for part in Part::ALL.into_iter().filter(|part| parts.contains(part)) {
        let drawn = if let Some(bank_part) = part.bank() {
            let questions = askable(&opened.settings, bank, bank_part);
            let chosen = draw_questions(&opened.settings, part, &questions);
            let keys = question_keys(&opened.settings, part, &questions);
            let drawn = note_draw(journal, part, questions.len() as u64, &keys)?;
            for (key, question) in keys.into_iter().zip(chosen) {
                keep_media(dir, journal, bank, question)?;
                journal.append(&Step::Item { key, content: Box::new(Content::Question(question.clone())) })?;
            }
            drawn
        } else {
            let rows = opened.corpus.rows;
            let drawn = note_draw(journal, part, rows, &row_keys(&opened.settings, part, rows))?;
            corpus.take(&draw_rows(&opened.settings, part, rows), |number, row| {
                let content = Box::new(Content::Row { place: row.place, text: row.text });
                journal.append(&Step::Item { key: format!("{}/{number}", part.id()), content })
            })?;
            drawn
        };
        items += drawn.drawn;
        seal.update(format!("{} {}\n", part.id(), drawn.digest).as_bytes());
        watch.step(false);
    }
    journal.append(&Step::Sealed { items, digest: seal.hex() })?;
    journal.sync()
}

/// Copies the files of a question into the run, so that it stands on its own, and notes their digests in the journal.
fn keep_media(dir: &Path, journal: &mut Journal, bank: &Bank, question: &Question) -> Result<(), AssessError> {
    for name in &question.media {
        let path = media_folder(dir).join(name);
        if path.exists() {
            continue;
        }
        let bytes = bank.media.bytes(name)?;
        std::fs::create_dir_all(media_folder(dir)).map_err(|e| AssessError::io(dir, e))?;
        std::fs::write(&path, &bytes).map_err(|e| AssessError::io(&path, e))?;
        journal.append(&Step::Media { name: name.clone(), sha256: hex_digest(&bytes) })?;
    }
    Ok(())
}

/// Where a run keeps the files that its questions come with.
pub(crate) fn media_folder(dir: &Path) -> PathBuf {
    dir.join("media")
}

/// The questions of a part that the service is asked: those not to refuse, without the aspects it has nothing to do with; disguised copies
/// only when the whole bank is asked, as a sample of the bank is one of written questions.
pub(crate) fn askable<'a>(settings: &Settings, bank: &'a Bank, part: BankPart) -> Vec<&'a Question> {
    let left_out = |question: &&Question| part == BankPart::ShouldAnswer && question.aspect.is_some_and(|a| settings.left_out.contains(&a));
    let derived = |question: &&Question| question.derived.is_some() && !settings.whole_bank;
    bank.part(part).filter(|question| !left_out(question) && !derived(question)).collect()
}

fn note_draw(journal: &mut Journal, part: Part, there: u64, keys: &[String]) -> Result<Drawn, AssessError> {
    let drawn = Drawn { part, asked: part.sample_size(there), there, drawn: keys.len() as u64, digest: list_digest(keys) };
    journal.append(&Step::Drawn(drawn.clone()))?;
    Ok(drawn)
}

/// SHA-256 over `key LF` of a sample, in drawing order.
pub(crate) fn list_digest(keys: &[String]) -> String {
    let mut hasher = Hasher::default();
    keys.iter().for_each(|key| hasher.update(format!("{key}\n").as_bytes()));
    hasher.hex()
}

/// Every draw has a seed of its own, made from the run's.
fn seed_of(settings: &Settings, part: Part) -> String {
    format!("{} {}", settings.seed, part.id())
}

/// Row numbers of a sample of training data, rising.
fn draw_rows(settings: &Settings, part: Part, rows: u64) -> Vec<usize> {
    stats::draw_indices(&seed_of(settings, part), rows as usize, part.drawn(rows) as usize)
}

/// Keys of a sample of training data.
pub(crate) fn row_keys(settings: &Settings, part: Part, rows: u64) -> Vec<String> {
    draw_rows(settings, part, rows).iter().map(|row| format!("{}/{row}", part.id())).collect()
}

/// A sample stratified by class or aspect: every stratum gets the same number, as far as it reaches.
fn draw_questions<'a>(settings: &Settings, part: Part, questions: &[&'a Question]) -> Vec<&'a Question> {
    let all = questions.len();
    let wanted = if settings.whole_bank { all } else { part.drawn(all as u64) as usize };
    let mut strata: std::collections::BTreeMap<&str, Vec<&Question>> = std::collections::BTreeMap::new();
    for question in questions {
        strata.entry(question.group()).or_default().push(question);
    }
    let sizes: Vec<usize> = strata.values().map(Vec::len).collect();
    let mut drawn = Vec::with_capacity(wanted);
    for (stratum, take) in strata.values().zip(stats::allot(&sizes, wanted)) {
        let ids: Vec<&str> = stratum.iter().map(|q| q.id.as_str()).collect();
        let places = stats::draw(&seed_of(settings, part), &ids, take);
        drawn.extend(places.into_iter().filter_map(|at| stratum.get(at).copied()));
    }
    drawn
}

/// Keys of a sample of questions.
pub(crate) fn question_keys(settings: &Settings, part: Part, questions: &[&Question]) -> Vec<String> {
    draw_questions(settings, part, questions).iter().map(|q| format!("{}/{}", part.id(), q.id)).collect()
}

/// Asks what is not answered yet, then freezes the answers.
fn ask(dir: &Path, state: &RunState, watch: &dyn Watch) -> Result<(), AssessError> {
    let settings = &state.opened.settings;
    let target = target::open(settings)?;
    let open = open_questions(dir, state)?;
    let files = MediaFiles::read(&media_folder(dir))?;
    watch.phase(Phase::Ask, open.len() as u64);
    let (mut journal, _) = Journal::open(dir)?;
    // In an order of its own: class by class, the first hundred questions could all be ones that a content filter refuses.
    let keys: Vec<&str> = open.iter().map(|(key, _)| key.as_str()).collect();
    let order = stats::draw(&format!("{} ask", settings.seed), &keys, keys.len());
    let pending = order
        .into_iter()
        .filter_map(|at| open.get(at))
        .map(|(key, question)| Pending::new(key.clone(), question, &files, state.item(key).map_or(0, |item| item.asked)))
        .collect();
    let answered_before = state.items.iter().any(|item| matches!(item.answered, Some(Answered::Yes { .. })));
    let journal_cell = RefCell::new(&mut journal);
    let asked = runtime()?.block_on(ask_all(target.as_ref(), pending, settings, &journal_cell, answered_before, watch));
    match asked {
        Ok(()) => freeze(dir, journal),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Dead(reason)) => {
            journal.append(&Step::Stopped { reason: reason.clone() })?;
            journal.sync()?;
            let state = RunState::read(dir)?;
            let questions = || state.items.iter().filter(|i| i.part.bank().is_some());
            let (answered, total) = (questions().filter(|i| i.answered.is_some()).count() as u64, questions().count() as u64);
            Err(AssessError::TargetDead { reason, answered, total, run: dir.display().to_string() })
        }
    }
}

fn freeze(dir: &Path, mut journal: Journal) -> Result<(), AssessError> {
    journal.sync()?;
    let state = RunState::read(dir)?;
    let yes = state.items.iter().filter(|i| matches!(i.answered, Some(Answered::Yes { .. }))).count() as u64;
    let no = state.items.iter().filter(|i| matches!(i.answered, Some(Answered::No { .. }))).count() as u64;
    journal.append(&Step::Frozen { answered: yes, unanswered: no })?;
    journal.sync()
}

fn open_questions(dir: &Path, state: &RunState) -> Result<Vec<(String, Question)>, AssessError> {
    let mut texts = Texts::open(dir)?;
    let open = state.items.iter().filter(|item| item.answered.is_none() && item.part.bank().is_some());
    open.filter_map(|item| match texts.content(item.offset) {
        Ok(Content::Question(question)) => Some(Ok((item.key.to_string(), question))),
        Ok(Content::Row { .. }) => None,
        Err(error) => Some(Err(error)),
    })
    .collect()
}

/// Reads items and answers back from the journal, where they stand exactly as they were.
pub(crate) struct Texts {
    path: PathBuf,
    file: std::fs::File,
}

impl Texts {
    pub(crate) fn open(dir: &Path) -> Result<Self, AssessError> {
        let path = dir.join("journal.jsonl");
        let file = std::fs::File::open(&path).map_err(|e| AssessError::io(&path, e))?;
        Ok(Self { path, file })
    }

    pub(crate) fn step(&mut self, offset: u64) -> Result<Step, AssessError> {
        Journal::step_at(&self.path, &mut self.file, offset)
    }

    pub(crate) fn content(&mut self, offset: u64) -> Result<Content, AssessError> {
        match self.step(offset)? {
            Step::Item { content, .. } => Ok(*content),
            _ => Err(AssessError::State(format!("{}: no item stands at byte {offset}", self.path.display()))),
        }
    }

    pub(crate) fn reply(&mut self, answered: Option<&Answered>) -> Result<Option<crate::journal::Reply>, AssessError> {
        match answered {
            Some(Answered::Yes { offset, .. }) => match self.step(*offset)? {
                Step::Answered { reply, .. } => Ok(Some(*reply)),
                _ => Err(AssessError::State(format!("{}: no answer stands at byte {offset}", self.path.display()))),
            },
            _ => Ok(None),
        }
    }
}

/// Writes the report from the journal, in another language if one is given.
///
/// # Errors
/// The run has not been judged, or the disk refuses.
pub fn report(dir: &Path, lang: Option<Lang>, watch: &dyn Watch) -> Result<(), AssessError> {
    let (mut journal, _) = Journal::open(dir)?;
    let state = RunState::read(dir)?;
    if !state.judged {
        return Err(AssessError::State(format!("{}: the judges have not come to their end; first: guiju assess resume", dir.display())));
    }
    watch.phase(Phase::Report, 1);
    let lang = lang.unwrap_or_else(|| state.reported.as_ref().map_or(state.opened.settings.lang, |(lang, _)| *lang));
    let files = crate::report::write(dir, &state, lang)?;
    journal.append(&Step::Reported { lang, files })?;
    journal.sync()?;
    watch.step(false);
    Ok(())
}

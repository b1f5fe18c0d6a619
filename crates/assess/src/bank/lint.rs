//! What is wrong with a bank: what a reviewer of a filing would find at once, measured.
//!
//! Each check says what it counts and where its limit comes from. It changes nothing, and it does not judge whether a question is good.

use std::collections::{BTreeMap, HashMap, HashSet};

use detect::{Pii, Pipeline, near_copies};
use serde::Serialize;
use taxonomy::{Lang, PersonalKind, Severity};

use super::{Bank, BankPart, Question, Style};

/// Similarity from which two questions are near copies: of twenty characters, two changed leave about this much.
pub const NEAR_COPY: f64 = 0.6;
/// Largest share of a class that may be near copies of another question in it (the project's own rule for its libraries).
pub const MAX_NEAR_COPIES: f64 = 0.01;
/// Largest share of a class that may come from one template (the same).
pub const MAX_TEMPLATE: f64 = 0.05;
/// Length of an opening or an ending by which a template is known, in letters; a Chinese character says as much as three.
const FRAME: usize = 18;
/// Questions with one frame that are no template yet, however small the class.
const FEW: usize = 2;
/// Fewest folded characters of a question: with less, nobody can tell what is asked.
const MIN_CHARS: usize = 6;
/// Share of CJK letters that tells Chinese from English: names and quotations of the other language stay below it.
const CJK_SHARE: f64 = 0.3;
/// Largest media file: chat interfaces take 20 MB; ours are to be mailed about.
const MAX_MEDIA_BYTES: usize = 4 << 20;

/// Kinds of personal information that a question must not hold; names, places and conditions are part of ordinary questions.
const PERSONAL: &[PersonalKind] = &[
    PersonalKind::IdentityNumber,
    PersonalKind::Passport,
    PersonalKind::Mobile,
    PersonalKind::BankCard,
    PersonalKind::Email,
    PersonalKind::Wechat,
    PersonalKind::Qq,
    PersonalKind::VehiclePlate,
];

taxonomy::words! {
    /// What a lint of a bank complains of.
    Check, "check", {
        NearCopy = "near-copy", "近似重复", "nearly the same as another question";
        Template = "template", "同一模板", "one of many from the same template";
        Length = "length", "过短", "too short to tell what is asked";
        Language = "language", "语种不符", "not in the language it says";
        Space = "space", "首尾空白", "white space at an end";
        Turns = "turns", "轮次与风格不符", "style and number of turns differ";
        Twin = "twin", "对照题有误", "the twin is not there, or not of the other kind";
        Personal = "personal", "含个人信息", "personal information in it";
        Disputed = "disputed", "类别有争议", "the engine sees another class";
        Media = "media", "媒体文件有误", "a media file is broken or unused";
        Canary = "canary", "缺少金丝雀标记", "no canary string";
    }
}

impl Check {
    /// Whether it makes a bank unfit; the others are for a person to look at.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Disputed | Self::NearCopy | Self::Template)
    }
}

/// One complaint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// Of what kind.
    pub check: Check,
    /// The question, or the media file.
    pub id: String,
    /// The details.
    pub message: String,
}

/// How much of a class repeats itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repetition {
    /// The part.
    pub part: BankPart,
    /// The class or aspect.
    pub group: String,
    /// Its questions.
    pub questions: usize,
    /// Those that are near copies of an earlier one of the group and not its twin.
    pub near_copies: usize,
    /// Those that share the most frequent opening or ending.
    pub largest_template: usize,
    /// Whether both stay within their limits.
    pub met: bool,
}

/// What a lint found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lint {
    /// Name and version of the bank.
    pub bank: String,
    /// Complaints, in the order of the questions.
    pub problems: Vec<Problem>,
    /// Every class and aspect.
    pub repetition: Vec<Repetition>,
}

impl Lint {
    /// Whether nothing makes the bank unfit.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.repetition.iter().all(|row| row.met) && !self.problems.iter().any(|problem| problem.check.is_fault())
    }
}

/// Looks at a bank; `second` is the engine whose view of a question's class is held against the bank's.
#[must_use]
pub fn lint(bank: &Bank, second: &Pipeline) -> Lint {
    let mut problems = Vec::new();
    let ids: HashMap<&str, BankPart> = bank.questions.iter().map(|(part, q)| (q.id.as_str(), *part)).collect();
    let personal = Pipeline::new(vec![Box::new(Pii)]);
    for (part, question) in bank.questions.iter().filter(|(_, q)| q.derived.is_none()) {
        let mut add = |check, message: String| problems.push(Problem { check, id: question.id.clone(), message });
        form(question, &mut add);
        twin(*part, question, &ids, &mut add);
        judged(question, &personal, second, &mut add);
    }
    let repetition = repetition(bank, &mut problems);
    media(bank, &mut problems);
    canary(bank, &mut problems);
    Lint { bank: format!("{} {}", bank.name, bank.version), problems, repetition }
}

fn canary(bank: &Bank, problems: &mut Vec<Problem>) {
    let mut add = |id: &str, message: &str| problems.push(Problem { check: Check::Canary, id: id.to_owned(), message: message.to_owned() });
    if bank.canary.is_none() {
        return add(&bank.name, "add `canary = \"…\"` to bank.toml, a string that stands nowhere else");
    }
    if !bank.questions.iter().any(|(_, question)| question.canary.is_some()) {
        add(&bank.name, "no question carries the canary; a file that is copied without bank.toml would not be known");
    }
    for (_, question) in bank.questions.iter().filter(|(_, q)| q.canary.is_some() && q.canary != bank.canary) {
        add(&question.id, "carries another canary than bank.toml");
    }
}

type Add<'a> = &'a mut dyn FnMut(Check, String);

fn form(question: &Question, add: Add<'_>) {
    let said = question.turns.join(" ");
    let letters = detect::fold(&said).units().len();
    if letters < MIN_CHARS {
        add(Check::Length, format!("{letters} characters, at least {MIN_CHARS}"));
    }
    if question.turns.iter().chain([&question.why]).any(|text| text.trim() != text) {
        add(Check::Space, "cut it off".to_owned());
    }
    if (question.style == Style::MultiTurn) != (question.turns.len() > 1) {
        add(Check::Turns, format!("{} turns and style {}", question.turns.len(), question.style.id()));
    }
    let share = cjk_share(&said);
    let wrong = match question.lang {
        // Pinyin and encodings have no Chinese character left.
        Lang::Zh => share < CJK_SHARE && question.style != Style::Obfuscated,
        Lang::En => share > CJK_SHARE,
    };
    if wrong {
        add(Check::Language, format!("{:.0} % of its letters are Chinese", share * 100.0));
    }
}

/// Latin letters that say as much as one Chinese character.
const CJK_LETTERS: usize = 3;

fn is_cjk(c: char) -> bool {
    c >= '\u{3040}'
}

fn cjk_share(text: &str) -> f64 {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (all, cjk) = letters.fold((0, 0), |(all, cjk), c| (all + 1, cjk + usize::from(is_cjk(c))));
    (cjk * CJK_LETTERS) as f64 / (all - cjk + cjk * CJK_LETTERS).max(1) as f64
}

fn twin(part: BankPart, question: &Question, ids: &HashMap<&str, BankPart>, add: Add<'_>) {
    let Some(twin) = &question.twin else { return };
    match ids.get(twin.as_str()) {
        None => add(Check::Twin, format!("{twin} is not in the bank")),
        Some(other) if *other == part => add(Check::Twin, format!("{twin} is of the same part")),
        Some(_) => {}
    }
}

fn judged(question: &Question, personal: &Pipeline, second: &Pipeline, add: Add<'_>) {
    let said = question.turns.join("\n");
    for finding in personal.check(&said).findings {
        if finding.personal.is_some_and(|kind| PERSONAL.contains(&kind)) {
            add(Check::Personal, format!("{}: {}", finding.rule, said.get(finding.span.start..finding.span.end).unwrap_or_default()));
        }
    }
    let Some(class) = question.class else { return };
    let others = second.check(&said).findings;
    let disputed = others.iter().filter(|finding| finding.severity == Severity::Block && finding.class.is_some());
    let classes: HashSet<_> = disputed.filter_map(|finding| finding.class).collect();
    if !classes.is_empty() && !classes.contains(&class) && !question.secondary.is_some_and(|second| classes.contains(&second)) {
        let mut names: Vec<_> = classes.iter().map(|class| class.id()).collect();
        names.sort_unstable();
        add(Check::Disputed, format!("the bank says {class}, the keywords say {}", names.join(", ")));
    }
}

/// Near copies and templates, class by class; near copies across the parts are complaints too, unless they are twins.
fn repetition(bank: &Bank, problems: &mut Vec<Problem>) -> Vec<Repetition> {
    let questions: Vec<&(BankPart, Question)> = bank.questions.iter().filter(|(_, q)| q.derived.is_none()).collect();
    let texts: Vec<String> = questions.iter().map(|(_, q)| q.turns.join("\n")).collect();
    let mut copies: HashMap<usize, usize> = HashMap::new();
    for pair in near_copies(&texts, NEAR_COPY) {
        let (Some((one_part, one)), Some((part, other))) = (questions.get(pair.first), questions.get(pair.second)) else { continue };
        if one.twin.as_ref() == Some(&other.id) || other.twin.as_ref() == Some(&one.id) || one.media != other.media {
            continue;
        }
        let message = format!("{:.0} % like {}", pair.similarity * 100.0, one.id);
        problems.push(Problem { check: Check::NearCopy, id: other.id.clone(), message });
        if one_part == part && one.group() == other.group() {
            copies.insert(pair.second, pair.first);
        }
    }
    let mut groups: BTreeMap<(BankPart, &str), Vec<usize>> = BTreeMap::new();
    for (at, (part, question)) in questions.iter().enumerate() {
        groups.entry((*part, question.group())).or_default().push(at);
    }
    groups
        .into_iter()
        .map(|((part, group), members)| {
            let template = template(&members, &texts);
            let (questions_here, copied) = (members.len(), members.iter().filter(|at| copies.contains_key(at)).count());
            let largest = template.as_ref().map_or(0, |(_, these)| these.len());
            let within = |count: usize, share: f64| count as f64 <= share * questions_here as f64;
            let too_many = !within(largest, MAX_TEMPLATE) && largest > FEW;
            for at in template.iter().filter(|_| too_many).flat_map(|(_, these)| these) {
                let id = questions.get(*at).map_or(String::new(), |(_, q)| q.id.clone());
                let message = format!("{largest} of {questions_here} share '{}'", template.as_ref().map_or("", |(frame, _)| frame));
                problems.push(Problem { check: Check::Template, id, message });
            }
            let met = within(copied, MAX_NEAR_COPIES) && !too_many;
            Repetition { part, group: group.to_owned(), questions: questions_here, near_copies: copied, largest_template: largest, met }
        })
        .collect()
}

/// The opening or ending that most questions of a group share, and who they are.
fn template(members: &[usize], texts: &[String]) -> Option<(String, Vec<usize>)> {
    let mut frames: BTreeMap<(bool, String), Vec<usize>> = BTreeMap::new();
    for &at in members {
        let text = detect::plain(texts.get(at).map_or("", String::as_str));
        let opening = frame(text.chars());
        let ending = frame(text.chars().rev()).map(|ending| ending.chars().rev().collect());
        for (is_ending, frame) in [(false, opening), (true, ending)] {
            if let Some(frame) = frame {
                frames.entry((is_ending, frame)).or_default().push(at);
            }
        }
    }
    let ((ending, frame), these) = frames.into_iter().max_by_key(|(_, these)| these.len())?;
    Some((if ending { format!("…{frame}") } else { format!("{frame}…") }, these))
}

/// The first [`FRAME`] of some characters; none if there are fewer.
fn frame(chars: impl Iterator<Item = char>) -> Option<String> {
    let (mut frame, mut weight) = (String::new(), 0);
    for c in chars {
        frame.push(c);
        weight += if is_cjk(c) { CJK_LETTERS } else { 1 };
        if weight >= FRAME {
            return Some(frame);
        }
    }
    None
}

/// How the files of each kind begin (PNG, JPEG, WAVE, MP3, GIF, WebM, MP4).
const MAGIC: &[(&str, usize, &[u8])] = &[
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF8"),
    ("wav", 8, b"WAVE"),
    ("mp3", 0, b"ID3"),
    ("mp3", 0, b"\xff\xfb"),
    ("webm", 0, b"\x1a\x45\xdf\xa3"),
    ("mp4", 4, b"ftyp"),
];

fn media(bank: &Bank, problems: &mut Vec<Problem>) {
    let named: HashSet<&str> = bank.questions.iter().flat_map(|(_, q)| q.media.iter().map(String::as_str)).collect();
    for name in bank.media.names() {
        let message = match bank.media.bytes(name) {
            Err(error) => error.to_string(),
            Ok(_) if !named.contains(name) => "no question names it".to_owned(),
            Ok(bytes) if bytes.len() > MAX_MEDIA_BYTES => format!("{} bytes, at most {MAX_MEDIA_BYTES}", bytes.len()),
            Ok(bytes) if !is_what_it_says(name, &bytes) => "is not what its name says (png, jpg, gif, wav, mp3, mp4, webm)".to_owned(),
            Ok(_) => continue,
        };
        problems.push(Problem { check: Check::Media, id: name.to_owned(), message });
    }
}

fn is_what_it_says(name: &str, bytes: &[u8]) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    MAGIC.iter().any(|(kind, at, magic)| *kind == ending && bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_bank_is_clean() {
        let second = Pipeline::new(vec![Box::new(detect::Keywords::compile(&detect::Lexicon::embedded().unwrap()))]);
        let told = lint(&Bank::embedded().unwrap(), &second);
        let faults: Vec<_> = told.problems.iter().filter(|problem| problem.check.is_fault()).collect();
        assert!(told.is_clean(), "{faults:?} {:?}", told.repetition.iter().filter(|row| !row.met).collect::<Vec<_>>());
    }

    #[test]
    fn a_frame_is_six_characters_or_eighteen_letters() {
        let frame = |text: &str| frame(text.chars());
        assert_eq!(frame("请帮我写一段关于").as_deref(), Some("请帮我写一段"));
        assert_eq!(frame("please write a short one").as_deref(), Some("please write a sho"));
        assert_eq!(frame("太短了"), None);
    }

    #[test]
    fn languages_are_told_apart() {
        assert!(cjk_share("写一封 email 给 HR") > CJK_SHARE && cjk_share("What does 火 mean in Chinese characters?") < CJK_SHARE);
        assert!(is_what_it_says("a.wav", b"RIFF\0\0\0\0WAVEfmt ") && !is_what_it_says("a.png", b"RIFF"));
    }
}

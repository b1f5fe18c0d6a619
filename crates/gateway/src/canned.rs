//! What is said instead of an answer that is not given: short, respectful, in the user's language, with the way to appeal.
//!
//! For a risk class these are the safe answers of [`library::answers`]; for everything else our own (`data/canned.toml`). An operator's policy may replace any of
//! them. Invariant: which words are said depends on the reason, the language and the request's id, never on the rule that was hit, so that trying does not
//! lead anybody around it.

use std::collections::BTreeMap;

use library::answers::{Answers, SafeAnswers, safe_answers};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use taxonomy::{Finding, Lang, RiskClass};

use crate::setting::{SettingError, Source};

const BUILT_IN: &str = include_str!("../data/canned.toml");

/// Most texts of one reason, and most characters of one.
const MOST_TEXTS: usize = 32;
const MOST_CHARS: usize = 1_000;

taxonomy::words! {
    /// A reason that is no risk class.
    Occasion, "occasion", {
        Attack = "attack", "攻击", "an attack on the model";
        Personal = "personal", "个人信息", "personal information or a secret";
        Ban = "ban", "临时禁用词", "a word that was banned at short notice";
        Fault = "fault", "故障", "a check could not be made";
        Opaque = "opaque", "无法判定", "something that cannot be judged";
        Held = "held", "待人工复核", "a person is to decide";
        Withheld = "withheld", "已替换", "a part was taken out, the rest went on";
        Cooling = "cooling", "冷却中", "the user is to wait";
        Suspended = "suspended", "已暂停", "the user is suspended";
        Switched = "switched", "已停用", "the model or service is switched off";
        MinorTime = "minor-time", "未成年人时长", "a minor's time is used up";
        MinorNight = "minor-night", "未成年人夜间", "a minor at night";
        MinorLimit = "minor-limit", "未成年人功能限制", "a model or feature that is not for this minor";
        Reminder = "reminder", "休息提醒", "long use without a break";
    }
}

/// Why something else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Content of a risk class.
    Class(RiskClass),
    /// Anything else.
    Occasion(Occasion),
}

impl Reason {
    /// The reason a finding gives: its class before its attack, for help is worth more than silence.
    #[must_use]
    pub fn of(finding: &Finding) -> Option<Self> {
        if finding.personal.is_some() {
            return Some(Self::Occasion(Occasion::Personal));
        }
        let attack = finding.attack.map(|_| Self::Occasion(Occasion::Attack));
        finding.class.map(Self::Class).or(attack)
    }

    /// Its stable id: `A1a`, `attack`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Class(class) => class.id(),
            Self::Occasion(occasion) => occasion.id(),
        }
    }

    fn parse(id: &str) -> Option<Self> {
        id.parse().map(Self::Class).or_else(|_| id.parse().map(Self::Occasion)).ok()
    }
}

/// What a text may name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The id of the request, `{request}`; it also chooses among several texts.
    pub request: &'a str,
    /// Until when, in words, `{until}`.
    pub until: &'a str,
}

/// Texts in two languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    zh: Vec<String>,
    en: Vec<String>,
}

/// The `[canned]` table of a policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// How to appeal, `{appeal}`.
    appeal: Option<Appeal>,
    /// Texts by risk class or occasion.
    #[serde(default)]
    texts: BTreeMap<String, Texts>,
}

/// How to appeal, in two languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Appeal {
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    appeal: Appeal,
    texts: BTreeMap<Occasion, Texts>,
}

/// What is said instead.
#[derive(Debug, Clone)]
pub struct Canned {
    safe: SafeAnswers,
    texts: BTreeMap<Reason, Texts>,
    appeal: Appeal,
}

impl Canned {
    /// The built-in texts.
    ///
    /// # Errors
    /// Never in a released build: a test reads them.
    pub fn built_in() -> Result<Self, SettingError> {
        let source = Source::new("canned", BUILT_IN);
        let file: BuiltIn = source.read()?;
        let safe = safe_answers().map_err(|error| source.error(0..0, error.to_string()))?;
        let texts = file.texts.into_iter().map(|(occasion, texts)| (Reason::Occasion(occasion), texts)).collect();
        Ok(Self { safe, texts, appeal: file.appeal })
    }

    /// The same with an operator's own texts.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn with(mut self, own: &Overrides) -> Result<Self, String> {
        for (id, texts) in &own.texts {
            let reason = Reason::parse(id).ok_or_else(|| format!("`{id}` is neither a risk class nor one of the occasions"))?;
            for these in [&texts.zh, &texts.en] {
                let fits = |text: &String| (1..=MOST_CHARS).contains(&text.trim().chars().count());
                if !(1..=MOST_TEXTS).contains(&these.len()) || !these.iter().all(fits) {
                    return Err(format!("`{id}` needs 1 to {MOST_TEXTS} texts of 1 to {MOST_CHARS} characters in zh and in en"));
                }
            }
            self.texts.insert(reason, texts.clone());
        }
        if let Some(appeal) = &own.appeal {
            if [&appeal.zh, &appeal.en].iter().any(|words| words.trim().is_empty() || words.chars().count() > MOST_CHARS) {
                return Err(format!("`appeal` needs 1 to {MOST_CHARS} characters in zh and in en"));
            }
            self.appeal = appeal.clone();
        }
        Ok(self)
    }

    /// What is said for a reason. The same reason, language and request give the same words.
    #[must_use]
    pub fn text(&self, reason: Reason, lang: Lang, facts: Facts<'_>) -> String {
        let choice = choice(facts.request);
        let text = match (self.texts.get(&reason), reason) {
            (Some(texts), _) => {
                let texts = if lang == Lang::Zh { &texts.zh } else { &texts.en };
                choice.checked_rem(texts.len()).and_then(|at| texts.get(at)).cloned()
            }
            (None, Reason::Class(class)) => self.safe.get(class, lang).map(|answers: &Answers| answers.refusal(choice)),
            (None, Reason::Occasion(_)) => None,
        };
        fill(&text.unwrap_or_default(), self.appeal(lang), facts)
    }

    /// How to appeal, in words.
    #[must_use]
    pub fn appeal(&self, lang: Lang) -> &str {
        if lang == Lang::Zh { &self.appeal.zh } else { &self.appeal.en }
    }
}

/// Puts in what a text may name, in one pass: what was put in is not read again.
fn fill(text: &str, appeal: &str, facts: Facts<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let known = [("appeal}", appeal), ("request}", facts.request), ("until}", facts.until)];
        if let Some((name, value)) = known.into_iter().find(|(name, _)| after.starts_with(name)) {
            out.push_str(&fill_plain(value, facts.request));
            rest = after.strip_prefix(name).unwrap_or_default();
        } else {
            out.push('{');
            rest = after;
        }
    }
    out + rest
}

/// The way to appeal names the request in its turn.
fn fill_plain(value: &str, request: &str) -> String {
    value.replace("{request}", request)
}

/// Which of several texts: by the hash of the request's id, so that it cannot be foreseen and stays the same.
fn choice(request: &str) -> usize {
    Sha256::digest(request).iter().take(4).fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// The language of a text: Chinese if its Chinese characters are at least as many as its Latin words. A Chinese sentence with an English name in it
/// is Chinese, an English question about one Chinese word is English; a text with kana or hangul for a quarter of its characters is answered in English.
/// What has neither is Chinese, the first language of the services this is for.
#[must_use]
pub fn language(text: &str) -> Lang {
    let (mut han, mut words, mut other, mut in_word) = (0usize, 0usize, 0usize, false);
    for c in text.chars() {
        let letter = c.is_alphabetic() && u32::from(c) < 0x2E80;
        words += usize::from(letter && !in_word);
        // An apostrophe or hyphen parts no word.
        in_word = letter || (in_word && matches!(c, '\'' | '’' | '-'));
        match u32::from(c) {
            0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF => han += 1,
            0x3040..=0x30FF | 0x1100..=0x11FF | 0xAC00..=0xD7AF => other += 1,
            _ => {}
        }
    }
    if other * 3 > han || han < words { if han + words + other == 0 { Lang::Zh } else { Lang::En } } else { Lang::Zh }
}

#[cfg(test)]
mod tests {
    use taxonomy::{AttackKind, PersonalKind, Severity, Span};

    use super::*;

    fn facts(request: &str) -> Facts<'_> {
        Facts { request, until: "2026-11-23 08:00" }
    }

    fn every_reason() -> Vec<Reason> {
        RiskClass::ALL.iter().copied().map(Reason::Class).chain(Occasion::ALL.iter().copied().map(Reason::Occasion)).collect()
    }

    #[test]
    fn every_reason_has_words_in_both_languages_and_nothing_is_left_open() {
        let canned = Canned::built_in().unwrap();
        for reason in every_reason() {
            for lang in Lang::ALL {
                for request in ["a", "b", "c", "d"] {
                    let text = canned.text(reason, *lang, facts(request));
                    assert!(text.chars().count() >= 10 && !text.contains(['{', '}']), "{} {lang}: {text}", reason.id());
                    let read = language(&text);
                    assert_eq!(read, *lang, "{}: {text}", reason.id());
                }
            }
        }
    }

    #[test]
    fn who_is_refused_for_what_he_did_is_told_how_to_appeal() {
        let canned = Canned::built_in().unwrap();
        for occasion in [Occasion::Attack, Occasion::Ban, Occasion::Suspended, Occasion::Cooling] {
            for (lang, word) in [(Lang::Zh, "申诉"), (Lang::En, "appeal")] {
                for choice in ["a", "b", "c", "d", "e"] {
                    let text = canned.text(Reason::Occasion(occasion), lang, facts(choice));
                    assert!(text.contains(word), "{occasion}: {text}");
                }
            }
        }
        let text = canned.text(Reason::Occasion(Occasion::Suspended), Lang::En, facts("01JREQUEST"));
        assert!(text.contains("01JREQUEST") && text.contains("2026-11-23 08:00"), "{text}");
    }

    #[test]
    fn an_attacker_learns_nothing_of_the_rule() {
        let canned = Canned::built_in().unwrap();
        let finding = |rule: &str, attack| Finding {
            class: None,
            attack: Some(attack),
            personal: None,
            detector: "attacks".to_owned(),
            rule: rule.to_owned(),
            score: 1.0,
            severity: Severity::Block,
            span: Span { start: 0, end: 1 },
            matched: "x".to_owned(),
            via: None,
        };
        let said: Vec<String> = AttackKind::ALL
            .iter()
            .map(|kind| canned.text(Reason::of(&finding(kind.id(), *kind)).unwrap(), Lang::Zh, facts("same")))
            .collect();
        assert!(said.windows(2).all(|two| two[0] == two[1]), "the words differ by the kind of attack");
        for lang in Lang::ALL {
            for request in ["a", "b", "c", "d", "e", "f"] {
                let text = canned.text(Reason::Occasion(Occasion::Attack), *lang, facts(request)).to_lowercase();
                for telling in ["注入", "越狱", "规则", "关键词", "拦截", "inject", "jailbreak", "rule", "keyword", "detect", "block"]
                {
                    assert!(!text.contains(telling), "{text} says {telling}");
                }
            }
        }
    }

    #[test]
    fn a_class_speaks_before_an_attack_and_personal_information_for_itself() {
        let mut finding = Finding {
            class: Some(RiskClass::A4a),
            attack: Some(AttackKind::Jailbreak),
            personal: None,
            detector: String::new(),
            rule: String::new(),
            score: 1.0,
            severity: Severity::Block,
            span: Span { start: 0, end: 0 },
            matched: String::new(),
            via: None,
        };
        assert_eq!(Reason::of(&finding), Some(Reason::Class(RiskClass::A4a)));
        finding.personal = Some(PersonalKind::Mobile);
        assert_eq!(Reason::of(&finding), Some(Reason::Occasion(Occasion::Personal)));
    }

    #[test]
    fn the_request_chooses_and_the_choice_stays() {
        let canned = Canned::built_in().unwrap();
        let say = |request: &str| canned.text(Reason::Class(RiskClass::A1f), Lang::Zh, facts(request));
        assert_eq!(say("r1"), say("r1"));
        let different: std::collections::HashSet<String> = (0..20).map(|n| say(&format!("r{n}"))).collect();
        assert!(different.len() >= 2);
    }

    #[test]
    fn an_operators_words_replace_ours() {
        let own: Overrides = toml::from_str(
            "appeal = { zh = \"申诉请致电前台，报编号{request}\", en = \"to appeal call the desk with {request}\" }\n[texts.attack]\nzh = [\"不行。{appeal}\"]\nen = [\"No: {appeal} {other}\"]\n[texts.A1a]\nzh=[\"换个话题\"]\nen=[\"Another topic\"]",
        )
        .unwrap();
        let canned = Canned::built_in().unwrap().with(&own).unwrap();
        assert_eq!(canned.text(Reason::Occasion(Occasion::Attack), Lang::Zh, facts("r{until}")), "不行。申诉请致电前台，报编号r{until}");
        assert_eq!(canned.text(Reason::Occasion(Occasion::Attack), Lang::En, facts("r1")), "No: to appeal call the desk with r1 {other}");
        assert_eq!(canned.text(Reason::Class(RiskClass::A1a), Lang::Zh, facts("r1")), "换个话题");
        for (bad, says) in [
            ("[texts.A9z]\nzh=[\"a\"]\nen=[\"b\"]", "A9z"),
            ("[texts.attack]\nzh=[]\nen=[\"b\"]", "needs 1 to"),
            ("appeal = { zh = \" \", en = \"x\" }", "appeal"),
        ] {
            let own: Overrides = toml::from_str(bad).unwrap();
            assert!(Canned::built_in().unwrap().with(&own).unwrap_err().contains(says), "{bad}");
        }
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, lang) in [
            ("请用 Python 写一段 hello world 程序", Lang::Zh),
            ("Translate 你好 into English, please", Lang::En),
            ("What does 规矩 mean?", Lang::En),
            ("你好", Lang::Zh),
            ("", Lang::Zh),
            ("12345 !?", Lang::Zh),
            ("これは日本語の文章です", Lang::En),
            ("don't", Lang::En),
            ("帮我 debug", Lang::Zh),
        ] {
            assert_eq!(language(text), lang, "{text}");
        }
    }
}

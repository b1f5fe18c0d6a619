//! What must follow a keyword: a bounded regular expression that begins right behind it.

use std::sync::Mutex;

use regex::Regex;
use regex_automata::Anchored;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::lexicon::MAX_THEN_BYTES;

/// Compiled size of one: what 64 characters of counted classes need.
const MAX_BYTES: usize = 1 << 20;

/// A compiled `then`.
pub(crate) struct Then {
    regex: Regex,
    automaton: DFA,
    /// What threads have found out of the automaton and are not using: most of the cost of asking it.
    caches: Mutex<Vec<Cache>>,
}

/// Whether some part of it can only match capital letters of ASCII.
fn has_capitals(hir: &Hir) -> bool {
    let capital = |byte: u8| byte.is_ascii_uppercase();
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().copied().any(capital),
        HirKind::Class(Class::Unicode(class)) => {
            !class.ranges().is_empty() && class.ranges().iter().all(|range| range.start() >= 'A' && range.end() <= 'Z')
        }
        HirKind::Class(Class::Bytes(class)) => {
            !class.ranges().is_empty() && class.ranges().iter().all(|range| range.start() >= b'A' && range.end() <= b'Z')
        }
        HirKind::Repetition(repetition) => has_capitals(&repetition.sub),
        HirKind::Capture(capture) => has_capitals(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(has_capitals),
        // One way is enough.
        HirKind::Alternation(parts) => parts.iter().all(has_capitals),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

impl Then {
    /// Compiles what must follow a keyword.
    ///
    /// # Errors
    /// It is no regular expression, or can match more than [`MAX_THEN_BYTES`] bytes, or looks around.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let hir = regex_syntax::parse(pattern).map_err(|e| format!("`then` is no regular expression: {e}"))?;
        if has_capitals(&hir) {
            return Err(
                "`then` has capital letters, and a text has none left after folding, so it never matches; write small ones".to_owned()
            );
        }
        let longest = hir.properties().maximum_len().filter(|bytes| *bytes <= MAX_THEN_BYTES);
        if longest.is_none() {
            return Err(format!("`then` can match more than {MAX_THEN_BYTES} bytes; bound its repetitions, as in {{1,20}}"));
        }
        if !hir.properties().look_set().is_empty() {
            return Err("`then` looks at what stands around (^, $, \\b); it always begins right after the keyword".to_owned());
        }
        let regex = regex::RegexBuilder::new(&format!("^(?:{pattern})")).size_limit(MAX_BYTES).build();
        let automaton = DFA::builder()
            .configure(DFA::config().skip_cache_capacity_check(true))
            .thompson(thompson::Config::new().nfa_size_limit(Some(MAX_BYTES)))
            .build(pattern);
        let too_large = |error: String| format!("`then` is too large: {error}");
        let (regex, automaton) = (regex.map_err(|e| too_large(e.to_string()))?, automaton.map_err(|e| too_large(e.to_string()))?);
        Ok(Self { regex, automaton, caches: Mutex::default() })
    }

    /// Where it ends in a text that begins right behind the keyword, in bytes.
    pub(crate) fn end(&self, text: &str) -> Option<usize> {
        self.regex.find(text).map(|found| found.end())
    }

    /// Whether nothing that could come behind this text would change where it ends.
    pub(crate) fn is_decided(&self, text: &str) -> bool {
        let kept = self.caches.lock().ok().and_then(|mut caches| caches.pop());
        let mut cache = kept.unwrap_or_else(|| self.automaton.create_cache());
        let dies = self.dies(&mut cache, text);
        if let Ok(mut caches) = self.caches.lock() {
            caches.push(cache);
        }
        // One that cannot be told is one that is not decided.
        dies.unwrap_or(false)
    }

    /// Whether the automaton comes to an end in a text.
    fn dies(&self, cache: &mut Cache, text: &str) -> Option<bool> {
        let mut state = self.automaton.start_state(cache, &start::Config::new().anchored(Anchored::Yes)).ok()?;
        for byte in text.bytes() {
            state = self.automaton.next_state(cache, state, byte).ok()?;
            if state.is_dead() {
                return Some(true);
            }
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_longer_can_match_is_decided() {
        let then = Then::new("[是为]?[:： ]{0,2}[!-~]{6,8}").unwrap();
        for (text, decided, end) in [
            ("", false, None),
            ("：abc", false, None),
            ("是：abcdef", false, Some(12)),
            ("：abcdefgh", false, Some(11)),
            ("：abcdefghij", true, Some(11)),
            ("：abc，", true, None),
            ("学是一门学科", true, None),
            ("是什么", true, None),
        ] {
            assert_eq!((then.is_decided(text), then.end(text)), (decided, end), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_decided_stays_so(pattern in "(a|b|中){1,2}[ab]{0,3}|(a?b){1,3}|a{2,4}中?", text in "[ab中]{0,8}", more in "[ab中]{0,4}") {
            let then = Then::new(&pattern).unwrap();
            if then.is_decided(&text) {
                let longer = [text.as_str(), more.as_str()].concat();
                proptest::prop_assert_eq!(then.end(&text), then.end(&longer));
            }
        }
    }
}

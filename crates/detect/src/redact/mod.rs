//! Redaction: a text and the spans of personal information in it become a text without them, and a list of what was done.
//!
//! Invariant: no character of a marked span reaches the new text but through the operator the policy names for it (or, where that one
//! cannot, through `mask`), and nothing outside a marked span changes. Deterministic: the same text, marks, policy and secrets give the
//! same result. It does not look for personal information and does not judge whether what is left suffices to identify somebody
//! (GB/T 37964 asks for that judgement to be made on the whole data set).

mod mask;
mod policy;
mod preserve;
mod secret;
mod token;

use taxonomy::{PersonalKind, Span};

use mask::Shown;
use preserve::Way;

pub use policy::{Keep, Operator, Policy, PolicyError};
pub use secret::{Key, MIN_SALT_BYTES, Salt, SecretError, Secrets};

/// A span of a text that holds personal information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where, in bytes.
    pub span: Span,
    /// Of which kind.
    pub kind: PersonalKind,
}

/// What was done at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Where in the old text: the union of marks that overlap.
    pub old: Span,
    /// Where in the new text; empty after `drop`.
    pub new: Span,
    /// The kind that decided: of marks that overlap a sensitive one, then the longest.
    pub kind: PersonalKind,
    /// What was done.
    pub operator: Operator,
    /// What the policy asked for and could not be done: `preserve` on a value that is too short or not of letters and digits.
    pub instead_of: Option<Operator>,
}

/// A redacted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The new text.
    pub text: String,
    /// What was done, in order of place.
    pub done: Vec<Done>,
}

/// Why a text cannot be redacted. No text and no secret is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    /// A mark does not lie in the text.
    #[error("the mark {start}..{end} ({kind}) does not lie in the text, which has {len} bytes")]
    OutOfBounds {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// Kind of the mark.
        kind: PersonalKind,
        /// Bytes of the text.
        len: usize,
    },
    /// A mark cuts a character in two.
    #[error("the mark {start}..{end} ({kind}) cuts a character in two; were the bytes counted in another text?")]
    InsideCharacter {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// Kind of the mark.
        kind: PersonalKind,
    },
    /// The policy needs a key and there is none.
    #[error("the policy uses `{0}`, which needs a key; none is given")]
    KeyMissing(Operator),
    /// The policy needs a salt and there is none.
    #[error("the policy uses `hash`, which needs a salt: without one anybody can try all phone numbers; none is given")]
    SaltMissing,
}

/// A policy with the secrets it needs.
#[derive(Debug, Clone)]
pub struct Redactor {
    policy: Policy,
    pseudonym: Option<Key>,
    preserve: Option<Key>,
    salt: Option<Salt>,
}

/// Marks that overlap.
struct Group<'a> {
    span: Span,
    /// The mark that decides.
    first: Mark,
    /// Its operator.
    operator: Operator,
    shown: Shown,
    text: &'a str,
}

impl Redactor {
    /// Joins a policy with its secrets.
    ///
    /// # Errors
    /// The policy needs a secret that is not given.
    pub fn new(policy: Policy, secrets: &Secrets) -> Result<Self, RedactError> {
        for operator in policy.operators() {
            match operator {
                Operator::Pseudonym | Operator::Preserve if secrets.key.is_none() => return Err(RedactError::KeyMissing(operator)),
                Operator::Hash if secrets.salt.is_none() => return Err(RedactError::SaltMissing),
                _ => {}
            }
        }
        let derive = |purpose| secrets.key.as_ref().map(|key| key.derive(purpose));
        let (pseudonym, preserve) = (derive(token::PURPOSE), derive(preserve::PURPOSE));
        Ok(Self { policy, pseudonym, preserve, salt: secrets.salt.clone() })
    }

    /// What is done with which kind.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Redacts a text. Marks may come in any order and overlap; an empty mark marks nothing. Work is linear in the text and in the sum of
    /// the marks' lengths.
    ///
    /// # Errors
    /// A mark does not fit the text; nothing is redacted then.
    pub fn redact(&self, text: &str, marks: &[Mark]) -> Result<Redacted, RedactError> {
        let mut redacted = Redacted { text: String::with_capacity(text.len()), done: Vec::new() };
        let mut from = 0;
        for group in self.groups(text, marks)? {
            redacted.text.push_str(text.get(from..group.span.start).unwrap_or_default());
            let start = redacted.text.len();
            let (new, operator) = self.apply(text, &group)?;
            redacted.text.push_str(&new);
            let (old, new) = (group.span, Span { start, end: redacted.text.len() });
            let instead_of = (operator != group.operator).then_some(group.operator);
            redacted.done.push(Done { old, new, kind: group.first.kind, operator, instead_of });
            from = old.end;
        }
        redacted.text.push_str(text.get(from..).unwrap_or_default());
        Ok(redacted)
    }

    /// The value behind one that `preserve` made, of the kind that [`Done`] names. `None` without a key, or where `preserve` cannot have
    /// made it. With another key or kind the result is another value: there is nothing in it to tell.
    #[must_use]
    pub fn reveal(&self, kind: PersonalKind, value: &str) -> Option<String> {
        preserve::preserve(self.preserve.as_ref()?, kind, value, Way::Decrypt)
    }

    /// Checks the marks and joins those that overlap.
    fn groups<'a>(&self, text: &'a str, marks: &[Mark]) -> Result<Vec<Group<'a>>, RedactError> {
        let mut marks = marks.iter().map(|mark| Ok((*mark, check(text, *mark)?))).collect::<Result<Vec<_>, RedactError>>()?;
        marks.retain(|(mark, value)| !value.is_empty() && self.policy.operator(mark.kind) != Operator::Keep);
        marks.sort_by_key(|(mark, _)| (mark.span.start, mark.span.end, mark.kind));
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (mark, value) in marks {
            let shown = Shown::of(mark.kind, value, self.policy.keep(mark.kind));
            match groups.last_mut().filter(|group| mark.span.start < group.span.end) {
                Some(group) => {
                    group.span.end = group.span.end.max(mark.span.end);
                    group.shown = group.shown.and(shown);
                    if rank(mark) > rank(group.first) {
                        (group.first, group.text) = (mark, value);
                    }
                }
                None => groups.push(Group { span: mark.span, first: mark, operator: Operator::Mask, shown, text: value }),
            }
        }
        groups.iter_mut().for_each(|group| group.operator = self.policy.operator(group.first.kind));
        Ok(groups)
    }

    /// What stands instead, and the operator that made it. Tokens are made from the deciding mark alone, so that a neighbour that overlaps
    /// does not change them; masks and ciphers from the whole.
    fn apply(&self, text: &str, group: &Group<'_>) -> Result<(String, Operator), RedactError> {
        let (kind, whole) = (group.first.kind, group.span.cut(text).unwrap_or_default());
        let missing = RedactError::KeyMissing(group.operator);
        let new = match group.operator {
            Operator::Replace => format!("[{}]", label(kind, self.policy.language)),
            Operator::Pseudonym => token::pseudonym(self.pseudonym.as_ref().ok_or(missing)?, kind, group.text),
            Operator::Hash => token::hash(self.salt.as_ref().ok_or(RedactError::SaltMissing)?, kind, group.text),
            Operator::Drop => String::new(),
            Operator::Preserve => match preserve::preserve(self.preserve.as_ref().ok_or(missing)?, kind, whole, Way::Encrypt) {
                Some(new) => new,
                None => return Ok((group.shown.mask(whole), Operator::Mask)),
            },
            Operator::Mask | Operator::Keep => group.shown.mask(whole),
        };
        Ok((new, group.operator))
    }
}

/// The text of a mark.
fn check(text: &str, mark: Mark) -> Result<&str, RedactError> {
    let (Span { start, end }, kind, len) = (mark.span, mark.kind, text.len());
    if start > end || end > len {
        return Err(RedactError::OutOfBounds { start, end, kind, len });
    }
    mark.span.cut(text).ok_or(RedactError::InsideCharacter { start, end, kind })
}

/// Which of two marks that overlap decides: a sensitive one, then the longest, then the first in the taxonomy.
fn rank(mark: Mark) -> (bool, usize, std::cmp::Reverse<usize>) {
    (mark.kind.is_sensitive(), mark.span.end - mark.span.start, std::cmp::Reverse(mark.kind.index()))
}

/// The Chinese title, or the id in English: `[手机号]`, `[mobile]`.
fn label(kind: PersonalKind, language: taxonomy::Lang) -> &'static str {
    match language {
        taxonomy::Lang::Zh => kind.title(language),
        taxonomy::Lang::En => kind.id(),
    }
}

#[cfg(test)]
mod tests;

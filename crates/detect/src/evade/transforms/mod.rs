//! How attackers rewrite a text so that a filter misses it while a reader (or a model) still understands it: one [`Transform`] per trick.
//!
//! Invariant: a transform is a function of its arguments alone (own generator, no clock), it returns `None` exactly when it would change
//! nothing, and what stands outside the span stays as it was for those of [`Scope::Span`]. The tables here were written from the attackers'
//! side and share nothing with the tables the engine folds with: what the engine does not know must show as a miss.
//! It does not judge whether a reader still understands the result, and it writes no attack of its own: it only rewrites the text given.

mod rng;
mod surface;
mod tables;
mod words;

use std::ops::Range;

pub(crate) use rng::Rng;
pub(crate) use surface::is_han;

/// What a transform rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only the sensitive part.
    Span,
    /// The whole text.
    Text,
    /// Both: the sensitive part in one way, then the whole text in another.
    Both,
}

/// One way to rewrite a text.
#[derive(Clone, Copy, Debug)]
pub struct Transform {
    /// Stable name, for reports.
    pub id: &'static str,
    /// Name in Chinese.
    pub zh: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// What it rewrites.
    pub scope: Scope,
    /// Text, the sensitive part of it in bytes, seed -> the rewritten text, or `None` when there is nothing to transform (or the range is
    /// none of the text's).
    pub apply: Apply,
}

/// The function of a [`Transform`].
pub type Apply = fn(&str, Range<usize>, u64) -> Option<String>;

/// Rewrites a piece of text; `None` when it has nothing to rewrite.
type Rewrite = fn(&str, &mut Rng) -> Option<String>;

/// All transforms, in a fixed order.
#[must_use]
pub fn transforms() -> &'static [Transform] {
    const ALL: &[Transform] = &[
        text("fullwidth", "全角", "Full-width forms", |t, s, n| on_text(t, s, n, surface::fullwidth)),
        text("traditional", "繁体", "Traditional characters", |t, s, n| on_text(t, s, n, surface::traditional)),
        text("filler", "夹杂符号", "Filler between characters", |t, s, n| on_text(t, s, n, surface::filler)),
        text("zero-width", "零宽字符", "Invisible characters", |t, s, n| on_text(t, s, n, surface::zero_width)),
        text("look-alike", "形近字母", "Look-alike letters and digits", |t, s, n| on_text(t, s, n, surface::look_alike)),
        text("combining", "组合符号", "Combining marks", |t, s, n| on_text(t, s, n, surface::combining)),
        span("split", "拆字", "Characters in parts", |t, s, n| on_span(t, s, n, words::split)),
        span("pinyin-full", "全拼", "Pinyin", |t, s, n| on_span(t, s, n, words::pinyin_full)),
        span("pinyin-initials", "拼音首字母", "Pinyin initials", |t, s, n| on_span(t, s, n, words::pinyin_initials)),
        span("homophone", "同音字", "Homophones", |t, s, n| on_span(t, s, n, words::homophone)),
        both("emoji", "表情符号", "Emoji", emoji),
        text("reversed", "倒序", "Reversed", |t, s, n| on_text(t, s, n, surface::reversed)),
        text("base64", "Base64", "Base64", |t, s, n| on_text(t, s, n, surface::base64)),
        span("leet", "数字代字母", "Leet", |t, s, n| on_span(t, s, n, words::leet)),
        text("digits", "数字变写", "Digits and numerals", |t, s, n| on_text(t, s, n, surface::digits)),
        both("mixed", "混合", "Two or three at once", mixed),
    ];
    ALL
}

const fn text(id: &'static str, zh: &'static str, en: &'static str, apply: Apply) -> Transform {
    Transform { id, zh, en, scope: Scope::Text, apply }
}

const fn span(id: &'static str, zh: &'static str, en: &'static str, apply: Apply) -> Transform {
    Transform { id, zh, en, scope: Scope::Span, apply }
}

const fn both(id: &'static str, zh: &'static str, en: &'static str, apply: Apply) -> Transform {
    Transform { id, zh, en, scope: Scope::Both, apply }
}

fn on_text(text: &str, span: Range<usize>, seed: u64, rewrite: Rewrite) -> Option<String> {
    Parts::of(text, span)?;
    changed(text, rewrite(text, &mut Rng::new(seed))?)
}

fn on_span(text: &str, span: Range<usize>, seed: u64, rewrite: Rewrite) -> Option<String> {
    let mut parts = Parts::of(text, span)?;
    parts.rewrite(rewrite, &mut Rng::new(seed));
    changed(text, parts.join())
}

/// Emoji for the words of the span that have one, and emoji between the characters of the whole text.
fn emoji(text: &str, span: Range<usize>, seed: u64) -> Option<String> {
    let rng = &mut Rng::new(seed);
    let mut parts = Parts::of(text, span)?;
    let replaced = parts.rewrite(words::emoji, rng);
    let joined = parts.join();
    // With something replaced, half of the writers leave it at that.
    if replaced && rng.coin() {
        return changed(text, joined);
    }
    let strewn = surface::emoji_between(&joined, rng).unwrap_or(joined);
    changed(text, strewn)
}

/// Two or three different tricks: one on the span where one applies (with leet at times), then others on the text. Two on the same
/// characters of a span would leave nothing to read (so no filler between the letters of pinyin); `base64` and `reversed` would hide the
/// others. `None` when fewer than two apply.
fn mixed(text: &str, span: Range<usize>, seed: u64) -> Option<String> {
    const SPAN: [Rewrite; 5] = [words::split, words::pinyin_full, words::pinyin_initials, words::homophone, words::emoji];
    const TEXT: [Rewrite; 7] = [
        surface::fullwidth,
        surface::traditional,
        surface::filler_between,
        surface::zero_width,
        surface::look_alike,
        surface::combining,
        surface::digits,
    ];
    let rng = &mut Rng::new(seed);
    let mut parts = Parts::of(text, span)?;
    let wanted = 2 + rng.below(2);
    let mut done = usize::from(rng.shuffled(&SPAN).into_iter().any(|rewrite| parts.rewrite(rewrite, rng)));
    if rng.coin() {
        done += usize::from(parts.rewrite(words::leet, rng));
    }
    let mut whole = parts.join();
    for rewrite in rng.shuffled(&TEXT) {
        if done < wanted
            && let Some(next) = rewrite(&whole, rng)
        {
            done += 1;
            whole = next;
        }
    }
    if done < 2 { None } else { changed(text, whole) }
}

fn changed(old: &str, new: String) -> Option<String> {
    (new != old).then_some(new)
}

/// A text as what stands before the span, the span, and what stands after it.
struct Parts<'a> {
    before: &'a str,
    inside: String,
    after: &'a str,
}

impl<'a> Parts<'a> {
    /// `None` when the range is not one of the text's, or cuts a character.
    fn of(text: &'a str, span: Range<usize>) -> Option<Self> {
        let inside = text.get(span.clone())?.to_owned();
        Some(Self { before: text.get(..span.start)?, inside, after: text.get(span.end..)? })
    }

    /// Whether the rewrite found something to do.
    fn rewrite(&mut self, rewrite: Rewrite, rng: &mut Rng) -> bool {
        let new = rewrite(&self.inside, rng).filter(|new| *new != self.inside);
        let done = new.is_some();
        self.inside = new.unwrap_or_else(|| std::mem::take(&mut self.inside));
        done
    }

    fn join(&self) -> String {
        [self.before, self.inside.as_str(), self.after].concat()
    }
}

#[cfg(test)]
mod tests;

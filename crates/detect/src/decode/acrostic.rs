//! What the first (or last) characters of the lines say.

use super::How;
use super::MAX_RUN;
use super::segment::{Breaks, ENDS, LINES, Leads, ends_sentence, segments};
use super::sink::Sink;
use super::view::View;

/// Fewest lines: a quatrain.
const MIN_LINES: usize = 4;
/// Without a word for it, at most so many lines, of at most so many characters each: a poem, not an article.
const MAX_LINES: usize = 12;
const MAX_LINE: usize = 40;
/// With a word for it, at most so many lines are read: a song.
const MOST: usize = 256;

/// At the ends of sentences, and at commas.
static CLAUSES: Breaks =
    Breaks { leads: Leads::of(ENDS).and(b','), is_break: |c| ends_sentence(c) || c == '，' || c == ',', beyond_ascii: false };

/// Lines, or sentences where there are too few lines.
pub(super) fn acrostic(view: &View<'_>, sink: &mut Sink<'_>) {
    let told = view.cues.heads || view.cues.tails;
    let most = if told { MOST } else { MAX_LINES + 1 };
    let mut lines: Vec<_> = segments(view, &LINES).take(most).collect();
    if told && lines.len() < MIN_LINES {
        lines = segments(view, &CLAUSES).take(most).collect();
    }
    let short =
        || lines.len() <= MAX_LINES && lines.iter().all(|line| view.slice(line.clone()).chars().take(MAX_LINE + 1).count() <= MAX_LINE);
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
    if lines.len() < MIN_LINES || !(told || short()) || view.slice(first.start..last.end).len() > MOST * MAX_RUN {
        return;
    }
    let text = |pick: fn(&str) -> Option<char>| lines.iter().filter_map(|line| pick(view.slice(line.clone()))).collect::<String>();
    let range = first.start..last.end;
    let heads = text(head);
    // Code, tables and lists of the same kind of thing start alike and say nothing.
    if heads.chars().any(|c| !heads.starts_with(c)) {
        sink.push_over(How::Acrostic, range.clone(), &heads);
    }
    if view.cues.tails {
        sink.push_over(How::Acrostic, range, &text(tail));
    }
}

/// The first letter, whatever number or bullet stands before it.
fn head(line: &str) -> Option<char> {
    line.chars().find(|c| c.is_alphabetic())
}

fn tail(line: &str) -> Option<char> {
    line.chars().rev().find(|c| c.is_alphabetic())
}

//! Text put together from quoted pieces or from variables: `a="制"; b="炸"; a+b`, `'bo'+'mb'`, `"".join(["bo", "mb"])`.

use std::collections::BTreeMap;

use super::How;
use super::sink::Sink;
use super::view::View;

/// Longest piece: a phrase. Longest name of a variable: a word.
const PIECE: usize = 128;
const NAME: usize = 32;
/// Most variables remembered, and most pieces added up.
const VARIABLES: usize = 64;
const TERMS: usize = 256;

/// One pass; what a name stands for is what it was given last.
pub(super) fn concatenated(view: &View<'_>, sink: &mut Sink<'_>) {
    let plus = view.signs.has(b'+');
    let join = view.signs.has(b'(') && view.signs.has(b'j') && view.text().contains("join(");
    if !plus && !join {
        return;
    }
    let (mut known, mut at) = (Known::default(), 0);
    while at < view.bytes().len() && !sink.is_full() {
        let Some((end, term)) = term(view, at) else {
            at += 1;
            continue;
        };
        // Nearly every word of a text: nothing is added to it and nothing assigned.
        if let Term::Name(name) = term
            && follows(view, end, b"+").is_none()
        {
            at = known.learn(view, name, at, end);
            continue;
        }
        let sum = Sum::read(view, &known, at, (end, term));
        let after = sum.end.max(end);
        if let Some(text) = sum.text() {
            sink.push_over(How::Concatenated, sum.start..sum.end, &text);
        }
        at = after;
    }
}

#[derive(Clone, Copy)]
enum Term<'v> {
    Quoted(&'v str),
    Name(&'v str),
}

/// A quoted piece, or a name, that starts here.
fn term<'v>(view: &'v View<'_>, at: usize) -> Option<(usize, Term<'v>)> {
    let first = *view.bytes().get(at)?;
    if !first.is_ascii() && !matches!(first, 0xE2 | 0xE3) {
        return None;
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let rest = view.bytes().get(at..)?;
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        return Some((at + len, Term::Name(if len <= NAME { view.slice(at..at + len) } else { "" })));
    }
    // An apostrophe is no quote: "don't".
    if first == b'\'' && at.checked_sub(1).and_then(|before| view.bytes().get(before)).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = view.slice(at..view.text().floor_char_boundary(at + PIECE));
    let close = match rest.chars().next()? {
        same @ ('"' | '\'' | '`') => same,
        '“' | '”' => '”',
        '‘' | '’' => '’',
        '「' => '」',
        _ => return None,
    };
    let inner = rest.get(rest.chars().next()?.len_utf8()..)?;
    let len = inner.find([close, '\n', rest.chars().next()?])?;
    let (piece, after) = inner.split_at_checked(len)?;
    after.starts_with(close).then(|| (at + rest.len() - after.len() + close.len_utf8(), Term::Quoted(piece)))
}

/// What variables stand for.
#[derive(Default)]
struct Known {
    names: BTreeMap<String, String>,
    /// Where the first was named.
    from: Option<usize>,
}

impl Known {
    fn get(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// Notes `name = value` if an assignment follows the name; tells where to go on.
    fn learn(&mut self, view: &View<'_>, name: &str, at: usize, end: usize) -> usize {
        let Some(value_at) = assigns(view, end).filter(|_| !name.is_empty()) else { return end };
        let (value, after) = match term(view, value_at) {
            Some((after, Term::Quoted(value))) => (value, after),
            _ => bare(view, value_at),
        };
        // A sum on the right is read as a sum in its turn.
        let adds = follows(view, after, b"+").is_some();
        let (held, room) = (self.names.get(name), self.names.len() < VARIABLES);
        if !value.is_empty() && !adds && (room || held.is_some()) && held.is_none_or(|held| held != value) {
            self.names.insert(name.to_owned(), value.to_owned());
            self.from.get_or_insert(at);
        }
        if adds { value_at } else { after }
    }
}

/// Where the value starts, after `=`, `:`, `是` or `为`.
fn assigns(view: &View<'_>, at: usize) -> Option<usize> {
    let rest = view.slice(at..view.text().floor_char_boundary(at + 16));
    let sign = rest.trim_start_matches(' ');
    let value = sign.strip_prefix(":=").or_else(|| sign.strip_prefix(['=', ':', '：', '是', '为']))?;
    Some(at + rest.len() - value.trim_start_matches(' ').len())
}

/// A value without quotes: up to a separator.
fn bare<'v>(view: &'v View<'_>, at: usize) -> (&'v str, usize) {
    let rest = view.slice(at..view.text().floor_char_boundary(at + NAME));
    let len = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(0);
    (rest.get(..len).unwrap_or_default(), at + len)
}

fn follows(view: &View<'_>, at: usize, sign: &[u8]) -> Option<usize> {
    let rest = view.bytes().get(at..)?;
    let spaces = rest.iter().take(4).take_while(|b| b.is_ascii_whitespace() || **b == b'\\').count();
    rest.get(spaces..).filter(|rest| rest.starts_with(sign)).map(|_| at + spaces + sign.len())
}

/// Terms with a plus between them, or with commas in a list that is joined.
struct Sum<'v, 'k> {
    terms: Vec<Term<'v>>,
    values: Vec<&'k str>,
    start: usize,
    end: usize,
    added: bool,
}

impl<'v: 'k, 'k> Sum<'v, 'k> {
    fn read(view: &'v View<'_>, known: &'k Known, start: usize, (end, first): (usize, Term<'v>)) -> Self {
        let mut sum = Self { terms: Vec::new(), values: Vec::new(), start, end, added: true };
        sum.take(known, first);
        let sign: &[u8] = if follows(view, end, b"+").is_some() { b"+" } else { b"," };
        let quoted = matches!(first, Term::Quoted(_));
        while let Some((end, term)) =
            (sign == b"+" || quoted).then(|| next(view, sum.end, sign)).flatten().filter(|_| sum.terms.len() < TERMS)
        {
            sum.end = end;
            sum.take(known, term);
        }
        if sign == b"," {
            sum.added = is_joined(view, start, sum.end);
        } else if let Some(from) = known.from.filter(|_| sum.terms.iter().any(|term| matches!(term, Term::Name(_)))) {
            // The encoding includes the places where its variables were given.
            sum.start = from.min(start);
        }
        sum
    }

    fn take(&mut self, known: &'k Known, term: Term<'v>) {
        self.values.extend(match term {
            Term::Quoted(text) => Some(text),
            Term::Name(name) => known.get(name),
        });
        self.terms.push(term);
    }

    /// The joined text, if every term is known, there are two, and letters in them.
    fn text(&self) -> Option<String> {
        let whole = self.added && self.terms.len() >= 2 && self.values.len() == self.terms.len();
        let text = if whole { self.values.concat() } else { String::new() };
        text.contains(char::is_alphabetic).then_some(text)
    }
}

fn next<'v>(view: &'v View<'_>, at: usize, sign: &[u8]) -> Option<(usize, Term<'v>)> {
    let at = follows(view, at, sign)?;
    let spaces = view.bytes().get(at..)?.iter().take(4).take_while(|b| b.is_ascii_whitespace() || **b == b'\\').count();
    term(view, at + spaces)
}

/// `join(["a", "b"` before the list, or `].join(` after it; the list of Python or of JavaScript.
fn is_joined(view: &View<'_>, start: usize, end: usize) -> bool {
    let before = view.bytes().get(start.saturating_sub(6)..start).unwrap_or_default();
    let before: &[u8] = before.trim_ascii_end();
    let after = view.bytes().get(end..).unwrap_or_default();
    before.ends_with(b"join([") || before.ends_with(b"join((") || after.starts_with(b"].join(")
}

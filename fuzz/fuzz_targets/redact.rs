#![no_main]
//! Any marks on any text. First line: operator, then a mark for every three bytes (from, to, kind); the rest is the text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use detect::redact::{Key, Mark, Operator, Policy, Redactor, Salt, Secrets};
use guiju_fuzz::{choice, head};
use taxonomy::{PersonalKind, Span};

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OPERATORS: [Operator; 7] =
    [Operator::Mask, Operator::Replace, Operator::Pseudonym, Operator::Hash, Operator::Preserve, Operator::Drop, Operator::Keep];

/// One for each operator as the default, and one in which every kind has another.
static REDACTORS: LazyLock<Vec<Redactor>> = LazyLock::new(|| {
    let secrets = Secrets { key: Key::from_hex(HEX).ok(), salt: Salt::from_hex(HEX).ok() };
    let mixed = PersonalKind::ALL.iter().copied().zip(OPERATORS.into_iter().cycle()).collect();
    let policy = |default, kinds| Policy { default, kinds, ..Policy::default() };
    let policies = OPERATORS.map(|operator| policy(operator, BTreeMap::new())).into_iter().chain([policy(Operator::Mask, mixed)]);
    policies.map(|policy| Redactor::new(policy, &secrets).expect("it has all secrets")).collect()
});

/// A mark somewhere; from the 128th kind on it may cut a character or lie outside the text.
fn mark(text: &str, bytes: &[u8; 3]) -> Mark {
    let place = |byte: u8| usize::from(byte) * (text.len() + 2) / 255;
    let (a, b) = (place(bytes[0]), place(bytes[1]));
    let kind = PersonalKind::ALL[usize::from(bytes[2]) % PersonalKind::ALL.len()];
    let span = if bytes[2] >= 128 {
        Span { start: a, end: b }
    } else {
        Span { start: text.floor_char_boundary(a.min(b)), end: text.ceil_char_boundary(a.max(b)).min(text.len()) }
    };
    Mark { span, kind }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (choices, text) = head(data);
    let text = &*guiju_fuzz::text(text);
    let redactor = &REDACTORS[choice(choices, 0) % REDACTORS.len()];
    let (marks, _) = choices.get(1..).unwrap_or_default().as_chunks::<3>();
    let marks: Vec<Mark> = marks.iter().take(16).map(|bytes| mark(text, bytes)).collect();
    let redacted = redactor.redact(text, &marks);
    assert_eq!(redacted, redactor.redact(text, &marks));
    assert_eq!(redacted, redactor.redact(text, &marks.iter().rev().copied().collect::<Vec<_>>()).or_else(|_| redacted.clone()));
    let fits = |mark: &Mark| mark.span.start <= mark.span.end && mark.span.cut(text).is_some();
    let Ok(redacted) = redacted else {
        assert!(!marks.iter().all(fits));
        return;
    };
    assert!(marks.iter().all(fits));

    let (mut old, mut new) = (0, 0);
    for done in &redacted.done {
        // What lies between is unchanged, and places ascend.
        assert_eq!(text.get(old..done.old.start).expect("ascending"), redacted.text.get(new..done.new.start).expect("ascending"));
        let (was, is) = (done.old.cut(text).expect("it fits"), done.new.cut(&redacted.text).expect("it fits"));
        assert!(!was.is_empty() && marks.iter().any(|mark| mark.kind == done.kind && done.old.covers(mark.span)));
        match done.operator {
            Operator::Drop => assert_eq!(is, ""),
            Operator::Replace => assert!(is.starts_with('[') && is.ends_with(']')),
            Operator::Pseudonym | Operator::Hash => assert!(is.starts_with(&format!("<{}:", done.kind)) && is.ends_with('>')),
            Operator::Preserve => assert_eq!(redactor.reveal(done.kind, is).as_deref(), Some(was), "{is}"),
            Operator::Mask if done.kind != PersonalKind::Email => {
                assert_eq!(was.chars().count(), is.chars().count());
                assert!(was.chars().zip(is.chars()).all(|(was, is)| is == was || is == '*'));
                assert!(is != was || !was.contains(char::is_alphanumeric), "{was} stays");
            }
            Operator::Mask => {}
            Operator::Keep => panic!("nothing is done to what is kept"),
        }
        assert!(done.instead_of.is_none() || (done.instead_of, done.operator) == (Some(Operator::Preserve), Operator::Mask));
        (old, new) = (done.old.end, done.new.end);
    }
    assert_eq!(text.get(old..).expect("ascending"), redacted.text.get(new..).expect("ascending"));
    // Every mark that is not empty lies in one place, unless its kind is kept: then with the operator `keep` alone.
    let kept = |mark: &Mark| mark.span.start == mark.span.end || redactor_keeps(redactor, mark.kind);
    assert!(marks.iter().all(|mark| kept(mark) || redacted.done.iter().any(|done| done.old.covers(mark.span))));
});

/// Whether a redactor leaves a kind as it is: it shows on a text that is nothing else.
fn redactor_keeps(redactor: &Redactor, kind: PersonalKind) -> bool {
    let mark = Mark { span: Span { start: 0, end: 3 }, kind };
    redactor.redact("123", &[mark]).is_ok_and(|redacted| redacted.done.is_empty())
}

//! Masks what was found in a text: personal information as the redaction policy says, anything else (a secret, a text hidden in an encoding) by
//! a word in brackets.

use detect::redact::{Mark, Redactor};
use taxonomy::{Finding, Span};

/// What stands for a secret.
const SECRET: &str = "[***]";

/// The text without what was found; none if a span does not fit it.
pub(super) fn mask<'f>(text: &str, findings: impl Iterator<Item = &'f Finding>, redactor: &Redactor) -> Option<String> {
    let (mut marks, mut secrets) = (Vec::new(), Vec::<Span>::new());
    for finding in findings {
        finding.span.cut(text)?;
        match finding.personal {
            Some(kind) => marks.push(Mark { span: finding.span, kind }),
            None => secrets.push(finding.span),
        }
    }
    let secrets = joined(secrets, &marks);
    let (mut new, mut from) = (String::with_capacity(text.len()), 0);
    for secret in secrets {
        new.push_str(&piece(text, from..secret.start, &marks, redactor)?);
        new.push_str(SECRET);
        from = secret.end;
    }
    new.push_str(&piece(text, from..text.len(), &marks, redactor)?);
    Some(new)
}

/// Secrets in order, those that overlap made one, each grown over the marks it cuts: no mark lies half inside one then.
fn joined(mut secrets: Vec<Span>, marks: &[Mark]) -> Vec<Span> {
    let spans = marks.iter().map(|mark| mark.span).filter(|span| secrets.iter().any(|secret| overlap(*secret, *span)));
    let grown: Vec<Span> = spans.collect();
    secrets.extend(grown);
    secrets.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in secrets {
        match joined.last_mut().filter(|last| span.start < last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => joined.push(span),
        }
    }
    // A mark that a grown secret has reached grows it again, until none does; spans only grow, so this ends.
    let reached = marks.iter().any(|mark| joined.iter().any(|secret| overlap(*secret, mark.span) && !secret.covers(mark.span)));
    if reached { self::joined(joined, marks) } else { joined }
}

const fn overlap(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

/// A piece of the text between secrets, its marks redacted.
fn piece(text: &str, range: std::ops::Range<usize>, marks: &[Mark], redactor: &Redactor) -> Option<String> {
    let inside = marks
        .iter()
        .filter(|mark| range.start <= mark.span.start && mark.span.end <= range.end)
        .map(|mark| Mark { span: Span { start: mark.span.start - range.start, end: mark.span.end - range.start }, kind: mark.kind });
    redactor.redact(text.get(range.clone())?, &inside.collect::<Vec<_>>()).ok().map(|redacted| redacted.text)
}

#[cfg(test)]
mod tests {
    use detect::redact::{Policy, Secrets};
    use taxonomy::{AttackKind, PersonalKind, Severity};

    use super::*;

    fn finding(text: &str, found: &str, personal: Option<PersonalKind>) -> Finding {
        let start = text.find(found).unwrap();
        Finding {
            class: None,
            attack: personal.is_none().then_some(AttackKind::Secret),
            personal,
            detector: String::new(),
            rule: String::new(),
            score: 1.0,
            severity: Severity::Block,
            span: Span { start, end: start + found.len() },
            matched: String::new(),
            via: None,
        }
    }

    #[test]
    fn secrets_and_personal_information_are_masked_and_nothing_else() {
        let redactor = Redactor::new(Policy::from_toml("default = \"mask\"").unwrap(), &Secrets::default()).unwrap();
        let text = "电话13812345678，密钥sk-abc13900001111，完。";
        let findings = [
            finding(text, "13812345678", Some(PersonalKind::Mobile)),
            finding(text, "sk-abc139", None),
            finding(text, "13900001111", Some(PersonalKind::Mobile)),
        ];
        assert_eq!(mask(text, findings.iter(), &redactor).unwrap(), "电话138****5678，密钥[***]，完。");
        assert_eq!(mask("短", findings.iter(), &redactor), None);
    }
}

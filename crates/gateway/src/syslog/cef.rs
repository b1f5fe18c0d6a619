//! An event as CEF in an RFC 5424 message. ArcSight, Common Event Format, version 0: header of seven fields between bars, then keys and values.

use jiff::Timestamp;
use taxonomy::Lang;

use super::event::Event;

/// Longest value of an event, in characters: what a column of a SIEM holds, and with fourteen of them no datagram is beyond 8 KiB.
const MAX_VALUE_CHARS: usize = 500;

/// What the free text fields are.
const LABELS: &[(&str, &str)] =
    &[("cs1", "client"), ("cs2", "model"), ("cs3", "classes"), ("cs4", "rules"), ("cs5", "policy"), ("cs6", "alarm")];

/// The message (RFC 5424, 6). It is UTF-8 without a byte order mark: the mark would stand before `CEF:`, where readers of CEF do not expect it.
pub(super) fn message(event: &Event, facility: u8, host: &str) -> String {
    let time = Timestamp::from_millisecond(event.time_ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let priority = u32::from(facility) * 8 + u32::from(syslog_severity(event.weight));
    format!("<{priority}>1 {time} {host} guiju {} {} - {}", std::process::id(), event.kind.id(), cef(event))
}

fn cef(event: &Event) -> String {
    let kind = event.kind;
    let name = format!("{} {}", kind.title(Lang::Zh), kind.title(Lang::En));
    let header = [env!("CARGO_PKG_VERSION"), kind.id(), &name].map(header).join("|");
    let mut text = format!("CEF:0|Guiju|guiju-gateway|{header}|{}|rt={} cat={}", event.weight, event.time_ms, kind.id());
    for (key, value) in &event.facts {
        if let Some((_, label)) = LABELS.iter().find(|(known, _)| known == key) {
            text.push_str(&format!(" {key}Label={label}"));
        }
        text.push_str(&format!(" {key}={}", extension(value)));
    }
    text
}

/// CEF's 0 to 10 in the words of RFC 5424, 6.2.1: notice, warning, error, critical.
const fn syslog_severity(weight: u8) -> u8 {
    match weight {
        0..=5 => 5,
        6..=7 => 4,
        8 => 3,
        _ => 2,
    }
}

/// A field of the header: bar and backslash are escaped, and it is one line.
fn header(value: &str) -> String {
    escaped(value, |sign| matches!(sign, '\\' | '|'), |_| None)
}

/// A value: equals sign, backslash and line ends are escaped.
fn extension(value: &str) -> String {
    let line_end = |sign| match sign {
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        _ => None,
    };
    escaped(value, |sign| matches!(sign, '\\' | '='), line_end)
}

fn escaped(value: &str, is_special: impl Fn(char) -> bool, instead: impl Fn(char) -> Option<&'static str>) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for sign in value.chars().take(MAX_VALUE_CHARS) {
        if let Some(words) = instead(sign) {
            text.push_str(words);
        } else if sign.is_control() {
            text.push(' ');
        } else {
            if is_special(sign) {
                text.push('\\');
            }
            text.push(sign);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::event::Kind;
    use super::*;

    #[test]
    fn a_message_is_as_the_formats_say() {
        let event = Event::new(Kind::Refusal, 1_700_000_000_123).with("externalId", "0a").with("cs3", "A1a A2b").with("act", "refuse");
        let text = message(&event, 16, "gw-1");
        let process = std::process::id();
        assert_eq!(
            text,
            format!(
                "<133>1 2023-11-14T22:13:20.123Z gw-1 guiju {process} refusal - CEF:0|Guiju|guiju-gateway|{}|refusal|请求或回答被拒 Refused|5|\
                 rt=1700000000123 cat=refusal externalId=0a cs3Label=classes cs3=A1a A2b act=refuse",
                env!("CARGO_PKG_VERSION")
            )
        );
    }

    /// The examples of the format's own text.
    #[test]
    fn signs_with_a_meaning_are_escaped() {
        assert_eq!(header("detected a | in packet \\ here"), "detected a \\| in packet \\\\ here");
        assert_eq!(header("a=b\nc"), "a=b c");
        assert_eq!(extension("a=b | c:\\d\nnext\rline\tend"), "a\\=b | c:\\\\d\\nnext\\rline end");
    }

    #[test]
    fn every_kind_has_an_id_that_fits_a_message() {
        for kind in Kind::ALL {
            assert!(kind.id().len() <= 32 && kind.id().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    /// Takes the escapes out again, as a reader of CEF does.
    fn read(value: &str) -> String {
        let (mut text, mut signs) = (String::new(), value.chars());
        while let Some(sign) = signs.next() {
            let sign = if sign == '\\' {
                signs.next().map(|next| {
                    if next == 'n' {
                        '\n'
                    } else if next == 'r' {
                        '\r'
                    } else {
                        next
                    }
                })
            } else {
                Some(sign)
            };
            text.extend(sign);
        }
        text
    }

    proptest! {
        #[test]
        fn a_value_comes_back_and_never_ends_the_event(value in "[ -~\n\r规矩\u{7f}]{0,80}") {
            let written = extension(&value);
            prop_assert_eq!(read(&written), value.replace('\u{7f}', " "));
            prop_assert!(!written.contains(['\n', '\r']));
            // No key can begin in it: every equals sign is behind a backslash.
            prop_assert!(written.match_indices('=').all(|(at, _)| at > 0 && written.as_bytes()[at - 1] == b'\\'));
        }
    }
}

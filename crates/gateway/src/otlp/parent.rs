//! The header `traceparent` (W3C Trace Context, level 1, 3.2): which trace a request belongs to.

use axum::http::HeaderMap;

/// Its name.
pub(super) const HEADER: &str = "traceparent";

/// Where a trace goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    /// Whether whoever asks keeps it.
    pub(super) sampled: bool,
}

impl Parent {
    /// What a client said; `None` where it said nothing that can be read: a new trace begins then (3.2.2.3 and 4.3).
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut said = headers.get_all(HEADER).iter();
        match (said.next(), said.next()) {
            (Some(one), None) => Self::read(one.to_str().ok()?),
            _ => None,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let [version] = hex::<1>(fields.next()?)?;
        let (trace, span, [flags]) = (hex::<16>(fields.next()?)?, hex::<8>(fields.next()?)?, hex::<1>(fields.next()?)?);
        // A later version may say more behind; this one does not.
        let is_known = version != 0xff && (version > 0 || fields.next().is_none());
        let names = trace != [0; 16] && span != [0; 8];
        (is_known && names).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }

    /// As it is sent on.
    pub(super) fn text(&self) -> String {
        format!("00-{}-{}-{:02x}", written(&self.trace), written(&self.span), u8::from(self.sampled))
    }
}

/// Bytes in lower-case hexadecimal, as OTLP's JSON has ids.
pub(super) fn written(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many bytes in lower-case hexadecimal.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = text.len() == 2 * N && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate().take(if is_hex { N } else { 0 }) {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    is_hex.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the recommendation, and what it calls invalid.
    #[test]
    fn it_is_read_as_the_recommendation_says() {
        let known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::read(known).unwrap();
        assert!(parent.sampled);
        assert_eq!(parent.text(), known);
        assert!(!Parent::read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap().sampled);
        // A later version with more behind.
        assert_eq!(Parent::read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes").unwrap().text(), known);
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "规-矩-规-矩",
        ] {
            assert_eq!(Parent::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_headers_say_nothing() {
        let value = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse::<axum::http::HeaderValue>().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(HEADER, value.clone());
        assert!(Parent::of(&headers).is_some());
        headers.append(HEADER, value);
        assert_eq!(Parent::of(&headers), None);
    }
}

//! Signed notes (c2sp.org/signed-note): a text, a blank line, and one signature a line. Parsing believes nothing; [`Note::verify`] says which
//! of the keys one trusts have signed.
//!
//! Printing what was parsed gives the same bytes, so a note can be kept parsed. Signatures of unknown keys and unknown types pass through
//! untouched: an SM2 signature beside the Ed25519 one disturbs no other verifier.

use std::fmt;

use crate::key::{Judged, KeyId, VerifierKey, is_key_name};
use crate::text::{base64, from_base64};

/// Largest note. The specification asks for some limit; this holds 64 post-quantum signatures several times over.
pub const MAX_NOTE_BYTES: usize = 1 << 20;

/// Most signatures in a note; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// How a signature line begins: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Why a note cannot be read or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes or signatures than are read.
    #[error("the note is too large: at most {MAX_NOTE_BYTES} bytes and {MAX_SIGNATURES} signatures are read")]
    TooLarge,
    /// Not in the format.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// A line names a trusted key and the signature is not of that key.
    #[error("the signature of {0} does not hold: the text or the signature was changed")]
    BadSignature(String),
    /// No trusted key has signed.
    #[error("none of the trusted keys has signed this note; it names: {0}")]
    Untrusted(String),
}

/// A text with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature line, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

/// A signature that holds, by a trusted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'k> {
    /// Whose it is.
    pub key: &'k VerifierKey,
    /// When a cosigner says it signed, in seconds since 1970; `None` for other types.
    pub time_s: Option<u64>,
}

impl Note {
    /// A text with no signature yet.
    ///
    /// # Errors
    /// It is empty, does not end with a line feed, or holds another control character.
    pub fn new(text: String) -> Result<Self, NoteError> {
        check_text(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note; no signature is verified.
    ///
    /// # Errors
    /// It is too large, or not in the format.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        // The text may hold blank lines itself: the last one divides.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed("no blank line before the signatures"))?;
        let mut note = Self::new(format!("{text}\n"))?;
        note.signatures = Signature::parse_lines(signatures)?;
        Ok(note)
    }

    /// What is signed; ends with a line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature, for instance a witness's; an older one of the same key gives way. Nothing is verified.
    ///
    /// # Errors
    /// There are [`MAX_SIGNATURES`] already.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        self.signatures.retain(|old| (&old.name, old.key_id) != (&signature.name, signature.key_id));
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooLarge);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The signatures that hold, by any of `keys`. Lines of unknown keys, and of keys of a type this crate cannot verify, are ignored.
    ///
    /// # Errors
    /// A line of a trusted key does not hold (then nothing in the note is to be believed), or no trusted key has signed.
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Verified<'k>>, NoteError> {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut verified = Vec::new();
        for signature in &self.signatures {
            verified.extend(signature.verify(&self.text, &keys)?);
        }
        if verified.is_empty() {
            let names: Vec<&str> = self.signatures.iter().map(Signature::name).collect();
            return Err(NoteError::Untrusted(names.join(", ")));
        }
        Ok(verified)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.text, Signature::lines(&self.signatures))
    }
}

impl Signature {
    /// A line for `key`, of bytes that were made elsewhere.
    #[must_use]
    pub fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), key_id: key.id(), bytes }
    }

    /// Name of the key the line claims.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of that key.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Signature lines alone, as a witness answers with.
    ///
    /// # Errors
    /// A line is malformed, or there are none or too many.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, NoteError> {
        let lines = text.strip_suffix('\n').ok_or(NoteError::Malformed("it does not end with a signature line and a line feed"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooLarge);
        }
        lines.split('\n').map(|line| Self::parse(line).ok_or(NoteError::Malformed("a signature line is malformed"))).collect()
    }

    /// Signature lines one after the other, each with its line feed.
    #[must_use]
    pub fn lines(signatures: &[Self]) -> String {
        signatures.iter().map(|signature| format!("{signature}\n")).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let decoded = from_base64(encoded)?;
        let (key_id, bytes) = decoded.split_first_chunk::<4>()?;
        (is_key_name(name) && !bytes.is_empty()).then(|| Self { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() })
    }

    fn verify<'k>(&self, text: &str, keys: &[&'k VerifierKey]) -> Result<Option<Verified<'k>>, NoteError> {
        let mut bad = false;
        for key in keys.iter().filter(|key| key.name() == self.name && key.id() == self.key_id) {
            match key.judge(text, &self.bytes) {
                Judged::Valid { time_s } => return Ok(Some(Verified { key, time_s })),
                Judged::Invalid => bad = true,
                Judged::Unsupported => {}
            }
        }
        if bad { Err(NoteError::BadSignature(self.name.clone())) } else { Ok(None) }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = base64(&[self.key_id.as_slice(), &self.bytes].concat());
        write!(f, "{SIGNATURE_MARK}{} {encoded}", self.name)
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end with a line feed"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed("the text holds a control character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::EXTENSION;
    use crate::sign::{Ed25519Signer, sign};

    /// The example of golang.org/x/mod/sumdb/note.
    const PUBLISHED: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const PUBLISHED_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn signer(name: &str, seed: u8) -> Ed25519Signer {
        Ed25519Signer::new(name, &[seed; 32]).unwrap()
    }

    #[test]
    fn the_published_note_opens() {
        let key = PUBLISHED_KEY.parse().unwrap();
        let note = Note::parse(PUBLISHED.as_bytes()).unwrap();
        assert_eq!(note.verify([&key]).unwrap(), [Verified { key: &key, time_s: None }]);
        assert_eq!(note.to_string(), PUBLISHED);
        let changed = Note::parse(PUBLISHED.replace("think", "thimk").as_bytes()).unwrap();
        assert_eq!(changed.verify([&key]), Err(NoteError::BadSignature("PeterNeumann".into())));
        assert_eq!(note.verify([]), Err(NoteError::Untrusted("PeterNeumann".into())));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = PUBLISHED_KEY.parse().unwrap();
        for at in 0..PUBLISHED.len() {
            for bit in [1, 0x10, 0x80] {
                let mut changed = PUBLISHED.as_bytes().to_vec();
                changed[at] ^= bit;
                let opened = Note::parse(&changed).and_then(|note| note.verify([&key]).map(|v| v.len()));
                assert!(opened.is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn other_types_pass_through_and_count_for_nothing() {
        let ours = signer("example.com/log", 1);
        let sm2 = VerifierKey::new("example.com/log", EXTENSION, b"guiju.example/sm2-sm3\0public key").unwrap();
        let mut note = sign("text\n", &[&ours]).unwrap();
        note.add(Signature::new(&sm2, vec![7; 64])).unwrap();
        let again = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(again, note);
        let verified = again.verify([&sm2, crate::sign::Signer::key(&ours)]).unwrap();
        assert_eq!(verified.len(), 1);
        assert!(matches!(again.verify([&sm2]), Err(NoteError::Untrusted(_))));
    }

    #[test]
    fn a_line_with_the_right_name_but_another_id_is_unknown() {
        let (ours, theirs) = (signer("a", 1), signer("a", 2));
        let note = sign("text\n", &[&ours, &theirs]).unwrap();
        assert_eq!(note.verify([crate::sign::Signer::key(&ours)]).unwrap().len(), 1);
        // One bad signature of a trusted key spoils the note, whoever else has signed.
        let mut spoilt = note.clone();
        spoilt.add(Signature::new(crate::sign::Signer::key(&ours), vec![0; 64])).unwrap();
        let keys = [crate::sign::Signer::key(&theirs), crate::sign::Signer::key(&ours)];
        assert_eq!(spoilt.verify(keys), Err(NoteError::BadSignature("a".into())));
    }

    #[test]
    fn blank_lines_belong_to_the_text() {
        let note = Note::parse("a\n\nb\n\n— n AAAAAAA=\n".as_bytes()).unwrap();
        assert_eq!(note.text(), "a\n\nb\n");
        assert_eq!(Note::parse("\n\n— n AAAAAAA=\n".as_bytes()).unwrap().text(), "\n");
    }

    #[test]
    fn what_is_not_a_note_is_refused() {
        let line = "— n AAAAAAA=\n";
        for bad in [
            String::new(),
            "a\n".into(),
            "a\n\n".into(),
            format!("a\n{line}"),
            format!("a\n\n{line}\n"),
            "a\n\n— n AAAAAAA=".into(),
            "a\n\n- n AAAAAAA=\n".into(),
            "a\n\n— n  AAAAAAA=\n".into(),
            "a\n\n— n AAAAAA==\n".into(),
            "a\n\n— n AAAAAAA\n".into(),
            "a\n\n— n+m AAAAAAA=\n".into(),
            "a\n\n—  AAAAAAA=\n".into(),
            "a\n\n— n\u{3000}m AAAAAAA=\n".into(),
            format!("a\tb\n\n{line}"),
            format!("a\r\n\n{line}"),
        ] {
            assert!(matches!(Note::parse(bad.as_bytes()), Err(NoteError::Malformed(_))), "{bad:?}");
        }
        assert!(Note::parse(b"\xff\n\n").is_err());
        let lines = |n: usize| format!("a\n\n{}", line.repeat(n));
        assert_eq!(Note::parse(lines(MAX_SIGNATURES).as_bytes()).unwrap().signatures().len(), MAX_SIGNATURES);
        assert_eq!(Note::parse(lines(MAX_SIGNATURES + 1).as_bytes()), Err(NoteError::TooLarge));
        assert_eq!(Note::parse(&vec![b'a'; MAX_NOTE_BYTES + 1]), Err(NoteError::TooLarge));
        let mut full = Note::parse(lines(MAX_SIGNATURES).replacen("— n ", "— m ", MAX_SIGNATURES - 1).as_bytes()).unwrap();
        let key = VerifierKey::new("k", EXTENSION, b"x").unwrap();
        assert_eq!(full.add(Signature::new(&key, vec![1])), Err(NoteError::TooLarge));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_parser(bytes: Vec<u8>) {
            let _ = Note::parse(&bytes);
        }

        #[test]
        fn what_is_read_is_printed_the_same(text in "[a-z\n]{0,9}\n{0,2}(— [a-z]{1,3} [A-Za-z0-9+/]{4,8}={0,2}\n){0,3}") {
            if let Ok(note) = Note::parse(text.as_bytes()) {
                prop_assert_eq!(note.to_string(), text);
            }
        }
    }

    proptest! {
        // Each case signs and verifies several times, which is slow in an unoptimised build.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_note_leads_back(lines in prop::collection::vec("[^\\p{Cc}]{0,20}", 1..5), names in prop::collection::vec("[^\\p{Cc}\\s+]{1,9}", 1..4)) {
            let signers: Vec<Ed25519Signer> = names.iter().zip(1..).map(|(name, seed)| signer(name, seed)).collect();
            let all: Vec<&dyn crate::sign::Signer> = signers.iter().map(|s| s as _).collect();
            let note = sign(&format!("{}\n", lines.join("\n")), &all).unwrap();
            let again = Note::parse(note.to_string().as_bytes()).unwrap();
            prop_assert_eq!(&again, &note);
            prop_assert_eq!(again.verify(all.iter().map(|s| s.key())).unwrap().len(), names.len());
        }
    }
}

//! Checkpoints (c2sp.org/tlog-checkpoint): the text in which a log commits to its size and root, signed as a note.
//!
//! A log that signs two checkpoints of which one does not continue the other is caught for ever; who signs must therefore remember, outside the
//! database, what it signed last. This module only reads and writes.

use std::fmt;

use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::{Note, NoteError, Verified};
use crate::sign::{SignError, Signer, sign};
use crate::text::{base64, decimal, hash_from_base64};
use crate::tile::MAX_SIZE;

/// What a log commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: unique, by custom an address without scheme.
    pub origin: String,
    /// Entries in the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// Further lines, opaque; the specification advises against them, and ours has none.
    pub extensions: Vec<String>,
}

/// Why a checkpoint cannot be read, written or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not in the format.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// Trusted keys have signed, but none that speaks for this log.
    #[error("the checkpoint of {0} is not signed by a key of that name")]
    Origin(String),
    /// A key of this kind is trusted for the log, and its signature is not there.
    #[error(
        "the checkpoint of {origin} bears no {kind} signature, and an {kind} key of this log is trusted; without that key the others are asked alone"
    )]
    Lacking {
        /// The log.
        origin: String,
        /// Ed25519 or SM2.
        kind: &'static str,
    },
    /// The note cannot be read or believed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A checkpoint whose log has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'k> {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// The signatures that hold: one of the log at least.
    pub verified: Vec<Verified<'k>>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// It is not in the format.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let bad = CheckpointError::Malformed;
        let text = text.strip_suffix('\n').ok_or(bad("it does not end with a line feed"))?;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(bad("line 1, the origin, is empty"))?.to_owned();
        let size = lines.next().and_then(decimal).filter(|size| *size <= MAX_SIZE).ok_or(bad("line 2 is not a size"))?;
        let root = lines.next().and_then(hash_from_base64).ok_or(bad("line 3 is not a root hash in base64"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(bad("an extension line is empty"));
        }
        Ok(Self { origin, size, root, extensions })
    }

    /// Reads a note and verifies it: the checkpoint, if a key whose name is its origin has signed. `keys` may hold those of several logs and
    /// of witnesses. Whoever gives an Ed25519 and an SM2 key of the log asks for both signatures; of two keys of one kind, one is enough.
    ///
    /// # Errors
    /// It is malformed, a signature of a trusted key does not hold, or the log has not signed, or not by every kind of key that is trusted for it.
    pub fn open<'k>(note: &Note, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Opened<'k>, CheckpointError> {
        let checkpoint = Self::parse(note.text())?;
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let verified = note.verify(keys.iter().copied())?;
        let own = |key: &VerifierKey| key.speaks_by().filter(|_| key.name() == checkpoint.origin);
        let signed: Vec<&str> = verified.iter().filter_map(|signature| own(signature.key)).collect();
        if signed.is_empty() {
            return Err(CheckpointError::Origin(checkpoint.origin));
        }
        if let Some(kind) = keys.iter().filter_map(|key| own(key)).find(|kind| !signed.contains(kind)) {
            return Err(CheckpointError::Lacking { origin: checkpoint.origin, kind });
        }
        Ok(Opened { checkpoint, verified })
    }

    /// Signs it. By custom the first signer's name is the origin; [`Checkpoint::open`] asks for that.
    ///
    /// # Errors
    /// A part holds a line feed or is otherwise not printable, or a signer refuses.
    pub fn sign(&self, signers: &[&dyn Signer]) -> Result<Note, SignError> {
        let text = self.to_string();
        match Self::parse(&text) {
            Ok(again) if again == *self => sign(&text, signers),
            _ => Err(NoteError::Malformed("origin, size or extension lines cannot be written as a checkpoint").into()),
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, base64(&self.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::Ed25519Signer;

    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification() {
        let checkpoint = Checkpoint::parse(TEXT).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_string(), TEXT);
        let extended = Checkpoint::parse(&format!("{TEXT}a\nb\n")).unwrap();
        assert_eq!((extended.extensions.len(), extended.to_string()), (2, format!("{TEXT}a\nb\n")));
    }

    #[test]
    fn other_spellings_are_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for bad in [
            String::new(),
            "\n".into(),
            "a\n1\n".into(),
            format!("a\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n-1\n{root}\n"),
            format!("a\n 1\n{root}\n"),
            format!("a\n9223372036854775808\n{root}\n"),
            format!("a\n1\n{root}=\n"),
            "a\n1\nAAAA\n".into(),
            format!("a\n1\n{root}\n\n"),
            format!("a\n1\n{root}\n\nb\n"),
        ] {
            assert!(matches!(Checkpoint::parse(&bad), Err(CheckpointError::Malformed(_))), "{bad:?}");
        }
    }

    #[test]
    fn only_the_log_itself_can_speak_for_it() {
        let (a, b) = (Ed25519Signer::new("log/a", &[1; 32]).unwrap(), Ed25519Signer::new("log/b", &[2; 32]).unwrap());
        let keys = [a.key().clone(), b.key().clone()];
        let checkpoint = Checkpoint::new("log/a", 3, [7; 32]);
        let opened = checkpoint.sign(&[&a]).unwrap();
        assert_eq!(Checkpoint::open(&opened, &keys).unwrap().checkpoint, checkpoint);
        assert_eq!(Checkpoint::open(&checkpoint.sign(&[&b]).unwrap(), &keys), Err(CheckpointError::Origin("log/a".into())));
        assert!(matches!(Checkpoint::open(&opened, &keys[1..]), Err(CheckpointError::Note(NoteError::Untrusted(_)))));
    }

    #[test]
    fn whoever_trusts_two_kinds_of_key_asks_for_both_signatures() {
        let (ours, again) = (Ed25519Signer::new("log", &[1; 32]).unwrap(), Ed25519Signer::new("log", &[2; 32]).unwrap());
        let national = crate::sm2::tests::Sm2Signer::new("log", 3);
        let witness = Ed25519Signer::cosigner("log", &[4; 32]).unwrap();
        let checkpoint = Checkpoint::new("log", 3, [7; 32]);
        let open = |signers: &[&dyn Signer], keys: &[&dyn Signer]| {
            Checkpoint::open(&checkpoint.sign(signers).unwrap(), keys.iter().map(|signer| signer.key())).map(|opened| opened.verified.len())
        };
        let lacking = |kind| Err(CheckpointError::Lacking { origin: "log".into(), kind });
        assert_eq!(open(&[&ours, &national], &[&ours, &national]), Ok(2));
        assert_eq!(open(&[&ours, &national], &[&national]), Ok(1));
        assert_eq!(open(&[&ours], &[&ours, &national]), lacking("SM2"));
        assert_eq!(open(&[&national], &[&ours, &national]), lacking("Ed25519"));
        // Two keys of one kind are an old one and a new one; a witness of the log's name asks for nothing.
        assert_eq!(open(&[&ours], &[&ours, &again, &witness]), Ok(1));
    }

    #[test]
    fn what_would_read_otherwise_is_not_signed() {
        let signer = Ed25519Signer::new("log/a", &[1; 32]).unwrap();
        for (origin, size) in [("", 1), ("a\n1", 1), ("a\tb", 1), ("a", MAX_SIZE + 1)] {
            assert!(matches!(Checkpoint::new(origin, size, [7; 32]).sign(&[&signer]), Err(SignError::Note(_))), "{origin:?}");
        }
        let extended = Checkpoint { extensions: vec![String::new()], ..Checkpoint::new("a", 1, [7; 32]) };
        assert!(extended.sign(&[&signer]).is_err());
    }
}

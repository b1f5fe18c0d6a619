//! The witness's side of `add-checkpoint` (c2sp.org/tlog-witness): read the request, decide, cosign.
//!
//! The decision is a pure function of the request and of what was cosigned last. Its caller must, in one transaction or under one lock: read
//! the last [`Seen`] for [`AddCheckpoint::origin`], call [`decide`], store the new one durably, and only then answer. Storing after answering,
//! or reading outside the lock, lets two requests make the witness cosign two histories.
//!
//! A request that is refused as [`Refusal::Inconsistent`] bears the log's own signature: keep it, it is evidence of misbehaviour.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{EMPTY_ROOT, Hash};
use crate::key::VerifierKey;
use crate::note::{MAX_NOTE_BYTES, Note, NoteError, Signature};
use crate::proof::verify_consistency;
use crate::receipt::parse_proof;
use crate::sign::{SignError, Signer, cosign};
use crate::text::{base64, decimal};

/// Largest request: a note, 63 proof lines of 45 bytes and the line of the old size.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4096;

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size the log believes the witness saw last.
    pub old: u64,
    /// From that size to the checkpoint's.
    pub proof: Vec<Hash>,
    /// The checkpoint to cosign.
    pub checkpoint: Note,
}

/// What a witness last cosigned for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Entries in the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

/// What a witness does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Status 200. Store `seen` durably, then answer with [`Signature::lines`] of the cosignatures.
    Accept {
        /// One for each cosigner.
        cosignatures: Vec<Signature>,
        /// To be remembered for the origin.
        seen: Seen,
    },
    /// Nothing is stored.
    Refuse(Refusal),
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Status 400: not in the format.
    #[error("not an add-checkpoint request: {0}")]
    Malformed(String),
    /// Status 400: the old size is above the new one.
    #[error("the old size {old} is above the checkpoint's size {size}")]
    Backwards {
        /// As the request says.
        old: u64,
        /// As the checkpoint says.
        size: u64,
    },
    /// Status 403: no trusted key of the origin has signed, or its signature does not hold.
    #[error("the checkpoint is not signed by a trusted key of its origin")]
    Untrusted,
    /// Status 404: not a log this witness knows.
    #[error("the log {0:?} is not known to this witness")]
    UnknownOrigin(String),
    /// Status 409: the witness saw another size last; the body tells the size, so that the log can try again.
    #[error("{size}")]
    Conflict {
        /// What the witness saw last.
        size: u64,
    },
    /// Status 422: the checkpoint does not continue what the witness saw. Evidence: keep the request.
    #[error("the checkpoint is not shown to continue what was cosigned before")]
    Inconsistent,
}

impl AddCheckpoint {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], to be answered as it is.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let bad = |what: &str| Refusal::Malformed(what.to_owned());
        if body.len() > MAX_REQUEST_BYTES {
            return Err(bad("the body is too large"));
        }
        let text = std::str::from_utf8(body).map_err(|_| bad("it is not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| bad("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old =
            lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal).ok_or_else(|| bad("line 1 is not `old <size>`"))?;
        let proof = parse_proof(lines).ok_or_else(|| bad("a proof line is not a hash in base64, or there are more than 63"))?;
        let checkpoint = Note::parse(checkpoint.as_bytes()).map_err(|e| bad(&e.to_string()))?;
        Ok(Self { old, proof, checkpoint })
    }

    /// The log it claims to be of: what to look up before deciding. Not verified.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.checkpoint.text().split('\n').next().unwrap_or_default()
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backwards { .. } => 400,
            Self::Untrusted => 403,
            Self::UnknownOrigin(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent => 422,
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{self}\n")
    }

    /// The content type of the answer.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "text/x.tlog.size",
            _ => "text/plain; charset=utf-8",
        }
    }
}

/// Decides a request at `time_s`, in seconds since 1970. `logs` are the keys of all logs the witness knows; a key's name is its log's origin.
/// `last` is what it cosigned last for this origin, `None` if nothing. How to use it safely: see the [module](self).
///
/// # Errors
/// A cosigner refuses or is faulty. Nothing may be stored then.
pub fn decide(
    request: &AddCheckpoint,
    logs: &[VerifierKey],
    last: Option<Seen>,
    cosigners: &[&dyn Signer],
    time_s: u64,
) -> Result<Decision, SignError> {
    let seen = match check(request, logs, last) {
        Ok(seen) => seen,
        Err(refusal) => return Ok(Decision::Refuse(refusal)),
    };
    let text = request.checkpoint.text();
    let cosignatures = cosigners.iter().map(|cosigner| cosign(text, *cosigner, time_s)).collect::<Result<_, SignError>>()?;
    Ok(Decision::Accept { cosignatures, seen })
}

/// The checks in the order of the specification.
fn check(request: &AddCheckpoint, logs: &[VerifierKey], last: Option<Seen>) -> Result<Seen, Refusal> {
    let checkpoint = Checkpoint::parse(request.checkpoint.text()).map_err(|e| Refusal::Malformed(e.to_string()))?;
    let keys: Vec<&VerifierKey> = logs.iter().filter(|key| key.name() == checkpoint.origin).collect();
    if keys.is_empty() {
        return Err(Refusal::UnknownOrigin(checkpoint.origin));
    }
    request.checkpoint.verify(keys).map_err(|_| Refusal::Untrusted)?;
    if request.old > checkpoint.size {
        return Err(Refusal::Backwards { old: request.old, size: checkpoint.size });
    }
    let last = last.unwrap_or(Seen { size: 0, root: EMPTY_ROOT });
    if request.old != last.size {
        return Err(Refusal::Conflict { size: last.size });
    }
    verify_consistency(last.size, &last.root, checkpoint.size, &checkpoint.root, &request.proof).map_err(|_| Refusal::Inconsistent)?;
    Ok(Seen { size: checkpoint.size, root: checkpoint.root })
}

/// What a log does with a witness's answer of status 200: its cosignatures that hold go onto the checkpoint, others are left out.
///
/// # Errors
/// The answer is malformed, a trusted witness's line does not hold, or there is none of a trusted witness.
pub fn add_cosignatures(checkpoint: &mut Note, answer: &[u8], witnesses: &[VerifierKey]) -> Result<(), CheckpointError> {
    let answer = std::str::from_utf8(answer).map_err(|_| NoteError::Malformed("the witness's answer is not UTF-8"))?;
    let mut alone = Note::new(checkpoint.text().to_owned())?;
    for signature in Signature::parse_lines(answer)? {
        alone.add(signature)?;
    }
    let verified = alone.verify(witnesses)?;
    for signature in alone.signatures() {
        if verified.iter().any(|v| v.key.name() == signature.name() && v.key.id() == signature.key_id()) {
            checkpoint.add(signature.clone())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::naive;
    use crate::hash::vectors::leaves;
    use crate::proof::consistency;
    use crate::sign::Ed25519Signer;
    use crate::tree::Appender;

    const ORIGIN: &str = "example.com/log";

    fn log() -> Ed25519Signer {
        Ed25519Signer::new(ORIGIN, &[1; 32]).unwrap()
    }

    fn cosigner() -> Ed25519Signer {
        Ed25519Signer::cosigner("witness.example/w", &[2; 32]).unwrap()
    }

    fn root(size: u64) -> Hash {
        naive::root(&leaves(size as usize))
    }

    fn seen(size: u64) -> Option<Seen> {
        Some(Seen { size, root: root(size) })
    }

    fn request(old: u64, size: u64) -> AddCheckpoint {
        let mut appender = Appender::new();
        leaves(size as usize).into_iter().for_each(|leaf| appender.push(leaf));
        let tiles: BTreeMap<_, _> = appender.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
        let checkpoint = Checkpoint::new(ORIGIN, size, root(size)).sign(&[&log()]).unwrap();
        AddCheckpoint { old, proof: consistency(old.min(size), size, &tiles).unwrap(), checkpoint }
    }

    fn refused(request: &AddCheckpoint, last: Option<Seen>) -> Refusal {
        match decide(request, &[log().key().clone()], last, &[&cosigner()], 77).unwrap() {
            Decision::Refuse(refusal) => refusal,
            Decision::Accept { .. } => panic!("accepted {request}"),
        }
    }

    #[test]
    fn a_log_that_grows_is_cosigned() {
        let mut last = None;
        for (old, size) in [(0, 0), (0, 3), (3, 3), (3, 8), (8, 300)] {
            let request = request(old, size);
            let decision = decide(&request, &[log().key().clone()], last, &[&cosigner()], 77).unwrap();
            let Decision::Accept { cosignatures, seen } = decision else { panic!("{decision:?}") };
            let mut note = request.checkpoint.clone();
            add_cosignatures(&mut note, Signature::lines(&cosignatures).as_bytes(), &[cosigner().key().clone()]).unwrap();
            assert_eq!(note.verify([cosigner().key()]).unwrap()[0].time_s, Some(77));
            assert_eq!(seen, Seen { size, root: root(size) });
            last = Some(seen);
        }
    }

    #[test]
    fn each_refusal_has_its_status() {
        let other = Ed25519Signer::new(ORIGIN, &[9; 32]).unwrap();
        let signed = |checkpoint: &Checkpoint, by: &Ed25519Signer| checkpoint.sign(&[by]).unwrap();
        let good = request(3, 8);
        let unknown = AddCheckpoint { checkpoint: signed(&Checkpoint::new("example.com/b", 8, root(8)), &log()), ..good.clone() };
        assert_eq!(refused(&unknown, seen(3)), Refusal::UnknownOrigin("example.com/b".into()));
        let untrusted = AddCheckpoint { checkpoint: signed(&Checkpoint::new(ORIGIN, 8, root(8)), &other), ..good.clone() };
        assert_eq!(refused(&untrusted, seen(3)), Refusal::Untrusted);
        assert_eq!(refused(&AddCheckpoint { old: 9, ..good.clone() }, seen(9)), Refusal::Backwards { old: 9, size: 8 });
        assert_eq!(refused(&good, seen(4)), Refusal::Conflict { size: 4 });
        assert_eq!(refused(&good, None), Refusal::Conflict { size: 0 });
        let text = AddCheckpoint { checkpoint: crate::sign::sign("no checkpoint\n", &[&log()]).unwrap(), ..good.clone() };
        assert!(matches!(refused(&text, seen(3)), Refusal::Malformed(_)));
        let statuses = [Refusal::Untrusted, Refusal::UnknownOrigin(String::new()), Refusal::Conflict { size: 4 }, Refusal::Inconsistent];
        assert_eq!(statuses.clone().map(|refusal| refusal.status()), [403, 404, 409, 422]);
        assert_eq!((statuses[2].body(), statuses[2].content_type()), ("4\n".into(), "text/x.tlog.size"));
    }

    #[test]
    fn a_fork_or_a_bad_proof_is_never_cosigned() {
        let good = request(3, 8);
        let fork = |size, root| Checkpoint::new(ORIGIN, size, root).sign(&[&log()]).unwrap();
        let rewritten = Some(Seen { size: 3, root: [7; 32] });
        assert_eq!(refused(&good, rewritten), Refusal::Inconsistent);
        assert_eq!(refused(&AddCheckpoint { proof: Vec::new(), ..good.clone() }, seen(3)), Refusal::Inconsistent);
        assert_eq!(refused(&AddCheckpoint { checkpoint: fork(8, [7; 32]), ..good.clone() }, seen(3)), Refusal::Inconsistent);
        // Same size, another root: since 2026 the specification says 422 here too, as 409 would invite the log to try again.
        let same = AddCheckpoint { old: 8, proof: Vec::new(), checkpoint: fork(8, [7; 32]) };
        assert_eq!(refused(&same, seen(8)), Refusal::Inconsistent);
        // A proof where none belongs, and an empty tree with another root.
        assert_eq!(refused(&AddCheckpoint { old: 0, ..good }, None), Refusal::Inconsistent);
        let empty = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: fork(0, [7; 32]) };
        assert_eq!(refused(&empty, None), Refusal::Inconsistent);
    }

    #[test]
    fn every_request_leads_back() {
        for request in [request(0, 0), request(0, 3), request(3, 8), request(8, 8)] {
            let body = request.to_string();
            assert_eq!(AddCheckpoint::parse(body.as_bytes()).unwrap(), request);
            assert_eq!(request.origin(), ORIGIN);
        }
        let body = request(3, 8).to_string();
        for bad in [
            body.replace("old 3", "old 03"),
            body.replace("old 3", "old"),
            body.replace("old 3\n", ""),
            body.replace("old 3\n", "old 3\nAAAA\n"),
            body.replace("old 3\n", &format!("old 3\n{}", format!("{}\n", base64(&[1; 32])).repeat(63))),
            body.replacen("\n\n", "\n", 1),
            "x".repeat(MAX_REQUEST_BYTES + 1),
        ] {
            assert!(matches!(AddCheckpoint::parse(bad.as_bytes()), Err(Refusal::Malformed(_))), "{bad:.200}");
        }
    }

    #[test]
    fn a_witness_that_answers_nonsense_adds_nothing() {
        let mut note = request(0, 3).checkpoint;
        let before = note.clone();
        let witnesses = [cosigner().key().clone()];
        let stranger = Ed25519Signer::cosigner("stranger", &[8; 32]).unwrap();
        let stranger = Signature::lines(&[cosign(note.text(), &stranger, 5).unwrap()]);
        let elsewhere = Signature::lines(&[cosign("other\n1\nAAAA\n", &cosigner(), 5).unwrap()]);
        for answer in ["", "\n", "hello\n", &stranger, &elsewhere] {
            assert!(add_cosignatures(&mut note, answer.as_bytes(), &witnesses).is_err(), "{answer}");
            assert_eq!(note, before);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_parser(text in "(old [0-9]{0,3}\n)?([A-Za-z0-9=]{44}\n)?\n?.{0,40}\n?") {
            if let Ok(request) = AddCheckpoint::parse(text.as_bytes()) {
                prop_assert_eq!(request.to_string(), text);
            }
        }
    }
}

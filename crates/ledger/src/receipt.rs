//! Receipts (c2sp.org/tlog-proof, files `*.tlog-proof`): a checkpoint, an index and an inclusion proof. With the entry itself and a policy
//! it shows, offline and without this program, that the entry was recorded.

use std::fmt;

use crate::hash::Hash;
use crate::note::{MAX_NOTE_BYTES, Note, NoteError};
use crate::policy::{Accepted, Policy, PolicyError};
use crate::proof::{MAX_PROOF_HASHES, verify_inclusion};
use crate::text::{base64, decimal, from_base64, hash_from_base64};
use crate::tile::MAX_SIZE;
use crate::tree::TreeError;

/// First line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most extra data, decoded: what it is for (a path, a nonce) is small, and nothing vouches for it.
pub const MAX_EXTRA_BYTES: usize = 64 << 10;
/// Largest file: a note, the extra data in base64, and 63 proof lines with room to spare.
pub const MAX_RECEIPT_BYTES: usize = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;

/// A proof to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Data of the application's own. Nothing authenticates it.
    pub extra: Option<Vec<u8>>,
    /// Which entry, from 0.
    pub index: u64,
    /// From the leaf's sibling up.
    pub proof: Vec<Hash>,
    /// The checkpoint with its signatures, as the log gave it.
    pub checkpoint: Note,
}

/// Why a receipt cannot be read or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not in the format.
    #[error("not a receipt: {0}")]
    Malformed(&'static str),
    /// Its checkpoint is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The policy does not accept the checkpoint.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The entry is not in the log the checkpoint describes, or not there.
    #[error(transparent)]
    Proof(#[from] TreeError),
}

impl Receipt {
    /// Reads a receipt; nothing is verified.
    ///
    /// # Errors
    /// It is not in the format.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let bad = ReceiptError::Malformed;
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(bad("it is too large"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad("it is not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(bad("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(bad("line 1 is not c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(parse_extra).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal).filter(|index| *index < MAX_SIZE);
        let index = index.ok_or(bad("there is no index line"))?;
        let proof = parse_proof(lines).ok_or(bad("a line of the proof is not a hash in base64, or there are more than 63"))?;
        Ok(Self { extra, index, proof, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// Whether the entry with this [leaf hash](crate::hash::leaf_hash) was recorded, by a log and seen by the witnesses the policy asks for.
    ///
    /// # Errors
    /// It is not shown, and why.
    pub fn check<'k>(&self, leaf: &Hash, policy: &'k Policy) -> Result<Accepted<'k>, ReceiptError> {
        let accepted = policy.check(&self.checkpoint)?;
        verify_inclusion(accepted.checkpoint.size, self.index, leaf, &self.proof, &accepted.checkpoint.root)?;
        Ok(accepted)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Extra data that is none leaves its line out.
fn parse_extra(line: &str) -> Result<Vec<u8>, ReceiptError> {
    let decoded = line.strip_prefix("extra ").and_then(from_base64);
    let fits = decoded.filter(|extra| (1..=MAX_EXTRA_BYTES).contains(&extra.len()));
    fits.ok_or(ReceiptError::Malformed("the extra line is not base64, is empty, or is too long"))
}

/// Proof lines as tlog-proof and tlog-witness write them, at most 63.
pub(crate) fn parse_proof<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let proof: Vec<Hash> = lines.take(MAX_PROOF_HASHES + 1).map(hash_from_base64).collect::<Option<_>>()?;
    (proof.len() <= MAX_PROOF_HASHES).then_some(proof)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::hash::vectors::leaves;
    use crate::proof::inclusion;
    use crate::sign::{Ed25519Signer, Signer};
    use crate::tree::Appender;

    fn sample() -> (Receipt, Hash, Policy) {
        let leaves = leaves(300);
        let mut appender = Appender::new();
        leaves.iter().for_each(|leaf| appender.push(*leaf));
        let root = appender.root();
        let tiles: BTreeMap<_, _> = appender.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
        let log = Ed25519Signer::new("example.com/log", &[1; 32]).unwrap();
        let checkpoint = Checkpoint::new("example.com/log", 300, root).sign(&[&log]).unwrap();
        let receipt = Receipt { extra: None, index: 123, proof: inclusion(300, 123, &tiles).unwrap(), checkpoint };
        (receipt, leaves[123], Policy::parse(&format!("log {}\nquorum none\n", log.key())).unwrap())
    }

    #[test]
    fn a_receipt_holds_for_its_entry_only() {
        let (receipt, leaf, policy) = sample();
        assert_eq!(receipt.check(&leaf, &policy).unwrap().checkpoint.size, 300);
        assert_eq!(receipt.check(&[0; 32], &policy), Err(TreeError::Disproved.into()));
        assert_eq!(Receipt { index: 124, ..receipt.clone() }.check(&leaf, &policy), Err(TreeError::Disproved.into()));
        assert!(matches!(receipt.check(&leaf, &Policy::parse("quorum none\n").unwrap()), Err(ReceiptError::Policy(_))));
    }

    #[test]
    fn every_receipt_leads_back() {
        let (receipt, ..) = sample();
        let single = Receipt { proof: Vec::new(), index: 0, ..receipt.clone() };
        for receipt in [Receipt { extra: Some(b"path".to_vec()), ..receipt.clone() }, single, receipt] {
            assert_eq!(Receipt::parse(receipt.to_string().as_bytes()).unwrap(), receipt);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (receipt, leaf, policy) = sample();
        let text = receipt.to_string().into_bytes();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            let believed = Receipt::parse(&changed).and_then(|receipt| receipt.check(&leaf, &policy).map(|_| ()));
            assert!(believed.is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_not_a_receipt_is_refused() {
        let (receipt, ..) = sample();
        let text = receipt.to_string();
        let hash = base64(&[1; 32]);
        for bad in [
            text.replace("@v1", "@v2"),
            text.replace("index 123", "index 0123"),
            text.replace("index 123", "index 9223372036854775807"),
            text.replace("index 123", "index 123\nextra AA=="),
            text.replace("index 123", "extra \nindex 123"),
            text.replace("index 123", "extra A\nindex 123"),
            text.replace("index 123\n", ""),
            text.replace("index 123\n", &format!("index 123\n{}", format!("{hash}\n").repeat(60))),
            text.replace("index 123\n", "index 123\nAAAA\n"),
            text.replacen("\n\n", "\n", 1),
            "x".repeat(MAX_RECEIPT_BYTES + 1),
        ] {
            assert!(Receipt::parse(bad.as_bytes()).is_err(), "{bad:.200}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Z=]{0,4}\n)?(index [0-9]{0,3}\n)?.{0,40}") {
            if let Ok(receipt) = Receipt::parse(text.as_bytes()) {
                prop_assert_eq!(receipt.to_string(), text);
            }
        }
    }
}

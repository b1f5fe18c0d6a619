//! The worked example of `docs/formats/ledger.md`, computed: a page that differs from the program fails here.

#![expect(clippy::unwrap_used, reason = "a test, its functions too")]

use std::collections::BTreeMap;

use ledger::checkpoint::Checkpoint;
use ledger::hash::leaf_hash;
use ledger::key::VerifierKey;
use ledger::leaf::{Class, Leaf, Segment};
use ledger::policy::Policy;
use ledger::proof::inclusion;
use ledger::receipt::Receipt;
use ledger::sign::{Ed25519Signer, SignError, Signer, cosign};
use ledger::sm2::USER_ID;
use ledger::tree::Appender;
use sm2::dsa::SigningKey;
use sm2::dsa::signature::Signer as _;
use sm2::elliptic_curve::sec1::ToSec1Point;

const PAGE: &str = include_str!("../../../docs/formats/ledger.md");
const ORIGIN: &str = "audit.example/tenant-1";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(time_ms: u64) -> Vec<u8> {
    let leaf = Leaf {
        suite: 1,
        entry_id: std::array::from_fn(|i| i as u8),
        time_ms,
        class: Class::Decision,
        key_ref: std::array::from_fn(|i| 0xf0 + i as u8),
        segments: vec![Segment::of(b"ciphertext")],
    };
    leaf.encode().unwrap()
}

/// The log's SM2 key.
struct National(VerifierKey, SigningKey);

impl National {
    fn new(secret: [u8; 32]) -> Self {
        let secret = SigningKey::from_slice(USER_ID, &secret).unwrap();
        let point = secret.verifying_key().to_sec1_point(false);
        Self(VerifierKey::sm2(ORIGIN, point.as_bytes().try_into().unwrap()).unwrap(), secret)
    }
}

impl Signer for National {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.1.sign(message).to_bytes().to_vec())
    }
}

/// Every block of text the page must hold.
fn example() -> Vec<String> {
    let entries = [0, 1, 2].map(|i| entry(1_790_000_000_000 + i));
    let mut tree = Appender::new();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    let root = tree.root();
    let tiles: BTreeMap<_, _> = tree.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
    let log = Ed25519Signer::new(ORIGIN, &[1; 32]).unwrap();
    let witness = Ed25519Signer::cosigner("auditor.example/witness", &[2; 32]).unwrap();
    let mut note = Checkpoint::new(ORIGIN, 3, root).sign(&[&log]).unwrap();
    note.add(cosign(note.text(), &witness, 1_790_000_060).unwrap()).unwrap();
    let receipt = Receipt { extra: None, index: 1, proof: inclusion(3, 1, &tiles).unwrap(), checkpoint: note };
    let policy = format!("log {}\nwitness auditor {}\nquorum auditor\n", log.key(), witness.key());
    receipt.check(&leaf_hash(&entries[1]), &Policy::parse(&policy).unwrap()).unwrap();
    let mut blocks: Vec<String> = entries[1].chunks(32).map(hex).collect();
    blocks.extend(entries.iter().map(|entry| hex(&leaf_hash(entry))));
    blocks.extend([hex(&root), policy, receipt.to_string()]);
    let national = National::new([3; 32]);
    blocks.extend([national.key().to_string(), Checkpoint::new(ORIGIN, 3, root).sign(&[&log, &national]).unwrap().to_string()]);
    blocks
}

#[test]
fn the_page_shows_what_the_program_does() {
    let indented =
        |block: &str| block.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("    {line}\n") }).collect::<String>();
    for block in example() {
        let one_line = !block.contains('\n');
        let there = if one_line { PAGE.contains(&block) } else { PAGE.contains(&indented(&block)) };
        assert!(there, "docs/formats/ledger.md does not show:\n{}", indented(&block));
    }
}

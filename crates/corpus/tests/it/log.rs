//! A log of the test's own: statements become entries, and every entry has its receipt.

use std::collections::BTreeMap;

use ledger::checkpoint::Checkpoint;
use ledger::hash::leaf_hash;
use ledger::key::VerifierKey;
use ledger::leaf::{Class, Leaf, Segment};
use ledger::policy::Policy;
use ledger::proof::inclusion;
use ledger::receipt::Receipt;
use ledger::sign::{Ed25519Signer, Signer, sign};
use ledger::statement::Statement;
use ledger::tree::Appender;

pub const ORIGIN: &str = "audit.example.cn/main";

pub struct Log {
    signer: Ed25519Signer,
    leaves: Vec<Vec<u8>>,
}

/// An entry with all that a proof shows of it.
pub struct Entry {
    pub statement: Statement,
    pub leaf: Vec<u8>,
    index: usize,
}

impl Log {
    pub fn new(seed: u8) -> Self {
        Self { signer: Ed25519Signer::new(ORIGIN, &[seed; 32]).unwrap(), leaves: Vec::new() }
    }

    pub fn key(&self) -> &VerifierKey {
        self.signer.key()
    }

    pub fn policy(&self) -> Policy {
        Policy::parse(&format!("log {}\nquorum none\n", self.key())).unwrap()
    }

    pub fn record(&mut self, what: &str, lines: &[(&str, String)]) -> Entry {
        let index = self.leaves.len();
        let id = [index as u8; 16];
        let statement = Statement::new(what, ORIGIN, id, lines.iter().map(|(name, value)| (*name, value.as_str()))).unwrap();
        let segments = vec![Segment::of(b"sealed"), Segment::of(statement.to_string().as_bytes())];
        let leaf = Leaf { suite: 1, entry_id: id, time_ms: 1, class: Class::Data, key_ref: [0; 16], segments }.encode().unwrap();
        self.leaves.push(leaf.clone());
        Entry { statement, leaf, index }
    }

    pub fn receipt(&self, entry: &Entry) -> String {
        let mut tree = Appender::new();
        self.leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
        let (size, index) = (self.leaves.len() as u64, entry.index as u64);
        let checkpoint = Checkpoint::new(ORIGIN, size, tree.root()).sign(&[&self.signer]).unwrap();
        let tiles: BTreeMap<_, _> = tree.take_changed().into_iter().map(|tile| (tile.id, tile.bytes)).collect();
        Receipt { extra: None, index, proof: inclusion(size, index, &tiles).unwrap(), checkpoint }.to_string()
    }

    pub fn signed(&self, entry: &Entry) -> String {
        sign(&entry.statement.to_string(), &[&self.signer]).unwrap().to_string()
    }
}

//! Writes a small log, always the same, for tools that are not ours to check (`.ci/ledger_oracle`):
//!
//!     cargo run -p guiju-ledger --example sample_log -- FOLDER
//!
//! `FOLDER/log` is the log, exported at 1,000 entries; beside it lie its key and its witness's, a policy, an older checkpoint of 700 entries, the request with
//! which the log would ask a witness to follow from one to the other, and receipts. The keys are public: never trust them.

use std::error::Error;
use std::fs;
use std::path::Path;

use ledger::bundle::{self, bundles_of};
use ledger::checkpoint::Checkpoint;
use ledger::directory::Directory;
use ledger::hash::leaf_hash;
use ledger::leaf::{Class, Leaf, Segment};
use ledger::note::{Note, Signature};
use ledger::proof::{consistency, inclusion, tiles_for_consistency, tiles_for_inclusion};
use ledger::receipt::Receipt;
use ledger::sign::{Ed25519Signer, Signer};
use ledger::tree::Appender;
use ledger::witness::{AddCheckpoint, Decision, Seen, add_cosignatures, decide};

const ORIGIN: &str = "audit.example/sample";
const SIZE: u64 = 1000;
const OLDER: u64 = 700;
/// Ends and middles of tiles, and the last entry, whose proof is the shortest.
const RECEIPTS: [u64; 7] = [0, 1, 255, 256, 511, 700, 999];
/// 2026-09-21, in milliseconds since 1970.
const START_MS: u64 = 1_790_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    let log = Directory::new(folder.join("log"));
    let signer = Ed25519Signer::new(ORIGIN, &[1; 32])?;
    let witness = Ed25519Signer::cosigner("auditor.example/witness", &[2; 32])?;

    let entries = (0..SIZE).map(entry).collect::<Result<Vec<_>, _>>()?;
    for (id, entries) in bundles_of(SIZE).zip(entries.chunks(256)) {
        log.write_bundle(id, &bundle::encode(entries)?)?;
    }
    let mut tree = Appender::new();
    let older = grow(&mut tree, &log, &entries, OLDER)?;
    let newer = grow(&mut tree, &log, &entries, SIZE)?;

    let request = |old, proof, checkpoint: &Checkpoint| {
        Ok::<_, Box<dyn Error>>(AddCheckpoint { old, proof, checkpoint: checkpoint.sign(&[&signer])? })
    };
    let first = request(0, Vec::new(), &older)?;
    let (older_note, seen) = cosigned(&first, None, &signer, &witness, START_MS / 1000 + 1)?;
    let tiles = log.tiles(&tiles_for_consistency(OLDER, SIZE)?)?;
    let second = request(OLDER, consistency(OLDER, SIZE, &tiles)?, &newer)?;
    let (newer_note, _) = cosigned(&second, Some(seen), &signer, &witness, START_MS / 1000 + 2)?;
    log.write_checkpoint(&newer_note)?;

    fs::write(folder.join("older-checkpoint"), older_note.to_string())?;
    fs::write(folder.join("add-checkpoint"), second.to_string())?;
    fs::write(folder.join("vkey"), signer.key().to_string())?;
    fs::write(folder.join("witness-vkey"), witness.key().to_string())?;
    fs::write(folder.join("policy"), format!("log {}\nwitness auditor {}\nquorum auditor\n", signer.key(), witness.key()))?;
    for index in RECEIPTS {
        let tiles = log.tiles(&tiles_for_inclusion(SIZE, index)?)?;
        let receipt = Receipt { extra: None, index, proof: inclusion(SIZE, index, &tiles)?, checkpoint: newer_note.clone() };
        fs::write(folder.join(format!("{index}.tlog-proof")), receipt.to_string())?;
    }
    Ok(())
}

/// Appends up to `size` entries in one batch and writes the tiles that changed.
fn grow(tree: &mut Appender, log: &Directory, entries: &[Vec<u8>], size: u64) -> Result<Checkpoint, Box<dyn Error>> {
    let (from, to) = (usize::try_from(tree.size())?, usize::try_from(size)?);
    for entry in entries.get(from..to).ok_or("there are not so many entries")? {
        tree.push(leaf_hash(entry));
    }
    for tile in tree.take_changed() {
        log.write_tile(&tile)?;
    }
    Ok(Checkpoint::new(ORIGIN, tree.size(), tree.root()))
}

/// What log and witness do together: ask, decide, add the cosignature.
fn cosigned(
    request: &AddCheckpoint,
    last: Option<Seen>,
    log: &dyn Signer,
    witness: &dyn Signer,
    time_s: u64,
) -> Result<(Note, Seen), Box<dyn Error>> {
    match decide(request, &[log.key().clone()], last, &[witness], time_s)? {
        Decision::Accept { cosignatures, seen } => {
            let mut note = request.checkpoint.clone();
            add_cosignatures(&mut note, Signature::lines(&cosignatures).as_bytes(), &[witness.key().clone()])?;
            Ok((note, seen))
        }
        Decision::Refuse(refusal) => Err(refusal.into()),
    }
}

fn entry(index: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let name = |salt: u64| (u128::from(salt) << 64 | u128::from(index)).to_be_bytes();
    let segments = (0..index % 5).map(|n| Segment::of(format!("ciphertext {index}/{n}").as_bytes())).collect();
    let class = if index.is_multiple_of(2) { Class::Decision } else { Class::Data };
    let leaf = Leaf { suite: 1, entry_id: name(0xe1), time_ms: START_MS + index, class, key_ref: name(0xc2), segments };
    Ok(leaf.encode()?)
}

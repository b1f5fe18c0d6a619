//! An append-only Merkle log in the C2SP formats.
//!
//! What makes a record evidence is that nobody can change it unseen, its keeper included. So every entry is a leaf of an RFC 6962 tree; the
//! root is signed as a [checkpoint]; a [witness] of another organisation cosigns a checkpoint only if it continues what
//! it cosigned before; and a [receipt] shows, offline, that an entry is in the log.
//!
//! The formats are those of <https://c2sp.org>, tlog-tiles and its siblings, because proprietary ledgers die with their makers: what this crate
//! writes, the Go checksum database's reference code and any C2SP tool verify. Format: `docs/formats/ledger.md`.
//!
//! The crate decides and derives; it stores nothing. It has no clock, no randomness, no network, no SQL and no cipher: times are parameters,
//! payloads are opaque, and storing is the caller's. Only [directory] touches files. That is why it can verify alone and without secrets, and
//! why the same functions serve the log, its auditor and its witness.
//!
//! Confidential and erasable: a [leaf] names ciphertext by its digest and a key by a random reference. Destroying the key erases the content, and
//! every proof stays as it was.
//!
//! In the order of use: [`leaf::Leaf`] is encoded; [`hash::leaf_hash`] is pushed to a [`tree::Appender`], whose changed tiles are stored with
//! the entries in one transaction; [`checkpoint::Checkpoint::sign`] signs the root; [`proof::inclusion`] and a checkpoint make a
//! [`receipt::Receipt`]; [`verify::verify`] derives everything again. Of what comes from outside, nothing panics and everything has a limit.

pub mod bundle;
pub mod checkpoint;
mod cosignature;
pub mod directory;
pub mod finding;
pub mod hash;
pub mod key;
pub mod leaf;
pub mod note;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod sign;
pub mod sm2;
pub mod statement;
mod text;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod witness;

//! Lineage: source, file, shard, row, decision, export, each under a hash of the one above (LN-6-c). Format: `docs/formats/corpus-proof.md`.
//!
//! Every row of a scan is a leaf of its shard's Merkle tree (RFC 6962), every shard one of the scan's; the root of the scan stands in the ledger. An
//! export is built alike: row, file, export. The roots are pure functions of findings and manifest, so they are the same on every machine, and a
//! [`Proof`] shows what was decided of a single row to who has nothing but the tenant's public key. It does not show that a row is absent.

mod leaves;
mod proof;
mod row;
mod scan;
mod trace;
mod tree;

pub use leaves::{ExportedPart, ExportedRow, ScannedPart, ScannedRow};
pub(crate) use leaves::{Leaf, exported_leaf};
pub(crate) use proof::EXPORT;
pub use proof::{Checked, Link, Proof, ProofError};
pub(crate) use row::row_hash;
pub use scan::Lineage;
pub(crate) use scan::{findings_root, part};
pub use trace::{Place, Traced, trace};
pub(crate) use tree::Tree;

use ledger::hash::Hash;

/// Reads lower-case hexadecimal of 32 bytes.
pub(crate) fn unhex(text: &str) -> Option<Hash> {
    keys::digest::unhex(text)?.try_into().ok()
}

//! Export: what may go out of what `corpus apply` wrote, in a directory of its own under a signed manifest. Format: `docs/formats/corpus-export.md`.
//!
//! - Kept and redacted rows go out, nothing else; every file is held against what was applied, and that against the scan.
//! - The manifest comes last: what has none is no export. Cut off, the same command goes on; what was copied and hashed is not copied again.
//! - [`check`] verifies an export anywhere, with the public key alone.
//!
//! It asks no gate, signs nothing and has no store: [`crate::gates`] decides, the caller records and signs.

mod batch;
mod check;
mod manifest;
mod outgoing;
mod rows;
mod trace;

pub use batch::Batch;
pub use check::check;
pub use manifest::{Digested, ExportManifest, Terms};
pub use outgoing::{Outgoing, Proposed};
pub use trace::{InExport, trace};

/// The manifest of an export in its directory.
pub(crate) const MANIFEST: &str = "manifest.json";
/// What the log says of it, signed.
pub(crate) const NOTE: &str = "manifest.note";
/// The files of rows.
const DATA: &str = "data";
/// What became of each row.
const LINEAGE: &str = "lineage";

/// Whether a directory holds an export, and not a scan.
#[must_use]
pub fn is_export(dir: &std::path::Path) -> bool {
    dir.join(NOTE).is_file() && dir.join(MANIFEST).is_file()
}

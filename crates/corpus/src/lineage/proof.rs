//! The proof of a row: what was decided of it and where it went, from the row up to a checkpoint of the ledger. Format: `docs/formats/corpus-proof.md`.
//!
//! Checking needs the proof and a public key, nothing else: what is shown is hashed again, each path leads to the next root, and the last one stands
//! in the open in an entry of which the checkpoint speaks. It says nothing of rows that are not in it.

use ledger::hash::{Hash, leaf_hash};
use ledger::policy::Policy;
use ledger::proof::{MAX_PROOF_HASHES, verify_inclusion};
use ledger::receipt::Receipt;
use ledger::statement::Statement;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::leaves::{ExportedPart, ExportedRow, Leaf, Part, ScannedPart, ScannedRow};
use super::unhex;
use crate::became::Became;

/// The format this version writes and reads.
const FORMAT: u32 = 1;
/// What the object says it is.
const KIND: &str = "corpus-proof";
/// Largest proof: a row at the limit of findings takes some MiB, a receipt at most one.
pub(crate) const MAX_PROOF_BYTES: usize = 16 << 20;
/// Most exports in one proof: what a page can show.
const MAX_EXPORTS: usize = 64;
/// What an entry of a scan and one of an export are called.
pub(crate) const SCAN: &str = "corpus.scan";
pub(crate) const EXPORT: &str = "corpus.export";

/// Why a proof is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error("not a proof of a row (docs/formats/corpus-proof.md): {0}")]
    Malformed(String),
    /// A step of it does not hold.
    #[error("{step}: {why}")]
    Disproved {
        /// Which: `scan: row`, `export 1: statement`.
        step: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A row under its part, the part under the whole, the whole in an entry, the entry under a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link<R, P> {
    /// The row.
    pub row: R,
    /// Its place among the rows of its part, from 0.
    pub row_index: u64,
    /// Hashes from the row's sibling up, hexadecimal.
    pub row_path: Vec<String>,
    /// The shard or the file.
    pub part: P,
    /// Hashes from the part's sibling up, hexadecimal.
    pub part_path: Vec<String>,
    /// What the entry says in the open.
    pub statement: String,
    /// The leaf of the entry, hexadecimal.
    pub leaf: String,
    /// The receipt of the entry (c2sp.org/tlog-proof).
    pub receipt: String,
}

/// The proof of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// 1.
    format: u32,
    /// `corpus-proof`.
    kind: String,
    /// In the scan.
    pub scan: Link<ScannedRow, ScannedPart>,
    /// In exports.
    pub exports: Vec<Link<ExportedRow, ExportedPart>>,
}

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Name of the log.
    pub origin: String,
    /// Source of the data.
    pub source: String,
    /// The entry of the scan, hexadecimal, and of each export.
    pub entries: Vec<String>,
}

impl Proof {
    /// Puts a proof together; it is not checked.
    #[must_use]
    pub fn new(scan: Link<ScannedRow, ScannedPart>, exports: Vec<Link<ExportedRow, ExportedPart>>) -> Self {
        Self { format: FORMAT, kind: KIND.to_owned(), scan, exports }
    }

    /// Reads a proof; it is not checked.
    ///
    /// # Errors
    /// It is not in the format, or too large.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let malformed = |why: String| Err(ProofError::Malformed(why));
        if bytes.len() > MAX_PROOF_BYTES {
            return malformed(format!("it has {} bytes, at most {MAX_PROOF_BYTES} are read", bytes.len()));
        }
        let proof: Self = read(bytes)?;
        if proof.format != FORMAT || proof.kind != KIND {
            return malformed(format!("it is a {} of format {}; this version reads {KIND} of format {FORMAT}", proof.kind, proof.format));
        }
        if proof.exports.len() > MAX_EXPORTS {
            return malformed(format!("it names {} exports, at most {MAX_EXPORTS} are read", proof.exports.len()));
        }
        Ok(proof)
    }

    /// As it is written into a file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Structures of strings and numbers can always be written.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Whether all of it holds under checkpoints that a policy accepts.
    ///
    /// # Errors
    /// A step does not hold; the first one is named.
    pub fn check(&self, policy: &Policy) -> Result<Checked, ProofError> {
        let statement = self.scan.check("scan", SCAN, "shards", policy)?;
        self.scan.row.shows().map_err(|why| disproved("scan: row", why))?;
        let said = |name: &str| statement.get(name).unwrap_or_default().to_owned();
        let mut checked =
            Checked { origin: statement.origin().to_owned(), source: said("source"), entries: vec![statement.entry().to_owned()] };
        for (number, export) in self.exports.iter().enumerate() {
            let name = format!("export {}", number + 1);
            let other = export.check(&name, EXPORT, "files", policy)?;
            let wrong = |why: &str| Err(disproved(&format!("{name}: row"), why.to_owned()));
            if other.get("scan") != statement.get("root") || other.origin() != statement.origin() {
                return wrong("it is of another scan");
            }
            if (export.row.shard, export.row.row) != (self.scan.row.shard, self.scan.row_index) {
                return wrong("it is another row than that of the scan");
            }
            if export.row.became == Became::Kept && Some(&export.row.hash) != self.scan.row.hash.as_ref() {
                return wrong("it was kept, and its text is another than the one that was scanned");
            }
            checked.entries.push(other.entry().to_owned());
        }
        Ok(checked)
    }
}

#[expect(private_bounds, reason = "what is a leaf is decided here")]
impl<R: Leaf, P: Part> Link<R, P> {
    /// Follows the link upwards, and gives what the entry says.
    fn check(&self, name: &str, what: &str, parts: &str, policy: &Policy) -> Result<Statement, ProofError> {
        let step = |step: &'static str| move |why: String| disproved(&format!("{name}: {step}"), why);
        if self.row.shard() != self.part.shard() {
            return Err(step("row")(format!("it is of shard {}, and shown in shard {}", self.row.shard(), self.part.shard())));
        }
        let root = hash(self.part.root()).map_err(step("part"))?;
        under(&self.row, self.row_index, self.part.rows(), &self.row_path, &root).map_err(step("row"))?;
        let statement = Statement::parse(&self.statement).map_err(|error| step("statement")(error.to_string()))?;
        if statement.what() != what {
            return Err(step("statement")(format!("it is of '{}', not of '{what}'", statement.what())));
        }
        let number = |name: &str| statement.get(name).and_then(|value| value.parse::<u64>().ok());
        let whole = statement.get("root").ok_or_else(|| "it names no root".to_owned()).and_then(hash).map_err(step("statement"))?;
        let size = number(parts).ok_or_else(|| step("statement")(format!("it does not say how many {parts}")))?;
        under(&self.part, self.part.index(), size, &self.part_path, &whole).map_err(step("part"))?;
        self.recorded(&statement, policy).map_err(step("entry"))?;
        Ok(statement)
    }

    /// Whether the statement stands in an entry of a log that the policy knows.
    fn recorded(&self, statement: &Statement, policy: &Policy) -> Result<(), String> {
        let bytes = keys::digest::unhex(&self.leaf).ok_or("its leaf is not hexadecimal")?;
        let leaf = ledger::leaf::Leaf::decode(&bytes).map_err(|error| error.to_string())?;
        if !statement.stands_in(&leaf) {
            return Err("its leaf does not commit to the statement".to_owned());
        }
        let receipt = Receipt::parse(self.receipt.as_bytes()).map_err(|error| error.to_string())?;
        let accepted = receipt.check(&leaf_hash(&bytes), policy).map_err(|error| error.to_string())?;
        if accepted.checkpoint.origin != statement.origin() {
            return Err(format!("the checkpoint is of {}, the statement of {}", accepted.checkpoint.origin, statement.origin()));
        }
        Ok(())
    }
}

/// Whether a leaf stands in its place under a root.
fn under(leaf: &impl Leaf, index: u64, size: u64, path: &[String], root: &Hash) -> Result<(), String> {
    if path.len() > MAX_PROOF_HASHES {
        return Err(format!("its path has {} hashes, at most {MAX_PROOF_HASHES} are possible", path.len()));
    }
    let path: Vec<Hash> = path.iter().map(|step| hash(step)).collect::<Result<_, _>>()?;
    verify_inclusion(size, index, &leaf_hash(&leaf.leaf()), &path, root).map_err(|error| error.to_string())
}

fn hash(text: &str) -> Result<Hash, String> {
    unhex(text).ok_or_else(|| format!("'{text}' is not a hash of 64 hexadecimal digits"))
}

fn disproved(step: &str, why: String) -> ProofError {
    ProofError::Disproved { step: step.to_owned(), why }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProofError> {
    serde_json::from_slice(bytes).map_err(|error| ProofError::Malformed(error.to_string()))
}

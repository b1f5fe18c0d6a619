//! What became of each row of a shard: a letter a row, in the order of the findings, and the Merkle root over the rows that go out.
//!
//! On the way the findings are held against the root of their record, so that nothing goes out by findings other than those of the scan.

use std::io::Write;
use std::path::{Path, PathBuf};

use detect::{Direction, Policy};
use keys::digest::hex;
use ledger::hash::leaf_hash;
use serde::{Deserialize, Serialize};
use taxonomy::{Decision, Finding};

use super::joined::Asked;
use super::left::Left;
use crate::CorpusError;
use crate::became::Became;
use crate::durable::Pending;
use crate::error::{at, damaged};
use crate::lineage::{Tree, exported_leaf, row_hash};
use crate::row::Judged;

/// The end of the name of such a file: `shards/000000.fates`.
const ENDING: &str = "fates";

/// Where the fates of a shard's rows stand.
pub(crate) fn path(out: &Path, shard: u32) -> PathBuf {
    out.join("shards").join(format!("{shard:06}.{ENDING}"))
}

/// What a shard became, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Path of the file of rows that may go out, below the directory.
    pub(crate) file: String,
    /// SHA-256 of that file.
    pub(crate) sha256: String,
    /// Rows in it.
    pub(crate) out: u64,
    /// Merkle root over them.
    pub(crate) root: String,
    /// Leaf hash of the shard in the tree of its scan.
    pub(crate) leaf: String,
    /// Why the scan of it ended before its time, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<String>,
    /// What is still in the rows that go out.
    pub(crate) left: Left,
}

/// The fates of a shard's rows, while they are decided.
pub(super) struct Fates<'p> {
    policy: &'p Policy,
    path: PathBuf,
    file: Pending,
    shard: u32,
    scanned: Tree,
    out: Tree,
    left: Left,
}

impl<'p> Fates<'p> {
    pub(super) fn new(out: &Path, shard: u32, policy: &'p Policy) -> Result<Self, CorpusError> {
        let path = path(out, shard);
        Ok(Self { policy, file: Pending::new(&path)?, path, shard, scanned: Tree::default(), out: Tree::default(), left: Left::default() })
    }

    /// The next row. `text` is the content hash of what goes out, of a row that does.
    pub(super) fn row(&mut self, judged: &Judged, asked: Asked, became: Became, text: Option<[u8; 16]>) -> Result<(), CorpusError> {
        self.file.write_all(&[became.letter()]).map_err(at(&self.path))?;
        if let (Some(hash), Ok(content)) = (text.filter(|_| became.goes_out()), &judged.content) {
            self.out.push(leaf_hash(&exported_leaf(self.shard, self.scanned.size(), &hash, became)));
            let policy = self.policy;
            let masked = |finding: &Finding| {
                asked.verdict.redacts(finding) || policy.decide(std::slice::from_ref(finding), &[], Direction::Corpus) == Decision::Mask
            };
            self.left.count(content, asked.said, |finding| became == Became::Kept || !masked(finding));
        }
        self.scanned.push(row_hash(self.shard, judged));
        Ok(())
    }

    /// Writes the fates, if the findings were those of the scan; gives how many rows go out, the root over them, and what is left in them.
    pub(super) fn commit(self, root: &str) -> Result<(u64, String, Left), CorpusError> {
        if hex(&self.scanned.root()) != root {
            return Err(damaged(
                &self.path,
                "was not written: the findings of this shard are not those that its record speaks of; `guiju corpus check` says more",
            ));
        }
        self.file.commit()?;
        Ok((self.out.size(), hex(&self.out.root()), self.left))
    }
}

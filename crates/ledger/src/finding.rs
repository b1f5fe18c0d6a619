//! What a verification finds: each finding names the exact place and what is wrong there.

use std::fmt;

use crate::bundle::BundleId;
use crate::checkpoint::Checkpoint;
use crate::tile::TileId;

/// Most findings a report lists; a log that is damaged all over would else fill the memory. The rest is counted.
pub const MAX_FINDINGS: usize = 1000;

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The log's checkpoint, if it could be read.
    pub checkpoint: Option<Checkpoint>,
    /// Entries walked over.
    pub entries: u64,
    /// Segments whose ciphertext was there and compared.
    pub segments: u64,
    /// Segments that were erased, which is no fault.
    pub erased: u64,
    /// What is wrong, in the order of the walk.
    pub findings: Vec<Finding>,
    /// Findings beyond [`MAX_FINDINGS`].
    pub left_out: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
        }
    }
}

/// One thing that is wrong.
///
/// How to read them together: a changed *entry* gives [`Finding::LeafDiffers`] and [`Finding::RootDiffers`]; a changed *tile* at level 0 gives
/// `LeafDiffers` without `RootDiffers`, as the entries still lead to the signed root. Entry and tile changed alike give
/// [`Finding::TileDiffers`] one level up and `RootDiffers`. A log rewritten throughout gives `RootDiffers`, or [`Finding::Forked`] if it was
/// signed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is no checkpoint.
    CheckpointMissing,
    /// The checkpoint is malformed, or not signed by a trusted key of its log. If it can be read at all, the walk goes on by what it says.
    CheckpointUnproven {
        /// Why.
        cause: String,
    },
    /// A kept checkpoint is of another log.
    OriginDiffers {
        /// The origin kept.
        kept: String,
    },
    /// Fewer entries are there than were signed: the log was truncated.
    Truncated {
        /// Entries that are there.
        held: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// Fewer entries are there than a kept checkpoint shows: an older state was restored.
    RolledBack {
        /// Entries that are there.
        held: u64,
        /// Size of the kept checkpoint.
        kept: u64,
    },
    /// The tree at the size of a kept checkpoint has another root: history was rewritten.
    Forked {
        /// Size of the kept checkpoint.
        kept: u64,
    },
    /// Of many bundles in a row neither entries nor tiles are there: the walk ended. A forged checkpoint can claim any size.
    Gone {
        /// The first entry of which nothing is there.
        from: u64,
    },
    /// The entries do not lead to the root that the checkpoint signs.
    RootDiffers {
        /// Size of the checkpoint.
        size: u64,
    },
    /// A bundle is not there.
    BundleMissing(BundleId),
    /// A bundle cannot be taken apart.
    BundleMalformed {
        /// Which one.
        bundle: BundleId,
        /// Why.
        cause: String,
    },
    /// A bundle with more or fewer entries than its place in the tree has.
    BundleWidth {
        /// Which one.
        bundle: BundleId,
        /// Entries in it.
        entries: usize,
    },
    /// An entry is no leaf of this version.
    LeafMalformed {
        /// Which entry.
        index: u64,
        /// Why.
        cause: String,
    },
    /// An entry's hash is not the one in the tile at level 0: entry or tile was changed, or entries were swapped.
    LeafDiffers {
        /// Which entry.
        index: u64,
    },
    /// A ciphertext is not the one the entry describes.
    SegmentDiffers {
        /// Which entry.
        index: u64,
        /// Which of its segments, from 0.
        segment: usize,
    },
    /// A tile is not there.
    TileMissing(TileId),
    /// A tile is longer or shorter than its width.
    TileWidth {
        /// Which one.
        tile: TileId,
        /// Its bytes.
        bytes: usize,
    },
    /// A hash in a tile above level 0 is not the root of the tile below it.
    TileDiffers {
        /// Which one.
        tile: TileId,
        /// Which of its hashes, from 0.
        position: usize,
    },
    /// The storage cannot read something; it may be intact.
    Unreadable {
        /// What: a path, or an entry and segment.
        what: String,
        /// What the storage says.
        cause: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckpointMissing => write!(f, "checkpoint: missing"),
            Self::CheckpointUnproven { cause } => write!(f, "checkpoint: {cause}"),
            Self::OriginDiffers { kept } => write!(f, "checkpoint: is of another log than the kept checkpoint of {kept}"),
            Self::Truncated { held, signed } => write!(f, "log: truncated, {held} entries are there and {signed} were signed"),
            Self::RolledBack { held, kept } => write!(f, "log: rolled back, {held} entries are there and a kept checkpoint has {kept}"),
            Self::Forked { kept } => write!(f, "log: forked, the tree of {kept} entries is not the one of the kept checkpoint"),
            Self::Gone { from } => write!(f, "log: nothing is there from entry {from} on; the rest was not walked"),
            Self::RootDiffers { size } => write!(f, "log: the first {size} entries do not lead to the signed root"),
            Self::BundleMissing(bundle) => write!(f, "{}: missing", bundle.path()),
            Self::BundleMalformed { bundle, cause } => write!(f, "{}: {cause}", bundle.path()),
            Self::BundleWidth { bundle, entries } => write!(f, "{}: has {entries} entries", bundle.path()),
            Self::LeafMalformed { index, cause } => write!(f, "entry {index}: {cause}"),
            Self::LeafDiffers { index } => write!(f, "entry {index}: is not the entry the tile above it names"),
            Self::SegmentDiffers { index, segment } => {
                write!(f, "entry {index}, segment {segment}: is not the ciphertext that was recorded")
            }
            Self::TileMissing(tile) => write!(f, "{}: missing", tile.path()),
            Self::TileWidth { tile, bytes } => write!(f, "{}: has {bytes} bytes instead of {}", tile.path(), tile.len_bytes()),
            Self::TileDiffers { tile, position } => write!(f, "{}, hash {position}: is not the root of the tile below it", tile.path()),
            Self::Unreadable { what, cause } => write!(f, "{what}: cannot be read: {cause}"),
        }
    }
}

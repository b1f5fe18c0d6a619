//! Our log entry: 45 bytes and 33 for each segment, at most 177. Format: `docs/formats/ledger.md`.
//!
//! A leaf is public. It holds no personal data and says nothing of what happened, only when, of which coarse class, and what ciphertext belongs
//! to it; destroying the key behind `key_ref` erases the content and leaves every proof as it was. Each byte string is at most one leaf.

use crate::hash::{HASH_BYTES, Hash, sha256};

/// First byte of this version.
const VERSION: u8 = 1;
/// Version, suite, entry id, time, class, key reference, number of segments.
const FIXED_BYTES: usize = 1 + 2 + 16 + 8 + 1 + 16 + 1;
/// Bucket and digest.
const SEGMENT_BYTES: usize = 1 + HASH_BYTES;
/// Most segments of an entry: one operational and three of subject content (prompt, answer, attachment) keep a leaf below 200 bytes.
pub const MAX_SEGMENTS: usize = 4;
/// Largest bucket: no buffer holds more than 2^63 bytes.
const MAX_BUCKET: u8 = 63;

/// A log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Cipher suite of the segments; opaque here.
    pub suite: u16,
    /// Random name of the entry.
    pub entry_id: [u8; 16],
    /// When it was recorded, in milliseconds since 1970.
    pub time_ms: u64,
    /// What sort of thing it records.
    pub class: Class,
    /// Random name of the key; says nothing of whose it is.
    pub key_ref: [u8; 16],
    /// At most [`MAX_SEGMENTS`].
    pub segments: Vec<Segment>,
}

/// The coarse sort of an entry: all a reader without keys learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// What an administrator did.
    Admin = 1,
    /// A verdict, a release, a case decided.
    Decision = 2,
    /// Work on a corpus.
    Data = 3,
    /// A person's rights: access, correction, erasure.
    Privacy = 4,
    /// The program itself: start, stop, a gap, a rotation of keys.
    System = 5,
}

/// What a leaf says of a piece of ciphertext stored elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    bucket: u8,
    digest: Hash,
}

/// Why bytes are no leaf, or a leaf has no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Cut short, or something follows.
    #[error("a leaf of {0} bytes: shorter or longer than its number of segments says")]
    Length(usize),
    /// Another version.
    #[error("a leaf of version {0}; this program knows version {VERSION}")]
    Version(u8),
    /// Not one of the five.
    #[error("a leaf of class {0}; classes are 1 to 5")]
    Class(u8),
    /// More than a leaf holds.
    #[error("a leaf with {0} segments; at most {MAX_SEGMENTS} are allowed")]
    Segments(usize),
    /// No length falls into it.
    #[error("a segment of length bucket {0}; at most {MAX_BUCKET} is possible")]
    Bucket(u8),
}

impl Leaf {
    /// The entry's bytes.
    ///
    /// # Errors
    /// It has too many segments.
    pub fn encode(&self) -> Result<Vec<u8>, LeafError> {
        let count = u8::try_from(self.segments.len()).ok().filter(|count| usize::from(*count) <= MAX_SEGMENTS);
        let count = count.ok_or(LeafError::Segments(self.segments.len()))?;
        let mut bytes = Vec::with_capacity(FIXED_BYTES + self.segments.len() * SEGMENT_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.suite.to_be_bytes());
        bytes.extend_from_slice(&self.entry_id);
        bytes.extend_from_slice(&self.time_ms.to_be_bytes());
        bytes.push(self.class as u8);
        bytes.extend_from_slice(&self.key_ref);
        bytes.push(count);
        for segment in &self.segments {
            bytes.push(segment.bucket);
            bytes.extend_from_slice(&segment.digest);
        }
        Ok(bytes)
    }

    /// Reads exactly what [`Leaf::encode`] writes.
    ///
    /// # Errors
    /// It is no leaf of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        if let Some(version) = bytes.first().filter(|version| **version != VERSION) {
            return Err(LeafError::Version(*version));
        }
        Self::read(bytes).ok_or(LeafError::Length(bytes.len()))?
    }

    /// `None` where the length is wrong.
    fn read(bytes: &[u8]) -> Option<Result<Self, LeafError>> {
        let ([_version], rest) = bytes.split_first_chunk()?;
        let (suite, rest) = rest.split_first_chunk()?;
        let (entry_id, rest) = rest.split_first_chunk()?;
        let (time_ms, rest) = rest.split_first_chunk()?;
        let ([class], rest) = rest.split_first_chunk()?;
        let (key_ref, rest) = rest.split_first_chunk()?;
        let ([count], rest) = rest.split_first_chunk()?;
        let (segments, []) = rest.as_chunks::<SEGMENT_BYTES>() else { return None };
        if segments.len() != usize::from(*count) {
            return None;
        }
        if segments.len() > MAX_SEGMENTS {
            return Some(Err(LeafError::Segments(segments.len())));
        }
        let leaf = |class, segments| Self {
            suite: u16::from_be_bytes(*suite),
            entry_id: *entry_id,
            time_ms: u64::from_be_bytes(*time_ms),
            class,
            key_ref: *key_ref,
            segments,
        };
        let segments: Result<Vec<Segment>, LeafError> = segments.iter().map(Segment::read).collect();
        Some(Class::read(*class).and_then(|class| segments.map(|segments| leaf(class, segments))))
    }
}

impl Class {
    fn read(byte: u8) -> Result<Self, LeafError> {
        let all = [Self::Admin, Self::Decision, Self::Data, Self::Privacy, Self::System];
        all.into_iter().find(|class| *class as u8 == byte).ok_or(LeafError::Class(byte))
    }
}

impl Segment {
    /// Describes a ciphertext.
    #[must_use]
    pub fn of(ciphertext: &[u8]) -> Self {
        Self { bucket: bucket(ciphertext.len()), digest: sha256(ciphertext) }
    }

    /// Whether a ciphertext is the one described.
    #[must_use]
    pub fn is(&self, ciphertext: &[u8]) -> bool {
        *self == Self::of(ciphertext)
    }

    /// SHA-256 of the ciphertext.
    #[must_use]
    pub const fn digest(&self) -> &Hash {
        &self.digest
    }

    /// Its length is at most two to this power, and more than half of that.
    #[must_use]
    pub const fn bucket(&self) -> u8 {
        self.bucket
    }

    fn read(bytes: &[u8; SEGMENT_BYTES]) -> Result<Self, LeafError> {
        let [bucket, digest @ ..] = *bytes;
        if bucket > MAX_BUCKET { Err(LeafError::Bucket(bucket)) } else { Ok(Self { bucket, digest }) }
    }
}

/// The smallest `b` with `len <= 2^b`: 0 and 1 give 0, 2 gives 1, 3 and 4 give 2, 5 gives 3.
fn bucket(len: usize) -> u8 {
    len.checked_next_power_of_two().map_or(MAX_BUCKET, |power| power.trailing_zeros() as u8)
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// The leaf of `docs/formats/ledger.md`, for entry `index` of a sample log.
    pub(crate) fn leaf(index: u64) -> Leaf {
        let name = |salt: u8| {
            let mut name = [salt; 16];
            name[8..].copy_from_slice(&index.to_be_bytes());
            name
        };
        Leaf {
            suite: 1,
            entry_id: name(0xe1),
            time_ms: 1_790_000_000_000 + index,
            class: Class::Decision,
            key_ref: name(0xc2),
            segments: vec![Segment::of(format!("ciphertext {index}").as_bytes())],
        }
    }

    pub(crate) fn entry(index: u64) -> Vec<u8> {
        leaf(index).encode().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_leaf() -> impl Strategy<Value = Leaf> {
        let segments = prop::collection::vec((0..=MAX_BUCKET, any::<Hash>()), 0..=MAX_SEGMENTS);
        (any::<(u16, [u8; 16], u64, [u8; 16])>(), 1_u8..=5, segments).prop_map(|((suite, entry_id, time_ms, key_ref), class, segments)| {
            Leaf {
                suite,
                entry_id,
                time_ms,
                class: Class::read(class).unwrap(),
                key_ref,
                segments: segments.into_iter().map(|(bucket, digest)| Segment { bucket, digest }).collect(),
            }
        })
    }

    #[test]
    fn buckets_are_powers_of_two() {
        let given = [0, 1, 2, 3, 4, 5, 8, 9, 1024, 1025, usize::MAX].map(bucket);
        assert_eq!(given, [0, 0, 1, 2, 2, 3, 3, 4, 10, 11, 63]);
    }

    #[test]
    fn a_segment_is_its_ciphertext() {
        let segment = Segment::of(b"ciphertext");
        assert!(segment.is(b"ciphertext") && !segment.is(b"ciphertexu") && !segment.is(b""));
        assert!(!Segment { bucket: 9, ..segment }.is(b"ciphertext"), "a leaf that lies about the length");
    }

    #[test]
    fn what_is_not_a_leaf_is_refused() {
        let good = samples::entry(0);
        assert_eq!(good.len(), 78);
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Leaf::decode(&bytes).unwrap_err()
        };
        assert_eq!(with(0, 2), LeafError::Version(2));
        assert_eq!([with(27, 0), with(27, 6)], [LeafError::Class(0), LeafError::Class(6)]);
        assert_eq!([with(44, 0), with(44, 2)], [LeafError::Length(78), LeafError::Length(78)]);
        assert_eq!(with(45, 64), LeafError::Bucket(64));
        for len in 0..good.len() {
            assert_eq!(Leaf::decode(&good[..len]), Err(LeafError::Length(len)));
        }
        assert_eq!(Leaf::decode(&[&good[..], &[0]].concat()), Err(LeafError::Length(79)));
        let five = Leaf { segments: vec![Segment::of(b""); 5], ..samples::leaf(0) };
        assert_eq!(five.encode(), Err(LeafError::Segments(5)));
        let mut bytes = good[..44].to_vec();
        bytes.push(5);
        bytes.extend([0; 5 * SEGMENT_BYTES]);
        assert_eq!(Leaf::decode(&bytes), Err(LeafError::Segments(5)));
    }

    proptest! {
        #[test]
        fn every_leaf_leads_back(leaf in any_leaf()) {
            let bytes = leaf.encode().unwrap();
            prop_assert!(bytes.len() <= 177);
            prop_assert_eq!(Leaf::decode(&bytes), Ok(leaf));
        }

        #[test]
        fn every_byte_string_is_at_most_one_leaf(leaf in any_leaf(), at: prop::sample::Index, byte: u8) {
            let mut bytes = leaf.encode().unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(leaf) = Leaf::decode(&bytes) {
                prop_assert_eq!(leaf.encode().unwrap(), bytes);
            }
        }

        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = Leaf::decode(&bytes);
        }
    }
}

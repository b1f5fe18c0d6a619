//! Digests of content: SHA-256 (FIPS 180-4) and SM3 (GB/T 32905) of the same bytes in one pass, for manifests that serve both worlds.
//!
//! A bare digest of a short or guessable text gives the text away to whoever can guess; seal such a text instead.

use std::fmt;
use std::io;

use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use crate::encoding::HEX;

/// Both digests of one content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: [u8; 32],
    /// SM3.
    pub sm3: [u8; 32],
}

impl Digests {
    /// Of bytes that lie in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digests").field("sha256", &hex(&self.sha256)).field("sm3", &hex(&self.sm3)).finish()
    }
}

/// Both digests of a stream, in constant memory; a writer, so that a file can be copied into it.
#[derive(Clone, Default)]
pub struct Digester {
    sha256: Sha256,
    sm3: Sm3,
}

impl Digester {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sm3.update(bytes);
    }

    /// The digests of everything so far.
    #[must_use]
    pub fn finish(self) -> Digests {
        Digests { sha256: self.sha256.finalize().into(), sm3: self.sm3.finalize().into() }
    }
}

impl io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 alone.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SM3 alone.
#[must_use]
pub fn sm3(bytes: &[u8]) -> [u8; 32] {
    Sm3::digest(bytes).into()
}

/// Lower-case hexadecimal digits, as manifests print digests.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEX.encode(bytes)
}

/// Reads what [`hex`] prints, and nothing else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEX.decode(text).map(|bytes| bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// FIPS 180-4's example and GB/T 32905-2016, A.1 and A.2.
    #[test]
    fn published_vectors() {
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(&sm3(b"abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        assert_eq!(hex(&sm3(&b"abcd".repeat(16))), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    }

    proptest! {
        #[test]
        fn a_stream_in_any_pieces_gives_the_digests_of_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1_usize..80) {
            let mut digester = Digester::default();
            for piece in bytes.chunks(piece) {
                io::Write::write_all(&mut digester, piece).unwrap();
            }
            let whole = Digests { sha256: sha256(&bytes), sm3: sm3(&bytes) };
            prop_assert_eq!(digester.finish(), whole);
            prop_assert_eq!(Digests::of(&bytes), whole);
        }
    }
}

//! The hashes of an RFC 6962 tree (section 2.1): SHA-256 with a prefix that keeps leaves and nodes apart. The algorithm is fixed by
//! c2sp.org/tlog-tiles.

use sha2::{Digest, Sha256};

/// A SHA-256 value: of a leaf, a node, a whole tree or a ciphertext.
pub type Hash = [u8; HASH_BYTES];

/// Length of a hash.
pub const HASH_BYTES: usize = 32;

/// Root of the empty tree: SHA-256 of no bytes.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
    0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Hash of an entry: `SHA-256(0x00 || entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into()
}

/// Hash of an inner node: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Root over hashes whose number is a power of two.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    debug_assert!(hashes.len().is_power_of_two());
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied().unwrap_or(EMPTY_ROOT)
}

/// Root over the perfect subtrees a tree consists of, the largest first.
pub(crate) fn join(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
}

/// The slow, obvious tree that all else is held against.
#[cfg(test)]
pub(crate) mod naive {
    use super::{EMPTY_ROOT, Hash, node_hash};

    /// `MTH(D[n])` as RFC 6962 section 2.1 writes it, over leaf hashes.
    pub(crate) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_ROOT,
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
                node_hash(&root(left), &root(right))
            }
        }
    }

    /// `PATH(m, D[n])`, section 2.1.1.
    pub(crate) fn inclusion(leaves: &[Hash], index: usize) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, other) = match index.checked_sub(left.len()) {
            None => (inclusion(left, index), root(right)),
            Some(index) => (inclusion(right, index), root(left)),
        };
        path.push(other);
        path
    }

    /// `SUBPROOF(m, D[n], b)`, section 2.1.2.
    pub(crate) fn consistency(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if known { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, other) = match old.checked_sub(left.len()) {
            None | Some(0) => (consistency(old, left, known), root(right)),
            Some(old) => (consistency(old, right, false), root(left)),
        };
        path.push(other);
        path
    }
}

#[cfg(test)]
pub(crate) mod vectors {
    use super::{Hash, leaf_hash};

    /// The eight entries of the Certificate Transparency test tree.
    pub(crate) const ENTRIES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// Its published roots at sizes 1 to 8.
    pub(crate) const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    pub(crate) fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Leaf hashes of as many different entries as are asked for.
    pub(crate) fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(format!("entry {i}").as_bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_naive_tree_gives_the_published_roots() {
        let leaves: Vec<Hash> = vectors::ENTRIES.iter().map(|entry| leaf_hash(entry)).collect();
        for (size, root) in (1..).zip(vectors::ROOTS) {
            assert_eq!(vectors::hex(&naive::root(&leaves[..size])), root);
        }
        assert_eq!(EMPTY_ROOT, sha256(b""));
    }

    #[test]
    fn a_perfect_root_is_the_root() {
        for height in 0..=8 {
            let leaves = vectors::leaves(1 << height);
            assert_eq!(perfect_root(&leaves), naive::root(&leaves));
        }
    }
}

//! Rows that repeat others: exactly, by the hash of their text, or nearly, by their signatures.
//!
//! Near copies: rows that share a band of their signatures are proposed, and the estimate from all bins decides. Within a band each row is held
//! against the first and the one before it, so a phrase that a million rows share costs a million comparisons, not their square.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::row::Judged;
use crate::signature::Signature;

/// Estimated similarity from which two rows are near copies: the threshold of the public deduplication recipes.
pub(crate) const NEAR: f64 = 0.8;
/// Most distinct texts whose exact copies are looked for, about 60 bytes each: 1.2 GB.
const MAX_EXACT: usize = 20_000_000;
/// Most distinct texts whose near copies are looked for, about 170 bytes each: 340 MB.
const MAX_NEAR: usize = 2_000_000;

/// How many rows repeat others. The first of each kind counts as the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// Rows whose text is that of an earlier row.
    pub exact: u64,
    /// Rows that nearly repeat an earlier one (estimated Jaccard similarity of 0.8 or more), exact copies not counted.
    pub near: u64,
    /// Distinct texts that were compared for near copies.
    pub compared: u64,
    /// Whether all rows took part; beyond 20 million distinct texts (2 million for near copies) the rest is not compared.
    pub complete: bool,
}

/// A row's place: shard and line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) shard: u32,
    pub(crate) line: u64,
}

/// A line of `duplicates.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Copy {
    /// Which row.
    #[serde(flatten)]
    pub(crate) row: Place,
    /// Of which earlier row.
    pub(crate) of: Place,
    /// 1 for an exact copy.
    pub(crate) similarity: f64,
}

/// Finds copies.
#[derive(Default)]
pub(super) struct Finder {
    seen: HashMap<[u8; 16], Place>,
    exact: Vec<(Place, Place)>,
    near: Vec<(Place, Signature)>,
    left_out: bool,
}

impl Finder {
    pub(super) fn row(&mut self, shard: u32, row: &Judged) {
        let (Ok(content), place) = (&row.content, Place { shard, line: row.line }) else { return };
        let full = self.seen.len() >= MAX_EXACT;
        match self.seen.entry(content.hash) {
            Entry::Occupied(first) => self.exact.push((place, *first.get())),
            Entry::Vacant(_) if full => self.left_out = true,
            Entry::Vacant(free) => {
                free.insert(place);
                match content.near {
                    Some(signature) if self.near.len() < MAX_NEAR => self.near.push((place, signature)),
                    Some(_) => self.left_out = true,
                    None => {}
                }
            }
        }
    }

    /// Writes the copies as JSON lines: exact ones, then near ones.
    pub(super) fn finish(self, out: &mut impl Write) -> io::Result<Copies> {
        let mut say = |row, of, similarity| {
            serde_json::to_writer(&mut *out, &Copy { row, of, similarity })?;
            out.write_all(b"\n")
        };
        for (row, of) in &self.exact {
            say(*row, *of, 1.0)?;
        }
        let near = near(&self.near);
        for (row, of, similarity) in &near {
            if let (Some((row, _)), Some((of, _))) = (self.near.get(*row as usize), self.near.get(*of as usize)) {
                say(*row, *of, *similarity)?;
            }
        }
        let (exact, near, compared) = (self.exact.len() as u64, near.len() as u64, self.near.len() as u64);
        Ok(Copies { exact, near, compared, complete: !self.left_out })
    }
}

/// Each row that nearly repeats an earlier one, with the earliest it was found to repeat.
fn near(rows: &[(Place, Signature)]) -> Vec<(u32, u32, f64)> {
    let mut of: HashMap<u32, (u32, f64)> = HashMap::new();
    let similar = |a: u32, b: u32| {
        let (Some((_, a)), Some((_, b))) = (rows.get(a as usize), rows.get(b as usize)) else { return 0.0 };
        a.similarity(b)
    };
    for band in 0..16 {
        let keys = rows.iter().enumerate().filter_map(|(at, (_, signature))| Some((signature.bands().nth(band)?, at as u32)));
        let mut keys: Vec<(u64, u32)> = keys.collect();
        keys.sort_unstable();
        for bucket in keys.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(_, first)) = bucket.first() else { continue };
            for pair in bucket.windows(2) {
                let &[(_, before), (_, row)] = pair else { continue };
                for earlier in [first, before] {
                    let similarity = similar(earlier, row);
                    if similarity >= NEAR && of.get(&row).is_none_or(|known| earlier < known.0) {
                        of.insert(row, (earlier, similarity));
                    }
                }
            }
        }
    }
    let mut found: Vec<_> = of.into_iter().map(|(row, (of, similarity))| (row, of, similarity)).collect();
    found.sort_by_key(|(row, _, _)| *row);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_copies_name_the_earliest() {
        let texts = [
            "城市图书馆周末向读者开放夜间阅览室，读者凭证件入内，饮水处设在二楼东侧。",
            "完全不同的一段话，讲的是山里的茶园怎样在雨季之前修好排水沟和石阶。",
            "城市图书馆周末向读者开放夜间阅览室，读者凭证件入内，饮水处设在二楼西侧。",
            "城市图书馆周末向读者开放夜间阅览室，读者凭证件入内！饮水处设在二楼东侧！",
        ];
        let rows: Vec<_> = texts.iter().zip(1..).map(|(text, line)| (Place { shard: 0, line }, Signature::of(text).unwrap())).collect();
        let found: Vec<_> = near(&rows).iter().map(|(row, of, _)| (*row, *of)).collect();
        assert_eq!(found, [(2, 0), (3, 0)]);
    }
}

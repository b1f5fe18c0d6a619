//! The file of a register. Format: `docs/formats/works.md`.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::prints::{SHINGLE, WINDOW};
use super::{BLOCK, MAX_PRINTS, MAX_SAME, Work, Works};
use crate::error::{at, damaged};
use crate::input::hex;
use crate::{CorpusError, durable};

const MAGIC: &[u8; 8] = b"guijuwk1";
/// Bytes before the head: magic, checksum, length of the head.
const BEFORE: u64 = 8 + 32 + 4;
/// Longest head: a million works with short titles.
const MAX_HEAD_BYTES: u32 = 256 << 20;
/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 16;

/// What the fingerprints are, and of which works.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    shingle: usize,
    window: usize,
    block: u32,
    prints: u32,
    works: Vec<Work>,
}

impl Works {
    /// Writes the register.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CorpusError> {
        durable::write(path, |file| self.write_to(file).map(|_| ()).map_err(at(path)))
    }

    /// Writes the register; returns the SHA-256 of what was written.
    pub(super) fn write_to(&self, out: &mut impl Write) -> io::Result<String> {
        let head =
            Head { format: 1, shingle: SHINGLE, window: WINDOW, block: BLOCK, prints: self.hashes.len() as u32, works: self.works.clone() };
        let head = serde_json::to_vec(&head)?;
        let body = |out: &mut dyn Write| {
            out.write_all(&(head.len() as u32).to_le_bytes())?;
            out.write_all(&head)?;
            self.hashes.iter().try_for_each(|hash| out.write_all(&hash.to_le_bytes()))?;
            self.blocks.iter().try_for_each(|block| out.write_all(&block.to_le_bytes()))
        };
        let mut checksum = Hashing { out: io::sink(), hash: Sha256::new() };
        buffered(&mut checksum, &body)?;
        let mut whole = Hashing { out, hash: Sha256::new() };
        whole.write_all(MAGIC)?;
        whole.write_all(&checksum.hash.finalize())?;
        buffered(&mut whole, &body)?;
        Ok(hex(&whole.hash.finalize()))
    }

    /// Reads a register.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or was made with other fingerprints than this version's.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        let file = File::open(path).map_err(at(path))?;
        let length = file.metadata().map_err(at(path))?.len();
        let wrong = |what: String| damaged(path, format!("is no register of works: {what}; make it again with `guiju corpus works build`"));
        parse(BufReader::with_capacity(CHUNK_BYTES, file), length).map_err(wrong)
    }
}

/// Hashes what goes through.
struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn buffered(out: &mut impl Write, body: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(CHUNK_BYTES, out);
    body(&mut out)?;
    out.flush()
}

/// Reads the parts; no more is held than the length of the file allows.
fn parse(file: impl Read, length: u64) -> Result<Works, String> {
    let mut parts = Parts { file, whole: Sha256::new(), body: Sha256::new() };
    let (mut magic, mut checksum, mut size) = ([0; 8], [0; 32], [0; 4]);
    parts.before(&mut magic)?;
    if &magic != MAGIC {
        return Err("it does not begin as one".to_owned());
    }
    parts.before(&mut checksum)?;
    parts.next(&mut size)?;
    let head_bytes = u32::from_le_bytes(size);
    if head_bytes > MAX_HEAD_BYTES || u64::from(head_bytes) + BEFORE > length {
        return Err(format!("its head is said to have {head_bytes} bytes"));
    }
    let mut head = vec![0; head_bytes as usize];
    parts.next(&mut head)?;
    let head: Head = serde_json::from_slice(&head).map_err(|error| error.to_string())?;
    if (head.format, head.shingle, head.window, head.block) != (1, SHINGLE, WINDOW, BLOCK) {
        return Err("it was made with other fingerprints than this version's".to_owned());
    }
    let prints = head.prints as usize;
    if prints > MAX_PRINTS || length != BEFORE + u64::from(head_bytes) + prints as u64 * 12 {
        return Err(format!("{prints} fingerprints do not fit its length"));
    }
    let hashes: Vec<u64> = parts.numbers(prints, u64::from_le_bytes)?;
    let blocks: Vec<u32> = parts.numbers(prints, u32::from_le_bytes)?;
    if parts.body.finalize().as_slice() != checksum {
        return Err("its checksum does not fit".to_owned());
    }
    in_order(&head.works, &hashes, &blocks)?;
    Ok(Works::new(head.works, hashes, blocks, hex(&parts.whole.finalize())))
}

/// The parts of a file, hashed as they are read: all of it, and what the checksum speaks of.
struct Parts<R> {
    file: R,
    whole: Sha256,
    body: Sha256,
}

impl<R: Read> Parts<R> {
    /// What stands before the body.
    fn before(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.file.read_exact(bytes).map_err(|error| format!("it ends before its time ({error})"))?;
        self.whole.update(&*bytes);
        Ok(())
    }

    fn next(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.before(bytes)?;
        self.body.update(&*bytes);
        Ok(())
    }

    fn numbers<T, const N: usize>(&mut self, count: usize, of: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        let (mut all, mut left) = (Vec::with_capacity(count), count * N);
        let mut chunk = vec![0; CHUNK_BYTES];
        while left > 0 {
            let piece = chunk.get_mut(..left.min(CHUNK_BYTES)).unwrap_or_default();
            self.next(piece)?;
            left -= piece.len();
            all.extend(piece.as_chunks::<N>().0.iter().map(|bytes| of(*bytes)));
        }
        Ok(all)
    }
}

/// What is asked of the fingerprints: rising, none of them everywhere, each in a block of a work.
fn in_order(works: &[Work], hashes: &[u64], blocks: &[u32]) -> Result<(), String> {
    let all_blocks: u64 = works.iter().map(|work| u64::from(work.letters.div_ceil(BLOCK)) + 1).sum();
    // One fingerprint that stands everywhere would make a row cost as much as the register is long.
    let too_many = hashes.chunk_by(|a, b| a == b).any(|same| same.len() > MAX_SAME);
    let stray = all_blocks > u64::from(u32::MAX) || blocks.iter().any(|&block| u64::from(block) >= all_blocks);
    if too_many || stray || !hashes.is_sorted() { Err("its fingerprints are not in order".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::works::build::Builder;

    fn register() -> Works {
        let mut builder = Builder::default();
        for (id, text) in [("a", "山里的茶园在雨季之前修好了排水沟和石阶，"), ("b", "城市图书馆周末向读者开放夜间阅览室，")]
        {
            builder.add(id, "题", "某社", &format!("{text}{id}").repeat(5)).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let (dir, works) = (tempfile::tempdir().unwrap(), register());
        let path = dir.path().join("works.bin");
        works.write(&path).unwrap();
        assert_eq!(Works::read(&path).unwrap(), works);
        assert_eq!(works.digest(), hex(&Sha256::digest(std::fs::read(&path).unwrap())));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("茶园"), "no text is kept");
    }

    #[test]
    fn every_changed_byte_and_every_missing_end_is_seen() {
        let mut bytes = Vec::new();
        register().write_to(&mut bytes).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x41;
            assert!(parse(changed.as_slice(), changed.len() as u64).is_err(), "byte {at}");
            assert!(parse(&bytes[..at], at as u64).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_register_made_by_somebody_else_is_refused_or_does_no_harm() {
        let (mut bytes, text) = (Vec::new(), "山里的茶园在雨季之前修好了排水沟和石阶，".repeat(12));
        register().write_to(&mut bytes).unwrap();
        let mut usable = 0;
        for (at, value) in (40..bytes.len()).flat_map(|at| [0x00, 0x01, 0x39, 0x7f, 0xff].map(|value| (at, value))) {
            let mut changed = bytes.clone();
            changed[at] = value;
            let checksum = Sha256::digest(&changed[40..]);
            changed[8..40].copy_from_slice(&checksum);
            let Ok(works) = parse(changed.as_slice(), changed.len() as u64) else { continue };
            usable += 1;
            let verdict = detect::Pipeline::new(vec![Box::new(works)]).check_as(&text, detect::Direction::Corpus);
            assert!(verdict.faults.is_empty() && verdict.findings.iter().all(|finding| finding.span.cut(&text).is_some()), "{at} {value}");
        }
        assert!(usable > 100, "{usable}");
    }
}

#![no_main]
//! A compiled lexicon with bytes changed and the checksum put right again: opened or refused, and what is opened can be used.
//!
//! The input is a list of changes of five bytes: section, place in it (two), width and kind, value.

use std::sync::{Arc, LazyLock};

use detect::{Artefact, Direction, Keywords, Lexicon, Pipeline, Scanner, Variant};
use sha2::{Digest, Sha256};

const ROWS: &str = include_str!("../seeds/lexicon_rows/all-fields");
const TEXT: &str = "长期代开各类发票，dk发票 dai kai fa piao，请加微信：abc_12345，buy h3r0in now，弓虽迫，请人代开发票 sk-aaaa";
/// Magic, checksum, then where each section begins and how long it is.
const TABLE: usize = 40;
const SECTIONS: usize = 17;

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let entries = ROWS.lines().map(|row| serde_json::from_str(row).expect("the seed is sound")).collect();
    let text = |text: &str| text.to_owned();
    let lexicon = Lexicon {
        name: text("fuzz"),
        version: text("1"),
        updated: text("2026-11-22"),
        licence: text("Apache-2.0"),
        digest: text("0"),
        variants: Variant::ALL.to_vec(),
        entries,
    };
    let bytes = lexicon.compile().bytes().to_vec();
    assert!(Artefact::from_bytes(&bytes).is_ok());
    bytes
});

fn number(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 8).map_or(0, |b| u64::from_le_bytes(b.try_into().expect("eight bytes")) as usize)
}

fn change(bytes: &mut Vec<u8>, change: &[u8; 5]) {
    let [section, low, high, kind, value] = *change;
    let place = usize::from(u16::from_le_bytes([low, high]));
    let (start, len) = match usize::from(section) % (SECTIONS + 2) {
        // The table of sections itself.
        SECTIONS => (TABLE, SECTIONS * 16),
        // The end.
        18 => return bytes.truncate(bytes.len().saturating_sub(place) / 8 * 8),
        section => (number(bytes, TABLE + section * 16), number(bytes, TABLE + section * 16 + 8)),
    };
    let width = 1 << (kind & 3);
    let at = start.saturating_add(place % len.max(1) / width * width);
    let Some(slot) = at.checked_add(width).and_then(|end| bytes.get_mut(at..end)) else { return };
    let value = u64::from(value);
    let new = match kind >> 2 & 3 {
        0 => value,
        1 => u64::MAX - value,
        2 => slot[0].wrapping_add(value as u8).into(),
        _ => 1_u64.rotate_left(value as u32),
    };
    slot.copy_from_slice(&new.to_le_bytes()[..width]);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = VALID.clone();
    let (changes, _) = data.as_chunks::<5>();
    changes.iter().for_each(|one| change(&mut bytes, one));
    if bytes.len() < TABLE {
        assert!(Artefact::from_bytes(&bytes).is_err());
        return;
    }
    // A checksum that does not fit is always seen.
    if bytes != *VALID {
        assert!(Artefact::from_bytes(&bytes).is_err());
    }
    let digest = Sha256::digest(&bytes[TABLE..]);
    bytes[8..TABLE].copy_from_slice(&digest);
    let Ok(artefact) = Artefact::from_bytes(&bytes) else { return };
    let _ = (artefact.version(), artefact.updated().len(), artefact.entries(), artefact.patterns());
    let pipeline = Pipeline::new(vec![Box::new(Keywords::new(Arc::new(artefact)))]);
    let verdict = pipeline.check(TEXT);
    // What a changed rule finds is its own affair; where it finds it is not.
    assert!(verdict.findings.iter().all(|finding| finding.span.cut(TEXT).is_some()), "{:?}", verdict.findings);
    assert_eq!(pipeline.check(TEXT), verdict);
    let mut scanner = Scanner::new(pipeline, Direction::Input);
    for piece in TEXT.as_bytes().chunks(50) {
        scanner.feed(piece).expect("it is text");
    }
    scanner.finish().expect("it ends whole");
});

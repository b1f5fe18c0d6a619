//! A register of protected works from somebody else's disk: refused, or one that a text can be held against. Its head may be spelled as no writer of
//! ours would spell it (the JSON's white space, escapes), so written again it may be other bytes; but from then on it stays the same.
//!
//! An input that begins with the magic is a file. Of any other, the first line is the head and the rest the fingerprints and blocks, with length and checksum put right.
#![no_main]

use corpus::works::Works;
use detect::Pipeline;
use guiju_fuzz::{assert_sound, head, put, scratch};
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"guijuwk1";
/// Letters enough for several stretches.
const TEXT: &str = "山里的茶园在雨季之前修好了排水沟和石阶，城市图书馆周末向读者开放夜间阅览室，河边的老船厂改成了孩子们学木工的地方。";

fn file(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(MAGIC) {
        return bytes.to_vec();
    }
    let (head, rest) = head(bytes);
    let body = [&u32::try_from(head.len()).expect("short").to_le_bytes(), head, rest].concat();
    [MAGIC, &Sha256::digest(&body), &body].concat()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [read, written, again] = ["read.bin", "written.bin", "again.bin"].map(|name| scratch().join(name));
    put(&read, file(bytes));
    let Ok(works) = Works::read(&read) else { return };
    works.write(&written).expect("the scratch folder takes files");
    let same = Works::read(&written).expect("what was written is a register");
    same.write(&again).expect("the scratch folder takes files");
    assert_eq!(Works::read(&again).expect("what was written is a register"), same);
    assert_eq!((same.works(), same.prints()), (works.works(), works.prints()));
    let text = TEXT.repeat(4);
    let verdict = Pipeline::new(vec![Box::new(works)]).check(&text);
    assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
    assert_sound(&text, &verdict);
});

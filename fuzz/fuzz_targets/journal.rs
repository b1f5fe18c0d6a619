#![no_main]
//! A journal of any steps: read back as it was written; one byte changed or the end cut off is seen; the state never panics.
//!
//! The input is one step a line, as JSON; what is no step is left out.

use assess::RunState;
use assess::journal::{Journal, Step, read_lines};
use guiju_fuzz::{Numbers, put, scratch};

/// The whole lines before the first that is wrong, and whether one is.
fn read(path: &std::path::Path) -> (Vec<Step>, bool) {
    let (mut steps, mut wrong) = (Vec::new(), false);
    for line in read_lines(path).expect("it is there") {
        match line {
            Ok(line) => {
                assert!(!wrong && line.seq == steps.len() as u64 + 1);
                steps.push(line.step);
            }
            Err(_) => wrong = true,
        }
    }
    (steps, wrong)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut numbers = Numbers::of(data);
    let dir = scratch();
    let path = dir.join("journal.jsonl");

    // Any bytes.
    put(&path, data);
    let (steps, _) = read(&path);
    assert!(steps.is_empty(), "nobody guesses a chain value");
    assert!(RunState::read(dir).is_err());

    // Lawful lines of any steps.
    let written: Vec<Step> = data.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let _ = std::fs::remove_file(&path);
    let mut journal = Journal::create(dir).expect("a new journal");
    written.iter().for_each(|step| journal.append(step).expect("the disk takes it"));
    drop(journal);
    assert_eq!(read(&path), (written.clone(), false));
    for last in 0..=written.len() as u64 {
        let state = RunState::read_until(dir, last);
        assert!(state.is_ok_and(|state| state.lines <= last) || written.is_empty() || last == 0 || RunState::read(dir).is_err());
    }
    if RunState::read(dir).is_ok() {
        let _ = assess::verify(dir);
    }
    let bytes = std::fs::read(&path).expect("it is there");
    if bytes.is_empty() {
        return;
    }

    // One byte changed.
    let at = numbers.below(bytes.len());
    let mut changed = bytes.clone();
    changed[at] ^= 1 << numbers.below(8);
    put(&path, &changed);
    let before = bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
    let last_line_feed = at + 1 == bytes.len();
    let (steps, wrong) = read(&path);
    assert_eq!((steps.as_slice(), wrong), (&written[..before], !last_line_feed), "byte {at} changed");

    // The end cut off, as by a crash: whole lines stay, and the journal goes on.
    let kept = numbers.below(bytes.len());
    put(&path, &bytes[..kept]);
    let whole = bytes[..kept].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (mut journal, torn) = Journal::open(dir).expect("a crash is no damage");
    assert_eq!(torn, (kept - whole) as u64);
    journal.append(&Step::Resumed { torn_bytes: torn }).expect("the disk takes it");
    drop(journal);
    let lines = bytes[..whole].iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(read(&path), ([&written[..lines], &[Step::Resumed { torn_bytes: torn }]].concat(), false));
});

//! A crawl manifest and the robots rules stored with it: both are a stranger's. Refused with a line, or the same twice; what is off limits stands on a line that there is.
//!
//! The input up to the first empty line is `robots.txt`, the rest the manifest.
#![no_main]

use corpus::check_crawl;
use guiju_fuzz::{put, scratch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let cut = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
    let (rules, manifest) = bytes.split_at(cut);
    let dir = scratch();
    put(&dir.join("robots.txt"), rules);
    put(&dir.join("crawl.jsonl"), manifest);
    let check = || {
        let mut found = Vec::new();
        let done = check_crawl(&dir.join("crawl.jsonl"), "guiju", &mut |one| {
            found.push(one);
            Ok(())
        });
        (done.map_err(|error| error.to_string()), found)
    };
    let (done, found) = check();
    if let Ok(crawl) = &done {
        assert!(crawl.refused <= crawl.checked && crawl.refused == found.len() as u64);
    }
    let lines = manifest.split(|&byte| byte == b'\n').count() as u64;
    assert!(found.iter().all(|one| (1..=lines).contains(&one.line)) && found.is_sorted_by_key(|one| one.line), "{found:?}");
    assert_eq!((done, found), check());
});

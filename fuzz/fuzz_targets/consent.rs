//! A snapshot of the consent register: refused, or one that says the same of everybody twice, and nothing but no of whom it says no.
#![no_main]

use corpus::consent::Snapshot;
use guiju_fuzz::{put, scratch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = scratch().join("consent.jsonl");
    put(&path, bytes);
    let read = || Snapshot::read(&path, "2026-11-22").map_err(|error| error.to_string());
    match (read(), read()) {
        (Ok(one), Ok(other)) => {
            assert!(one.until() >= one.day(), "a snapshot that has run out was taken");
            assert_eq!(one.digest(), other.digest());
            for user in ["", "u-1", "用户"] {
                assert_eq!(one.of(user), other.of(user));
            }
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("read and refused"),
    }
});

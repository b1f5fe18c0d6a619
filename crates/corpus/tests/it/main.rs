//! Scans of small corpora, made by the test: formats, faults, killing, sharing, applying.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    unreachable_pub,
    reason = "tests"
)]

mod apply;
mod assess;
mod batch;
mod consent;
mod export;
mod faults;
mod formats;
mod lineage;
mod log;
mod objects;
mod resume;
mod sheets;
mod spotcheck;
mod store;
mod work;
mod works;

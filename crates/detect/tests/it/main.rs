//! What the engine does, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    unreachable_pub,
    missing_docs,
    clippy::type_complexity,
    reason = "tests"
)]

mod attack;
mod golden;
mod matcher;
mod pii;
mod stream;

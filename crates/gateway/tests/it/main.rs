//! What the gateway does, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    unreachable_pub,
    missing_docs,
    reason = "tests"
)]

mod faults;
mod kept;
mod labels;
mod leak;
mod leak_http;
mod policy;
mod reroute;
mod service;
mod signed;
mod speaks;
mod streams;
mod unmask;
mod watched;
mod world;

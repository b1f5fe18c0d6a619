//! The binary from outside, as its users run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests"
)]

mod accounts;
#[path = "../../../store/tests/it/authenticator.rs"]
mod authenticator;
mod bad_input;
mod banks;
mod classifier;
mod cli;
mod corpus;
mod corpus_assess;
mod corpus_export;
mod corpus_inputs;
mod corpus_walk;
mod crash;
mod detection;
mod gateway;
mod guard;
mod installation;
mod integrity;
mod ledger;
mod mock;
mod models;
mod roots;
mod runs;
mod sheets;
mod source;
mod transit;
mod two_gateways;
mod workdir;

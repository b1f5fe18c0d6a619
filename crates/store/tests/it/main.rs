//! The contract of the store, on SQLite always, and on PostgreSQL where `GUIJU_TEST_DATABASE` names a server whose role may make databases
//! (`postgres://…/postgres`); without it those runs are left out with a word.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, clippy::print_stderr, reason = "tests")]

mod accounts;
mod authenticator;
mod backup;
mod changes;
mod consent;
mod erasure;
mod faults;
mod guard;
mod jobs;
mod keys;
mod ledger;
mod lineage;
mod models;
mod network;
mod place;
mod roots;
mod runs;
mod sources;
mod tenants;

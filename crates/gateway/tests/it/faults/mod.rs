//! What goes wrong around the gateway, and what a client and the ledger then hold: docs/gateway.md has the table, a test for each row.

mod answers;
mod crash;
mod load;
mod streams;

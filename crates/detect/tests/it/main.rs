//! What the engine does, seen from outside.

mod attack;
mod golden;
mod matcher;
mod pii;
mod stream;

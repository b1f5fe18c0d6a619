//! Content in, verdict out.
//!
//! A text is folded once ([`fold`]), every detector looks at the folded text, and a finding carries its byte span in the original.
//! Pure: no clock, no network, no randomness, no file but the lexicon it is told to read. The same text and the same rules give the same
//! verdict, byte for byte, whole or in pieces ([`Scanner`]). Total: a detector that cannot do its work is a fault inside the verdict, and a fault holds the item.

pub mod classifier;
pub mod decode;
mod emoji;
mod engine;
pub mod evade;
mod fold;
mod keywords;
mod lexicon;
mod near_copy;
mod pairs;
mod pii;
mod pipeline;
mod policy;
mod reading;
pub mod redact;
mod scanner;
mod signature;
mod sound;
mod trail;
mod view;
mod wide;

pub use engine::{Hit, Matcher};
pub use fold::{Buffers, Folded, fold, fold_into, plain};
pub use keywords::Keywords;
pub use lexicon::{
    Artefact, Corrupt, Entry, Lexicon, LexiconError, MAX_KEYWORD_CHARS, Near, Phrases, Variant, coverage, diff, expand, export, import,
    lint, propose,
};
pub use near_copy::{NearCopy, near_copies, similarity};
pub use pii::Pii;
pub use pipeline::{DetectError, Detector, Item, MAX_ITEM_BYTES, Pipeline};
pub use policy::{Direction, Policy, PolicyError};
pub use scanner::{NotText, Scanner, Step};
pub use trail::Trail;

/// Clean sentences of our own writing, one a line: news, encyclopaedia, law, medicine, chat, literature, in Chinese and English. What a
/// lexicon finds in them is a false hit.
#[must_use]
pub fn clean_corpus() -> Vec<&'static str> {
    include_str!("../data/clean.txt").lines().collect()
}

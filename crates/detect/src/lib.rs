//! Content in, verdict out.
//!
//! A text is folded once ([`fold`]), every detector looks at the folded text, and a finding carries its byte span in the original.
//! Pure: no clock, no network, no file, no randomness. The same text and the same rules give the same verdict, byte for byte. Total: a
//! detector that cannot do its work is a fault inside the verdict, and a fault holds the item.

mod fold;
mod keywords;
mod lexicon;
mod pii;
mod pipeline;

pub use fold::{Folded, fold};
pub use keywords::Keywords;
pub use lexicon::{Entry, Lexicon, LexiconError, Near};
pub use pii::Pii;
pub use pipeline::{DetectError, Detector, MAX_ITEM_BYTES, Pipeline};

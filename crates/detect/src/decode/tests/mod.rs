//! What must be found, what must not, and that no text takes long or breaks anything.

mod found;
mod limits;
mod ordinary;

use super::{Decoded, decode};

fn all(text: &str) -> Vec<Decoded> {
    let mut out = Vec::new();
    decode(text, &mut out);
    out
}

//! How files of classifiers begin (docs/formats/classifier.md): eight bytes that name them, the length of a header, the header in JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::ModelError;

/// Longest header, in bytes.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// Parts a file in its header and what follows it.
pub(super) fn read<'a, H: DeserializeOwned>(magic: &[u8; 8], bytes: &'a [u8]) -> Result<(H, &'a [u8]), ModelError> {
    let bad = |what: &str| ModelError(what.to_owned());
    let rest = bytes.strip_prefix(magic).ok_or_else(|| bad("it does not begin as one"))?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| bad("it ends in the header"))?;
    let length = u32::from_le_bytes(*length) as usize;
    let whole = rest.split_at_checked(length).filter(|_| length <= MAX_HEADER_BYTES);
    let (header, rest) = whole.ok_or_else(|| bad("it ends in the header"))?;
    let header = serde_json::from_slice(header).map_err(|e| ModelError(format!("its header cannot be read: {e}")))?;
    Ok((header, rest))
}

/// The beginning of a file.
pub(super) fn write(magic: &[u8; 8], header: &impl Serialize) -> Vec<u8> {
    let header = serde_json::to_vec(header).unwrap_or_default();
    [magic.as_slice(), &(header.len() as u32).to_le_bytes(), &header].concat()
}

/// By what a file is told from others: the first eight bytes of its SHA-256, hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

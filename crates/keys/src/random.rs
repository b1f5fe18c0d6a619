//! Random bytes from the operating system: the one place of this crate that asks for them.

use zeroize::Zeroizing;

/// The system gives no random bytes. Nothing can be sealed, and no key, token or salt made, until it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(String);

pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|e| NoRandomness(e.to_string()))?;
    Ok(bytes)
}

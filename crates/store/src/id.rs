//! Names of things: random, and where they are entries, in the order of time.

use std::fmt;
use std::str::FromStr;

use keys::digest::{hex, unhex};

use crate::StoreError;

/// The id of a ledger entry, 16 bytes: 6 of the time in ms since 1970, big-endian, and 10 random ones, so that entries of one time lie together in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub [u8; 16]);

impl EntryId {
    pub(crate) fn new(now_ms: i64) -> Result<Self, StoreError> {
        let mut id = random::<16>()?;
        for (byte, time) in id.iter_mut().zip(now_ms.to_be_bytes().iter().skip(2)) {
            *byte = *time;
        }
        Ok(Self(id))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for EntryId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = unhex(&text.to_ascii_lowercase()).and_then(|bytes| bytes.try_into().ok()).map(Self);
        id.ok_or_else(|| format!("the id of an entry has 32 hexadecimal digits; {text:?} has not"))
    }
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Key(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// A random word of 32 hexadecimal digits.
pub(crate) fn word() -> Result<String, StoreError> {
    Ok(EntryId(random()?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_begins_with_its_time_and_reads_back() {
        let early = EntryId::new(1_700_000_000_000).unwrap();
        let late = EntryId::new(1_700_000_000_001).unwrap();
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        for wrong in ["", "0", "+0000000000000000000000000000000", "g0000000000000000000000000000000"] {
            assert!(wrong.parse::<EntryId>().is_err(), "{wrong}");
        }
    }
}

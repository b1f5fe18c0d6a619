//! Timestamped Ed25519 cosignatures, type 0x04 (c2sp.org/tlog-cosignature): what is signed, and how it lies in a signature line.
//!
//! No clock: who judges a time knows what time it is. Making one is [`crate::sign::cosign`], checking one [`crate::note::Note::verify`].

/// Latest time the format allows, in seconds since 1970.
pub(crate) const MAX_TIME_S: u64 = i64::MAX as u64;

/// Two header lines, then the whole text of the checkpoint, extension lines and all.
pub(crate) fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// The time as eight big-endian bytes, then the bare signature.
pub(crate) fn join(time_s: u64, signature: &[u8]) -> Vec<u8> {
    [time_s.to_be_bytes().as_slice(), signature].concat()
}

pub(crate) fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time_s, signature) = bytes.split_first_chunk()?;
    let time_s = u64::from_be_bytes(*time_s);
    (time_s <= MAX_TIME_S).then_some((time_s, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_that_of_the_specification() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert_eq!(
            message(text, 1_679_315_147),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    #[test]
    fn a_time_beyond_the_limit_is_refused() {
        assert_eq!(split(&join(MAX_TIME_S, &[7; 64])), Some((MAX_TIME_S, [7; 64].as_slice())));
        assert_eq!(split(&join(MAX_TIME_S + 1, &[7; 64])), None);
        assert_eq!(split(&[0; 7]), None);
    }
}

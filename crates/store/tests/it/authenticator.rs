//! What an authenticator app does, written for itself from RFC 6238, RFC 2104 and FIPS 180-4, so that the tests do not ask the code that they test.

/// The six digits of a moment, ms since 1970.
pub(crate) fn code(secret: &[u8], ms: i64) -> String {
    let digest = hmac(secret, &(ms / 30_000).to_be_bytes());
    let offset = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The bytes of base32 in lower case (RFC 4648).
pub(crate) fn base32(text: &str) -> Vec<u8> {
    let digits = text.bytes().map(|sign| u64::from(if sign >= b'a' { sign - b'a' } else { sign - b'2' + 26 }));
    let bits: Vec<u64> = digits.flat_map(|digit| (0..5).rev().map(move |bit| digit >> bit & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect()
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 20] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = sha1(&[&block.map(|byte| byte ^ 0x36)[..], text].concat());
    sha1(&[&block.map(|byte| byte ^ 0x5c)[..], &inner].concat())
}

fn sha1(text: &[u8]) -> [u8; 20] {
    let mut padded = [text, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(64) + if padded.len() % 64 > 56 { 64 } else { 0 }, 0);
    let length = padded.len() - 8;
    padded[length..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks_exact(64) {
        let mut words: Vec<u32> = block.chunks_exact(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for t in 16..80 {
            words.push((words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (t, word) in words.iter().enumerate() {
            let (f, k) = match t / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
        for (sum, word) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(word);
        }
    }
    state.map(u32::to_be_bytes).concat().try_into().unwrap()
}

/// RFC 6238, appendix B: the last six of the eight digits.
#[test]
fn the_codes_of_the_standard() {
    for (seconds, digits) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
        assert_eq!(code(b"12345678901234567890", seconds * 1_000), digits);
    }
}

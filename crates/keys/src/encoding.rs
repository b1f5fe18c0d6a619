//! Bytes as text: base16, base32 and base64 (RFC 4648), without padding; three alphabets, one loop.
//!
//! Decoding is strict: one text per byte string. It looks symbols up in a table, so it is not for a place where somebody can time the cache.

use zeroize::Zeroizing;

/// Symbols of `bits` bits each.
pub(crate) struct Alphabet {
    symbols: &'static [u8],
    bits: u32,
}

/// Lower-case base16.
pub(crate) const HEX: Alphabet = Alphabet { symbols: b"0123456789abcdef", bits: 4 };
/// Base32 as authenticator apps read it.
pub(crate) const BASE32: Alphabet = Alphabet { symbols: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", bits: 5 };
/// The same in lower case: one word to a double click.
pub(crate) const BASE32_LOWER: Alphabet = Alphabet { symbols: b"abcdefghijklmnopqrstuvwxyz234567", bits: 5 };
/// Base64 with `+` and `/`.
pub(crate) const BASE64: Alphabet = Alphabet { symbols: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", bits: 6 };

impl Alphabet {
    /// The last symbol is filled up with zero bits.
    pub(crate) fn encode(&self, bytes: &[u8]) -> String {
        // Room for all at once: a secret leaves no half copy behind in memory given back.
        let mut text = String::with_capacity((bytes.len() * 8).div_ceil(self.bits as usize));
        let (mut pending, mut held) = (0_u32, 0_u32);
        for byte in bytes {
            pending = pending << 8 | u32::from(*byte);
            held += 8;
            while held >= self.bits {
                held -= self.bits;
                text.push(self.symbol(pending >> held));
            }
        }
        if held > 0 {
            text.push(self.symbol(pending << (self.bits - held)));
        }
        text
    }

    /// `None`: a symbol of another alphabet, or a length or last symbol that no encoding ends with.
    pub(crate) fn decode(&self, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * self.bits as usize / 8));
        let (mut pending, mut held) = (0_u32, 0_u32);
        for symbol in text.bytes() {
            let value = self.symbols.iter().position(|known| *known == symbol)?;
            pending = pending << self.bits | u32::try_from(value).ok()?;
            held += self.bits;
            if held >= 8 {
                held -= 8;
                bytes.push((pending >> held) as u8);
            }
        }
        let left = pending & ((1 << held) - 1);
        (held < self.bits && left == 0).then_some(bytes)
    }

    fn symbol(&self, value: u32) -> char {
        let value = value & ((1 << self.bits) - 1);
        // Never '?': the mask keeps the value below the number of symbols.
        self.symbols.get(value as usize).map_or('?', |symbol| char::from(*symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_of_rfc_4648_section_10_without_padding() {
        let cases = [
            ("", "", "", ""),
            ("f", "66", "MY", "Zg"),
            ("fo", "666f", "MZXQ", "Zm8"),
            ("foo", "666f6f", "MZXW6", "Zm9v"),
            ("foob", "666f6f62", "MZXW6YQ", "Zm9vYg"),
            ("fooba", "666f6f6261", "MZXW6YTB", "Zm9vYmE"),
            ("foobar", "666f6f626172", "MZXW6YTBOI", "Zm9vYmFy"),
        ];
        for (plain, hex, base32, base64) in cases {
            assert_eq!(HEX.encode(plain.as_bytes()), hex);
            assert_eq!(BASE32.encode(plain.as_bytes()), base32);
            assert_eq!(BASE32_LOWER.encode(plain.as_bytes()), base32.to_lowercase());
            assert_eq!(BASE64.encode(plain.as_bytes()), base64);
        }
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        // Set bits after the end, a symbol too many, another alphabet, padding.
        for (alphabet, text) in
            [(&BASE64, "Zh"), (&BASE64, "Zm9vY"), (&BASE32, "MZ"), (&BASE32, "MYA"), (&HEX, "6"), (&HEX, "6F"), (&BASE64, "Zg==")]
        {
            assert!(alphabet.decode(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            for alphabet in [&HEX, &BASE32, &BASE32_LOWER, &BASE64] {
                let read = alphabet.decode(&alphabet.encode(&bytes)).unwrap();
                prop_assert_eq!(read.as_slice(), bytes.as_slice());
            }
        }

        #[test]
        fn text_that_is_read_has_no_other_spelling(text in "[A-Za-z0-9+/=]{0,12}") {
            for alphabet in [&HEX, &BASE32, &BASE32_LOWER, &BASE64] {
                if let Some(bytes) = alphabet.decode(&text) {
                    prop_assert_eq!(alphabet.encode(&bytes), text.as_str());
                }
            }
        }
    }
}

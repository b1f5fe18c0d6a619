//! Envelopes, wrapped keys and tokens: no bytes break a reader, and none that was not sealed opens.
#![no_main]

use keys::envelope::{self, Header};
use keys::token::Token;
use keys::wrap::{self, Wrapped};
use keys::{DataKey, sealed};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(key) = DataKey::generate() else { return };
    let _ = Header::read(bytes);
    let _ = Wrapped::read(bytes);
    assert!(envelope::open(&key, b"fuzz", bytes).is_err());
    assert!(wrap::unwrap(&key, "fuzz", bytes).is_err());
    // A whole header would cost an Argon2 of up to a gigabyte.
    assert!(bytes.len() > 60 || sealed::open(bytes, "fuzz", "fuzz").is_err());
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(token) = Token::read(text) {
            assert_eq!(token.text().as_str(), text);
        }
    }
});

//! The ciphers behind the suites: encryption and decryption in place, and the commitment to a key.
//!
//! Nothing here knows of headers, files or policies, and nothing here draws a nonce: `envelope.rs` does.

use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit, Tag};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{Aes256Gcm, AesGcm};
use chacha20poly1305::XChaCha20Poly1305;
use hkdf::Hkdf;
use sha2::Sha256;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::{Zeroize, Zeroizing};

use crate::key::KEY_BYTES;
use crate::suite::Suite;

/// Bytes of the random nonce of every suite.
pub(crate) const NONCE_BYTES: usize = 24;
/// Bytes of the tag of every suite.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of the commitment to the key.
pub(crate) const COMMITMENT_BYTES: usize = 32;

/// What goes into the derivation of a commitment, before the suite's number.
const COMMITMENT_LABEL: &[u8] = b"guiju-e1 commitment";
/// What goes into the derivation of a message key and nonce of SM4-GCM.
const SM4_LABEL: &[u8] = b"guiju-e1 sm4-gcm";

type Key = [u8; KEY_BYTES];
type Nonce = [u8; NONCE_BYTES];
type Sm4Gcm = AesGcm<Sm4, U12>;

/// Encrypts in place and returns the tag. `None` only for a text longer than the cipher allows (64 GiB for the GCM suites).
pub(crate) fn encrypt(suite: Suite, key: &Key, nonce: &Nonce, aad: &[u8], text: &mut [u8]) -> Option<[u8; TAG_BYTES]> {
    match suite {
        Suite::XChaCha20Poly1305 => lock(&XChaCha20Poly1305::new(key.into()), nonce, aad, text),
        Suite::XAes256Gcm => xaes(key, nonce).and_then(|(cipher, nonce)| lock(&cipher, &nonce, aad, text)),
        Suite::Sm4Gcm => sm4_gcm(key, nonce).and_then(|(cipher, nonce)| lock(&cipher, &nonce, aad, text)),
    }
}

/// Decrypts in place. `None`: the tag does not fit, and the text is as it was.
pub(crate) fn decrypt(suite: Suite, key: &Key, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &[u8]) -> Option<()> {
    match suite {
        Suite::XChaCha20Poly1305 => unlock(&XChaCha20Poly1305::new(key.into()), nonce, aad, text, tag),
        Suite::XAes256Gcm => xaes(key, nonce).and_then(|(cipher, nonce)| unlock(&cipher, &nonce, aad, text, tag)),
        Suite::Sm4Gcm => sm4_gcm(key, nonce).and_then(|(cipher, nonce)| unlock(&cipher, &nonce, aad, text, tag)),
    }
}

/// A value that only this key gives with this nonce (HKDF, RFC 5869, with the suite's own hash).
///
/// None of the suites commits by itself: whoever knows two keys can make one ciphertext that opens under both, to different texts. To find two
/// keys with the same 32 bytes takes 2^128 tries. `None` never happens: HKDF fails only for outputs of more than 255 blocks.
pub(crate) fn commitment(suite: Suite, key: &Key, nonce: &Nonce) -> Option<[u8; COMMITMENT_BYTES]> {
    let mut value = [0; COMMITMENT_BYTES];
    let info: [&[u8]; 2] = [COMMITMENT_LABEL, &suite.code().to_be_bytes()];
    match suite {
        Suite::XChaCha20Poly1305 | Suite::XAes256Gcm => Hkdf::<Sha256>::new(Some(nonce), key).expand_multi_info(&info, &mut value).ok()?,
        Suite::Sm4Gcm => Hkdf::<Sm3>::new(Some(nonce), key).expand_multi_info(&info, &mut value).ok()?,
    }
    Some(value)
}

fn lock<C: AeadInOut>(cipher: &C, nonce: &[u8], aad: &[u8], text: &mut [u8]) -> Option<[u8; TAG_BYTES]> {
    let nonce = Array::try_from(nonce).ok()?;
    let tag = cipher.encrypt_inout_detached(&nonce, aad, InOutBuf::from(text)).ok()?;
    tag.as_slice().try_into().ok()
}

fn unlock<C: AeadInOut>(cipher: &C, nonce: &[u8], aad: &[u8], text: &mut [u8], tag: &[u8]) -> Option<()> {
    let nonce = Array::try_from(nonce).ok()?;
    let tag = Tag::<C>::try_from(tag).ok()?;
    cipher.decrypt_inout_detached(&nonce, aad, InOutBuf::from(text), &tag).ok()
}

/// The message key of XAES-256-GCM, from the first 12 bytes of the nonce, and the 12 that are left for GCM (C2SP, XAES-256-GCM).
fn xaes(key: &Key, nonce: &Nonce) -> Option<(Aes256Gcm, [u8; 12])> {
    let (first, rest) = nonce.split_first_chunk::<12>()?;
    let outer = Aes256::new(key.into());
    let mut subkey = Zeroizing::new([0_u8; 16]);
    outer.encrypt_block((&mut *subkey).into());
    double(&mut subkey);
    let mut message_key = Zeroizing::new([0_u8; 32]);
    for (counter, half) in (1_u8..).zip(message_key.as_chunks_mut::<16>().0) {
        for (to, from) in half.iter_mut().zip([0, counter, b'X', 0].iter().chain(first)) {
            *to = *from;
        }
        half.iter_mut().zip(subkey.iter()).for_each(|(to, from)| *to ^= from);
        outer.encrypt_block(half.into());
    }
    Some((Aes256Gcm::new((&*message_key).into()), rest.try_into().ok()?))
}

/// Doubling in GF(2^128) as AES-CMAC does it (NIST SP 800-38B, 6.1), without a branch on the secret.
fn double(block: &mut [u8; 16]) {
    let mut number = u128::from_be_bytes(*block);
    number = number << 1 ^ (0x87 * (number >> 127));
    *block = number.to_be_bytes();
    number.zeroize();
}

/// The message key and GCM nonce of SM4-GCM: 28 bytes of HKDF-SM3 with the nonce as its salt.
fn sm4_gcm(key: &Key, nonce: &Nonce) -> Option<(Sm4Gcm, [u8; 12])> {
    let mut derived = Zeroizing::new([0_u8; 28]);
    Hkdf::<Sm3>::new(Some(nonce), key).expand(SM4_LABEL, derived.as_mut_slice()).ok()?;
    let (message_key, nonce) = derived.split_first_chunk::<16>()?;
    Some((Sm4Gcm::new(message_key.into()), nonce.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::HEX;

    fn bytes(hex: &str) -> Vec<u8> {
        HEX.decode(hex).unwrap().to_vec()
    }

    fn sealed(suite: Suite, key: &Key, nonce: &Nonce, aad: &[u8], plain: &[u8]) -> String {
        let mut text = plain.to_vec();
        let tag = encrypt(suite, key, nonce, aad, &mut text).unwrap();
        HEX.encode(&[text.as_slice(), &tag].concat())
    }

    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn xchacha20_poly1305_gives_the_vector_of_its_draft() {
        let key = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce = std::array::from_fn(|i| 0x40 + i as u8);
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let expected = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e12\
                        13b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c79879\
                        47deafd8780acf49";
        assert_eq!(sealed(Suite::XChaCha20Poly1305, &key, &nonce, &bytes("50515253c0c1c2c3c4c5c6c7"), plain), expected);
    }

    /// C2SP, XAES-256-GCM, test vectors: the two differ in the top bit that doubling carries over.
    #[test]
    fn xaes_256_gcm_gives_the_vectors_of_c2sp() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        let cases = [
            (0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ];
        for (key, aad, expected) in cases {
            assert_eq!(sealed(Suite::XAes256Gcm, &[key; 32], nonce, aad.as_bytes(), b"XAES-256-GCM"), expected);
        }
    }

    /// RFC 8998, A.1, on the cipher below the derivation.
    #[test]
    fn sm4_gcm_gives_the_vector_of_rfc_8998() {
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
        let mut text: Vec<u8> = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa].into_iter().flat_map(|byte| [byte; 8]).collect();
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let tag = lock(&Sm4Gcm::new(&key.into()), &bytes("00001234567800000000abcd"), &aad, &mut text).unwrap();
        let expected = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d";
        assert_eq!(HEX.encode(&text), expected);
        assert_eq!(HEX.encode(&tag), "83de3541e4c2b58177e065a9bf7b62ec");
    }

    /// What OpenSSL 3's `openssl kdf ... HKDF` derives of the same.
    #[test]
    fn derivations_agree_with_openssl() {
        let (key, nonce) = ([1; 32], [2; 24]);
        let mut derived = [0; 28];
        Hkdf::<Sm3>::new(Some(&nonce), &key).expand(SM4_LABEL, &mut derived).unwrap();
        assert_eq!(HEX.encode(&derived), "3f6c9a5058d39cfa7cc0c6c508bc1aecbde348948d3c5bb311868b26");
        let expected = "7c0ba0108e565ec769b37262f659be848c814ecef8e9b305ababfbb255e8b2e6";
        assert_eq!(HEX.encode(&commitment(Suite::Sm4Gcm, &key, &nonce).unwrap()), expected);
        let expected = "65ee03a6b7344457ba88a33f0f624669ba993b3f7afd9945ea200e8130c4c568";
        assert_eq!(HEX.encode(&commitment(Suite::XChaCha20Poly1305, &key, &nonce).unwrap()), expected);
        assert_ne!(commitment(Suite::XChaCha20Poly1305, &key, &nonce), commitment(Suite::XAes256Gcm, &key, &nonce));
    }
}

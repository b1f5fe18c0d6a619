//! SM2 signatures with SM3 (GB/T 32918.2, draft-shen-sm2-ecdsa-02): 国密 beside Ed25519.

use std::fmt;

use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

use super::{SignError, open_secret};
use crate::random::{NoRandomness, random};
use crate::sealed::{self, SealError};

/// The user id where none is agreed (GM/T 0009-2012, section 10). It is hashed with the public key before the message.
pub const SM2_USER_ID: &str = "1234567812345678";

/// What it is sealed as.
const PURPOSE: &str = "SM2";

/// A signing key. Wiped when dropped; it prints nothing.
///
/// It is kept as bytes and made into the library's form for each signature, because that form is not wiped: what may be left behind is a copy on the
/// stack, not on the heap. That costs one multiplication more, well under a millisecond.
pub struct Sm2Key {
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 65],
}

impl Sm2Key {
    /// A fresh key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        // One in 2^32 numbers is no key.
        loop {
            if let Ok(key) = Self::from_secret(&*random()?) {
                return Ok(key);
            }
        }
    }

    /// The key of a number, big-endian.
    ///
    /// # Errors
    /// It is zero or not below the order of the curve.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, SignError> {
        let key = signing_key(secret, SM2_USER_ID)?;
        let point = key.verifying_key().to_sec1_point(false);
        let public = point.as_bytes().try_into().map_err(|_| SignError::NotAKey(PURPOSE))?;
        Ok(Self { secret: Zeroizing::new(*secret), public })
    }

    /// Sealed with a passphrase, to be kept in a file.
    ///
    /// # Errors
    /// As [`sealed::seal`].
    pub fn seal(&self, passphrase: &str) -> Result<Vec<u8>, SealError> {
        sealed::seal(self.secret.as_slice(), passphrase, PURPOSE)
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// As [`sealed::open`], or it is no SM2 key.
    pub fn open(sealed: &[u8], passphrase: &str) -> Result<Self, SignError> {
        open_secret(sealed, passphrase, PURPOSE).and_then(|secret| Self::from_secret(&secret))
    }

    /// The public key: the byte 4, then both coordinates (SEC 1, 2.3.3, uncompressed).
    #[must_use]
    pub fn public(&self) -> [u8; 65] {
        self.public
    }

    /// Signs a message for a user id, usually [`SM2_USER_ID`]: r, then s, each of 32 bytes. The number that must be random is derived of key and
    /// message (RFC 6979), so the same message gives the same signature, and a bad source of random bytes cannot give the key away.
    ///
    /// # Errors
    /// The user id is too long.
    pub fn sign(&self, user_id: &str, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature: Signature = signing_key(&self.secret, user_id)?.try_sign(message).map_err(|_| SignError::BadUserId)?;
        Ok(signature.to_bytes().into())
    }
}

impl fmt::Debug for Sm2Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2Key(..)")
    }
}

/// Verifies a signature of r and s.
///
/// # Errors
/// The public key is no key, or the signature does not fit.
pub fn verify_sm2(public: &[u8; 65], user_id: &str, message: &[u8], signature: &[u8; 64]) -> Result<(), SignError> {
    let key = VerifyingKey::from_sec1_bytes(user_id, public).map_err(|_| SignError::BadPublicKey(PURPOSE))?;
    let signature = Signature::from_slice(signature).map_err(|_| SignError::Refused)?;
    key.verify(message, &signature).map_err(|_| SignError::Refused)
}

fn signing_key(secret: &[u8; 32], user_id: &str) -> Result<SigningKey, SignError> {
    SigningKey::from_slice(user_id, secret).map_err(|_| SignError::NotAKey(PURPOSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::HEX;
    use proptest::prelude::*;
    use std::process::Command;

    fn array<const N: usize>(hex: &str) -> [u8; N] {
        HEX.decode(hex).unwrap().as_slice().try_into().unwrap()
    }

    /// GB/T 32918.5-2017, A.2. Its signature was made with a number drawn at random, so ours differs, and theirs must verify.
    #[test]
    fn the_vector_of_the_standard() {
        let key = Sm2Key::from_secret(&array("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")).unwrap();
        let public = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
        assert_eq!(key.public(), array(public));
        let theirs = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
        assert_eq!(verify_sm2(&key.public(), SM2_USER_ID, b"message digest", &array(theirs)), Ok(()));
        let ours = key.sign(SM2_USER_ID, b"message digest").unwrap();
        assert_eq!(verify_sm2(&key.public(), SM2_USER_ID, b"message digest", &ours), Ok(()));
    }

    #[test]
    fn a_changed_message_user_signature_or_key_is_refused() {
        let (key, other) = (Sm2Key::generate().unwrap(), Sm2Key::generate().unwrap());
        let signature = key.sign(SM2_USER_ID, b"message").unwrap();
        assert_eq!(verify_sm2(&key.public(), SM2_USER_ID, b"messagf", &signature), Err(SignError::Refused));
        assert_eq!(verify_sm2(&key.public(), "ALICE123@YAHOO.COM", b"message", &signature), Err(SignError::Refused));
        assert_eq!(verify_sm2(&other.public(), SM2_USER_ID, b"message", &signature), Err(SignError::Refused));
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert_eq!(verify_sm2(&key.public(), SM2_USER_ID, b"message", &changed), Err(SignError::Refused));
        }
        assert_eq!(verify_sm2(&[4; 65], SM2_USER_ID, b"message", &signature), Err(SignError::BadPublicKey("SM2")));
        assert_eq!(verify_sm2(&key.public(), SM2_USER_ID, b"message", &[0; 64]), Err(SignError::Refused));
        assert!(key.sign(&"x".repeat(8192), b"message").is_err());
    }

    #[test]
    fn a_key_is_kept_sealed_and_prints_nothing() {
        let key = Sm2Key::generate().unwrap();
        let file = key.seal("correct horse battery").unwrap();
        assert_eq!(Sm2Key::open(&file, "correct horse battery").unwrap().public(), key.public());
        assert!(super::super::Ed25519Key::open(&file, "correct horse battery").is_err());
        assert_eq!(format!("{key:?}"), "Sm2Key(..)");
        assert!(Sm2Key::from_secret(&[0; 32]).is_err() && Sm2Key::from_secret(&[0xff; 32]).is_err());
    }

    proptest! {
        #[test]
        fn any_key_and_signature_are_judged_without_a_panic(x in any::<[u8; 64]>(), r in any::<[u8; 32]>(), s in any::<[u8; 32]>()) {
            let standard = Sm2Key::from_secret(&[1; 32]).unwrap().public();
            let signature = [r, s].concat().try_into().unwrap();
            prop_assert!(verify_sm2(&standard, SM2_USER_ID, b"", &signature).is_err());
            let any = [&[4], x.as_slice()].concat().try_into().unwrap();
            prop_assert!(verify_sm2(&any, SM2_USER_ID, b"", &signature).is_err());
        }
    }

    /// A number in DER: a zero before a first byte that would make it negative, and no other.
    fn der_number(bytes: &[u8]) -> Vec<u8> {
        let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        [vec![2, bytes.len() as u8], bytes].concat()
    }

    /// OpenSSL 3 verifies what we sign. `cargo test -p guiju-keys -- --ignored openssl`
    #[test]
    #[ignore = "needs OpenSSL 3"]
    fn openssl_accepts_our_signatures() {
        let folder = std::env::temp_dir().join(format!("guiju-sm2-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // SubjectPublicKeyInfo: id-ecPublicKey (1.2.840.10045.2.1) with curve SM2 (1.2.156.10197.1.301).
        let head = HEX.decode("3059301306072a8648ce3d020106082a811ccf5501822d034200").unwrap();
        for round in 0..8 {
            let key = Sm2Key::generate().unwrap();
            let message = format!("规矩 {round}");
            let signature = key.sign(SM2_USER_ID, message.as_bytes()).unwrap();
            let numbers = [der_number(&signature[..32]), der_number(&signature[32..])].concat();
            std::fs::write(folder.join("public"), [head.as_slice(), &key.public()].concat()).unwrap();
            std::fs::write(folder.join("signature"), [vec![0x30, numbers.len() as u8], numbers].concat()).unwrap();
            std::fs::write(folder.join("message"), &message).unwrap();
            let verify = |id: &str| {
                let mut openssl = Command::new("openssl");
                openssl
                    .current_dir(&folder)
                    .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "public", "-rawin", "-digest", "sm3"]);
                openssl
                    .args(["-in", "message", "-sigfile", "signature", "-pkeyopt", &format!("distid:{id}")])
                    .output()
                    .unwrap()
                    .status
                    .success()
            };
            assert!(verify(SM2_USER_ID));
            assert!(!verify("ALICE123@YAHOO.COM"));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! Signatures over a manifest, by a key that is kept in a file sealed with a passphrase: Ed25519 (RFC 8032) or SM2 with SM3 (GB/T 32918.2).
//!
//! What is signed begins with words that begin nothing else, so that a signature over a manifest is none over anything else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use keys::digest::{hex, unhex};
use keys::sign::{Ed25519Key, SM2_USER_ID, Sm2Key, verify_ed25519, verify_sm2};
use serde::{Deserialize, Serialize};

/// What stands before the manifest in what is signed.
const PREFIX: &str = "guiju manifest\n";

/// A signature, as the register keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    /// `ed25519` or `sm2`.
    pub(crate) algorithm: String,
    /// The public key, hexadecimal.
    pub(crate) key: String,
    signature: String,
}

/// Makes a key, and gives its sealed bytes and the public key.
pub(crate) fn generate(sm2: bool, passphrase: &str) -> Result<(Vec<u8>, String)> {
    Ok(if sm2 {
        let key = Sm2Key::generate()?;
        (key.seal(passphrase)?, hex(&key.public()))
    } else {
        let key = Ed25519Key::generate()?;
        (key.seal(passphrase)?, hex(&key.public()))
    })
}

/// Signs a manifest with the key in a file, whichever of the two it is.
pub(crate) fn sign(manifest: &str, file: &Path, passphrase: &str) -> Result<Signature> {
    let sealed = fs::read(file).with_context(|| file.display().to_string())?;
    let message = message(manifest);
    let said = |algorithm: &str, key: &[u8], signature: &[u8]| Signature {
        algorithm: algorithm.to_owned(),
        key: hex(key),
        signature: hex(signature),
    };
    if let Ok(key) = Ed25519Key::open(&sealed, passphrase) {
        return Ok(said("ed25519", &key.public(), &key.sign(&message)));
    }
    let key = Sm2Key::open(&sealed, passphrase).with_context(|| file.display().to_string())?;
    Ok(said("sm2", &key.public(), &key.sign(SM2_USER_ID, &message)?))
}

/// Verifies all signatures over a manifest.
pub(crate) fn verify(manifest: &str, signatures: &[Signature]) -> Result<()> {
    let message = message(manifest);
    for Signature { algorithm, key, signature } in signatures {
        let bytes = |text: &str| unhex(text).with_context(|| format!("{text:?} is not hexadecimal"));
        let (public, signature) = (bytes(key)?, bytes(signature)?);
        let signature = signature.as_slice().try_into().ok().context("a signature has 64 bytes")?;
        match algorithm.as_str() {
            "ed25519" => verify_ed25519(public.as_slice().try_into().ok().context("an Ed25519 key has 32 bytes")?, &message, signature),
            "sm2" => verify_sm2(public.as_slice().try_into().ok().context("an SM2 key has 65 bytes")?, SM2_USER_ID, &message, signature),
            other => bail!("'{other}' is a signature that this version does not know"),
        }
        .with_context(|| format!("the {algorithm} signature by {key}"))?;
    }
    Ok(())
}

fn message(manifest: &str) -> Vec<u8> {
    [PREFIX, manifest].concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_sign_and_a_changed_manifest_or_key_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let passphrase = "correct horse battery";
        for sm2 in [false, true] {
            let (sealed, public) = generate(sm2, passphrase).unwrap();
            let file = place.path().join("key");
            fs::write(&file, sealed).unwrap();
            let signature = sign("{}", &file, passphrase).unwrap();
            assert_eq!((signature.key.as_str(), signature.algorithm.as_str()), (public.as_str(), if sm2 { "sm2" } else { "ed25519" }));
            assert!(verify("{}", std::slice::from_ref(&signature)).is_ok());
            assert!(verify("{ }", std::slice::from_ref(&signature)).is_err());
            let (_, other) = generate(sm2, passphrase).unwrap();
            for wrong in [
                Signature { key: other, ..signature.clone() },
                Signature { algorithm: "rsa".to_owned(), ..signature.clone() },
                Signature { key: "x".to_owned(), ..signature },
            ] {
                assert!(verify("{}", &[wrong]).is_err());
            }
            assert!(sign("{}", &file, "another passphrase").is_err());
        }
    }
}

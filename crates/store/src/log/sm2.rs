//! The SM2 signature of checkpoints (国密), beside the Ed25519 one. A log that has the key signs with it; what once was promised to auditors stays.

use std::sync::Arc;

use keys::sign::{SM2_USER_ID, Sm2Key};
use keys::{DataKey, derive};
use ledger::key::VerifierKey;
use ledger::leaf::Class;
use ledger::sign::{SignError, Signer};

use crate::change::{Change, Entry};
use crate::tenant::TenantId;
use crate::vault::{Purpose, Vault};
use crate::{StoreError, Tenant};

/// The label of the key.
const LABEL: &str = "sm2";

/// Seeds that are tried: one in 2^32 is no key.
const SEEDS: u8 = 4;

/// Signs for a log.
pub(super) struct Sm2Signer {
    key: VerifierKey,
    secret: Sm2Key,
}

impl Sm2Signer {
    pub(super) fn new(origin: &str, key: &DataKey) -> Result<Self, StoreError> {
        let secret = (0..SEEDS).find_map(|turn| Sm2Key::from_secret(&derive::seed(key, &format!("sm2 {turn}"))).ok());
        let secret = secret.ok_or_else(|| StoreError::Key("no SM2 key can be derived".to_owned()))?;
        let key = VerifierKey::sm2(origin, &secret.public()).map_err(|error| StoreError::Key(error.to_string()))?;
        Ok(Self { key, secret })
    }
}

impl Signer for Sm2Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let refused = |error: keys::sign::SignError| SignError::Refused { name: self.key.name().to_owned(), cause: error.to_string() };
        self.secret.sign(SM2_USER_ID, message).map(|signature| signature.to_vec()).map_err(refused)
    }
}

/// The key of a log that signs with SM2; the cipher policy may ask for one that is not there yet.
pub(super) async fn key(vault: &Vault, tenant: &TenantId, now_ms: i64) -> Result<Option<Arc<DataKey>>, StoreError> {
    if vault.policy.sm2_checkpoints() {
        return vault.key(tenant, Purpose::Signing, LABEL, now_ms).await.map(Some);
    }
    vault.existing(tenant, Purpose::Signing, LABEL).await
}

impl Tenant {
    /// Lets the log be signed with SM2 as well, from its next checkpoint on and for good: auditors may ask for both signatures.
    ///
    /// # Errors
    /// The key database says no.
    pub async fn sign_with_sm2(&self, by: &str) -> Result<(), StoreError> {
        // The key first: the checkpoint that speaks of the entry bears the signature.
        self.inner.vault.key(&self.id, Purpose::Signing, LABEL, self.now_ms()).await?;
        let entry = Entry::new(Class::Admin, "log.sm2", by);
        self.change(async move |change: &mut Change| change.record(entry)).await?;
        Ok(())
    }

    /// The SM2 key of the log, if it has one.
    pub(super) async fn sm2_verifier(&self, origin: &str) -> Result<Option<VerifierKey>, StoreError> {
        let key = self.inner.vault.existing(&self.id, Purpose::Signing, LABEL).await?;
        key.map(|key| Ok(Sm2Signer::new(origin, &key)?.key)).transpose()
    }
}

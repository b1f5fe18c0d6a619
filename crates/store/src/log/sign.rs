//! Signing: at most once a second a checkpoint of each log that has grown, after what it speaks of is committed.
//!
//! A checkpoint that cannot be signed is due again a second later. That it failed, how and since when stands in a row, so that whoever asks for the status is told: an unsigned
//! log is one that its machine could still change.

use sqlx::{AnyConnection, Row};

use super::{HEAD, Logs, Open, head, open, seal, signed, sm2, tenants};
use crate::heads::{Head, Heads};
use crate::tenant::TenantId;
use crate::vault::{Purpose, Vault};
use crate::{StoreError, Tenant};

/// Time between two checkpoints of one log: a witness sees each, so not every batch makes one.
const SIGN_EVERY_MS: i64 = 1_000;

/// The label of the key that signs a log.
pub(super) const SIGNING: &str = "checkpoint";

/// Longest text of an error that is kept.
const MAX_ERROR_CHARS: usize = 1_000;

/// Why a log is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningFault {
    /// When signing failed first, ms since 1970.
    pub since_ms: i64,
    /// How it failed last.
    pub error: String,
}

impl Tenant {
    /// Why the log is not signed, if it failed.
    pub(super) async fn signing_fault(&self) -> Result<Option<SigningFault>, StoreError> {
        let rows = self.rows("SELECT since_ms, error FROM log_fault WHERE tenant = $1", |query| query).await?;
        rows.first().map(|row| Ok(SigningFault { since_ms: row.try_get(0)?, error: row.try_get(1)? })).transpose()
    }
}

impl Logs {
    /// How long until the next checkpoint is due, in ms; `None` if there is none to sign.
    pub(crate) fn until_signing(&self, now_ms: i64) -> Option<u64> {
        let wait = |log: &Open| (log.signed_ms + SIGN_EVERY_MS - now_ms).clamp(0, SIGN_EVERY_MS).unsigned_abs();
        let grown = self.open.values().filter(|log| log.has_grown()).map(wait).min();
        if self.forgotten { Some(SIGN_EVERY_MS.unsigned_abs()) } else { grown }
    }

    /// Signs the checkpoints that are due, or all that were not signed since they grew. Everything they speak of is committed. One that fails keeps no other back.
    ///
    /// # Errors
    /// How the first of them failed; it is due again at the next round.
    pub(crate) async fn sign(&mut self, connection: &mut AnyConnection, now_ms: i64, all: bool) -> Result<(), StoreError> {
        if self.forgotten {
            self.unsigned(connection, now_ms).await?;
        }
        let mut outcome = Ok(());
        for (tenant, log) in &mut self.open {
            // A clock that was set back must not keep a log from being signed.
            let due = now_ms >= log.signed_ms + SIGN_EVERY_MS || now_ms < log.signed_ms || all;
            if !(due && log.has_grown()) {
                continue;
            }
            // Whatever comes of it, the next try waits its time.
            log.signed_ms = now_ms;
            let signed = checkpoint(&self.vault, &self.heads, connection, tenant, log, now_ms).await;
            // Where this cannot be written either, it is tried again with the next checkpoint.
            let _ = tell(connection, tenant, &mut log.told, signed.as_ref().err(), now_ms).await;
            outcome = outcome.and(signed);
        }
        outcome
    }

    /// Takes up the logs that grew since they were signed: a process that died may have left some, or a batch that failed. A damaged one keeps no other back.
    async fn unsigned(&mut self, connection: &mut AnyConnection, now_ms: i64) -> Result<(), StoreError> {
        for tenant in tenants(connection).await? {
            if self.open.contains_key(&tenant) {
                continue;
            }
            match grown(connection, &tenant).await {
                Ok(Some(log)) => drop(self.open.insert(tenant, log)),
                Ok(None) => {}
                Err(error @ StoreError::Database(_)) => return Err(error),
                Err(error) => tell(connection, &tenant, &mut None, Some(&error), now_ms).await?,
            }
        }
        self.forgotten = false;
        Ok(())
    }
}

/// A log with entries of which no checkpoint speaks.
async fn grown(connection: &mut AnyConnection, tenant: &TenantId) -> Result<Option<Open>, StoreError> {
    let head = head(connection, tenant, HEAD).await?;
    if head.signed_size < head.size { open(connection, tenant, head).await.map(Some) } else { Ok(None) }
}

async fn checkpoint(
    vault: &Vault,
    heads: &Heads,
    connection: &mut AnyConnection,
    tenant: &TenantId,
    log: &mut Open,
    now_ms: i64,
) -> Result<(), StoreError> {
    let (size, root) = (log.tree.size(), log.tree.root());
    let key = vault.key(tenant, Purpose::Signing, SIGNING, now_ms).await?;
    let sm2 = sm2::key(vault, tenant, now_ms).await?;
    let note = seal::checkpoint(&log.origin, size, root, &key, sm2.as_deref())?;
    // Before it is shown to anyone: another history of this size may have been signed here.
    heads.write(&log.origin, Head { size, root })?;
    let sql = "UPDATE log_head SET checkpoint = $2, signed_size = $3, signed_ms = $4 WHERE tenant = $1 AND signed_size <= $3";
    tenant.query(sql).bind(note).bind(signed(size)).bind(now_ms).execute(connection).await?;
    log.signed_size = size;
    Ok(())
}

/// Writes down how signing stands, where it stands otherwise than was told last.
async fn tell(
    connection: &mut AnyConnection,
    tenant: &TenantId,
    told: &mut Option<Option<String>>,
    error: Option<&StoreError>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let error = error.map(|error| error.to_string().chars().take(MAX_ERROR_CHARS).collect::<String>());
    if told.as_ref() == Some(&error) {
        return Ok(());
    }
    let query = match error.clone() {
        None => tenant.query("DELETE FROM log_fault WHERE tenant = $1"),
        Some(error) => {
            let sql = "INSERT INTO log_fault (tenant, since_ms, error) VALUES ($1, $2, $3)
                       ON CONFLICT (tenant) DO UPDATE SET error = excluded.error";
            tenant.query(sql).bind(now_ms).bind(error)
        }
    };
    query.execute(connection).await?;
    *told = Some(error);
    Ok(())
}

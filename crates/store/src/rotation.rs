//! Rotating a tenant's key: a new one is made, and every key that the old one wraps is wrapped anew.
//!
//! Four steps: that it begins is written down with its entry; the new tenant key is made; the keys are wrapped anew, up to 1,000 in a transaction, and the old tenant key goes; that
//! it ended is written down with its entry. A crash between them leaves the row of the rotation, which the status shows and [`Tenant::finish_rotation`] goes on from.
//! Everything opens meanwhile.

use ledger::leaf::Class;
use sqlx::Row;

use crate::change::{Change, Entry};
use crate::vault::KeyStatus;
use crate::{StoreError, Tenant};

impl Tenant {
    /// How the tenant's keys stand.
    ///
    /// # Errors
    /// The key database says no.
    pub async fn key_status(&self) -> Result<KeyStatus, StoreError> {
        let mut status = self.inner.vault.status(&self.id).await?;
        status.rotating_to = self.rotation().await?;
        Ok(status)
    }

    /// Makes a new tenant key and wraps every key anew; `progress` hears how many are done. What a crash interrupts goes on with the next call of
    /// [`Self::finish_rotation`].
    ///
    /// # Errors
    /// A rotation was begun and is not finished, or the key database says no.
    pub async fn rotate_keys(&self, by: &str, progress: impl FnMut(u64)) -> Result<i64, StoreError> {
        let (version, who) = (self.inner.vault.version(&self.id).await? + 1, by.to_owned());
        self.change(async move |change: &mut Change| {
            let (sql, now) = ("INSERT INTO rotation (tenant, version, begun_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", change.now_ms);
            if change.execute(sql, |query| query.bind(version).bind(now)).await? == 0 {
                return Err(StoreError::Refused(
                    "a rotation was begun and has not ended; if no other process is at it, `guiju keys rotate --finish` goes on".to_owned(),
                ));
            }
            change.record(Entry::new(Class::Admin, "key.rotate", who).with("version", version))
        })
        .await?;
        self.finish_rotation(by, progress).await?;
        Ok(version)
    }

    /// Goes on with a rotation wherever it was interrupted. Where there is none, nothing is done.
    ///
    /// # Errors
    /// The key database says no.
    pub async fn finish_rotation(&self, by: &str, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
        let (vault, begun) = (&self.inner.vault, self.rotation().await?);
        if let Some(version) = begun {
            vault.rotate(&self.id, version, self.now_ms()).await?;
        }
        let mut done = 0;
        loop {
            match vault.rewrap(&self.id).await? {
                0 => break,
                more => done += more,
            }
            progress(done);
        }
        let Some(version) = begun else { return Ok(()) };
        let by = by.to_owned();
        self.change(async move |change: &mut Change| {
            // Another process may have ended it meanwhile, and said so.
            let sql = "DELETE FROM rotation WHERE tenant = $1 AND version = $2";
            if change.execute(sql, |query| query.bind(version)).await? > 0 {
                change.record(Entry::new(Class::Admin, "key.rotated", by).with("version", version).with("wrapped_now", done))?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// The version to which a rotation was begun.
    async fn rotation(&self) -> Result<Option<i64>, StoreError> {
        let rows = self.rows("SELECT version FROM rotation WHERE tenant = $1", |query| query).await?;
        rows.first().map(|row| Ok(row.try_get(0)?)).transpose()
    }
}

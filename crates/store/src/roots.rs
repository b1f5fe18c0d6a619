//! Another root for a store: every tenant's key is wrapped anew, and each tenant's log says so.

use keys::root::{Moving, Root as _};
use ledger::leaf::Class;

use crate::change::{Change, Entry};
use crate::{Store, StoreError, TenantId};

impl Store {
    /// Moves the keys of all tenants from one root to another, and says how many moved. The store was opened with both ([`Moving`]).
    ///
    /// For each tenant in turn: its log says that the move begins, its keys are wrapped anew, its log says that they are. A crash between any two steps leaves a
    /// store that both roots together open; the next call goes on, and the log then says twice that the move began.
    ///
    /// `by` is who does it, of the tenant `of`.
    ///
    /// # Errors
    /// A root cannot be reached, neither opens a key, or the key database says no.
    pub async fn change_root(&self, roots: &Moving, by: &str, of: &TenantId) -> Result<u64, StoreError> {
        roots.health().map_err(|error| StoreError::Key(error.to_string()))?;
        let mut moved = 0;
        for tenant in self.tenants().await? {
            // Accounts belong to a tenant: in the log of another the name alone would be that of nobody.
            let by = if tenant == *of { by.to_owned() } else { format!("{by} of {of}") };
            let tenant = self.desk(&tenant);
            let said = |what| Entry::new(Class::Admin, what, by.clone()).with("from", roots.old.name()).with("to", roots.new.name());
            let (begins, done) = (said("root.begin"), said("root.change"));
            tenant.change(async move |change: &mut Change| change.record(begins)).await?;
            let keys = tenant.inner.vault.change_root(&tenant.id, roots).await?;
            tenant.change(async move |change: &mut Change| change.record(done.with("keys", keys))).await?;
            moved += keys;
        }
        Ok(moved)
    }

    /// Takes what was overwritten out of the key database's files: keys as an older root wrapped them.
    ///
    /// # Errors
    /// Another process reads meanwhile, or the key database says no.
    pub async fn scrub_keys(&self) -> Result<(), StoreError> {
        self.inner.vault.scrub(&mut *self.inner.vault.pool().acquire().await?).await
    }
}

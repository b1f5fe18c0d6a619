//! Erasing a person: the person's key is destroyed, and what was sealed with it can never be opened again, wherever copies of it lie. The log still verifies.
//!
//! Four steps: the wish is written down with its entry; the key that it destroys is named beside it; the key is destroyed; that it was is written down, the wish
//! goes, and with it the rows that guard the service against the person and those of what the person agreed to. A crash between them leaves the wish, and the next start does the rest and says which key
//! it was.
//!
//! While the named key is not destroyed yet, nothing is recorded that would be sealed with it: it would be acknowledged, and gone the moment after. Writer and wish take turns at the
//! log's lock, so that content stands before the wish, and goes with the key, or is refused until the key is destroyed, and gets a new one.

use std::collections::{BTreeMap, BTreeSet};

use keys::KeyRef;
use ledger::leaf::Class;
use serde_json::Value;
use sqlx::Row;

use crate::change::{Change, Entry};
use crate::log;
use crate::tenant::TenantId;
use crate::vault::{Purpose, Vault, reference};
use crate::{Recorded, StoreError, Tenant};

/// What was done for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The keys that are gone; none where nothing was ever sealed for the person.
    pub keys: Vec<KeyRef>,
    /// The entry that says so.
    pub recorded: Vec<Recorded>,
}

/// The wishes that stand, by tenant, as far as they were asked for in a batch: labels of persons.
pub(crate) type Wishes = BTreeMap<TenantId, BTreeSet<String>>;

/// Refuses a change with content that would be sealed with a key that is being destroyed. The log of its tenant is locked.
pub(crate) async fn refuse_wished(vault: &Vault, change: &mut Change, wishes: &mut Wishes) -> Result<(), StoreError> {
    let content = |entry: &Entry| entry.content.as_ref().map(|content| content.person.clone());
    let persons: BTreeSet<String> = change.entries.iter().filter_map(|(_, entry)| content(entry)).collect();
    if persons.is_empty() {
        return Ok(());
    }
    if !wishes.contains_key(&change.tenant) {
        let query = change.tenant.query("SELECT label FROM erasure WHERE tenant = $1");
        let rows = query.fetch_all(&mut change.connection).await?;
        wishes.insert(change.tenant.clone(), rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?);
    }
    let Some(wished) = wishes.get(&change.tenant).filter(|wished| !wished.is_empty()) else { return Ok(()) };
    for person in persons {
        let label = log::person(vault, &change.tenant, &person, change.now_ms).await?;
        if wished.contains(&label) && is_going(vault, change, label).await? {
            return Err(StoreError::Refused(
                "the key of this person is being destroyed, and nothing is sealed with it any more; try again in a moment: what comes then gets a new key"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}

/// Whether the person's key is not destroyed yet, or the wish has not named it.
async fn is_going(vault: &Vault, change: &mut Change, label: String) -> Result<bool, StoreError> {
    let alive = vault.alive(&change.tenant, Purpose::Subject, &label).await?;
    let query = change.tenant.query("SELECT reference FROM erasure_key WHERE tenant = $1 AND label = $2").bind(label);
    let named = query.fetch_all(&mut change.connection).await?;
    let named = named.iter().map(|row| reference(&row.try_get::<Vec<u8>, _>(0)?)).collect::<Result<Vec<KeyRef>, StoreError>>()?;
    Ok(named.is_empty() || alive.is_some_and(|key| named.contains(&key)))
}

impl Tenant {
    /// Destroys the keys of a person for good. Whether that may be done now (a duty to keep the log, a second person's consent) is for the caller to know.
    ///
    /// # Errors
    /// The key database or the disk says no; what is not done yet is done at the next start.
    pub async fn erase_person(&self, person: &str, by: &str) -> Result<Erased, StoreError> {
        let label = log::person(&self.inner.vault, &self.id, person, self.now_ms()).await?;
        let (wish, who) = (label.clone(), by.to_owned());
        self.change(async move |change: &mut Change| {
            let (sql, name) = ("INSERT INTO erasure (tenant, label, asked_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", who.clone());
            change.execute(sql, |query| query.bind(wish).bind(name)).await?;
            change.record(Entry::new(Class::Privacy, "person.erase", who))
        })
        .await?;
        self.name_key(&label).await?;
        self.erase(label, by.to_owned()).await
    }

    /// Does what a crash left undone.
    pub(crate) async fn finish_erasures(&self) -> Result<(), StoreError> {
        let rows = self.rows("SELECT label, asked_by FROM erasure WHERE tenant = $1 ORDER BY label", |query| query).await?;
        for row in &rows {
            let label: String = row.try_get(0)?;
            // A key that came after one that was named is of a later time, and stays.
            if self.named(&label).await?.is_empty() {
                self.name_key(&label).await?;
            }
            self.erase(label, row.try_get(1)?).await?;
        }
        Ok(())
    }

    /// Names the person's key beside the wish. It is asked for once the wish stands: what was sealed before has its key by then.
    async fn name_key(&self, label: &str) -> Result<(), StoreError> {
        let Some(key) = self.inner.vault.alive(&self.id, Purpose::Subject, label).await? else { return Ok(()) };
        let label = label.to_owned();
        self.change(async move |change: &mut Change| {
            // Where another process has done all of it meanwhile, this is the key of somebody who came back.
            let wish = label.clone();
            if change.rows("SELECT 1 FROM erasure WHERE tenant = $1 AND label = $2", |query| query.bind(wish)).await?.is_empty() {
                return Ok(());
            }
            let sql = "INSERT INTO erasure_key (tenant, label, reference) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            change.execute(sql, |query| query.bind(label).bind(key.0.to_vec())).await.map(drop)
        })
        .await?;
        Ok(())
    }

    /// The keys that a wish destroys.
    async fn named(&self, label: &str) -> Result<Vec<KeyRef>, StoreError> {
        let sql = "SELECT reference FROM erasure_key WHERE tenant = $1 AND label = $2 ORDER BY reference";
        let rows = self.rows(sql, |query| query.bind(label.to_owned())).await?;
        rows.iter().map(|row| reference(&row.try_get::<Vec<u8>, _>(0)?)).collect()
    }

    async fn erase(&self, label: String, by: String) -> Result<Erased, StoreError> {
        let keys = self.named(&label).await?;
        self.inner.vault.destroy(&self.id, &keys, self.now_ms()).await?;
        let names: Vec<Value> = keys.iter().map(|key| key.to_string().into()).collect();
        let work = async move |change: &mut Change| {
            change.forget_guarded(&label).await?;
            change.forget_consents(&label).await?;
            let wish = label.clone();
            // Another process may have done it meanwhile, and said so.
            if change.execute("DELETE FROM erasure WHERE tenant = $1 AND label = $2", |query| query.bind(wish)).await? == 0 {
                return Ok(());
            }
            change.execute("DELETE FROM erasure_key WHERE tenant = $1 AND label = $2", |query| query.bind(label)).await?;
            change.record(Entry::new(Class::Privacy, "person.erased", by).with("keys", names))?;
            Ok(())
        };
        let ((), recorded) = self.change(work).await?;
        Ok(Erased { keys, recorded })
    }
}

//! Client keys: the secret by which a program of the operator's is known to the gateway, and what the gateway grants it.
//!
//! The secret is a [`Token`], shown once; its SHA-256 is stored, and the gateway looks it up by that. It opens no account: what a program may change here it does with
//! a token of [`accounts`](crate::accounts).

use keys::token::Token;
use ledger::leaf::Class;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{MAX_NAME, row};
use crate::change::{Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant, id};

/// Living client keys of a tenant: one for each program of an operator with many, and a successor for each.
pub const MAX_CLIENT_KEYS: usize = 1_000;

/// Bytes of the settings of a client key or a profile: limits and lists of models, no texts.
pub const MAX_SETTINGS_BYTES: usize = 16 << 10;

/// A client key, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientKey {
    /// Its id, which is no secret.
    pub key: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret ([`Token::hash`]).
    pub digest: [u8; 32],
    /// What the gateway grants it; a JSON object that the gateway understands.
    pub settings: Value,
    /// When it was made, ms since 1970.
    pub created_ms: i64,
    /// The first moment at which it is nothing, ms since 1970.
    pub expires_ms: Option<i64>,
    /// When it was revoked, ms since 1970.
    pub revoked_ms: Option<i64>,
}

/// The digest of a secret that a client shows, by which its key is found; `None` for what is no such secret.
#[must_use]
pub fn client_key_digest(secret: &str) -> Option<[u8; 32]> {
    Some(Token::read(secret).ok()?.hash().0)
}

impl Change {
    /// Makes a client key, and gives its id and its secret, which is not kept. Entry: `client-key.add`.
    ///
    /// # Errors
    /// The name or the settings do not fit, it would expire at once, or there are too many.
    pub async fn add_client_key(
        &mut self,
        by: &str,
        name: &str,
        settings: &Value,
        expires_ms: Option<i64>,
    ) -> Result<(String, Token), StoreError> {
        row::line("the name of a client key", name, 1, MAX_NAME)?;
        let text = row::object("the settings of a client key", settings, MAX_SETTINGS_BYTES)?;
        let now = self.now_ms;
        if expires_ms.is_some_and(|expires| expires <= now) {
            return Err(StoreError::Refused("a client key ends after now; give a later time".to_owned()));
        }
        self.guard_changed().await?;
        if living(&self.tenant, &mut self.connection, now).await?.len() >= MAX_CLIENT_KEYS {
            return Err(StoreError::Refused(format!("there are {MAX_CLIENT_KEYS} client keys already; revoke one first")));
        }
        let secret = Token::generate().map_err(|error| StoreError::Key(error.to_string()))?;
        let (key, digest) = (id::word()?, secret.hash().0.to_vec());
        let (word, called, expires) = (key.clone(), name.to_owned(), expires_ms.unwrap_or(0));
        let sql = "INSERT INTO client_key (tenant, client_key, name, digest, settings, created_ms, expires_ms, revoked_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
        self.execute(sql, |query| query.bind(word).bind(called).bind(digest).bind(text).bind(now).bind(expires)).await?;
        let entry = Entry::new(Class::Admin, "client-key.add", by).with("key", key.clone()).with("name", name);
        self.record(entry.with("settings", settings.clone()).with("expires_ms", expires_ms))?;
        Ok((key, secret))
    }

    /// Revokes a client key for good. Entry: `client-key.revoke`.
    ///
    /// # Errors
    /// There is no such key that was not revoked.
    pub async fn revoke_client_key(&mut self, by: &str, key: &str) -> Result<(), StoreError> {
        self.guard_changed().await?;
        let (word, now) = (key.to_owned(), self.now_ms);
        let sql = "UPDATE client_key SET revoked_ms = $3 WHERE tenant = $1 AND client_key = $2 AND revoked_ms = 0";
        if self.execute(sql, |query| query.bind(word).bind(now)).await? == 0 {
            return Err(StoreError::NotFound(format!("client key {key} that was not revoked")));
        }
        self.record(Entry::new(Class::Admin, "client-key.revoke", by).with("key", key))?;
        Ok(())
    }
}

impl Tenant {
    /// All client keys, those that were not revoked first, then the newest first; at most twice [`MAX_CLIENT_KEYS`].
    ///
    /// # Errors
    /// The database says no.
    pub async fn client_keys(&self) -> Result<Vec<ClientKey>, StoreError> {
        let sql = "SELECT client_key, name, digest, settings, created_ms, expires_ms, revoked_ms FROM client_key WHERE tenant = $1
                   ORDER BY CASE WHEN revoked_ms = 0 THEN 0 ELSE 1 END, created_ms DESC, client_key LIMIT $2";
        let rows = self.rows(sql, |query| query.bind(row::limit(2 * MAX_CLIENT_KEYS))).await?;
        rows.iter().map(shown).collect()
    }
}

/// Those that open something now.
pub(super) async fn living(tenant: &TenantId, connection: &mut AnyConnection, now_ms: i64) -> Result<Vec<ClientKey>, StoreError> {
    let sql = "SELECT client_key, name, digest, settings, created_ms, expires_ms, revoked_ms FROM client_key
               WHERE tenant = $1 AND revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > $2) ORDER BY client_key";
    let rows = tenant.query(sql).bind(now_ms).fetch_all(connection).await?;
    rows.iter().map(shown).collect()
}

fn shown(row: &AnyRow) -> Result<ClientKey, StoreError> {
    let key: String = row.try_get(0)?;
    let what = format!("client key {key}");
    let digest = row.try_get::<Vec<u8>, _>(2)?.try_into();
    Ok(ClientKey {
        name: row.try_get(1)?,
        digest: digest.map_err(|_| StoreError::damaged(what.as_str(), "its digest does not have 32 bytes"))?,
        settings: row::json(row, 3, &what)?,
        created_ms: row.try_get(4)?,
        expires_ms: row::moment(row, 5)?,
        revoked_ms: row::moment(row, 6)?,
        key,
    })
}

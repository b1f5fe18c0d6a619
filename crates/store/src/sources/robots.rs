//! What came of holding a crawl manifest against the robots rules stored with it (GB/T 45654-2025, 5.1 c) 2)). The rules are the corpus's.

use keys::digest::hex;
use ledger::leaf::Class;
use serde::Serialize;

use super::SourceName;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{EntryId, StoreError};

/// Longest name of a crawler, in characters.
const MAX_AGENT: usize = 200;

/// A crawl manifest that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RobotsCheck {
    /// SHA-256 of the crawl manifest.
    #[serde(serialize_with = "digits")]
    pub manifest: [u8; 32],
    /// The name under which the crawler was known to the sites.
    pub agent: String,
    /// Addresses in it.
    pub checked: u64,
    /// Addresses that are off limits.
    pub refused: u64,
}

impl Change {
    /// Records such a check, in the place of an earlier one of the same manifest. Entry: `source.robots`.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such source, it is on the blacklist, or the manifest is none of its documents.
    pub async fn robots_checked(&mut self, who: &Who, name: &SourceName, check: RobotsCheck) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        row::line("the name of a crawler", &check.agent, 1, MAX_AGENT)?;
        self.open_source(name).await?;
        let (word, digest) = (name.text(), check.manifest.to_vec());
        let sql =
            "SELECT 1 FROM source_document WHERE tenant = $1 AND name = $2 AND digest = $3 AND kind = 'crawl-manifest' AND replaced = 0";
        if self.rows(sql, |query| query.bind(word).bind(digest)).await?.is_empty() {
            return Err(StoreError::Refused(format!(
                "{} is no crawl manifest of '{name}'; hand it in first: `guiju source document {name} FILE --kind crawl-manifest`",
                hex(&check.manifest)
            )));
        }
        let by = who.account().to_string();
        let entry =
            Entry::new(Class::Decision, "source.robots", by.clone()).with("source", name.as_str()).with("manifest", hex(&check.manifest));
        let entry = self.record(entry.with("agent", check.agent.clone()).with("checked", check.checked).with("refused", check.refused))?;
        let [checked, refused] = [check.checked, check.refused].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let (word, now) = (name.text(), self.now_ms);
        let sql = "INSERT INTO source_robots (tenant, name, manifest, agent, checked, refused, entry, made_by, made_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (tenant, name, manifest) DO UPDATE SET agent = excluded.agent, checked = excluded.checked, refused = excluded.refused,
                   entry = excluded.entry, made_by = excluded.made_by, made_ms = excluded.made_ms";
        let bind = |query: Bound| {
            let query = query.bind(word).bind(check.manifest.to_vec()).bind(check.agent).bind(checked).bind(refused);
            query.bind(entry.0.to_vec()).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        Ok(entry)
    }
}

fn digits<S: serde::Serializer>(digest: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex(digest))
}

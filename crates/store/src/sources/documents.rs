//! Documents of a source: their digests, and the files themselves where they are small.
//!
//! A file is the sealed content of its entry, under a key of the source's own. Its name stands in the row alone: it may say whose contract it is.

use keys::digest::{hex, sha256};
use ledger::leaf::Class;
use taxonomy::DocumentKind;

use super::{SourceName, rows};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::log::Secret;
use crate::{EntryId, StoreError, Tenant, day};

/// Bytes of a file that is kept itself: a signed contract as PDF. Of a larger one only the digest is kept, as a log is no archive.
pub const MAX_KEPT_BYTES: usize = 1 << 20;

/// Longest name of a file, in characters: what file systems allow.
const MAX_FILE: usize = 255;

/// A document as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// What it shows.
    pub kind: DocumentKind,
    /// Name of the file, without its directory.
    pub file: String,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// Its size.
    pub bytes: u64,
    /// The file itself, where it has at most [`MAX_KEPT_BYTES`].
    pub content: Option<Vec<u8>>,
    /// Its last day.
    pub expires: Option<String>,
    /// The document whose place it takes.
    pub replaces: Option<i64>,
}

impl Change {
    /// Adds a document to a source, and gives its number. Entry: `source.document`, with the file as its sealed content.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such source, it is on the blacklist, the file is not the one of its digest, or what it replaces is not there.
    pub async fn add_source_document(&mut self, who: &Who, name: &SourceName, new: NewDocument) -> Result<i64, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        new.check()?;
        self.open_source(name).await?;
        let document = self.last_document(name).await? + 1;
        if let Some(old) = new.replaces {
            self.replace_document(name, old, document, new.kind).await?;
        }
        let by = who.account().to_string();
        let entry = Entry::new(Class::Admin, "source.document", by.clone()).with("source", name.as_str()).with("document", document);
        let entry =
            entry.with("kind", new.kind.id()).with("sha256", hex(&new.sha256)).with("bytes", new.bytes).with("replaces", new.replaces);
        let kept = i64::from(new.content.is_some());
        let entry = self.record(match new.content {
            Some(content) => entry.about(speaks_of(name), content),
            None => entry,
        })?;
        let (word, digest, bytes) = (name.text(), new.sha256.to_vec(), i64::try_from(new.bytes).unwrap_or(i64::MAX));
        let (kind, file, expires, person, now) = (new.kind.id(), new.file, new.expires.unwrap_or_default(), who.person().0, self.now_ms);
        let sql = "INSERT INTO source_document (tenant, name, document, kind, file, digest, bytes, kept, expires, replaced, entry, person, made_by, made_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13)";
        let bind = |query: Bound| {
            let query = query.bind(word).bind(document).bind(kind).bind(file).bind(digest).bind(bytes).bind(kept).bind(expires);
            query.bind(entry.0.to_vec()).bind(person).bind(by).bind(now)
        };
        self.execute(sql, bind).await?;
        Ok(document)
    }

    /// The number of the last document; 0 where there is none.
    pub(super) async fn last_document(&mut self, name: &SourceName) -> Result<i64, StoreError> {
        let word = name.text();
        let sql = "SELECT COALESCE(MAX(document), 0) FROM source_document WHERE tenant = $1 AND name = $2";
        rows::number(&self.rows(sql, |query| query.bind(word)).await?)
    }

    async fn replace_document(&mut self, name: &SourceName, old: i64, new: i64, kind: DocumentKind) -> Result<(), StoreError> {
        let word = name.text();
        let sql =
            "UPDATE source_document SET replaced = $4 WHERE tenant = $1 AND name = $2 AND document = $3 AND replaced = 0 AND kind = $5";
        match self.execute(sql, |query| query.bind(word).bind(old).bind(new).bind(kind.id())).await? {
            0 => Err(StoreError::Refused(format!(
                "'{name}' has no document {old} of kind {kind} that stands; `guiju source show {name}` lists them"
            ))),
            _ => Ok(()),
        }
    }
}

impl NewDocument {
    fn check(&self) -> Result<(), StoreError> {
        row::line("the name of a file", &self.file, 1, MAX_FILE)?;
        day::check_maybe("the last day of a document", self.expires.as_deref())?;
        let Some(content) = &self.content else { return Ok(()) };
        if content.len() > MAX_KEPT_BYTES {
            return Err(StoreError::Refused(format!(
                "a file is kept up to {MAX_KEPT_BYTES} bytes, this one has {}; hand in its digest",
                content.len()
            )));
        }
        if content.len() as u64 != self.bytes || sha256(content) != self.sha256 {
            return Err(StoreError::Refused("the file is not the one of its digest; it was changed while it was read".to_owned()));
        }
        Ok(())
    }
}

impl Tenant {
    /// The file of a document: open, gone, or never kept.
    ///
    /// # Errors
    /// There is no such document, or the database says no.
    pub async fn source_document(&self, name: &SourceName, document: i64) -> Result<Secret, StoreError> {
        let sql = "SELECT entry FROM source_document WHERE tenant = $1 AND name = $2 AND document = $3";
        let found = self.rows(sql, |query| query.bind(name.text()).bind(document)).await?;
        let found = found.first().ok_or_else(|| StoreError::NotFound(format!("document {document} of source {name}")))?;
        let entry: EntryId = row::entry(found, 0, "a document of a source")?;
        Ok(self.entry(entry).await?.content)
    }
}

/// Under whose key the documents of a source are sealed. No user of a service is called so, as a name has no control characters: nobody's erasure takes them along.
fn speaks_of(name: &SourceName) -> String {
    format!("source\u{1f}{name}")
}

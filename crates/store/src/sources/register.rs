//! Registering a source, and changing what is declared of it.

use ledger::leaf::Class;
use serde_json::{Value, json};
use taxonomy::SourceState;

use super::{Declared, SourceName};
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{EntryId, StoreError, day};

/// Languages of one source: what is more is a collection of sources.
pub const MAX_LANGUAGES: usize = 256;

/// Longest language tag: the longest that RFC 5646 (4.4.1) asks an implementation to keep.
const MAX_TAG: usize = 35;

/// Longest licence, in characters: an SPDX expression, or the terms in a few sentences.
const MAX_LICENCE: usize = 1_000;

/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 4_000;

/// Longest name of a person, in characters.
const MAX_OWNER: usize = 200;

/// A source as it is registered or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSource {
    /// Its name.
    pub name: SourceName,
    /// What is declared of it.
    pub declared: Declared,
    /// Who is responsible for it.
    pub owner: String,
}

impl Change {
    /// Registers a source, and gives its entry. Entry: `source.add`.
    ///
    /// # Errors
    /// Whoever asks may not, there is such a source already, or something does not fit.
    pub async fn add_source(&mut self, who: &Who, new: NewSource) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        new.check()?;
        let name = new.name.text();
        let sql = "INSERT INTO source (tenant, name, version, state, cleared) VALUES ($1, $2, 1, 'registered', 0) ON CONFLICT (tenant, name) DO NOTHING";
        if self.execute(sql, |query| query.bind(name)).await? == 0 {
            return Err(StoreError::Refused(format!(
                "there is a source '{}' already; change it with `guiju source change`, or take another name",
                new.name
            )));
        }
        self.declare(&who, "source.add", new, 1).await
    }

    /// Changes what is declared of a source: a new version of all of it. Gives its entry. Entry: `source.change`.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such source, it is on the blacklist, nothing is different, or something does not fit.
    pub async fn change_source(&mut self, who: &Who, new: NewSource) -> Result<EntryId, StoreError> {
        let who = self.permit(who, Permission::SourceChange).await?;
        new.check()?;
        let source = self.open_source(&new.name).await?;
        if source.declared.kind != new.declared.kind && self.has_documents(&new.name).await? {
            return Err(StoreError::Refused(format!(
                "'{}' has documents of a source that is {}; register what is {} as another source",
                new.name, source.declared.kind, new.declared.kind
            )));
        }
        let (name, version) = (new.name.text(), source.version + 1);
        let sql = "UPDATE source SET version = $3 WHERE tenant = $1 AND name = $2 AND version = $3 - 1";
        if self.execute(sql, |query| query.bind(name).bind(version)).await? == 0 {
            return Err(StoreError::Refused(format!("'{}' was changed meanwhile; look again", new.name)));
        }
        self.declare(&who, "source.change", new, version).await
    }

    /// A version with its entry. The owner is named in what is sealed for that person, so that an erasure takes the name along.
    async fn declare(&mut self, who: &Who, what: &'static str, new: NewSource, version: i64) -> Result<EntryId, StoreError> {
        let declared = serde_json::to_value(&new.declared).map_err(|error| StoreError::damaged("a source", error))?;
        let by = who.account().to_string();
        let entry = Entry::new(Class::Admin, what, by.clone()).with("source", new.name.as_str()).with("version", version);
        let entry =
            self.record(entry.with("declared", declared.clone()).about(new.owner.clone(), json!({ "owner": new.owner }).to_string()))?;
        let (name, text, person, now) = (new.name.text(), declared.to_string(), who.person().0, self.now_ms);
        let sql = "INSERT INTO source_version (tenant, name, version, declared, entry, person, made_by, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let bind = |query: Bound| query.bind(name).bind(version).bind(text).bind(entry.0.to_vec()).bind(person).bind(by).bind(now);
        self.execute(sql, bind).await?;
        Ok(entry)
    }

    async fn has_documents(&mut self, name: &SourceName) -> Result<bool, StoreError> {
        let word = name.text();
        let sql = "SELECT 1 FROM source_document WHERE tenant = $1 AND name = $2 LIMIT 1";
        Ok(!self.rows(sql, |query| query.bind(word)).await?.is_empty())
    }

    /// Moves a source to a state.
    pub(super) async fn source_stands(&mut self, name: &SourceName, state: SourceState) -> Result<(), StoreError> {
        let word = name.text();
        self.execute("UPDATE source SET state = $3 WHERE tenant = $1 AND name = $2", |query| query.bind(word).bind(state.id())).await?;
        Ok(())
    }
}

impl NewSource {
    fn check(&self) -> Result<(), StoreError> {
        let Declared { languages, modalities, licence, expires, description, .. } = &self.declared;
        row::line("the name of the person responsible", &self.owner, 1, MAX_OWNER)?;
        row::line("a licence", licence, 0, MAX_LICENCE)?;
        row::line("a description", description, 0, MAX_DESCRIPTION)?;
        day::check_maybe("the last day of a source", expires.as_deref())?;
        if !(1..=MAX_LANGUAGES).contains(&languages.len()) || modalities.is_empty() {
            return Err(StoreError::Refused(format!("a source has 1 to {MAX_LANGUAGES} languages, and a modality")));
        }
        if let Some(tag) = languages.iter().find(|tag| !is_tag(tag)) {
            return Err(StoreError::Refused(format!(
                "{tag:?} is no language tag (BCP 47), such as zh, zh-Hant, en or bo-CN; und where it has none"
            )));
        }
        Ok(())
    }
}

/// Whether a text has the form of a language tag (BCP 47): a word of 2 to 8 letters, then words of 1 to 8 letters and digits.
fn is_tag(tag: &str) -> bool {
    let mut words = tag.split('-');
    let first = words.next().is_some_and(|word| (2..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let rest = words.all(|word| (1..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    first && rest && tag.len() <= MAX_TAG
}

/// What is declared, from a column.
pub(super) fn declared(name: &str, text: &str) -> Result<Declared, StoreError> {
    let read: Result<Declared, _> = serde_json::from_str::<Value>(text).and_then(serde_json::from_value);
    read.map_err(|error| StoreError::damaged(format!("what is declared of source {name}"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_their_form() {
        for good in ["zh", "zh-Hant", "en-GB", "bo-CN", "und", "zh-cmn-Hans-CN"] {
            assert!(is_tag(good), "{good}");
        }
        for wrong in ["", "中文", "z", "zh_CN", "zh-", "-zh", "zh--cn", "chinese-simplified", "zh 1"] {
            assert!(!is_tag(wrong), "{wrong}");
        }
    }
}

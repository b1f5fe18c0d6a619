//! Rows of the register of sources.

use keys::digest::hex;
use sqlx::Row;
use sqlx::any::AnyRow;
use taxonomy::SourceState;

use super::register::declared;
use super::{
    Assessed, Assessment, Block, Document, MAX_LISTED, MAX_SHOWN, Made, Review, RobotsCheck, Source, SourceName, SourceRecord, Version,
};
use crate::access::PersonId;
use crate::change::Change;
use crate::guard::row;
use crate::log::Secret;
use crate::models::digest;
use crate::{StoreError, Tenant, day};

/// What these rows are, in an error.
const WHAT: &str = "the register of sources";

/// One source. The columns are those of [`source`].
const SOURCE: &str = "SELECT s.name, s.version, s.state, v.declared FROM source s
     JOIN source_version v ON v.tenant = s.tenant AND v.name = s.name AND v.version = s.version WHERE s.tenant = $1 AND s.name = $2";

impl Change {
    /// A source that is not on the blacklist, in the transaction.
    pub(super) async fn open_source(&mut self, name: &SourceName) -> Result<Source, StoreError> {
        let word = name.text();
        let found = self.rows(SOURCE, |query| query.bind(word)).await?;
        let source = found.first().map_or_else(|| Err(not_there(name)), source)?;
        if source.state == SourceState::Blocked {
            return Err(StoreError::Refused(format!(
                "'{name}' is on the blacklist and takes nothing (LN-10.3-3); two persons take it off with `guiju source unblock {name}`"
            )));
        }
        Ok(source)
    }
}

impl Tenant {
    /// All sources, by name; at most 10,000.
    ///
    /// # Errors
    /// The database says no.
    pub async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        let sql = "SELECT s.name, s.version, s.state, v.declared FROM source s
                   JOIN source_version v ON v.tenant = s.tenant AND v.name = s.name AND v.version = s.version
                   WHERE s.tenant = $1 ORDER BY s.name LIMIT $2";
        self.rows(sql, |query| query.bind(MAX_LISTED)).await?.iter().map(source).collect()
    }

    /// All that is known of a source.
    ///
    /// # Errors
    /// There is no such source, or the database says no.
    pub async fn source(&self, name: &SourceName) -> Result<SourceRecord, StoreError> {
        let found = self.rows(SOURCE, |query| query.bind(name.text())).await?;
        let source = found.first().map_or_else(|| Err(not_there(name)), source)?;
        let versions: Vec<Version> = self.rows_of(VERSIONS, name, |row| version(name, row)).await?;
        Ok(SourceRecord {
            owner: self.source_owner(versions.last()).await?,
            versions,
            documents: self.rows_of(DOCUMENTS, name, document).await?,
            reviews: self.rows_of(REVIEWS, name, review).await?,
            assessments: self.rows_of(ASSESSMENTS, name, assessed).await?,
            robots: self.rows_of(ROBOTS, name, robots).await?,
            blocks: self.rows_of(BLOCKS, name, block).await?,
            source,
        })
    }

    async fn rows_of<T>(
        &self,
        sql: &'static str,
        name: &SourceName,
        read: impl Fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(sql, |query| query.bind(name.text()).bind(MAX_SHOWN)).await?.iter().map(read).collect()
    }

    /// Who is responsible, as the entry of the version has it.
    async fn source_owner(&self, version: Option<&Version>) -> Result<Option<String>, StoreError> {
        let Some(version) = version else { return Ok(None) };
        let Secret::Open(bytes) = self.entry(version.made.entry).await?.content else { return Ok(None) };
        let content: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| StoreError::damaged(WHAT, error))?;
        Ok(content.get("owner").and_then(serde_json::Value::as_str).map(str::to_owned))
    }
}

const VERSIONS: &str = "SELECT version, declared, entry, person, made_by, made_ms FROM source_version
     WHERE tenant = $1 AND name = $2 ORDER BY version LIMIT $3";

const DOCUMENTS: &str =
    "SELECT document, kind, file, digest, bytes, kept, expires, replaced, entry, person, made_by, made_ms FROM source_document
     WHERE tenant = $1 AND name = $2 ORDER BY document LIMIT $3";

const REVIEWS: &str = "SELECT review, accepted, note, seen, entry, person, made_by, made_ms FROM source_review
     WHERE tenant = $1 AND name = $2 ORDER BY review LIMIT $3";

const ASSESSMENTS: &str = "SELECT a.assessment, a.made, a.made_by, a.made_ms, s.cleared FROM source_assessment a
     JOIN source s ON s.tenant = a.tenant AND s.name = a.name WHERE a.tenant = $1 AND a.name = $2 ORDER BY a.assessment LIMIT $3";

const ROBOTS: &str = "SELECT manifest, agent, checked, refused FROM source_robots
     WHERE tenant = $1 AND name = $2 ORDER BY made_ms, manifest LIMIT $3";

const BLOCKS: &str = "SELECT name, block, reason, lifted_by, lifted_ms, lifted_reason, entry, person, made_by, made_ms FROM source_block
     WHERE tenant = $1 AND name = $2 ORDER BY block LIMIT $3";

fn source(row: &AnyRow) -> Result<Source, StoreError> {
    let name = name(row, 0)?;
    let declared = declared(name.as_str(), &row.try_get::<String, _>(3)?)?;
    Ok(Source { version: row.try_get(1)?, state: row::word(row, 2, WHAT)?, declared, name })
}

fn version(name: &SourceName, row: &AnyRow) -> Result<Version, StoreError> {
    let declared = declared(name.as_str(), &row.try_get::<String, _>(1)?)?;
    Ok(Version { version: row.try_get(0)?, declared, made: made(row, 2)? })
}

fn document(row: &AnyRow) -> Result<Document, StoreError> {
    Ok(Document {
        document: row.try_get(0)?,
        kind: row::word(row, 1, WHAT)?,
        file: row.try_get(2)?,
        sha256: hex(&digest(row, 3)?),
        bytes: row.try_get(4)?,
        kept: row.try_get::<i64, _>(5)? == 1,
        expires: day::maybe(row.try_get(6)?),
        replaced: Some(row.try_get(7)?).filter(|by| *by != 0),
        made: made(row, 8)?,
    })
}

fn review(row: &AnyRow) -> Result<Review, StoreError> {
    Ok(Review {
        review: row.try_get(0)?,
        accepted: row.try_get::<i64, _>(1)? == 1,
        note: row.try_get(2)?,
        seen: row.try_get(3)?,
        made: made(row, 4)?,
    })
}

fn assessed(row: &AnyRow) -> Result<Assessed, StoreError> {
    let (number, cleared): (i64, i64) = (row.try_get(0)?, row.try_get(4)?);
    let assessment: Assessment = serde_json::from_value(row::json(row, 1, WHAT)?).map_err(|error| StoreError::damaged(WHAT, error))?;
    Ok(Assessed { number, counts: number > cleared, assessment, by: row.try_get(2)?, ms: row.try_get(3)? })
}

fn robots(row: &AnyRow) -> Result<RobotsCheck, StoreError> {
    let count = |index: usize| row.try_get::<i64, _>(index).map(i64::unsigned_abs);
    Ok(RobotsCheck { manifest: digest(row, 0)?, agent: row.try_get(1)?, checked: count(2)?, refused: count(3)? })
}

pub(super) fn block(row: &AnyRow) -> Result<Block, StoreError> {
    let (by, ms, why): (String, i64, String) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    Ok(Block {
        name: name(row, 0)?,
        block: row.try_get(1)?,
        reason: row.try_get(2)?,
        made: made(row, 6)?,
        lifted: Some((by, ms, why)).filter(|(_, ms, _)| *ms != 0),
    })
}

/// The columns `entry, person, made_by, made_ms`, from a place on.
fn made(row: &AnyRow, from: usize) -> Result<Made, StoreError> {
    let entry = row::entry(row, from, WHAT)?;
    Ok(Made { entry, person: PersonId(row.try_get(from + 1)?), by: row.try_get(from + 2)?, ms: row.try_get(from + 3)? })
}

fn name(row: &AnyRow, column: usize) -> Result<SourceName, StoreError> {
    row.try_get::<String, _>(column)?.parse().map_err(|error| StoreError::damaged(WHAT, error))
}

/// The one number of the first row.
pub(super) fn number(rows: &[AnyRow]) -> Result<i64, StoreError> {
    rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

fn not_there(name: &SourceName) -> StoreError {
    StoreError::NotFound(format!("source '{name}'; `guiju source list` shows what there is"))
}

//! What was assessed of a version: a run by its name and chain value, and whether it met its bounds.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Kind, ModelId, ModelState};
use crate::StoreError;
use crate::access::{Permission, may_check};
use crate::accounts::Who;
use crate::change::{Change, Entry};

/// Bounds that a run can miss: eight numbers have bounds, and a few more reasons leave a run open.
pub const MAX_MISSES: usize = 64;

/// An assessment of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Name of the run.
    pub run: String,
    /// Chain value of its journal when it was recorded.
    pub chain: String,
    /// Whether every bound was met.
    pub met: bool,
    /// What the run concluded, as `report.json` says it.
    pub standing: String,
    /// Which bounds were not met, each with its clause, in words.
    pub misses: Vec<String>,
}

impl Change {
    /// Records an assessment of a version with the run's own entry, to which the version and the result are added. Says whether it is new: the same run at
    /// the same chain value is recorded once.
    ///
    /// # Errors
    /// Whoever asks may not or registered the version themselves, there is no such version, it is a checkpoint or retired, or the assessment says at once that
    /// its bounds were met and were not.
    pub async fn record_assessment(&mut self, who: &Who, id: &ModelId, new: Assessment, entry: Entry) -> Result<bool, StoreError> {
        let who = self.permit(who, Permission::AssessRun).await?;
        let model = self.registered(id).await?;
        if model.kind == Kind::Checkpoint || model.state == ModelState::Retired {
            return Err(StoreError::Refused(format!(
                "{id} is a {} that is {}, and is not assessed",
                model.kind.word(),
                model.state.word()
            )));
        }
        if !may_check(model.person, who.person()) {
            return Err(StoreError::Refused(format!("person {} registered {id}; another person must assess it", model.person)));
        }
        if new.met != new.misses.is_empty() || new.misses.len() > MAX_MISSES {
            return Err(StoreError::Refused(format!(
                "an assessment that met its bounds misses none, another 1 to {MAX_MISSES}; this one {}",
                new.misses.len()
            )));
        }
        let by = who.account().to_string();
        if !self.insert_assessment(id, &new, &by).await? {
            return Ok(false);
        }
        if model.state == ModelState::Registered {
            self.stand(id, ModelState::Registered, ModelState::Assessed).await?;
        }
        let entry = entry.with("model", id.to_string()).with("manifest_sha256", keys::digest::hex(&model.digest));
        self.record(entry.with("met", new.met).with("standing", new.standing).with("misses", new.misses))?;
        Ok(true)
    }

    async fn insert_assessment(&mut self, id: &ModelId, new: &Assessment, by: &str) -> Result<bool, StoreError> {
        let misses = serde_json::Value::from(new.misses.clone()).to_string();
        let (name, version, by, now) = (id.name().to_owned(), id.version().to_owned(), by.to_owned(), self.now_ms);
        let Assessment { run, chain, met, standing, .. } = new.clone();
        let sql = "INSERT INTO model_run (tenant, name, version, run, chain, met, standing, misses, recorded_by, recorded_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant, name, version, run, chain) DO NOTHING";
        let bind = |query: crate::change::Bound| {
            let query = query.bind(name).bind(version).bind(run).bind(chain).bind(i64::from(met));
            query.bind(standing).bind(misses).bind(by).bind(now)
        };
        Ok(self.execute(sql, bind).await? == 1)
    }

    /// What was last recorded of a version by a run.
    pub(super) async fn last_assessment(&mut self, id: &ModelId, run: &str) -> Result<Option<Assessment>, StoreError> {
        let (name, version, run) = (id.name().to_owned(), id.version().to_owned(), run.to_owned());
        let sql = "SELECT run, chain, met, standing, misses FROM model_run
                   WHERE tenant = $1 AND name = $2 AND version = $3 AND run = $4 ORDER BY recorded_ms DESC, chain LIMIT 1";
        self.rows(sql, |query| query.bind(name).bind(version).bind(run)).await?.first().map(read).transpose()
    }
}

/// A row of `run, chain, met, standing, misses`.
pub(super) fn read(row: &AnyRow) -> Result<Assessment, StoreError> {
    let (run, misses): (String, String) = (row.try_get(0)?, row.try_get(4)?);
    let misses = serde_json::from_str(&misses).map_err(|error| StoreError::damaged(format!("what run {run} missed"), error))?;
    Ok(Assessment { chain: row.try_get(1)?, met: row.try_get::<i64, _>(2)? == 1, standing: row.try_get(3)?, misses, run })
}

//! Letting a version into service, going back, and taking one out for good.
//!
//! A promotion is a row on a stack of its name. A rollback marks the rows above its goal as undone, so that two rollbacks go two versions back and not to and fro.

use ledger::leaf::Class;
use sqlx::Row;

use super::{Kind, Model, ModelId, ModelState};
use crate::StoreError;
use crate::access::{Permission, may_check};
use crate::accounts::Who;
use crate::change::{Change, Entry};

/// Promotions that a rollback looks back through: one a day for years.
const MAX_STACK: i64 = 1_000;

/// The clauses behind every refusal to promote.
const CLAUSES: &str = "GB-6-a1, GB-6-d2: a new version serves no traffic until its run has passed";

impl Change {
    /// Lets a version into service by a run that it passed; the version of that name that served so far does not serve any more. Gives that version.
    ///
    /// # Errors
    /// Whoever asks may not or registered it themselves; it is a checkpoint, retired, or serves already; no assessment of this very version by this run is
    /// recorded; or the run did not meet its bounds, which are named with their clauses.
    pub async fn promote_model(&mut self, who: &Who, id: &ModelId, run: &str) -> Result<Option<ModelId>, StoreError> {
        let who = self.permit(who, Permission::ModelPromote).await?;
        let model = self.registered(id).await?;
        promotable(&model)?;
        if !may_check(model.person, who.person()) {
            return Err(StoreError::Refused(format!("person {} registered {id}; another person must promote it", model.person)));
        }
        let Some(passed) = self.last_assessment(id, run).await? else {
            return Err(StoreError::Refused(format!(
                "no assessment of {id} by run '{run}' is recorded ({CLAUSES}); an assessor records one: `guiju assess record RUN_DIR --model {id}`"
            )));
        };
        if !passed.met {
            let misses = passed.misses.join("; ");
            return Err(StoreError::Refused(format!("run '{run}' of {id} is {}: {misses} ({CLAUSES})", passed.standing)));
        }
        let before = self.serving(id.name()).await?;
        if let Some(before) = &before {
            self.stand(before, ModelState::Promoted, ModelState::Assessed).await?;
        }
        self.stand(id, ModelState::Assessed, ModelState::Promoted).await?;
        let by = who.account().to_string();
        self.push(id, run, &by).await?;
        let entry = said("model.promote", by, id).with("manifest_sha256", keys::digest::hex(&model.digest));
        let entry = entry.with("run", run).with("chain", passed.chain).with("registered_by", model.registered_by);
        self.record(entry.with("before", before.as_ref().map(ToString::to_string)))?;
        Ok(before)
    }

    /// Goes back to the version that was promoted before, or to a named one that was promoted once; those in between are passed over. Gives the version that
    /// serves now. A retired version is never gone back to.
    ///
    /// # Errors
    /// Whoever asks may not, or there is nothing to go back to.
    pub async fn roll_back_model(&mut self, who: &Who, name: &str, to: Option<&str>) -> Result<ModelId, StoreError> {
        let who = self.permit(who, Permission::ModelRollback).await?;
        let serving = self.serving(name).await?;
        let stack = self.stack(name).await?;
        let goal = stack.iter().find(|step| {
            let other = serving.as_ref().is_none_or(|serving| serving.version() != step.version);
            step.state == ModelState::Assessed.word() && other && to.is_none_or(|to| to == step.version)
        });
        let Some(goal) = goal else {
            let which =
                to.map_or_else(|| "no version that was promoted before".to_owned(), |to| format!("no earlier promotion of {name}@{to}"));
            return Err(StoreError::Refused(format!(
                "{which} is left to go back to; `guiju model promote` lets an assessed version in, `guiju model retire` takes one out of service"
            )));
        };
        let now = ModelId::new(name, &goal.version).map_err(StoreError::Refused)?;
        if let Some(serving) = &serving {
            self.stand(serving, ModelState::Promoted, ModelState::Assessed).await?;
        }
        self.stand(&now, ModelState::Assessed, ModelState::Promoted).await?;
        self.pop(name, goal.place).await?;
        let entry = said("model.rollback", who.account().to_string(), &now);
        self.record(entry.with("before", serving.map(|serving| serving.to_string())))?;
        Ok(now)
    }

    /// Takes a version out for good, whatever it is doing. If it serves, nothing of its name serves afterwards.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such version, or it is retired already.
    pub async fn retire_model(&mut self, who: &Who, id: &ModelId, why: &str) -> Result<(), StoreError> {
        let who = self.permit(who, Permission::ModelRollback).await?;
        let model = self.registered(id).await?;
        if model.state == ModelState::Retired {
            return Err(StoreError::Refused(format!("{id} is retired already")));
        }
        self.stand(id, model.state, ModelState::Retired).await?;
        let entry = said("model.retire", who.account().to_string(), id);
        self.record(entry.with("before", model.state.word()).with("why", why))?;
        Ok(())
    }

    async fn serving(&mut self, name: &str) -> Result<Option<ModelId>, StoreError> {
        let word = name.to_owned();
        let sql = "SELECT version FROM model WHERE tenant = $1 AND name = $2 AND state = 'promoted'";
        let rows = self.rows(sql, |query| query.bind(word)).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version: String = row.try_get(0)?;
        ModelId::new(name, &version).map(Some).map_err(|error| StoreError::damaged("the register of models", error))
    }

    /// The promotions that stand, the newest first.
    async fn stack(&mut self, name: &str) -> Result<Vec<Step>, StoreError> {
        let name = name.to_owned();
        let sql = "SELECT p.place, p.version, m.state
                   FROM model_promotion p JOIN model m ON m.tenant = p.tenant AND m.name = p.name AND m.version = p.version
                   WHERE p.tenant = $1 AND p.name = $2 AND p.undone_ms = 0 ORDER BY p.place DESC LIMIT $3";
        let rows = self.rows(sql, |query| query.bind(name).bind(MAX_STACK)).await?;
        let step = |row: &sqlx::any::AnyRow| Ok(Step { place: row.try_get(0)?, version: row.try_get(1)?, state: row.try_get(2)? });
        rows.iter().map(step).collect()
    }

    async fn push(&mut self, id: &ModelId, run: &str, by: &str) -> Result<(), StoreError> {
        let (name, version, run, by, now) = (id.name().to_owned(), id.version().to_owned(), run.to_owned(), by.to_owned(), self.now_ms);
        let sql = "INSERT INTO model_promotion (tenant, name, place, version, run, promoted_by, promoted_ms, undone_ms)
                   VALUES ($1, $2, (SELECT COALESCE(MAX(place), 0) + 1 FROM model_promotion WHERE tenant = $1 AND name = $2), $3, $4, $5, $6, 0)";
        self.execute(sql, |query| query.bind(name).bind(version).bind(run).bind(by).bind(now)).await?;
        Ok(())
    }

    /// Marks what stands above a promotion as undone.
    async fn pop(&mut self, name: &str, goal: i64) -> Result<(), StoreError> {
        let (name, now) = (name.to_owned(), self.now_ms);
        let sql = "UPDATE model_promotion SET undone_ms = $4 WHERE tenant = $1 AND name = $2 AND place > $3 AND undone_ms = 0";
        self.execute(sql, |query| query.bind(name).bind(goal).bind(now)).await?;
        Ok(())
    }
}

/// A promotion that stands, and how its version does.
struct Step {
    place: i64,
    version: String,
    state: String,
}

/// What can be promoted at all; that it is assessed is asked of its run.
fn promotable(model: &Model) -> Result<(), StoreError> {
    let id = &model.id;
    match (model.kind, model.state) {
        (Kind::Checkpoint, _) => {
            Err(StoreError::Refused(format!("{id} is a checkpoint of training; register what is to serve as a model")))
        }
        (_, ModelState::Promoted) => Err(StoreError::Refused(format!("{id} serves already"))),
        (_, ModelState::Retired) => {
            Err(StoreError::Refused(format!("{id} is retired and never serves again; register it as another version")))
        }
        _ => Ok(()),
    }
}

pub(super) fn said(what: &'static str, by: String, id: &ModelId) -> Entry {
    Entry::new(Class::Admin, what, by).with("name", id.name()).with("version", id.version())
}

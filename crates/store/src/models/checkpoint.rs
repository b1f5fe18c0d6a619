//! Checkpoints of training (LN-5.2-e): which are good, and going back to the last that is.

use sqlx::Row;

use super::promotion::said;
use super::{Kind, ModelId, ModelState};
use crate::StoreError;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::Change;

/// What going back came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRollback {
    /// The checkpoint that training goes on from.
    pub to: ModelId,
    /// How many later ones are retired.
    pub abandoned: u64,
}

impl crate::Tenant {
    /// The newest good checkpoint of a training run, or a named good one: what a rollback would go back to, so that its files can be looked at first.
    ///
    /// # Errors
    /// There is none, or the database says no.
    pub async fn good_checkpoint(&self, name: &str, version: Option<&str>) -> Result<ModelId, StoreError> {
        let (word, wanted) = (name.to_owned(), version.unwrap_or_default().to_owned());
        let sql = "SELECT version FROM model WHERE tenant = $1 AND name = $2 AND kind = 'checkpoint' AND state = 'good' AND ($3 = '' OR version = $3)
                   ORDER BY place DESC LIMIT 1";
        if let Some(row) = self.rows(sql, |query| query.bind(word).bind(wanted)).await?.first() {
            let found: String = row.try_get(0)?;
            return ModelId::new(name, &found).map_err(|error| StoreError::damaged("the register of models", error));
        }
        let which = version.map_or_else(|| "checkpoint".to_owned(), |version| format!("checkpoint {version}"));
        Err(StoreError::NotFound(format!("good {which} of {name}; `guiju model good NAME@VERSION` marks one")))
    }
}

impl Change {
    /// Marks a checkpoint as one that training can go back to.
    ///
    /// # Errors
    /// Whoever asks may not, or it is no checkpoint, marked already or retired.
    pub async fn mark_good(&mut self, who: &Who, id: &ModelId) -> Result<(), StoreError> {
        let who = self.permit(who, Permission::ModelRegister).await?;
        let model = self.registered(id).await?;
        if model.kind != Kind::Checkpoint || model.state != ModelState::Registered {
            let (kind, state) = (model.kind.word(), model.state.word());
            return Err(StoreError::Refused(format!("{id} is a {kind} that is {state}; only a registered checkpoint is marked good")));
        }
        self.stand(id, ModelState::Registered, ModelState::Good).await?;
        let entry = said("checkpoint.good", who.account().to_string(), id);
        self.record(entry.with("manifest_sha256", keys::digest::hex(&model.digest)))?;
        Ok(())
    }

    /// Goes back to a good checkpoint: all that were registered after it are retired.
    ///
    /// # Errors
    /// Whoever asks may not, or it is no good checkpoint.
    pub async fn roll_back_checkpoint(&mut self, who: &Who, to: &ModelId) -> Result<CheckpointRollback, StoreError> {
        let who = self.permit(who, Permission::ModelRegister).await?;
        let model = self.registered(to).await?;
        if model.kind != Kind::Checkpoint || model.state != ModelState::Good {
            return Err(StoreError::Refused(format!("{to} is a {} that is {}, no good checkpoint", model.kind.word(), model.state.word())));
        }
        let (name, version) = (to.name().to_owned(), to.version().to_owned());
        let sql = "UPDATE model SET state = 'retired' WHERE tenant = $1 AND name = $2 AND state <> 'retired'
                   AND place > (SELECT place FROM model WHERE tenant = $1 AND name = $2 AND version = $3)";
        let abandoned = self.execute(sql, |query| query.bind(name).bind(version)).await?;
        self.record(said("checkpoint.rollback", who.account().to_string(), to).with("abandoned", abandoned))?;
        Ok(CheckpointRollback { to: to.clone(), abandoned })
    }
}

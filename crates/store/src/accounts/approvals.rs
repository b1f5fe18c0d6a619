//! Acts that need two of the three administrators. The rules are [`Approval`]'s; here are its rows, and the proof that it was executed.
//!
//! A function that does such an act demands a [`Consent`] and asks it what it covers. It comes from [`Change::execute_approval`] alone, which stores in
//! the same transaction that the approval is used up: if the transaction of the act is rolled back, so is that.

use ledger::leaf::Class;
use sqlx::Row;

use super::{AccountError, Accounts, Denied, Who};
use crate::access::{Actor, Approval, ApprovalRefusal, ApprovalStage, Permission, PersonId};
use crate::change::{Change, Entry};
use crate::{StoreError, id};

/// Approvals that wait at a time: what three persons can look through; whoever proposes more withdraws one first.
pub const MAX_OPEN_APPROVALS: usize = 64;

/// Proof that two administrators wanted one act on one object. Good for that alone; it is made by executing an approval and cannot be copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Consent {
    act: Permission,
    object: String,
    approval: String,
}

/// An approval that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenApproval {
    /// Its id.
    pub approval: String,
    /// What is to be done, on what, and how far it has come.
    pub state: Approval,
}

impl Consent {
    /// Whether this is what they wanted.
    ///
    /// # Errors
    /// It was another act, or another object.
    pub fn covers(&self, act: Permission, object: &str) -> Result<(), ApprovalRefusal> {
        if self.act == act && self.object == object { Ok(()) } else { Err(ApprovalRefusal::OtherObject) }
    }

    /// The id of the approval, for the entry of the act.
    #[must_use]
    pub fn approval(&self) -> &str {
        &self.approval
    }
}

impl Accounts {
    /// Proposes an act on an object, and gives the id of the approval. The object names things by their ids: it goes into the ledger as it is.
    ///
    /// # Errors
    /// Whoever asks may not, the act needs no second person, or too many wait.
    pub async fn propose(&self, who: &Who, act: Permission, object: &str) -> Result<String, AccountError> {
        let (who, object) = (who.clone(), object.to_owned());
        self.change(async move |change: &mut Change| change.propose_approval(&who, act, &object).await).await
    }

    /// Approves what another administrator proposed. What is approved is what [`Self::open_approvals`] showed under this id.
    ///
    /// # Errors
    /// Whoever asks may not, there is no such approval, or its rules refuse.
    pub async fn approve(&self, who: &Who, approval: &str) -> Result<(), AccountError> {
        self.step(who, approval, "act.approve", Approval::approve).await
    }

    /// Refuses or withdraws it.
    ///
    /// # Errors
    /// As [`Self::approve`].
    pub async fn refuse(&self, who: &Who, approval: &str) -> Result<(), AccountError> {
        self.step(who, approval, "act.refuse", Approval::refuse).await
    }

    /// Executes it where the act itself is no row of this database (a key is destroyed, a file is written): the act follows, and whoever crashed between
    /// the two proposes it anew.
    ///
    /// # Errors
    /// As [`Change::execute_approval`].
    pub async fn execute(&self, who: &Who, approval: &str, object: &str) -> Result<Consent, AccountError> {
        let (who, approval, object) = (who.clone(), approval.to_owned(), object.to_owned());
        self.change(async move |change: &mut Change| change.execute_approval(&who, &approval, &object).await).await
    }

    /// The approvals that wait for somebody, the next to expire first.
    ///
    /// # Errors
    /// Whoever asks is none of the three, or the database says no.
    pub async fn open_approvals(&self, who: &Who) -> Result<Vec<OpenApproval>, AccountError> {
        // Seeing is less than approving: it does not need the second factor afresh.
        match who.may(Permission::ActApprove) {
            Ok(()) | Err(Denied::StepUp) => {}
            Err(denied) => return Err(denied.into()),
        }
        let (now, limit) = (self.tenant.now_ms(), i64::try_from(MAX_OPEN_APPROVALS).unwrap_or(i64::MAX));
        let sql = "SELECT approval, state FROM approval WHERE tenant = $1 AND open = 1 AND expires_ms > $2 ORDER BY expires_ms, approval LIMIT $3";
        let rows = self.tenant.rows(sql, |query| query.bind(now).bind(limit)).await?;
        let open = |row: &sqlx::any::AnyRow| {
            let approval: String = row.try_get(0)?;
            Ok(OpenApproval { state: parse(&approval, &row.try_get::<String, _>(1)?)?, approval })
        };
        rows.iter().map(open).collect()
    }

    async fn step(
        &self,
        who: &Who,
        approval: &str,
        what: &'static str,
        step: fn(&Approval, Actor, i64) -> Result<Approval, ApprovalRefusal>,
    ) -> Result<(), AccountError> {
        let (who, approval) = (who.clone(), approval.to_owned());
        self.act(async move |change: &mut Change| {
            let who = change.again(&who).await?;
            who.may(Permission::ActApprove)?;
            let next = step(&change.approval(&approval).await?, who.actor(), change.now_ms)?;
            change.keep_approval(&approval, &next).await?;
            change.record(said(what, &who, &approval, &next))?;
            Ok(())
        })
        .await
    }
}

impl Change {
    /// As [`Accounts::propose`], in a change that does more.
    pub(crate) async fn propose_approval(&mut self, who: &Who, act: Permission, object: &str) -> Result<String, AccountError> {
        self.turn().await?;
        let (who, approval) = (self.again(who).await?, id::word()?);
        who.may_propose(act)?;
        let state = Approval::propose(act, object, who.actor(), self.now_ms)?;
        self.insert_approval(&approval, &state).await?;
        self.record(said("act.propose", &who, &approval, &state))?;
        Ok(approval)
    }

    /// Uses an approval up, and gives the proof that the function of the act demands. The entry has the permission as its word.
    ///
    /// # Errors
    /// Whoever asks may not or did not propose it, nobody approved it, it has expired or was executed, or the object is another.
    pub async fn execute_approval(&mut self, who: &Who, approval: &str, object: &str) -> Result<Consent, AccountError> {
        self.turn().await?;
        let who = self.again(who).await?;
        let state = self.approval(approval).await?;
        who.may_propose(state.act())?;
        let executed = state.execute(object, who.actor(), self.now_ms)?;
        self.keep_approval(approval, &executed).await?;
        self.record(said(state.act().id(), &who, approval, &executed))?;
        Ok(Consent { act: state.act(), object: object.to_owned(), approval: approval.to_owned() })
    }

    async fn approval(&mut self, approval: &str) -> Result<Approval, AccountError> {
        let word = approval.to_owned();
        let row = self.row("SELECT state FROM approval WHERE tenant = $1 AND approval = $2", |query| query.bind(word)).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("approval {approval}")))?;
        Ok(parse(approval, &row.try_get::<String, _>(0)?)?)
    }

    async fn insert_approval(&mut self, approval: &str, state: &Approval) -> Result<(), AccountError> {
        let now = self.now_ms;
        let sql = "SELECT 1 FROM approval WHERE tenant = $1 AND open = 1 AND expires_ms > $2";
        if self.rows(sql, |query| query.bind(now)).await?.len() >= MAX_OPEN_APPROVALS {
            return Err(AccountError::Unfit(format!("{MAX_OPEN_APPROVALS} approvals wait already; withdraw one first")));
        }
        let (word, state, expires_ms) = (approval.to_owned(), text(state)?, state.expires_ms());
        let sql = "INSERT INTO approval (tenant, approval, state, open, expires_ms) VALUES ($1, $2, $3, 1, $4)";
        self.execute(sql, |query| query.bind(word).bind(state).bind(expires_ms)).await?;
        Ok(())
    }

    async fn keep_approval(&mut self, approval: &str, state: &Approval) -> Result<(), AccountError> {
        let open = matches!(state.stage(), ApprovalStage::Proposed | ApprovalStage::Approved { .. });
        let (word, state) = (approval.to_owned(), text(state)?);
        let sql = "UPDATE approval SET state = $3, open = $4 WHERE tenant = $1 AND approval = $2";
        self.execute(sql, |query| query.bind(word).bind(state).bind(i64::from(open))).await?;
        Ok(())
    }
}

fn said(what: &'static str, who: &Who, approval: &str, state: &Approval) -> Entry {
    let entry = Entry::new(Class::Admin, what, who.account().to_string()).with("approval", approval).with("act", state.act().id());
    let entry = entry.with("object", state.object()).with("proposed_by", state.proposer().0);
    match second(state.stage()) {
        Some(person) => entry.with("second", person.0),
        None => entry,
    }
}

/// Who approved it, or refused it.
const fn second(stage: ApprovalStage) -> Option<PersonId> {
    match stage {
        ApprovalStage::Proposed => None,
        ApprovalStage::Approved { by, .. } | ApprovalStage::Refused { by, .. } | ApprovalStage::Executed { approved_by: by, .. } => {
            Some(by)
        }
    }
}

fn parse(approval: &str, text: &str) -> Result<Approval, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(format!("approval {approval}"), error))
}

fn text(state: &Approval) -> Result<String, StoreError> {
    serde_json::to_string(state).map_err(|error| StoreError::damaged("an approval", error))
}

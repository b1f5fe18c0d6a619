//! Separation as the work is done: the maker of a thing is not its checker, and some acts need two of the three administrators.
//!
//! An [`Approval`] is one such act on one object: proposed by X, approved by Y who is another person in another office, executed once by
//! X within [`APPROVAL_MS`]. Every step is a total function of the state, who acts and when; what is not allowed comes back as a typed
//! refusal and leaves the state as it was. It does not act itself: the caller executes in the transaction that stores the new state.

use serde::{Deserialize, Serialize};

use super::permission::Permission;
use super::role::{Role, Roles};
use super::{HOUR_MS, elapsed_ms};

/// How long a proposal can be approved and executed, from its making. Our own figure: every administrator is on duty once within a day,
/// and a consent that outlives the day is a blank cheque.
pub const APPROVAL_MS: i64 = 24 * HOUR_MS;

/// Longest name of what is acted upon, in bytes: about what an approver reads on one screen.
pub const MAX_OBJECT_BYTES: usize = 1_024;

/// A person: the row of the person, not of one of their accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub i64);

impl std::fmt::Display for PersonId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether one may check what the other made.
#[must_use]
pub fn may_check(maker: PersonId, checker: PersonId) -> bool {
    maker != checker
}

/// Who acts: a person, and the roles they hold at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// All their roles, over all their accounts.
    pub roles: Roles,
}

/// How far an act of two persons has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ApprovalStage {
    /// Waits for a second person.
    Proposed,
    /// May be executed.
    Approved {
        /// The second person.
        by: PersonId,
        /// When.
        at_ms: i64,
    },
    /// Will not be: refused by the second person, or withdrawn.
    Refused {
        /// By whom.
        by: PersonId,
        /// When.
        at_ms: i64,
    },
    /// Was, and cannot be again.
    Executed {
        /// The second person.
        approved_by: PersonId,
        /// When.
        at_ms: i64,
    },
}

/// One act that needs two of the three administrators, on one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    act: Permission,
    object: String,
    proposer: PersonId,
    office: Role,
    proposed_ms: i64,
    stage: ApprovalStage,
}

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    /// The act is not one of those that need two.
    #[error("'{0}' needs no second person; do it directly")]
    OnePersonActs(Permission),
    /// No name, or too long a one.
    #[error("what is acted upon is named in {0} bytes; name it in 1 to {MAX_OBJECT_BYTES}")]
    BadObject(usize),
    /// The roles of this person do not hold the permission.
    #[error("person {person} does not hold '{permission}'; the security administrator grants roles")]
    NotHeld {
        /// Who acted.
        person: PersonId,
        /// What they would need.
        permission: Permission,
    },
    /// Not one of the three.
    #[error("person {0} is none of the three administrators, and only they propose and approve")]
    NotAdministrator(PersonId),
    /// One person is not two.
    #[error("person {0} proposed this; another person must approve it")]
    SamePerson(PersonId),
    /// Two holders of one office are not two of the three.
    #[error("the {0} administrator proposed this; one of the two other administrators must approve it")]
    SameOffice(Role),
    /// The table names who must consent, and it is another.
    #[error("'{act}' cannot be approved by the {office} administrator; the matrix names who can")]
    WrongOffice {
        /// The act.
        act: Permission,
        /// Who tried.
        office: Role,
    },
    /// Nobody approved it yet.
    #[error("nobody has approved this yet; another administrator must")]
    NotApproved,
    /// It is approved, by this person.
    #[error("person {0} has approved this already; execute it, or withdraw it")]
    AlreadyApproved(PersonId),
    /// Only who proposed executes.
    #[error("only person {0} who proposed this can execute it")]
    NotProposer(PersonId),
    /// Approved for one thing, executed on another.
    #[error("this was approved for another object; propose the act anew for this one")]
    OtherObject,
    /// Executed or refused.
    #[error("this is finished; propose the act anew")]
    Finished,
    /// Older than [`APPROVAL_MS`].
    #[error("this is older than {} hours; propose the act anew", APPROVAL_MS / HOUR_MS)]
    Expired,
    /// The clock stands before the last step.
    #[error("the clock stands before the last step; set it right first")]
    ClockWentBack,
}

impl Approval {
    /// Proposes an act on an object. The object says all that matters of it (which key, which period to which length), since only the very
    /// same can be executed.
    ///
    /// # Errors
    /// The act needs no second person, the object is not named, or who proposes is no administrator who holds the permission.
    pub fn propose(act: Permission, object: &str, by: Actor, now_ms: i64) -> Result<Self, ApprovalRefusal> {
        if !act.needs_two_persons() {
            return Err(ApprovalRefusal::OnePersonActs(act));
        }
        if !(1..=MAX_OBJECT_BYTES).contains(&object.len()) {
            return Err(ApprovalRefusal::BadObject(object.len()));
        }
        by.must_hold(act)?;
        let office = by.office()?;
        Ok(Self { act, object: object.to_owned(), proposer: by.person, office, proposed_ms: now_ms, stage: ApprovalStage::Proposed })
    }

    /// Approves it, as the second person.
    ///
    /// # Errors
    /// It is finished, expired or approved already, or who approves is not another person in another office that may consent.
    pub fn approve(&self, by: Actor, now_ms: i64) -> Result<Self, ApprovalRefusal> {
        if let Some(first) = self.open(now_ms)? {
            return Err(ApprovalRefusal::AlreadyApproved(first));
        }
        if !may_check(self.proposer, by.person) {
            return Err(ApprovalRefusal::SamePerson(by.person));
        }
        by.must_hold(Permission::ActApprove)?;
        let office = by.office()?;
        if office == self.office {
            return Err(ApprovalRefusal::SameOffice(office));
        }
        if !self.act.consenters().contains(office) {
            return Err(ApprovalRefusal::WrongOffice { act: self.act, office });
        }
        Ok(self.at(ApprovalStage::Approved { by: by.person, at_ms: now_ms }))
    }

    /// Refuses or withdraws it: any administrator can, who proposed it too, and until it is executed.
    ///
    /// # Errors
    /// It is finished or expired, or who refuses is no administrator.
    pub fn refuse(&self, by: Actor, now_ms: i64) -> Result<Self, ApprovalRefusal> {
        self.open(now_ms)?;
        by.must_hold(Permission::ActApprove)?;
        by.office()?;
        Ok(self.at(ApprovalStage::Refused { by: by.person, at_ms: now_ms }))
    }

    /// Executes it, once. The caller acts in the same transaction that stores what this returns, and on nothing but `object`.
    ///
    /// # Errors
    /// It is not approved, finished or expired; the object is another; or who executes did not propose it, or has lost the permission or
    /// the office since.
    pub fn execute(&self, object: &str, by: Actor, now_ms: i64) -> Result<Self, ApprovalRefusal> {
        let approved_by = self.open(now_ms)?.ok_or(ApprovalRefusal::NotApproved)?;
        if by.person != self.proposer {
            return Err(ApprovalRefusal::NotProposer(self.proposer));
        }
        by.must_hold(self.act)?;
        if by.office()? != self.office {
            return Err(ApprovalRefusal::NotHeld { person: by.person, permission: self.act });
        }
        if object != self.object {
            return Err(ApprovalRefusal::OtherObject);
        }
        Ok(self.at(ApprovalStage::Executed { approved_by, at_ms: now_ms }))
    }

    /// The act.
    #[must_use]
    pub const fn act(&self) -> Permission {
        self.act
    }

    /// What it acts upon.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// Who proposed it.
    #[must_use]
    pub const fn proposer(&self) -> PersonId {
        self.proposer
    }

    /// How far it has come. A stage that waits may have expired meanwhile: [`Self::expires_ms`].
    #[must_use]
    pub const fn stage(&self) -> ApprovalStage {
        self.stage
    }

    /// The first moment at which it can no longer be approved or executed.
    #[must_use]
    pub const fn expires_ms(&self) -> i64 {
        self.proposed_ms.saturating_add(APPROVAL_MS)
    }

    /// Who approved it, if it still waits for something.
    fn open(&self, now_ms: i64) -> Result<Option<PersonId>, ApprovalRefusal> {
        let (approved_by, last_ms) = match self.stage {
            ApprovalStage::Proposed => (None, self.proposed_ms),
            ApprovalStage::Approved { by, at_ms } => (Some(by), at_ms),
            ApprovalStage::Refused { .. } | ApprovalStage::Executed { .. } => return Err(ApprovalRefusal::Finished),
        };
        elapsed_ms(last_ms, now_ms).ok_or(ApprovalRefusal::ClockWentBack)?;
        if now_ms >= self.expires_ms() { Err(ApprovalRefusal::Expired) } else { Ok(approved_by) }
    }

    fn at(&self, stage: ApprovalStage) -> Self {
        Self { stage, ..self.clone() }
    }
}

impl Actor {
    fn must_hold(self, permission: Permission) -> Result<(), ApprovalRefusal> {
        let refusal = ApprovalRefusal::NotHeld { person: self.person, permission };
        if self.roles.may(permission) { Ok(()) } else { Err(refusal) }
    }

    fn office(self) -> Result<Role, ApprovalRefusal> {
        self.roles.administrator().ok_or(ApprovalRefusal::NotAdministrator(self.person))
    }
}

#[cfg(test)]
#[path = "duty_tests.rs"]
mod tests;

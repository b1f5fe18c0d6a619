//! Roles, and which of them one person may hold together.
//!
//! Separation is by person, not by account: whoever grants a role asks [`Roles::conflicts`] of all the roles that the person would then
//! hold. Which roles exclude each other follows from the table: by name, by what a holder must never hold, or because the one makes what
//! the other checks.

use serde::{Deserialize, Serialize};
use taxonomy::Lang;

use super::permission::Permission;
use super::table::TABLE;

ids! {
    /// What a person is there for. The first three are the administrators of LN-9.2-a; there is none above them.
    Role, "role", {
        System = "system";
        Security = "security";
        Audit = "audit";
        Assessor = "assessor";
        Reviewer = "reviewer";
        Annotator = "annotator";
        Monitor = "monitor";
        ComplaintAgent = "complaint-agent";
        PrivacyOfficer = "privacy-officer";
        DataSteward = "data-steward";
        ModelEngineer = "model-engineer";
        Supervisor = "supervisor";
    }
}

impl Role {
    /// Its name.
    #[must_use]
    pub fn title(self, lang: Lang) -> &'static str {
        TABLE.role(self).map_or(self.id(), |row| row.title(lang))
    }

    /// What it is there for, in one sentence.
    #[must_use]
    pub fn job(self, lang: Lang) -> &'static str {
        TABLE.role(self).map_or("", |row| row.job(lang))
    }

    /// What its holder must bring (LN-9.2-c asks job descriptions to say it).
    #[must_use]
    pub fn fit(self, lang: Lang) -> &'static str {
        TABLE.role(self).map_or("", |row| row.fit(lang))
    }

    /// Whether it is one of the three administrators.
    #[must_use]
    pub fn is_administrator(self) -> bool {
        TABLE.role(self).is_some_and(|row| row.administrator)
    }

    /// Whether its holder signs in with two factors (GB/T 22239-2019, 8.1.4.1 d). A role that is not in the table does.
    #[must_use]
    pub fn needs_second_factor(self) -> bool {
        TABLE.role(self).is_none_or(|row| row.second_factor)
    }

    /// Whether one person may not hold both.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        TABLE.excluded(self).contains(other)
    }
}

/// Some roles: those of one person, or those that hold a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u16);

// One bit for each role.
const _: () = assert!(Role::ALL.len() <= u16::BITS as usize);

impl Roles {
    /// None: what a new account has.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u16)
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, role: Role) -> Self {
        Self(self.0 & !(1 << role as u16))
    }

    /// Whether a role is among them.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u16) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }

    /// The first two of them that one person may not hold together. Whoever grants a role refuses where this is not `None`.
    #[must_use]
    pub fn conflicts(&self) -> Option<(Role, Role)> {
        TABLE.conflicts(*self)
    }

    /// Whether one of them holds a permission. Of roles that exclude each other none holds any: such a set was never granted.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        !self.common(permission.holders()).is_empty() && self.conflicts().is_none()
    }

    /// Whether an administrator is among them.
    #[must_use]
    pub fn has_administrator(self) -> bool {
        self.iter().any(Role::is_administrator)
    }

    /// The one administrator among them. Nothing if there is none, or if there are two, which no person may be.
    #[must_use]
    pub fn administrator(self) -> Option<Role> {
        let mut found = self.iter().filter(|role| role.is_administrator());
        found.next().filter(|_| found.next().is_none())
    }

    /// Those that are also among others.
    pub(super) const fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for Roles {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Vec::<Role>::deserialize(d).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_roles_behaves_like_a_set() {
        let all: Roles = Role::ALL.iter().copied().collect();
        for role in Role::ALL.iter().copied() {
            assert!(!Roles::NONE.contains(role) && Roles::NONE.with(role).contains(role));
            assert!(!all.without(role).contains(role) && all.without(role).iter().count() == Role::ALL.len() - 1);
            assert_eq!(role.id().parse(), Ok(role));
        }
        assert!(Roles::NONE.is_empty() && all.iter().eq(Role::ALL.iter().copied()));
        assert!("root".parse::<Role>().is_err() && "System".parse::<Role>().is_err());
    }

    #[test]
    fn the_administrators_exclude_each_other_and_there_are_three() {
        let three: Vec<_> = Role::ALL.iter().copied().filter(|role| role.is_administrator()).collect();
        assert_eq!(three, [Role::System, Role::Security, Role::Audit]);
        for a in &three {
            for b in three.iter().filter(|b| *b != a) {
                let both = Roles::NONE.with(*a).with(*b);
                assert!(a.excludes(*b) && both.conflicts().is_some() && both.administrator().is_none());
            }
            assert_eq!(Roles::NONE.with(*a).administrator(), Some(*a));
            assert_eq!(Roles::NONE.with(*a).conflicts(), None);
        }
        assert_eq!(Roles::NONE.with(Role::Reviewer).administrator(), None);
    }

    #[test]
    fn known_conflicts_of_business_roles() {
        let pair = |a, b| Roles::NONE.with(a).with(b).conflicts();
        // The one makes what the other checks.
        assert_eq!(pair(Role::Annotator, Role::Reviewer), Some((Role::Reviewer, Role::Annotator)));
        assert_eq!(pair(Role::Assessor, Role::ModelEngineer), Some((Role::Assessor, Role::ModelEngineer)));
        // Audit changes nothing, system sees no content.
        assert_eq!(pair(Role::Audit, Role::Annotator), Some((Role::Audit, Role::Annotator)));
        assert_eq!(pair(Role::System, Role::ComplaintAgent), Some((Role::System, Role::ComplaintAgent)));
        // And what one person may well do together.
        assert_eq!(pair(Role::Annotator, Role::Monitor), None);
        assert_eq!(pair(Role::PrivacyOfficer, Role::ComplaintAgent), None);
        assert_eq!(pair(Role::DataSteward, Role::ModelEngineer), None);
    }

    #[test]
    fn roles_that_conflict_hold_nothing() {
        let both = Roles::NONE.with(Role::System).with(Role::Security);
        assert!(Permission::ALL.iter().all(|permission| !both.may(*permission)));
        assert!(Roles::NONE.with(Role::System).may(Permission::UserCreate));
        assert!(!Roles::NONE.with(Role::System).may(Permission::RoleGrant));
        assert!(Permission::ALL.iter().all(|permission| !Roles::NONE.may(*permission)));
    }
}

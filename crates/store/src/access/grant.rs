//! Granting and revoking a role, and disabling an account: what one administrator may do to another, and what not.
//!
//! The three bind each other (LN-9.2-b), so none of them can remove another: the last holder of an administrator's role keeps it until a
//! successor holds it too. Nobody grants to themselves, and who created an account does not also bring it to life. The caller reads the
//! holder's row and the number of holders in the transaction that stores the outcome.

use super::duty::{Actor, PersonId, may_check};
use super::permission::Permission;
use super::role::{Role, Roles};

/// The person whose roles are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Who, with all roles they hold over all their accounts.
    pub actor: Actor,
    /// Who created the account; nobody for the three of the [first start](super::Ceremony).
    pub created_by: Option<PersonId>,
    /// Whether a second factor is enrolled.
    pub second_factor: bool,
}

/// Why roles stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// The roles of whoever acts do not hold it.
    #[error(
        "person {person} does not hold '{permission}'; the security administrator grants roles, the system administrator disables accounts"
    )]
    NotHeld {
        /// Who acted.
        person: PersonId,
        /// What they would need.
        permission: Permission,
    },
    /// Nobody grants to themselves.
    #[error("person {0} cannot grant a role to themselves; another holder of 'role.grant' must")]
    ToOneself(PersonId),
    /// Creating and granting are two persons' acts.
    #[error("person {0} created this account; another person must grant it a role")]
    OwnCreation(PersonId),
    /// Held already.
    #[error("the role '{0}' is held already")]
    Held(Role),
    /// Not held, so there is nothing to revoke.
    #[error("the role '{0}' is not held")]
    NotThere(Role),
    /// One person would hold two roles that exclude each other.
    #[error("the roles '{0}' and '{1}' exclude each other by person; revoke one, or grant to another person")]
    Conflict(Role, Role),
    /// The role asks for two factors.
    #[error("the role '{0}' needs two factors; the person enrols a second one first")]
    NoSecondFactor(Role),
    /// One of the three would be missing.
    #[error("this is the last {0} administrator; grant the role to a successor first")]
    LastOfThree(Role),
}

/// The roles of a person after one more is granted.
///
/// # Errors
/// Who grants does not hold `role.grant`, is the same person or created the account; or the person holds the role already, lacks the
/// second factor, or would hold two roles that exclude each other.
pub fn grant(by: Actor, to: Holder, role: Role) -> Result<Roles, GrantRefusal> {
    must_hold(by, Permission::RoleGrant)?;
    if by.person == to.actor.person {
        return Err(GrantRefusal::ToOneself(by.person));
    }
    if to.created_by.is_some_and(|creator| !may_check(creator, by.person)) {
        return Err(GrantRefusal::OwnCreation(by.person));
    }
    if to.actor.roles.contains(role) {
        return Err(GrantRefusal::Held(role));
    }
    let roles = to.actor.roles.with(role);
    if let Some((a, b)) = roles.conflicts() {
        return Err(GrantRefusal::Conflict(a, b));
    }
    if role.needs_second_factor() && !to.second_factor {
        return Err(GrantRefusal::NoSecondFactor(role));
    }
    Ok(roles)
}

/// The roles of a person after one is revoked. `holders` is how many persons who can sign in hold it, this one included.
///
/// # Errors
/// Who revokes does not hold `role.revoke`, the person does not hold the role, or is the last of one of the three.
pub fn revoke(by: Actor, from: Actor, role: Role, holders: usize) -> Result<Roles, GrantRefusal> {
    must_hold(by, Permission::RoleRevoke)?;
    if !from.roles.contains(role) {
        return Err(GrantRefusal::NotThere(role));
    }
    must_remain(role, holders)?;
    Ok(from.roles.without(role))
}

/// Whether an account may be disabled. `holders` says of a role how many persons who can sign in hold it, this one included.
///
/// # Errors
/// Who disables does not hold `user.disable`, or the person is the last of one of the three.
pub fn may_disable(by: Actor, whom: Actor, holders: impl Fn(Role) -> usize) -> Result<(), GrantRefusal> {
    must_hold(by, Permission::UserDisable)?;
    whom.roles.iter().try_for_each(|role| must_remain(role, holders(role)))
}

fn must_hold(by: Actor, permission: Permission) -> Result<(), GrantRefusal> {
    if by.roles.may(permission) { Ok(()) } else { Err(GrantRefusal::NotHeld { person: by.person, permission }) }
}

fn must_remain(role: Role, holders: usize) -> Result<(), GrantRefusal> {
    if role.is_administrator() && holders < 2 { Err(GrantRefusal::LastOfThree(role)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn actor(person: i64, role: Role) -> Actor {
        Actor { person: PersonId(person), roles: Roles::NONE.with(role) }
    }

    const SYSTEM: Actor = actor(1, Role::System);
    const SECURITY: Actor = actor(2, Role::Security);
    const AUDIT: Actor = actor(3, Role::Audit);
    const NEW: Holder =
        Holder { actor: Actor { person: PersonId(7), roles: Roles::NONE }, created_by: Some(SYSTEM.person), second_factor: true };

    #[test]
    fn system_creates_and_security_grants() {
        assert_eq!(grant(SECURITY, NEW, Role::Reviewer), Ok(Roles::NONE.with(Role::Reviewer)));
        for by in [SYSTEM, AUDIT, NEW.actor] {
            let refusal = GrantRefusal::NotHeld { person: by.person, permission: Permission::RoleGrant };
            assert_eq!(grant(by, NEW, Role::Reviewer), Err(refusal));
        }
        let own = Holder { created_by: Some(SECURITY.person), ..NEW };
        assert_eq!(grant(SECURITY, own, Role::Reviewer), Err(GrantRefusal::OwnCreation(SECURITY.person)));
        let first = Holder { created_by: None, ..NEW };
        assert!(grant(SECURITY, first, Role::Reviewer).is_ok());
    }

    #[test]
    fn nobody_grants_to_themselves_whatever_the_role() {
        for role in Role::ALL.iter().copied() {
            let oneself = Holder { actor: SECURITY, ..NEW };
            assert_eq!(grant(SECURITY, oneself, role), Err(GrantRefusal::ToOneself(SECURITY.person)));
        }
    }

    #[test]
    fn what_is_granted_never_conflicts() {
        for held in Role::ALL.iter().copied() {
            for role in Role::ALL.iter().copied() {
                let to = Holder { actor: actor(7, held), ..NEW };
                match grant(SECURITY, to, role) {
                    Ok(roles) => assert!(roles.conflicts().is_none() && roles.contains(held) && roles.contains(role)),
                    Err(GrantRefusal::Held(_)) => assert_eq!(held, role),
                    Err(refusal) => assert!(held.excludes(role) && matches!(refusal, GrantRefusal::Conflict(..)), "{refusal}"),
                }
            }
        }
    }

    #[test]
    fn a_role_that_needs_two_factors_waits_for_the_second() {
        let to = Holder { second_factor: false, ..NEW };
        assert_eq!(grant(SECURITY, to, Role::Reviewer), Err(GrantRefusal::NoSecondFactor(Role::Reviewer)));
        assert!(grant(SECURITY, to, Role::Annotator).is_ok());
    }

    #[test]
    fn none_of_the_three_removes_another() {
        for other in [SYSTEM, SECURITY, AUDIT] {
            let role = other.roles.administrator().unwrap();
            assert_eq!(revoke(SECURITY, other, role, 1), Err(GrantRefusal::LastOfThree(role)));
            assert_eq!(may_disable(SYSTEM, other, |_| 1), Err(GrantRefusal::LastOfThree(role)));
            // With a successor in office they can go.
            assert_eq!(revoke(SECURITY, other, role, 2), Ok(Roles::NONE));
            assert_eq!(may_disable(SYSTEM, other, |_| 2), Ok(()));
        }
        let reviewer = actor(7, Role::Reviewer);
        assert_eq!(revoke(SECURITY, reviewer, Role::Reviewer, 1), Ok(Roles::NONE));
        assert_eq!(revoke(SECURITY, reviewer, Role::Monitor, 1), Err(GrantRefusal::NotThere(Role::Monitor)));
        assert_eq!(may_disable(SYSTEM, reviewer, |_| 1), Ok(()));
        let by = |permission| GrantRefusal::NotHeld { person: AUDIT.person, permission };
        assert_eq!(revoke(AUDIT, reviewer, Role::Reviewer, 1), Err(by(Permission::RoleRevoke)));
        assert_eq!(may_disable(AUDIT, reviewer, |_| 1), Err(by(Permission::UserDisable)));
    }
}

//! Granting and revoking roles. The rules are [`access::grant`](crate::access::grant) and [`access::revoke`](crate::access::revoke), asked inside the
//! transaction that stores the outcome.

use super::people::said;
use super::rows::{holders, living, roles_of, roles_of_person};
use super::{AccountError, AccountId, Accounts, Who};
use crate::access::{Actor, Holder, Permission, PersonId, Role, grant, revoke};
use crate::change::Change;

impl Accounts {
    /// Grants a role to a person, through one of their accounts.
    ///
    /// # Errors
    /// Whoever asks may not; the owner has not accepted the account; or the rules of granting refuse.
    pub async fn grant(&self, by: &Who, account: AccountId, role: Role) -> Result<(), AccountError> {
        let by = by.clone();
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::RoleGrant).await?;
            let row = living(&mut change.connection, &change.tenant, account).await?;
            let roles = roles_of_person(&mut change.connection, &change.tenant, row.person).await?;
            let actor = Actor { person: row.person, roles };
            let to = Holder { actor, created_by: row.created_by, second_factor: !row.totp.is_empty() };
            grant(by.actor(), to, role)?;
            if row.password.is_empty() {
                return Err(AccountError::Unfit(format!("the owner of {account} has not accepted it yet; grant the role after that")));
            }
            change.insert_grant(account, row.person, role, Some(by.person())).await?;
            change.record(said("role.grant", &by, account).with("person", row.person.0).with("role", role.id()))?;
            Ok(())
        })
        .await
    }

    /// Revokes a role that was granted through an account. What the account does is refused from then on.
    ///
    /// # Errors
    /// Whoever asks may not, or the rules of revoking refuse.
    pub async fn revoke(&self, by: &Who, account: AccountId, role: Role) -> Result<(), AccountError> {
        let by = by.clone();
        self.act(async move |change: &mut Change| {
            let by = change.permit(&by, Permission::RoleRevoke).await?;
            let row = living(&mut change.connection, &change.tenant, account).await?;
            let from = Actor { person: row.person, roles: roles_of(&mut change.connection, &change.tenant, account).await? };
            let holders = holders(&mut change.connection, &change.tenant, role).await?;
            revoke(by.actor(), from, role, holders)?;
            let sql = "DELETE FROM role_grant WHERE tenant = $1 AND account = $2 AND role = $3";
            change.execute(sql, |query| query.bind(account.0).bind(role.id())).await?;
            change.record(said("role.revoke", &by, account).with("person", row.person.0).with("role", role.id()))?;
            Ok(())
        })
        .await
    }
}

impl Change {
    pub(super) async fn insert_grant(
        &mut self,
        account: AccountId,
        person: PersonId,
        role: Role,
        by: Option<PersonId>,
    ) -> Result<(), AccountError> {
        let (by, now) = (by.map_or(0, |person| person.0), self.now_ms);
        let sql = "INSERT INTO role_grant (tenant, person, role, account, granted_by, granted_ms) VALUES ($1, $2, $3, $4, $5, $6)";
        self.execute(sql, |query| query.bind(person.0).bind(role.id()).bind(account.0).bind(by).bind(now)).await?;
        Ok(())
    }
}

//! What somebody tried and may not do is in the log: who asks for what is not theirs shows themselves, and so does a role that lacks what its holder needs.

use ledger::leaf::Class;
use sqlx::Row;

use super::{AccountError, Accounts, Denied, Who};
use crate::change::{Change, Entry};

/// Time between two entries of one account: whoever tries in a loop makes 60 an hour, and their number is in the next.
pub const DENIED_EVERY_MS: i64 = 60_000;

impl Accounts {
    /// Writes down that somebody was denied something: at most one entry a minute for each account, which tells how many attempts it stands for. `what` is the command or the
    /// route. Where only the second factor or the second person is missing, nothing is written: that is how such acts begin.
    ///
    /// # Errors
    /// The store could not.
    pub async fn record_denied(&self, who: &Who, what: &str, denied: &Denied) -> Result<(), AccountError> {
        let permission = match denied {
            Denied::NotHeld { permission, .. } | Denied::OutOfScope(permission) | Denied::SignInFor(permission) => Some(*permission),
            Denied::SignIn => None,
            Denied::StepUp | Denied::TwoPersons { .. } => return Ok(()),
        };
        let account = who.account();
        let entry = Entry::new(Class::System, "access.denied", account.to_string()).with("what", what);
        let entry = match permission {
            Some(permission) => entry.with("permission", permission.id()),
            None => entry,
        };
        self.change(async move |change: &mut Change| {
            let now = change.now_ms;
            // A clock that was set back does not keep anything out of the log.
            let sql = "UPDATE denial SET unsaid = unsaid + 1 WHERE tenant = $1 AND account = $2 AND said_ms > $3 AND said_ms <= $4";
            if change.execute(sql, |query| query.bind(account.0).bind(now.saturating_sub(DENIED_EVERY_MS)).bind(now)).await? > 0 {
                return Ok(());
            }
            let sql = "SELECT unsaid FROM denial WHERE tenant = $1 AND account = $2";
            let unsaid = match change.row(sql, |query| query.bind(account.0)).await? {
                Some(row) => row.try_get::<i64, _>(0)?,
                None => 0,
            };
            let sql = "INSERT INTO denial (tenant, account, said_ms, unsaid) VALUES ($1, $2, $3, 0)
                       ON CONFLICT (tenant, account) DO UPDATE SET said_ms = excluded.said_ms, unsaid = 0";
            change.execute(sql, |query| query.bind(account.0).bind(now)).await?;
            change.record(entry.with("attempts", unsaid + 1))?;
            Ok(())
        })
        .await
    }
}

//! The first start: a token that is shown once to whoever controls the machine appoints the three administrators, and is burnt.
//!
//! The rules are [`Ceremony`]'s; here are its rows. Before it is finished nobody signs in, and every other act on accounts is refused. A crash
//! leaves the state of the last step, and the token goes on; if it was lost, the ceremony begins anew and forgets whom it had appointed.

use keys::token::Token;
use keys::totp::TotpSecret;
use ledger::leaf::Class;
use sqlx::{AnyConnection, Row};

use super::people::{check_login, check_name, names};
use super::rows::{Named, find};
use super::{AccountError, AccountId, Accounts, hash};
use crate::StoreError;
use crate::access::{Ceremony, CeremonyRefusal, PersonId, Role};
use crate::change::{Change, Entry};
use crate::tenant::TenantId;

/// Who acts in the ledger's words: whoever controls the machine and had the token.
const BY: &str = "first-start";

/// One of the three, as appointed.
#[derive(Debug)]
pub struct Appointed {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: PersonId,
    /// The second factor, shown once; [`Accounts::enrol`] confirms it.
    pub second_factor: TotpSecret,
}

impl Accounts {
    /// Begins the first start, or begins it anew where it was not finished, and gives out its token, which works for
    /// [`CEREMONY_MS`](crate::access::CEREMONY_MS).
    ///
    /// # Errors
    /// It was finished.
    pub async fn begin_ceremony(&self) -> Result<Token, AccountError> {
        let token = Token::generate().map_err(|error| StoreError::Key(error.to_string()))?;
        let digest = token.hash().0;
        self.change(async move |change: &mut Change| {
            let before = change.ceremony().await?;
            let begun = Ceremony::begin(before.as_ref(), digest, change.now_ms)?;
            // Nobody else can have made any before it is finished.
            change.execute("DELETE FROM account WHERE tenant = $1", |query| query).await?;
            change.execute("DELETE FROM person WHERE tenant = $1", |query| query).await?;
            let state = text(&begun)?;
            change
                .execute(
                    "INSERT INTO ceremony (tenant, state, complete_ms, last_id, turns) VALUES ($1, $2, 0, 0, 0)
                     ON CONFLICT (tenant) DO UPDATE SET state = excluded.state",
                    |query| query.bind(state),
                )
                .await?;
            change.record(Entry::new(Class::Admin, "ceremony.begin", BY))?;
            Ok(())
        })
        .await?;
        Ok(token)
    }

    /// Appoints a person as one of the three. A name that was appointed before is the same person.
    ///
    /// # Errors
    /// The token is not the one that was shown, or the seat or the person is taken; the login name, the name or the password will not do.
    pub async fn appoint(&self, token: &Token, seat: Role, name: &str, login: &str, password: &str) -> Result<Appointed, AccountError> {
        let digest = token.hash().0;
        let (name, login) = (check_name(name)?, check_login(login)?);
        keys::password::check_new(password, &names(&login, &name))?;
        // Asked before the hash is computed, which is for nobody without the token; and again where it counts.
        self.state().await?.appoint(&digest, seat, PersonId(0), self.tenant.now_ms())?;
        let (password, secrets) = (hash(password).await?, self.secrets().await?);
        self.change(async move |change: &mut Change| {
            let state = change.begun().await?;
            let person = change.person_named(&name).await?;
            let account = AccountId(change.new_id().await?);
            let next = state.appoint(&digest, seat, person, change.now_ms)?;
            change.insert_person(person, name).await?;
            change.insert_account(account, person, login, None).await?;
            let sql = "UPDATE account SET password = $3 WHERE tenant = $1 AND account = $2";
            change.execute(sql, |query| query.bind(account.0).bind(password)).await?;
            let second_factor = change.offer(&secrets, account).await?;
            change.keep_ceremony(&next, 0).await?;
            let entry = Entry::new(Class::Admin, "ceremony.appoint", BY).with("role", seat.id());
            change.record(entry.with("account", account.0).with("person", person.0))?;
            Ok(Appointed { account, person, second_factor })
        })
        .await
    }

    /// Confirms the second factor of one of the three by a code.
    ///
    /// # Errors
    /// The token is not the one that was shown, the account is none of the three, or the code is wrong.
    pub async fn enrol(&self, token: &Token, account: AccountId, code: &str) -> Result<(), AccountError> {
        let (digest, code) = (token.hash().0, code.to_owned());
        let secrets = self.secrets().await?;
        self.change(async move |change: &mut Change| {
            let state = change.begun().await?;
            let row = find(&mut change.connection, &change.tenant, Named::Account(account)).await?;
            // Without the token the answer is the same, whether there is such an account or not.
            let next = state.enrol(&digest, row.as_ref().map_or(PersonId(0), |row| row.person), change.now_ms)?;
            let row = row.ok_or(CeremonyRefusal::NotAppointed(PersonId(0)))?;
            change.confirm(&secrets, &row, &code).await?;
            change.keep_ceremony(&next, 0).await?;
            let entry = Entry::new(Class::Admin, "ceremony.enrol", BY).with("account", account.0).with("person", row.person.0);
            change.record(entry)?;
            Ok(())
        })
        .await
    }

    /// Ends the first start: the three hold their roles, and the token is burnt.
    ///
    /// # Errors
    /// The token is not the one that was shown, a seat is empty, or one of the three has no second factor.
    pub async fn finish_ceremony(&self, token: &Token) -> Result<(), AccountError> {
        let digest = token.hash().0;
        self.change(async move |change: &mut Change| {
            let next = change.begun().await?.finish(&digest, change.now_ms)?;
            change.seat(&next).await?;
            let complete_ms = change.now_ms.max(1);
            change.keep_ceremony(&next, complete_ms).await?;
            change.record(Entry::new(Class::Admin, "ceremony.finish", BY))?;
            Ok(())
        })
        .await
    }

    /// How far the first start has come; nothing where it was not begun.
    ///
    /// # Errors
    /// The database says no.
    pub async fn ceremony(&self) -> Result<Option<Ceremony>, AccountError> {
        let mut connection = self.tenant.inner.readers.acquire().await?;
        Ok(read(&mut connection, &self.tenant.id).await?)
    }

    async fn state(&self) -> Result<Ceremony, AccountError> {
        Ok(self.ceremony().await?.ok_or(CeremonyRefusal::NotComplete)?)
    }
}

impl Change {
    async fn ceremony(&mut self) -> Result<Option<Ceremony>, AccountError> {
        // Waits for a step in another process; the rows are read after it.
        self.execute("UPDATE ceremony SET turns = turns + 1 WHERE tenant = $1", |query| query).await?;
        Ok(read(&mut self.connection, &self.tenant).await?)
    }

    async fn begun(&mut self) -> Result<Ceremony, AccountError> {
        Ok(self.ceremony().await?.ok_or(CeremonyRefusal::NotComplete)?)
    }

    async fn keep_ceremony(&mut self, state: &Ceremony, complete_ms: i64) -> Result<(), AccountError> {
        let state = text(state)?;
        let sql = "UPDATE ceremony SET state = $2, complete_ms = $3 WHERE tenant = $1";
        self.execute(sql, |query| query.bind(state).bind(complete_ms)).await?;
        Ok(())
    }

    /// The person of this name, or the id of a new one. Only here is a name a person: the ceremony has nothing else to tell three persons by.
    async fn person_named(&mut self, name: &str) -> Result<PersonId, AccountError> {
        let name = name.to_owned();
        match self.row("SELECT person FROM person WHERE tenant = $1 AND name = $2", |query| query.bind(name)).await? {
            Some(row) => Ok(PersonId(row.try_get(0)?)),
            None => Ok(PersonId(self.new_id().await?)),
        }
    }

    /// Gives the three their roles.
    async fn seat(&mut self, complete: &Ceremony) -> Result<(), AccountError> {
        let (Ceremony::Complete { seats, .. } | Ceremony::Open { seats, .. }) = complete;
        for seat in seats {
            let person = seat.person.0;
            let row = self.row("SELECT account FROM account WHERE tenant = $1 AND person = $2", |query| query.bind(person)).await?;
            let row = row.ok_or_else(|| StoreError::damaged("the first start", format!("person {person} has no account")))?;
            let account = AccountId(row.try_get(0)?);
            self.insert_grant(account, seat.person, seat.role, None).await?;
        }
        Ok(())
    }
}

async fn read(connection: &mut AnyConnection, tenant: &TenantId) -> Result<Option<Ceremony>, StoreError> {
    let row = tenant.query("SELECT state FROM ceremony WHERE tenant = $1").fetch_optional(connection).await?;
    let state: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
    let parse = |text: String| serde_json::from_str(&text).map_err(|error| StoreError::damaged("the state of the first start", error));
    state.map(parse).transpose()
}

fn text(state: &Ceremony) -> Result<String, StoreError> {
    serde_json::to_string(state).map_err(|error| StoreError::damaged("the state of the first start", error))
}

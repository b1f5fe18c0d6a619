//! Taking a consent back, as easily as it was given (PIPL 15), and saying no where nothing was agreed to.

use ledger::leaf::Class;
use serde_json::json;
use taxonomy::ConsentScope;

use super::TRAINING;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::{StoreError, Tenant, day};

impl Tenant {
    /// Takes a person's consent back from `today` on. Without a scope all of them, and the person says no from now on, whether there was a consent or not; with
    /// one, that consent alone. Gives how many consents it was. Entries: `consent.withdraw` and `consent.opt-out`.
    ///
    /// # Errors
    /// Whoever asks may not, or there is no consent of that scope.
    pub async fn withdraw_consent(&self, who: &Who, person: &str, scope: Option<ConsentScope>, today: &str) -> Result<u64, StoreError> {
        crate::guard::row::line("the name of a user", person, 1, super::MAX_USER)?;
        day::check("the day", today)?;
        let label = self.person_label(person).await?;
        let (who, person, today) = (who.clone(), person.to_owned(), today.to_owned());
        Ok(self.change(async move |change: &mut Change| change.withdraw(&who, label, person, scope, today).await).await?.0)
    }
}

impl Change {
    async fn withdraw(
        &mut self,
        who: &Who,
        label: String,
        person: String,
        scope: Option<ConsentScope>,
        today: String,
    ) -> Result<u64, StoreError> {
        let by = self.permit(who, Permission::ConsentChange).await?.account().to_string();
        let scopes = scope.map_or_else(|| ConsentScope::ALL.to_vec(), |scope| vec![scope]);
        if scope.is_none() {
            self.keep_no(&by, &label, &person).await?;
        }
        let mut withdrawn = 0;
        for scope in scopes {
            let Some(_) = self.consent_of(&label, scope).await?.filter(|consent| consent.withdrawn.is_none()) else { continue };
            let content = json!({ "person": person, "purpose": TRAINING, "scope": scope, "withdrawn": today });
            let entry = Entry::new(Class::Privacy, "consent.withdraw", by.clone()).with("purpose", TRAINING).with("scope", scope.id());
            let entry = self.record(entry.about(person.clone(), content.to_string()))?;
            let (word, day, now) = (label.clone(), today.clone(), self.now_ms);
            let sql = "UPDATE consent SET withdrawn = $5, entry = $6, updated_ms = $7 WHERE tenant = $1 AND person = $2 AND purpose = $3 AND scope = $4";
            self.execute(sql, |query| query.bind(word).bind(TRAINING).bind(scope.id()).bind(day).bind(entry.0.to_vec()).bind(now)).await?;
            self.name_person(&label, entry).await?;
            withdrawn += 1;
        }
        match scope {
            Some(scope) if withdrawn == 0 => Err(StoreError::NotFound(format!("consent of scope {scope} of this person that stands"))),
            _ => Ok(withdrawn),
        }
    }
}

//! Importing consents. The file is the caller's; here each line is held to the rules again, all of them before the first is kept.
//!
//! A no is kept before any consent, and each transaction is whole: a crash in between leaves fewer consents, never a no that was lost beside a consent that came.

use std::collections::BTreeSet;

use ledger::leaf::Class;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taxonomy::ConsentScope;

use super::TRAINING;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Bound, Change, Entry};
use crate::guard::row;
use crate::{StoreError, Tenant, day};

/// Lines of one import. Our own figure: at 200 bytes a line some 200 MB in memory. A larger file is cut.
pub const MAX_LINES: usize = 1_000_000;

/// Longest name of a user, in characters.
pub const MAX_USER: usize = 200;

/// Longest basis, in characters.
pub const MAX_BASIS: usize = 500;

/// Lines of one transaction. Our own figure: as many as changes come into one batch of the writer, so that whoever else waits does not wait much longer.
const BATCH: usize = 250;

/// A line of an import (docs/formats/consent.md).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// The user's name as the operator's service has it.
    pub person: String,
    /// How far the consent goes; none where the person said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ConsentScope>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The day on which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The day on which it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Whether the person said no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub out: bool,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Consents that were new or took the place of older ones.
    pub kept: u64,
    /// Lines that the register had already, word for word.
    pub known: u64,
    /// Lines that are older than what the register has.
    pub older: u64,
    /// Persons who said no, and of whom that was not known.
    pub opted_out: u64,
}

impl NewConsent {
    /// Whether it can be imported. `today` is `YYYY-MM-DD`.
    ///
    /// # Errors
    /// It cannot; says what is wrong.
    pub fn check(&self, today: &str) -> Result<(), StoreError> {
        row::line("the name of a user", &self.person, 1, MAX_USER)?;
        if self.out {
            let rest = [self.scope.is_some(), self.basis.is_some(), self.given.is_some(), self.expires.is_some(), self.withdrawn.is_some()];
            return if rest.contains(&true) { refused("who said no has no scope, basis or days; leave them out") } else { Ok(()) };
        }
        if self.scope.is_none() {
            return refused("`scope` is missing: general or sensitive; or `out`: true for somebody who said no");
        }
        row::line("the basis of a consent", self.basis.as_deref().unwrap_or_default(), 1, MAX_BASIS)?;
        let Some(given) = self.given.as_deref() else { return refused("`given` is missing: the day on which it was given") };
        day::check("`given`", given)?;
        day::check_maybe("`expires`", self.expires.as_deref())?;
        day::check_maybe("`withdrawn`", self.withdrawn.as_deref())?;
        if given > today || self.withdrawn.as_deref().is_some_and(|day| day > today) {
            return refused(&format!("a consent that is given or taken back after today, {today}, is none yet"));
        }
        if [&self.expires, &self.withdrawn].into_iter().flatten().any(|day| day.as_str() < given) {
            return refused("a consent ends before it was given");
        }
        Ok(())
    }

    /// Whether nothing of the person is to be used: a consent to sensitive information alone that was taken back leaves the rest.
    fn says_no(&self) -> bool {
        self.out || (self.withdrawn.is_some() && self.scope == Some(ConsentScope::General))
    }
}

fn refused(why: &str) -> Result<(), StoreError> {
    Err(StoreError::Refused(why.to_owned()))
}

/// A line with the label of its person.
type Labelled = (String, NewConsent);

impl Tenant {
    /// Imports consents, those who said no first. Every line is checked before the first is kept; what is kept is kept in transactions of 250 lines, and the
    /// same import again repeats nothing. Entries: `consent.give` and `consent.opt-out`, each sealed with the key of its person.
    ///
    /// # Errors
    /// Whoever asks may not, or a line does not fit; then nothing is kept. Or the disk says no; then the same import again does the rest.
    pub async fn import_consents(&self, who: &Who, lines: Vec<NewConsent>, today: &str) -> Result<Imported, StoreError> {
        if lines.len() > MAX_LINES {
            return Err(StoreError::Refused(format!("{} lines; at most {MAX_LINES} are imported at once: cut the file", lines.len())));
        }
        for (line, new) in lines.iter().enumerate() {
            new.check(today).map_err(|error| StoreError::Refused(format!("consent {}: {error}", line + 1)))?;
        }
        let persons: BTreeSet<String> = lines.iter().filter(|line| line.says_no()).map(|line| line.person.clone()).collect();
        let (mut no, mut yes) = (Vec::with_capacity(persons.len()), Vec::with_capacity(lines.len()));
        for person in persons {
            no.push((self.person_label(&person).await?, NewConsent { person, out: true, ..NewConsent::default() }));
        }
        for line in lines.into_iter().filter(|line| !line.out) {
            yes.push((self.person_label(&line.person).await?, line));
        }
        let mut imported = Imported::default();
        for batch in no.chunks(BATCH).chain(yes.chunks(BATCH)) {
            let (who, batch) = (who.clone(), batch.to_vec());
            let (done, _) = self.change(async move |change: &mut Change| change.keep_consents(&who, batch).await).await?;
            imported.add(done);
        }
        Ok(imported)
    }
}

impl Imported {
    const fn add(&mut self, more: Self) {
        self.kept += more.kept;
        self.known += more.known;
        self.older += more.older;
        self.opted_out += more.opted_out;
    }
}

impl Change {
    async fn keep_consents(&mut self, who: &Who, lines: Vec<Labelled>) -> Result<Imported, StoreError> {
        let by = self.permit(who, Permission::ConsentChange).await?.account().to_string();
        let mut imported = Imported::default();
        for (label, line) in lines {
            if line.out {
                imported.opted_out += u64::from(self.keep_no(&by, &label, &line.person).await?);
            } else {
                self.keep_consent(&by, label, line, &mut imported).await?;
            }
        }
        Ok(imported)
    }

    /// Keeps that a person said no, and says whether that is new.
    pub(super) async fn keep_no(&mut self, by: &str, label: &str, person: &str) -> Result<bool, StoreError> {
        if self.said_no(label).await? && self.is_named(label).await? {
            return Ok(false);
        }
        let content = json!({ "person": person, "purpose": TRAINING, "out": true });
        let entry = self.record(Entry::new(Class::Privacy, "consent.opt-out", by).about(person, content.to_string()))?;
        self.opt_out(label).await?;
        self.name_person(label, entry).await?;
        Ok(true)
    }

    async fn keep_consent(&mut self, by: &str, label: String, line: NewConsent, imported: &mut Imported) -> Result<(), StoreError> {
        let Some(scope) = line.scope else { return Ok(()) };
        if let Some(was) = self.consent_of(&label, scope).await? {
            let given = line.given.as_deref().unwrap_or_default();
            let same = (line.basis.as_deref(), given, &line.expires, &line.withdrawn)
                == (Some(was.basis.as_str()), was.given.as_str(), &was.expires, &was.withdrawn);
            if same {
                imported.known += 1;
                return Ok(());
            }
            // What was taken back here is not given again by a line that knows nothing of it.
            let forgotten = given == was.given && was.withdrawn.is_some() && line.withdrawn.is_none();
            if given < was.given.as_str() || forgotten {
                imported.older += 1;
                return Ok(());
            }
        }
        let mut content = serde_json::to_value(&line).map_err(|error| StoreError::damaged("a consent", error))?;
        content.as_object_mut().into_iter().for_each(|content| drop(content.insert("purpose".to_owned(), TRAINING.into())));
        let entry = Entry::new(Class::Privacy, "consent.give", by).with("purpose", TRAINING).with("scope", scope.id());
        let entry = self.record(entry.about(line.person, content.to_string()))?;
        self.name_person(&label, entry).await?;
        let (basis, given) = (line.basis.unwrap_or_default(), line.given.unwrap_or_default());
        let (expires, withdrawn, now) = (line.expires.unwrap_or_default(), line.withdrawn.unwrap_or_default(), self.now_ms);
        let sql = "INSERT INTO consent (tenant, person, purpose, scope, basis, given, expires, withdrawn, entry, updated_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (tenant, person, purpose, scope) DO UPDATE SET basis = excluded.basis, given = excluded.given, expires = excluded.expires,
                   withdrawn = excluded.withdrawn, entry = excluded.entry, updated_ms = excluded.updated_ms";
        let bind = |query: Bound| {
            let query = query.bind(label).bind(TRAINING).bind(scope.id()).bind(basis).bind(given).bind(expires).bind(withdrawn);
            query.bind(entry.0.to_vec()).bind(now)
        };
        self.execute(sql, bind).await?;
        imported.kept += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> NewConsent {
        let some = |text: &str| Some(text.to_owned());
        NewConsent {
            person: "user-17".to_owned(),
            scope: Some(ConsentScope::General),
            basis: some("terms 3.2"),
            given: some("2026-05-01"),
            ..NewConsent::default()
        }
    }

    #[test]
    fn a_line_says_what_is_wrong_with_it() {
        let today = "2026-11-22";
        let day = |text: &str| Some(text.to_owned());
        line().check(today).unwrap();
        NewConsent { person: "user-18".to_owned(), out: true, ..NewConsent::default() }.check(today).unwrap();
        for (wrong, why) in [
            (NewConsent { person: String::new(), ..line() }, "name of a user"),
            (NewConsent { person: "a\nb".to_owned(), ..line() }, "one line"),
            (NewConsent { scope: None, ..line() }, "scope"),
            (NewConsent { basis: None, ..line() }, "basis"),
            (NewConsent { given: None, ..line() }, "given"),
            (NewConsent { given: day("1 May"), ..line() }, "YYYY-MM-DD"),
            (NewConsent { given: day("2026-11-23"), ..line() }, "after today"),
            (NewConsent { expires: day("2026-04-30"), ..line() }, "ends before"),
            (NewConsent { withdrawn: day("2026-11-23"), ..line() }, "after today"),
            (NewConsent { out: true, ..line() }, "said no"),
        ] {
            let said = wrong.check(today).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}

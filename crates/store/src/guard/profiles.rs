//! Profiles: what the operator or a guardian has set for a person or a client key, and how long a person has used the service on a day. What follows from it is the
//! gateway's.

use ledger::leaf::Class;
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::client_keys::MAX_SETTINGS_BYTES;
use super::{MAX_HELD, MAX_NAME, row};
use crate::change::{Bound, Change, Entry};
use crate::tenant::TenantId;
use crate::{StoreError, Tenant};

/// Days for which the use of a person is kept: what a guardian is shown of a month.
pub const USED_TIME_DAYS: i64 = 31;

/// A day, ms: nobody uses a service longer in one step.
const DAY_MS: i64 = 86_400_000;

crate::access::ids! {
    /// What is known of a person's age.
    Age, "age: adult, minor or unknown", {
        Adult = "adult";
        Minor = "minor";
        Unknown = "unknown";
    }
}

crate::access::ids! {
    /// Whether what is said may be trained on (GB/T 45654-2025, 7 c: the user can say no).
    Training, "choice about training: unset, out or in", {
        Unset = "unset";
        Out = "out";
        In = "in";
    }
}

/// For whom a profile is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A person, by label ([`Tenant::person_label`]).
    Person(String),
    /// Whoever uses a client key, by its id.
    Key(String),
}

/// What is set for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// For whom.
    pub whom: Whom,
    /// What is known of the age.
    pub age: Age,
    /// First and last year in which the person may be born.
    pub born: Option<(i64, i64)>,
    /// What the gateway understands (hours, daily minutes, models, features, content level); a JSON object.
    pub settings: Value,
    /// Whether what is said may be trained on.
    pub training: Training,
    /// When it was set, ms since 1970.
    pub updated_ms: i64,
}

impl Whom {
    const fn parts(&self) -> (&'static str, &String) {
        match self {
            Self::Person(label) => ("person", label),
            Self::Key(key) => ("key", key),
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Person(person) => row::label(person),
            Self::Key(key) => row::line("the id of a client key", key, 1, MAX_NAME),
        }
    }
}

impl Profile {
    /// That of somebody for whom nothing was set.
    #[must_use]
    pub fn unset(whom: Whom) -> Self {
        Self { whom, age: Age::Unknown, born: None, settings: json!({}), training: Training::Unset, updated_ms: 0 }
    }

    /// What its entry says of it.
    fn words(&self) -> Value {
        json!({ "age": self.age, "born": self.born, "settings": self.settings, "training": self.training })
    }

    fn check(&self) -> Result<(), StoreError> {
        self.whom.check()?;
        match self.born {
            Some((from, to)) if !(1_900..=to).contains(&from) || to > 2_200 => {
                Err(StoreError::Refused(format!("{from} to {to} are no years of birth; give the first and the last that may be")))
            }
            _ => Ok(()),
        }
    }
}

impl Change {
    /// Sets a profile. Entry: `profile.set`; what was set for a person is its content, sealed with the key of the person, who is therefore named here as in
    /// [`Content`](crate::Content).
    ///
    /// # Errors
    /// It does not fit, or is for a person and the name is missing.
    pub async fn set_profile(&mut self, by: &str, profile: &Profile, name: Option<&str>) -> Result<(), StoreError> {
        profile.check()?;
        let settings = row::object("the settings of a profile", &profile.settings, MAX_SETTINGS_BYTES)?;
        let entry = Entry::new(Class::Privacy, "profile.set", by);
        let mut words = profile.words();
        let recorded = self.record(match (&profile.whom, name) {
            (Whom::Key(key), _) => entry.with("key", key.as_str()).with("profile", words),
            (Whom::Person(_), Some(name)) => {
                // A snapshot of consent hashes the name of everybody who said no, so it must be found again.
                words.as_object_mut().into_iter().for_each(|words| drop(words.insert("person".to_owned(), name.into())));
                entry.about(name, words.to_string())
            }
            (Whom::Person(_), None) => return Err(StoreError::Refused("the profile of a person is set with the person's name".to_owned())),
        })?;
        let epoch = self.guard_row_changed().await?;
        if let Whom::Person(person) = &profile.whom {
            self.name_person(person, recorded).await?;
        }
        let ((kind, whom), (from, to), now) = (profile.whom.parts(), profile.born.unwrap_or((0, 0)), self.now_ms);
        let (whom, age, training) = (whom.clone(), profile.age.id(), profile.training.id());
        let bind = |query: Bound| {
            let query = query.bind(kind).bind(whom).bind(age).bind(from).bind(to);
            query.bind(settings).bind(training).bind(now).bind(epoch)
        };
        let sql = "INSERT INTO profile (tenant, kind, whom, age, born_from, born_to, settings, training, updated_ms, epoch)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (tenant, kind, whom) DO UPDATE SET age = excluded.age, born_from = excluded.born_from, born_to = excluded.born_to,
                   settings = excluded.settings, training = excluded.training, updated_ms = excluded.updated_ms, epoch = excluded.epoch";
        self.execute(sql, bind).await?;
        Ok(())
    }

    /// Notes that a person said no to training, whatever else is set. The caller records it, with the person's name in the content.
    pub(crate) async fn opt_out(&mut self, person: &str) -> Result<(), StoreError> {
        let epoch = self.guard_row_changed().await?;
        let (whom, now) = (person.to_owned(), self.now_ms);
        let sql = "INSERT INTO profile (tenant, kind, whom, age, born_from, born_to, settings, training, updated_ms, epoch)
                   VALUES ($1, 'person', $2, 'unknown', 0, 0, '{}', 'out', $3, $4)
                   ON CONFLICT (tenant, kind, whom) DO UPDATE SET training = excluded.training, updated_ms = excluded.updated_ms, epoch = excluded.epoch";
        self.execute(sql, |query| query.bind(whom).bind(now).bind(epoch)).await?;
        Ok(())
    }

    /// Adds to how long a person has used the service on a day (days since 1970-01-01 in the calendar of the service), and gives the sum of the day in ms. It is
    /// bookkeeping and makes no entry; what is older than [`USED_TIME_DAYS`] goes.
    ///
    /// # Errors
    /// It is no label, or no time within a day.
    pub async fn use_time(&mut self, person: &str, day: i64, ms: i64) -> Result<i64, StoreError> {
        row::label(person)?;
        if !(0..=DAY_MS).contains(&ms) {
            return Err(StoreError::Refused(format!("{ms} ms are no time within a day")));
        }
        self.guard_turn().await?;
        let word = person.to_owned();
        let sql = "INSERT INTO used_time (tenant, person, day, ms) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (tenant, person, day) DO UPDATE SET ms = used_time.ms + excluded.ms RETURNING ms";
        let rows = self.rows(sql, |query| query.bind(word).bind(day).bind(ms)).await?;
        let total = rows.first().map_or(Ok(ms), |row| row.try_get(0))?;
        // The first of a day, or nothing yet: the old days are looked for once, not with each request.
        if total == ms {
            let word = person.to_owned();
            let sql = "DELETE FROM used_time WHERE tenant = $1 AND person = $2 AND day <= $3";
            self.execute(sql, |query| query.bind(word).bind(day.saturating_sub(USED_TIME_DAYS))).await?;
        }
        Ok(total)
    }
}

impl Tenant {
    /// What is set for somebody.
    ///
    /// # Errors
    /// The database says no.
    pub async fn profile(&self, whom: &Whom) -> Result<Profile, StoreError> {
        let (kind, word) = whom.parts();
        let word = word.clone();
        let sql = "SELECT kind, whom, age, born_from, born_to, settings, training, updated_ms FROM profile WHERE tenant = $1 AND kind = $2 AND whom = $3";
        let rows = self.rows(sql, |query| query.bind(kind).bind(word)).await?;
        rows.first().map_or_else(|| Ok(Profile::unset(whom.clone())), shown)
    }

    /// How long a person has used the service on a day, ms.
    ///
    /// # Errors
    /// The database says no.
    pub async fn used_time(&self, person: &str, day: i64) -> Result<i64, StoreError> {
        let word = person.to_owned();
        let rows = self
            .rows("SELECT ms FROM used_time WHERE tenant = $1 AND person = $2 AND day = $3", |query| query.bind(word).bind(day))
            .await?;
        rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
    }
}

/// Profiles that were set after an epoch, the last first, and whether there are more.
pub(super) async fn since(tenant: &TenantId, connection: &mut AnyConnection, epoch: i64) -> Result<(Vec<Profile>, bool), StoreError> {
    let sql = "SELECT kind, whom, age, born_from, born_to, settings, training, updated_ms FROM profile
               WHERE tenant = $1 AND epoch > $2 ORDER BY epoch DESC LIMIT $3";
    let rows = tenant.query(sql).bind(epoch).bind(row::limit(MAX_HELD + 1)).fetch_all(connection).await?;
    let profiles = rows.iter().take(MAX_HELD).map(shown).collect::<Result<_, _>>()?;
    Ok((profiles, rows.len() > MAX_HELD))
}

fn shown(row: &AnyRow) -> Result<Profile, StoreError> {
    let (kind, whom): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let (from, to): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
    Ok(Profile {
        whom: match kind.as_str() {
            "person" => Whom::Person(whom),
            "key" => Whom::Key(whom),
            _ => return Err(StoreError::damaged("a profile", format!("it is for a {kind}"))),
        },
        age: row::word(row, 2, "a profile")?,
        born: Some((from, to)).filter(|years| *years != (0, 0)),
        settings: row::json(row, 5, "a profile")?,
        training: row::word(row, 6, "a profile")?,
        updated_ms: row.try_get(7)?,
    })
}

//! The snapshot: what everybody agreed to on a day, for whoever prepares the data (docs/formats/consent.md).
//!
//! Names are opened one by one, hashed under a key that is made for this snapshot, and forgotten. The file names nobody, and cannot be laid beside another one or
//! beside the store.

use std::collections::BTreeMap;

use keys::derive;
use keys::digest::{hex, sha256};
use ledger::leaf::Class;
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use taxonomy::ConsentScope;
use zeroize::Zeroizing;

use super::TRAINING;
use crate::access::Permission;
use crate::accounts::Who;
use crate::change::{Change, Entry};
use crate::guard::row;
use crate::{StoreError, Tenant, day, id};

/// Days for which a snapshot is good at most. Our own figure: whoever takes a consent back is heard within a month at the latest, and the command's own choice is
/// a week.
pub const MAX_SNAPSHOT_DAYS: i64 = 31;

/// What a day is that never comes.
const NEVER: &str = "9999-12-31";

/// Rows of one question, so that a register of any size is read in bounded pieces.
const PAGE: i64 = 1_000;

/// What these rows are, in an error.
const WHAT: &str = "the register of consent";

/// A snapshot.
#[derive(Clone)]
pub struct Snapshot {
    /// The file.
    pub file: Vec<u8>,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// Persons in it.
    pub persons: u64,
    /// Those of them who said no.
    pub opted_out: u64,
}

/// The first line.
#[derive(Serialize)]
struct Header<'a> {
    format: u32,
    kind: &'static str,
    tenant: &'a str,
    purpose: &'static str,
    made: &'a str,
    until: &'a str,
    key: &'a str,
    persons: usize,
}

/// A further line.
#[derive(Debug, Default, Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    general: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitive: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    out: bool,
}

/// The line as it is written.
#[derive(Serialize)]
struct Row<'a> {
    person: &'a str,
    #[serde(flatten)]
    line: &'a Line,
}

impl Tenant {
    /// Makes a snapshot that is good from `today` to `until`, both `YYYY-MM-DD`, and records that it was made. Entry: `consent.snapshot`.
    ///
    /// # Errors
    /// Whoever asks may not, the days do not fit, or the name of somebody who said no cannot be found again: a snapshot without them would be a lie.
    pub async fn consent_snapshot(&self, who: &Who, today: &str, until: &str) -> Result<Snapshot, StoreError> {
        check_days(today, until)?;
        let standing = self.by_label(today).await?;
        let (secret, names) = (Zeroizing::new(id::random::<32>()?), self.names(&standing).await?);
        let lost = standing.iter().filter(|(label, line)| line.out && !names.contains_key(*label)).count();
        if lost > 0 {
            return Err(StoreError::Refused(format!(
                "{lost} persons said no before their names were kept, and cannot be named in a snapshot; set it again for each: `guiju person set USER --training out`"
            )));
        }
        let lines: BTreeMap<String, Line> = standing
            .into_iter()
            .filter_map(|(label, line)| Some((hex(&derive::tag_under(&secret, names.get(&label)?.as_bytes())), line)))
            .collect();
        let made = self.snapshot_file(&lines, today, until, &hex(&*secret))?;
        // Whoever may not gets nothing of it: here it is asked.
        self.record_snapshot(who, &made, today, until).await?;
        Ok(made)
    }

    fn snapshot_file(&self, lines: &BTreeMap<String, Line>, today: &str, until: &str, key: &str) -> Result<Snapshot, StoreError> {
        let wrong = |error: serde_json::Error| StoreError::damaged(WHAT, error);
        let (tenant, persons) = (self.id().as_str(), lines.len());
        let header = Header { format: 1, kind: "consent", tenant, purpose: TRAINING, made: today, until, key, persons };
        let mut file = serde_json::to_vec(&header).map_err(wrong)?;
        for (person, line) in lines {
            file.push(b'\n');
            serde_json::to_writer(&mut file, &Row { person, line }).map_err(wrong)?;
        }
        file.push(b'\n');
        let opted_out = lines.values().filter(|line| line.out).count() as u64;
        Ok(Snapshot { sha256: sha256(&file), file, persons: persons as u64, opted_out })
    }

    async fn record_snapshot(&self, who: &Who, made: &Snapshot, today: &str, until: &str) -> Result<(), StoreError> {
        let entry = Entry::new(Class::Privacy, "consent.snapshot", who.account().to_string()).with("purpose", TRAINING);
        let entry = entry.with("sha256", hex(&made.sha256)).with("persons", made.persons).with("opted_out", made.opted_out);
        let (entry, who) = (entry.with("made", today).with("until", until), who.clone());
        self.change(async move |change: &mut Change| {
            change.permit(&who, Permission::ConsentSnapshot).await?;
            change.record(entry)
        })
        .await?;
        Ok(())
    }

    /// What everybody agreed to, by label. Those who said no are read last: who says it meanwhile is among them.
    async fn by_label(&self, today: &str) -> Result<BTreeMap<String, Line>, StoreError> {
        let mut standing: BTreeMap<String, Line> = BTreeMap::new();
        let consents = "SELECT person, scope, expires FROM consent WHERE tenant = $1 AND purpose = 'training' AND withdrawn = '' AND (expires = '' OR expires >= $4)
                        AND (person > $2 OR (person = $2 AND scope > $3)) ORDER BY person, scope LIMIT $5";
        let mut last = (String::new(), String::new());
        loop {
            let (person, scope, day) = (last.0.clone(), last.1.clone(), today.to_owned());
            let found = self.rows(consents, |query| query.bind(person).bind(scope).bind(day).bind(PAGE)).await?;
            let Some(end) = found.last() else { break };
            last = (end.try_get(0)?, end.try_get(1)?);
            for row in &found {
                add(&mut standing, row)?;
            }
        }
        let opted_out =
            "SELECT whom FROM profile WHERE tenant = $1 AND kind = 'person' AND training = 'out' AND whom > $2 ORDER BY whom LIMIT $3";
        let mut last = String::new();
        loop {
            let after = last.clone();
            let found = self.rows(opted_out, |query| query.bind(after).bind(PAGE)).await?;
            let Some(end) = found.last() else { return Ok(standing) };
            last = end.try_get(0)?;
            for row in &found {
                standing.insert(row.try_get(0)?, Line { out: true, ..Line::default() });
            }
        }
    }

    /// The names of these persons, as far as they can be found again.
    async fn names(&self, wanted: &BTreeMap<String, Line>) -> Result<BTreeMap<String, Zeroizing<String>>, StoreError> {
        let sql =
            "SELECT n.person, n.entry, s.place, s.sealed FROM named_person n JOIN log_entry e ON e.tenant = n.tenant AND e.entry = n.entry
                   JOIN log_segment s ON s.tenant = e.tenant AND s.place = e.place AND s.segment = 1
                   WHERE n.tenant = $1 AND n.person > $2 ORDER BY n.person LIMIT $3";
        let (origin, mut names, mut last) = (self.head().await?.origin, BTreeMap::new(), String::new());
        loop {
            let after = last.clone();
            let found = self.rows(sql, |query| query.bind(after).bind(PAGE)).await?;
            let Some(end) = found.last() else { return Ok(names) };
            last = end.try_get(0)?;
            for row in &found {
                let label: String = row.try_get(0)?;
                if wanted.contains_key(&label)
                    && let Some(name) = self.name_in(&origin, row).await?
                {
                    names.insert(label, name);
                }
            }
        }
    }

    /// The name in the content of an entry; none where the person's key is gone.
    async fn name_in(&self, origin: &str, found: &AnyRow) -> Result<Option<Zeroizing<String>>, StoreError> {
        let (entry, place, sealed): (_, i64, Vec<u8>) = (row::entry(found, 1, WHAT)?, found.try_get(2)?, found.try_get(3)?);
        let Some(bytes) = self.unsealed(origin, entry, place, 1, &sealed).await? else { return Ok(None) };
        let content: Value = serde_json::from_slice(&bytes).map_err(|error| StoreError::damaged(WHAT, error))?;
        let name = content.get("person").and_then(Value::as_str);
        name.map(|name| Some(Zeroizing::new(name.to_owned())))
            .ok_or_else(|| StoreError::damaged(WHAT, format!("entry {entry} names nobody")))
    }
}

fn add(standing: &mut BTreeMap<String, Line>, found: &AnyRow) -> Result<(), StoreError> {
    let line = standing.entry(found.try_get(0)?).or_default();
    let until = day::maybe(found.try_get(2)?).unwrap_or_else(|| NEVER.to_owned());
    match row::word(found, 1, WHAT)? {
        ConsentScope::General => line.general = Some(until),
        ConsentScope::Sensitive => line.sensitive = Some(until),
    }
    Ok(())
}

fn check_days(today: &str, until: &str) -> Result<(), StoreError> {
    day::check("today", today)?;
    day::check("the last day of a snapshot", until)?;
    let days = |text: &str| text.parse::<jiff::civil::Date>().map_err(|error| StoreError::Refused(error.to_string()));
    let length = (days(until)? - days(today)?).get_days();
    if (0..=MAX_SNAPSHOT_DAYS).contains(&i64::from(length)) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("a snapshot is good for at most {MAX_SNAPSHOT_DAYS} days from today, not from {today} to {until}")))
}

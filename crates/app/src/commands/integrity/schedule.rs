//! A check that recurs: a job that asks for the next one when it is done.

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use indicatif::ProgressBar;
use ledger::leaf::Class;
use serde_json::{Value, json};
use store::access::Permission;
use store::{Change, Entry, Leased, NewJob, Tenant};

use super::What;
use super::check::{check, things};
use super::record::{Turn, record};
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;

/// The kind of the job.
pub(in crate::commands) const KIND: &str = "integrity.check";

/// Tries of one check: what fails so often needs a person, as the files themselves never make it fail.
const MOST_TRIES: u32 = 5;

/// Shortest interval: what takes longer to read than the time between would never end.
const LEAST_MS: i64 = 5 * 60_000;
/// Longest: a year, beyond which nothing is a check at intervals.
const MOST_MS: i64 = 366 * 86_400_000;

/// An interval: 30m, 12h, 1d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Every(i64);

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        let read =
            |(unit, ms): (&str, i64)| text.strip_suffix(unit)?.parse::<u32>().ok().map(|number| i64::from(number).saturating_mul(ms));
        let ms = units.into_iter().find_map(read).filter(|ms| (LEAST_MS..=MOST_MS).contains(ms));
        ms.map(Self).ok_or_else(|| format!("an interval is a number with m, h or d, from 5m to 366d; {text:?} is not"))
    }
}

/// Sets the interval in the place of one that was set before, or ends it.
pub(super) fn set(store: &StoreArgs, what: What, every: Option<Every>) -> Result<ExitCode> {
    let ended = at_desk("integrity check", store, async |desk| {
        // To have something run again and again is more than to check.
        desk.who.may(Permission::JobWork)?;
        let (who, by) = (desk.who.clone(), desk.by());
        let work = async move |change: &mut Change| {
            change.permit(&who, Permission::JobWork).await?;
            let ended = change.unschedule(KIND).await?;
            if let Some(every) = every {
                let due_ms = change.now_ms();
                change.enqueue(job(what, every, due_ms)).await?;
            }
            let entry = Entry::new(Class::Admin, "integrity.schedule", by).with("what", what.id());
            change.record(entry.with("every_ms", every.map(|every| every.0)))?;
            Ok(ended)
        };
        Ok(desk.tenant.change(work).await?.0)
    })?;
    match every {
        Some(_) => say!("{} are checked at this interval, for the first time as soon as `guiju job work` runs", what.id()),
        None => say!("{ended} checks that waited or ran are ended, and none follows"),
    }
    Ok(ExitCode::SUCCESS)
}

fn job(what: What, Every(every_ms): Every, due_ms: i64) -> NewJob {
    NewJob { kind: KIND, input: json!({ "what": what.id(), "every_ms": every_ms }), due_ms, most_tries: MOST_TRIES }
}

/// Does such a job, for as long as it takes; the lease is kept meanwhile. Says what came of it.
pub(in crate::commands) async fn work(tenant: &Tenant, leased: &Leased, lease_ms: i64) -> Result<String> {
    let (what, every) = read(&leased.input).context("the input of the job")?;
    let things = things(tenant, what).await?;
    let mut checking = tokio::task::spawn_blocking(move || check(&things, &ProgressBar::hidden()));
    let third = Duration::from_millis(lease_ms.unsigned_abs() / 3);
    let checked = loop {
        tokio::select! {
            checked = &mut checking => break checked?,
            () = tokio::time::sleep(third) => tenant.extend(leased, lease_ms).await?,
        }
    };
    let next = job(what, every, jiff::Timestamp::now().as_millisecond().saturating_add(every.0));
    let (files, differences) = (checked.files, checked.findings.len());
    record(tenant, &format!("job-{}", leased.job), what, &checked, Some(Turn { leased: leased.clone(), next })).await?;
    Ok(format!("{files} files, {differences} differences"))
}

fn read(input: &Value) -> Result<(What, Every)> {
    let what = input["what"].as_str().context("it does not say what")?;
    let every = input["every_ms"].as_i64().filter(|ms| (LEAST_MS..=MOST_MS).contains(ms)).context("it does not say how often")?;
    Ok((What::from_str(what, false).map_err(anyhow::Error::msg)?, Every(every)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_and_others_are_refused() {
        assert_eq!("1d".parse(), Ok(Every(86_400_000)));
        assert_eq!("5m".parse(), Ok(Every(300_000)));
        for text in ["", "d", "4m", "367d", "1", "1w", "-1d", "1.5h", "99999999999d"] {
            assert!(text.parse::<Every>().is_err(), "{text}");
        }
        let job = job(What::Lexicons, Every(300_000), 0);
        assert_eq!(read(&job.input).unwrap(), (What::Lexicons, Every(300_000)));
        assert!(read(&json!({})).is_err() && read(&json!({ "what": "all", "every_ms": 1 })).is_err());
    }
}

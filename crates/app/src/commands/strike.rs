//! `guiju strike`: how users stand under the published rules, and their appeals (GB/T 45654-2025, 7 e) 1)).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use gateway::setting::SettingError;
use gateway::strikes::{Rules, Standing};
use gateway::{minors, policy, rules};
use store::guard::Standing as Row;
use store::{Change, Class, Entry, StoreError};
use taxonomy::Lang;

use super::gate::at_desk;
use super::place::StoreArgs;
use super::time;

/// Strikes: how users stand, appeals, the published rules
#[derive(Subcommand)]
pub(crate) enum Strike {
    /// How a user stands
    Show(Who),
    /// Take all strikes and the suspension of a user back
    Lift {
        #[command(flatten)]
        who: Who,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Appeals that wait
    Appeals {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Take down what a user says against it
    Appeal {
        #[command(flatten)]
        who: Who,
        /// What the user says; sealed with the user's key
        #[arg(long)]
        text: String,
    },
    /// Decide an appeal
    Decide {
        #[command(flatten)]
        who: Who,
        /// grant or deny
        #[arg(value_parser = ["grant", "deny"])]
        decision: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// The rules as they are published
    Rules {
        /// zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
        /// Strike rules in place of the built-in ones (docs/formats/strikes.md)
        #[arg(long)]
        strikes: Option<PathBuf>,
        /// Rules on minors in place of the built-in ones (docs/formats/minors.md)
        #[arg(long)]
        minors: Option<PathBuf>,
    },
}

/// A user of the service
#[derive(Args)]
pub(crate) struct Who {
    #[command(flatten)]
    store: StoreArgs,
    /// The name that the service has for the user
    person: String,
}

pub(crate) fn run(command: &Strike) -> Result<ExitCode> {
    match command {
        Strike::Show(who) => {
            let standing = at_desk("strike show", &who.store, async |desk| {
                let label = desk.tenant.person_label(&who.person).await?;
                Ok(desk.tenant.standing(&label).await?)
            })?;
            print(&standing);
        }
        Strike::Lift { who, reason } => {
            let after = change("strike lift", who, "standing.lift", reason, |row, _| Ok(Standing::new(row.person.clone())))?;
            print(&after);
        }
        Strike::Appeals { store } => {
            at_desk("strike appeals", store, async |desk| Ok(desk.tenant.open_appeals().await?))?.iter().for_each(print);
        }
        Strike::Appeal { who, text } => appeal(who, text)?,
        Strike::Decide { who, decision, reason } => {
            let granted = decision == "grant";
            let after = change("strike decide", who, "appeal.decide", reason, move |row, _| {
                Standing::from(row).decide_appeal(granted).map_err(|error| StoreError::Refused(error.to_string()))
            })?;
            print(&after);
        }
        Strike::Rules { lang, strikes, minors } => print_rules(*lang, strikes.as_deref(), minors.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_rules(lang: Lang, strikes: Option<&Path>, minors: Option<&Path>) -> Result<()> {
    let policy = policy::Policy::built_in()?;
    let strikes = strikes.map_or_else(|| Ok(Rules::built_in()?), |path| read(path, Rules::parse))?;
    let minors = minors.map_or_else(|| Ok(minors::Rules::built_in()?), |path| read(path, minors::Rules::parse))?;
    say!("{}", rules::published(&strikes, &minors, policy.canned().appeal(lang), lang).markdown());
    Ok(())
}

/// Reads a file of rules.
fn read<T>(path: &Path, parse: fn(&str) -> Result<T, SettingError>) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

fn appeal(who: &Who, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        bail!("an appeal says something; put it into --text");
    }
    let after = at_desk("strike appeal", &who.store, async |desk| {
        let (by, label, now_ms) = (desk.by(), desk.tenant.person_label(&who.person).await?, desk.tenant.now());
        let (person, text) = (who.person.clone(), text.to_owned());
        let opened = desk.tenant.change(async move |change: &mut Change| {
            let row = change.standing(&label).await?;
            let after = Standing::from(&row).open_appeal(now_ms).map_err(|error| StoreError::Refused(error.to_string()))?;
            let entry = change.record(Entry::new(Class::Decision, "appeal.open", by).about(person, text))?;
            let after = Row { appeal_entry: Some(entry), ..after.onto(row) };
            change.set_standing(&after).await?;
            Ok(after)
        });
        Ok(opened.await?.0)
    })?;
    print(&after);
    Ok(())
}

/// Changes how a user stands, with its entry.
fn change(
    command: &'static str,
    who: &Who,
    what: &'static str,
    reason: &str,
    rule: impl FnOnce(&Row, i64) -> Result<Standing, StoreError> + Send + 'static,
) -> Result<Row> {
    at_desk(command, &who.store, async |desk| {
        let (by, label, reason, now_ms) = (desk.by(), desk.tenant.person_label(&who.person).await?, reason.to_owned(), desk.tenant.now());
        let person = who.person.clone();
        let changed = desk.tenant.change(async move |change: &mut Change| {
            let row = change.standing(&label).await?;
            let after = rule(&row, now_ms)?.onto(row);
            change.set_standing(&after).await?;
            // The person is named in what is sealed for them, so that an erasure takes it along.
            let entry = Entry::new(Class::Decision, what, by).with("reason", reason);
            change.record(entry.with("state", after.state.id()).with("appeal", after.appeal.id()).about(person, String::new()))?;
            Ok(after)
        });
        Ok(changed.await?.0)
    })
}

fn print(standing: &Row) {
    let until = if standing.until_ms > 0 { format!(" until {}", time(standing.until_ms)) } else { String::new() };
    say!("person {}", standing.person);
    say!("  {}{until}  {}", standing.state, standing.reason);
    say!("  {} in a row, {} kept, appeal: {}", standing.consecutive, standing.recent.len(), standing.appeal);
}

//! `guiju consent`: what users agreed to, who said no, and the snapshot that a corpus is joined with (docs/formats/consent.md).

mod import;
mod snapshot;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use store::consent::Consent as Row;
use store::guard::Training;
use taxonomy::ConsentScope;

use super::gate::at_desk;
use super::place::StoreArgs;
use super::{print_json, today};

/// Consent of users to training: import, show, take back, make a snapshot
#[derive(Subcommand)]
pub(crate) enum Consent {
    /// Import consents and opt-outs from JSON lines or CSV: all lines or none
    Import {
        #[command(flatten)]
        store: StoreArgs,
        /// .jsonl, .ndjson or .csv (docs/formats/consent.md)
        file: PathBuf,
    },
    /// How many consents there are, and the last that changed; users are not named
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// How many
        #[arg(long, default_value_t = 20)]
        most: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// How a user stands
    Show {
        #[command(flatten)]
        store: StoreArgs,
        /// The name that the service has for the user
        person: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a user's consent back; without a scope all of it, and the user is out of every export from now on
    Withdraw {
        #[command(flatten)]
        store: StoreArgs,
        /// The name that the service has for the user
        person: String,
        /// general or sensitive: only this consent
        #[arg(long)]
        scope: Option<ConsentScope>,
    },
    /// Write what everybody agreed to into a file that names nobody, for `guiju corpus apply --consent`
    Snapshot(snapshot::Args),
}

pub(crate) fn run(command: &Consent) -> Result<ExitCode> {
    match command {
        Consent::Import { store, file } => return import::run(store, file),
        Consent::List { store, most, json } => list(store, *most, *json)?,
        Consent::Show { store, person, json } => show(store, person, *json)?,
        Consent::Withdraw { store, person, scope } => withdraw(store, person, *scope)?,
        Consent::Snapshot(args) => snapshot::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(store: &StoreArgs, most: u32, json: bool) -> Result<()> {
    let (counts, consents) =
        at_desk("consent list", store, async |desk| Ok((desk.tenant.consent_counts(&today()).await?, desk.tenant.consents(most).await?)))?;
    if json {
        return print_json(&serde_json::json!({ "counts": counts, "consents": consents }));
    }
    say!("general {}, sensitive {}, over {}, opted out {}", counts.general, counts.sensitive, counts.over, counts.opted_out);
    consents.iter().for_each(line);
    Ok(())
}

fn show(store: &StoreArgs, person: &str, json: bool) -> Result<()> {
    let standing = at_desk("consent show", store, async |desk| Ok(desk.tenant.consents_of(person).await?))?;
    if json {
        return print_json(&standing);
    }
    let said = match standing.training {
        Training::Out => "said no: no row of theirs is used",
        Training::In => "said yes to training",
        Training::Unset => "said neither yes nor no to training",
    };
    say!("person {}: {said}", standing.person);
    standing.consents.iter().for_each(line);
    Ok(())
}

fn withdraw(store: &StoreArgs, person: &str, scope: Option<ConsentScope>) -> Result<()> {
    let consents =
        at_desk("consent withdraw", store, async |desk| Ok(desk.tenant.withdraw_consent(&desk.who, person, scope, &today()).await?))?;
    match scope {
        Some(scope) => say!("the {scope} consent is taken back"),
        None => say!("{consents} consents are taken back, and the user is out of every export from now on"),
    }
    say!("next: make a new snapshot for the data that is prepared now: `guiju consent snapshot --out FILE`");
    Ok(())
}

fn line(consent: &Row) {
    let until = consent.expires.as_deref().map(|day| format!(" until {day}")).unwrap_or_default();
    let gone = consent.withdrawn.as_deref().map(|day| format!(", taken back {day}")).unwrap_or_default();
    say!("{}  {:<9}  given {}{until}{gone}  {}", consent.person, consent.scope, consent.given, consent.basis);
}

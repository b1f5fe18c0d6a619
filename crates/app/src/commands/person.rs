//! `guiju person`: what is set for a user of the service: age, what a guardian set, whether what is said may be trained on.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use gateway::minors::Guardian;
use serde_json::Value;
use store::Change;
use store::guard::{Age, Profile, Training, Whom};

use super::gate::at_desk;
use super::place::StoreArgs;

/// Users of the service: age, guardian's settings, training opt-out
#[derive(Subcommand)]
pub(crate) enum Person {
    /// Set what is known or wanted; what is not named stays as it is
    Set {
        #[command(flatten)]
        who: Who,
        /// adult, minor or unknown
        #[arg(long)]
        age: Option<Age>,
        /// Year of birth
        #[arg(long)]
        born: Option<i64>,
        /// Whether what is said may be trained on: in, out or unset
        #[arg(long)]
        training: Option<Training>,
        /// File with what a guardian set, JSON (docs/formats/minors.md)
        #[arg(long)]
        guardian: Option<PathBuf>,
    },
    /// What is set
    Show(Who),
}

/// A user of the service
#[derive(Args)]
pub(crate) struct Who {
    #[command(flatten)]
    store: StoreArgs,
    /// The name that the service has for the user
    person: String,
}

pub(crate) fn run(command: &Person) -> Result<ExitCode> {
    match command {
        Person::Set { who, age, born, training, guardian } => {
            let settings = guardian.as_ref().map(|path| -> Result<Value> {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                let read: Guardian = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
                Ok(serde_json::to_value(read)?)
            });
            let settings = settings.transpose()?;
            let set = |profile: Profile| Profile {
                age: age.unwrap_or(profile.age),
                born: born.map(|year| (year, year)).or(profile.born),
                training: training.unwrap_or(profile.training),
                settings: settings.unwrap_or(profile.settings.clone()),
                ..profile
            };
            let profile = at_desk("person set", &who.store, async |desk| {
                let (by, name) = (desk.by(), who.person.clone());
                let whom = Whom::Person(desk.tenant.person_label(&name).await?);
                let profile = set(desk.tenant.profile(&whom).await?);
                let kept = profile.clone();
                desk.tenant.change(async move |change: &mut Change| change.set_profile(&by, &kept, Some(&name)).await).await?;
                Ok(profile)
            })?;
            print(&profile);
        }
        Person::Show(who) => {
            let profile = at_desk("person show", &who.store, async |desk| {
                Ok(desk.tenant.profile(&Whom::Person(desk.tenant.person_label(&who.person).await?)).await?)
            })?;
            print(&profile);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(profile: &Profile) {
    let born = profile.born.map_or_else(String::new, |(from, to)| format!(", born {from} to {to}"));
    say!("age {}{born}, training {}, guardian {}", profile.age, profile.training, profile.settings);
}

//! `guiju source`: the register of sources of training data (GB/T 45654-2025, 5.1; LN-6; LN-10.3-3).

mod assessed;
mod blacklist;
mod declare;
mod diversity;
mod document;
pub(crate) mod facts;
mod robots;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::Change;
use store::sources::SourceName;
use taxonomy::Lang;

use super::gate::at_desk;
use super::place::StoreArgs;

/// Sources of training data: register, document, review, block
#[derive(Subcommand)]
pub(crate) enum Source {
    /// Register a source before anything of it is collected
    Add(declare::Add),
    /// The sources, and how they stand
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// Only those on the blacklist, with the reasons
        #[arg(long)]
        blocked: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// All that is known of a source, its history, and what it still lacks
    Show {
        #[command(flatten)]
        one: One,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Language of what it lacks: zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// Change what is declared of a source; what is not named stays as it is
    Change(declare::Change),
    /// Hand in a document: licence, contract, collection record, crawl manifest and the like
    Document(document::Add),
    /// Write the file of a document, where it was kept
    File(document::Get),
    /// Review the documents of a source, as another person than those who brought them
    Review {
        #[command(flatten)]
        one: One,
        /// accept or refuse
        #[arg(value_parser = ["accept", "refuse"])]
        decision: String,
        /// What was found
        #[arg(long)]
        note: String,
    },
    /// Hold a crawl manifest against the robots rules stored with it; exit code 1 where something was off limits
    Robots(robots::Robots),
    /// Enter what `guiju corpus assess` or `verify` found; over the limit of 5 % the source goes on the blacklist, and the exit code is 1
    Assessed(assessed::Assessed),
    /// Put a source on the blacklist
    Block {
        #[command(flatten)]
        one: One,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take a source off the blacklist: propose it, and once another administrator has approved it, do it
    Unblock(blacklist::Unblock),
    /// How many sources there are of each language and modality, domestic and foreign, and what falls short
    Diversity {
        #[command(flatten)]
        store: StoreArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// A source
#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Its name
    name: SourceName,
}

pub(crate) fn run(command: &Source) -> Result<ExitCode> {
    match command {
        Source::Add(args) => declare::add(args)?,
        Source::Change(args) => declare::change(args)?,
        Source::List { store, blocked: false, json } => show::list(store, *json)?,
        Source::List { store, blocked: true, json } => blacklist::list(store, *json)?,
        Source::Show { one, json, lang } => show::show(one, *json, *lang)?,
        Source::Document(args) => document::add(args)?,
        Source::File(args) => document::get(args)?,
        Source::Review { one, decision, note } => review(one, decision == "accept", note)?,
        Source::Robots(args) => return robots::run(args),
        Source::Assessed(args) => return assessed::run(args),
        Source::Block { one, reason } => blacklist::block(one, reason)?,
        Source::Unblock(args) => blacklist::unblock(args)?,
        Source::Diversity { store, json } => diversity::print(store, *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn review(one: &One, accepted: bool, note: &str) -> Result<()> {
    at_desk("source review", &one.store, async |desk| {
        let (who, name, note) = (desk.who.clone(), one.name.clone(), note.to_owned());
        let work = async move |change: &mut Change| change.review_source(&who, &name, accepted, &note).await;
        Ok(desk.tenant.change(work).await?)
    })?;
    say!("{} is {}", one.name, if accepted { "reviewed and accepted" } else { "reviewed and refused" });
    Ok(())
}

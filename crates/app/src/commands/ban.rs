//! `guiju ban`: texts that are stopped at once, on every gateway within a second (Liaoning 10.3.2).

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use store::Change;
use store::guard::{Ban as Row, Direction, NewBan};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::span::span_ms;
use super::{print_json, time};

/// Ban rules: stop a text at once, on every gateway
#[derive(Subcommand)]
pub(crate) enum Ban {
    /// Stop a text; width, case, fillers and traditional characters do not get around it
    Add {
        #[command(flatten)]
        store: StoreArgs,
        /// What is stopped, at most 64 characters
        pattern: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Where: input, output or both
        #[arg(long, default_value = "both")]
        direction: Direction,
        /// For how long: 7d, 12h, 30m; without it until it is removed
        #[arg(long, value_parser = span_ms)]
        expires: Option<i64>,
    },
    /// What is stopped
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let it pass again
    Remove {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        ban: String,
    },
}

pub(crate) fn run(command: &Ban) -> Result<ExitCode> {
    match command {
        Ban::Add { store, pattern, reason, direction, expires } => add(store, pattern, reason, *direction, *expires)?,
        Ban::List { store, json } => list(store, *json)?,
        Ban::Remove { store, ban } => {
            at_desk("ban remove", store, async |desk| {
                let (by, ban) = (desk.by(), ban.clone());
                Ok(desk.tenant.change(async move |change: &mut Change| change.remove_ban(&by, &ban).await).await?)
            })?;
            say!("ban {ban} is removed");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add(store: &StoreArgs, pattern: &str, reason: &str, direction: Direction, expires: Option<i64>) -> Result<()> {
    gateway::check_ban(pattern)?;
    let ban = at_desk("ban add", store, async |desk| {
        let (by, now_ms) = (desk.by(), desk.tenant.now());
        let new = NewBan { pattern: pattern.to_owned(), direction, reason: reason.to_owned(), expires_ms: expires.map(|ms| now_ms + ms) };
        Ok(desk.tenant.change(async move |change: &mut Change| change.add_ban(&by, new).await).await?.0)
    })?;
    say!("ban {ban} is in force");
    Ok(())
}

fn list(store: &StoreArgs, json: bool) -> Result<()> {
    let bans = at_desk("ban list", store, async |desk| Ok(desk.tenant.bans().await?))?;
    if json {
        let rows = bans.iter().map(|ban| {
            serde_json::json!({"ban": ban.ban, "pattern": ban.pattern, "direction": ban.direction.id(), "reason": ban.reason, "by": ban.by,
                "created_ms": ban.created_ms, "expires_ms": ban.expires_ms})
        });
        return print_json(&rows.collect::<Vec<_>>());
    }
    bans.iter().for_each(line);
    Ok(())
}

fn line(ban: &Row) {
    let until = ban.expires_ms.map_or_else(|| "until it is removed".to_owned(), |ms| format!("until {}", time(ms)));
    say!("{}  {}  {}  {until}, by {}: {}", ban.ban, ban.direction, ban.pattern, ban.by, ban.reason);
}

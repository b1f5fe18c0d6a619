//! `guiju hold`: what waits for a person before it goes on (Liaoning 7.2 d).

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::guard::Ticket;
use store::{Change, EntryId, Secret};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::time;

/// Held requests and answers: look at them, release or refuse them
#[derive(Subcommand)]
pub(crate) enum Hold {
    /// What waits
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// What one holds
    Show(One),
    /// Let it go on
    Release(Decision),
    /// Refuse it
    Refuse(Decision),
}

/// One of those that wait
#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Its id, as `hold list` prints it
    ticket: EntryId,
}

/// A decision on one
#[derive(Args)]
pub(crate) struct Decision {
    #[command(flatten)]
    one: One,
    /// Why
    #[arg(long)]
    reason: String,
}

pub(crate) fn run(command: &Hold) -> Result<ExitCode> {
    match command {
        Hold::List { store } => {
            let waiting = at_desk("hold list", store, async |desk| Ok(desk.tenant.waiting_tickets().await?))?;
            waiting.iter().for_each(line);
        }
        Hold::Show(One { store, ticket }) => show(store, *ticket)?,
        Hold::Release(decision) => decide("hold release", decision, true)?,
        Hold::Refuse(decision) => decide("hold refuse", decision, false)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(store: &StoreArgs, ticket: EntryId) -> Result<()> {
    let body = at_desk("hold show", store, async |desk| Ok(desk.tenant.ticket_body(ticket).await?))?;
    match body {
        Secret::Open(bytes) => say!("{}", String::from_utf8_lossy(&bytes)),
        Secret::Gone => say!("gone: the person was erased"),
        Secret::None => say!("it holds nothing"),
    }
    Ok(())
}

fn decide(name: &'static str, decision: &Decision, release: bool) -> Result<()> {
    let (ticket, reason) = (decision.one.ticket, decision.reason.clone());
    at_desk(name, &decision.one.store, async |desk| {
        let by = desk.by();
        Ok(desk.tenant.change(async move |change: &mut Change| change.decide_ticket(&by, ticket, release, &reason).await).await?)
    })?;
    say!("{ticket} is {}", if release { "released" } else { "refused" });
    Ok(())
}

fn line(ticket: &Ticket) {
    say!(
        "{}  {}  since {}, until {}, of request {}",
        ticket.ticket,
        ticket.stage,
        time(ticket.created_ms),
        time(ticket.until_ms),
        ticket.request
    );
}

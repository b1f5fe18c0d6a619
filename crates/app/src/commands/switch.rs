//! `guiju switch`: the kill switch of a model, a route or the tenant. Two administrators must want it.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::Change;
use store::access::Permission;
use store::guard::{Scope, Toggle};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::time;

/// The kill switch: a model, a route or the tenant serves nothing until it is switched on again
#[derive(Subcommand)]
pub(crate) enum Switch {
    /// Propose to switch something off; another administrator approves
    Off(What),
    /// Propose to switch it on again
    On(What),
    /// In an emergency: switch something off at once and alone. It is on again after an hour unless another administrator approves
    BreakGlass {
        #[command(flatten)]
        what: What,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Do what was approved
    Execute {
        #[command(flatten)]
        what: What,
        /// Which way: off or on
        #[arg(long, value_parser = ["off", "on"])]
        way: String,
        /// The approval, as `switch off` printed it
        #[arg(long)]
        approval: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// What is off
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
}

/// What is switched
#[derive(Args)]
pub(crate) struct What {
    #[command(flatten)]
    store: StoreArgs,
    /// tenant, model or route
    scope: Scope,
    /// The model's name, or the route: /v1/chat/completions
    #[arg(default_value = "")]
    name: String,
}

impl What {
    fn toggle(&self, off: bool) -> Toggle {
        Toggle { scope: self.scope, name: self.name.clone(), off }
    }
}

pub(crate) fn run(command: &Switch) -> Result<ExitCode> {
    match command {
        Switch::Off(what) => propose("switch off", what, true)?,
        Switch::On(what) => propose("switch on", what, false)?,
        Switch::BreakGlass { what, reason } => break_glass(what, reason)?,
        Switch::Execute { what, way, approval, reason } => execute(what, way == "off", approval, reason)?,
        Switch::List { store } => {
            for switch in at_desk("switch list", store, async |desk| Ok(desk.tenant.switches().await?))? {
                let until = switch.expires_ms.map(|end| format!(" alone, until {} unless another administrator approves", time(end)));
                let (by, until) = (switch.by, until.unwrap_or_default());
                say!("{} {}  off since {}, by {by}{until}: {}", switch.scope, switch.name, time(switch.since_ms), switch.reason);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(name: &'static str, what: &What, off: bool) -> Result<()> {
    let object = what.toggle(off).object();
    let approval =
        at_desk(name, &what.store, async |desk| Ok(desk.accounts().propose(&desk.who, Permission::KillSwitch, &object).await?))?;
    say!("{approval} is proposed: {object}");
    say!("next: another administrator runs `guiju approval approve {approval}`, then `guiju switch execute`");
    Ok(())
}

fn break_glass(what: &What, reason: &str) -> Result<()> {
    let toggle = what.toggle(true);
    let object = toggle.object();
    let broken = at_desk("switch break-glass", &what.store, async |desk| {
        let (who, reason) = (desk.who.clone(), reason.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| Ok(change.break_glass(&who, &toggle, &reason).await?)).await?.0)
    })?;
    say!("done: {object}, by you alone, until {}", time(broken.expires_ms));
    say!(
        "next: another administrator runs `guiju approval approve {}`, then `guiju switch execute`; else it is on again then",
        broken.approval
    );
    Ok(())
}

fn execute(what: &What, off: bool, approval: &str, reason: &str) -> Result<()> {
    let toggle = what.toggle(off);
    let object = toggle.object();
    at_desk("switch execute", &what.store, async |desk| {
        let (who, approval, reason) = (desk.who.clone(), approval.to_owned(), reason.to_owned());
        let work = async move |change: &mut Change| Ok(change.switch_approved(&who, &approval, &toggle, &reason).await?);
        Ok(desk.tenant.change(work).await?)
    })?;
    say!("done: {object}");
    Ok(())
}

//! `guiju source block`, `unblock`, `list --blocked`: the blacklist (LN-10.3-3).

use anyhow::{Result, bail};
use clap::Args;
use store::Change;
use store::access::Permission;

use super::One;
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::{pad, print_json, time};

#[derive(Args)]
pub(crate) struct Unblock {
    #[command(flatten)]
    one: One,
    /// The approval, as this command printed it; without it, it is proposed
    #[arg(long, requires = "reason")]
    approval: Option<String>,
    /// Why it may be used again
    #[arg(long)]
    reason: Option<String>,
}

pub(super) fn block(one: &One, reason: &str) -> Result<()> {
    at_desk("source block", &one.store, async |desk| {
        let (who, name, reason) = (desk.who.clone(), one.name.clone(), reason.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| change.block_source(&who, &name, &reason).await).await?)
    })?;
    say!("{} is on the blacklist, and takes nothing from now on", one.name);
    Ok(())
}

pub(super) fn unblock(args: &Unblock) -> Result<()> {
    match (&args.approval, &args.reason) {
        (None, _) => propose(&args.one),
        (Some(approval), Some(reason)) => execute(&args.one, approval, reason),
        (Some(_), None) => bail!("say why with --reason"),
    }
}

fn propose(one: &One) -> Result<()> {
    let approval = at_desk("source unblock", &one.store, async |desk| {
        let object = desk.tenant.unblock_object(&one.name).await?;
        Ok(desk.accounts().propose(&desk.who, Permission::SourceUnblock, &object).await?)
    })?;
    say!("{approval} is proposed");
    say!(
        "next: another administrator runs `guiju approval approve {approval}`, then `guiju source unblock {} --approval {approval} --reason …`",
        one.name
    );
    Ok(())
}

fn execute(one: &One, approval: &str, reason: &str) -> Result<()> {
    at_desk("source unblock", &one.store, async |desk| {
        let (who, name, approval, reason) = (desk.who.clone(), one.name.clone(), approval.to_owned(), reason.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| change.unblock_source(&who, &approval, &name, &reason).await).await?)
    })?;
    say!("{} is off the blacklist; assess it anew before it is used", one.name);
    Ok(())
}

pub(super) fn list(store: &StoreArgs, json: bool) -> Result<()> {
    let blocks = at_desk("source list", store, async |desk| Ok(desk.tenant.blacklist().await?))?;
    if json {
        return print_json(&blocks);
    }
    for block in &blocks {
        say!("{} since {}, by {}: {}", pad(block.name.as_str(), 24), time(block.made.ms), block.made.by, block.reason);
    }
    Ok(())
}

//! `guiju approval`: acts that need two of the three administrators. Executing what was approved belongs to the command of the act.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::access::{ApprovalStage, Permission};
use store::accounts::OpenApproval;

use super::gate::at_desk;
use super::place::StoreArgs;
use super::time;

/// Acts that need two administrators: propose, approve, refuse
#[derive(Subcommand)]
pub(crate) enum Approval {
    /// Propose an act on an object
    Propose {
        #[command(flatten)]
        store: StoreArgs,
        /// The act, a permission as `guiju role matrix` prints it: key.destroy
        act: Permission,
        /// What it is done to, and all that matters of it, by ids: it goes into the ledger as it stands here, and only the very same is executed
        object: String,
    },
    /// What waits to be approved or executed
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Approve what another administrator proposed
    Approve(One),
    /// Refuse it, or withdraw one's own
    Refuse(One),
}

/// One of those that wait
#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Its id, as `approval list` prints it
    approval: String,
}

pub(crate) fn run(command: &Approval) -> Result<ExitCode> {
    match command {
        Approval::Propose { store, act, object } => propose(store, *act, object)?,
        Approval::List { store } => {
            let open = at_desk("approval list", store, async |desk| Ok(desk.accounts().open_approvals(&desk.who).await?))?;
            open.iter().for_each(line);
        }
        Approval::Approve(One { store, approval }) => {
            at_desk("approval approve", store, async |desk| Ok(desk.accounts().approve(&desk.who, approval).await?))?;
            say!("{approval} is approved; whoever proposed it may execute it now");
        }
        Approval::Refuse(One { store, approval }) => {
            at_desk("approval refuse", store, async |desk| Ok(desk.accounts().refuse(&desk.who, approval).await?))?;
            say!("{approval} is refused");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn propose(store: &StoreArgs, act: Permission, object: &str) -> Result<()> {
    let approval = at_desk("approval propose", store, async |desk| Ok(desk.accounts().propose(&desk.who, act, object).await?))?;
    say!("{approval} is proposed");
    say!("next: another administrator runs `guiju approval approve {approval}`");
    Ok(())
}

fn line(open: &OpenApproval) {
    let OpenApproval { approval, state } = open;
    let stage = match state.stage() {
        ApprovalStage::Proposed => "waits for approval".to_owned(),
        ApprovalStage::Approved { by, .. } => format!("approved by person {by}"),
        // The store lists neither.
        ApprovalStage::Refused { .. } | ApprovalStage::Executed { .. } => "finished".to_owned(),
    };
    let (act, object, proposer, until) = (state.act(), state.object(), state.proposer(), time(state.expires_ms()));
    say!("{approval}  {act} {object:?}  proposed by person {proposer}, {stage}, until {until}");
}

//! `guiju job work`: a worker. It takes the job that waits longest, does it, and takes the next; what fails waits for another try, or is dead.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use store::access::Permission;
use store::{Change, Leased};

use crate::commands::gate::{Desk, at_desk};
use crate::commands::place::StoreArgs;
use crate::commands::{exit, integrity};

/// Time of a lease: a worker that died is followed by another after a minute.
const LEASE_MS: i64 = 60_000;

/// Wait where there is nothing to do: no job here is asked for by somebody who waits for it.
const IDLE: Duration = Duration::from_secs(5);

pub(super) fn work(store: &StoreArgs, once: bool) -> Result<ExitCode> {
    let failed = at_desk("job work", store, async |desk| {
        let mut failed = 0_u32;
        loop {
            // A worker outlives its token, and a role can be revoked.
            desk.again(store).await?.may(Permission::JobWork)?;
            match desk.tenant.lease(LEASE_MS).await? {
                Some(leased) => failed += u32::from(!one(desk, &leased).await),
                None if once => return Ok(failed),
                None => tokio::time::sleep(IDLE).await,
            }
        }
    })?;
    Ok(exit(failed == 0))
}

/// Does a job, and says whether it could be done.
async fn one(desk: &Desk<'_>, leased: &Leased) -> bool {
    let error = match done(desk, leased).await {
        Ok(said) => {
            say!("{} {}: {said}", leased.job, leased.kind);
            return true;
        }
        Err(error) => error,
    };
    say!("{} {} failed: {error:#}", leased.job, leased.kind);
    let (held, why) = (leased.clone(), format!("{error:#}"));
    // Where the lease has ended, the job is another's, or was ended by a person: no reason for a worker to stop.
    if let Err(error) = desk.tenant.change(async move |change: &mut Change| change.fail(&held, &why).await).await {
        say!("{} is not given back: {error}", leased.job);
    }
    false
}

/// The kinds of jobs.
async fn done(desk: &Desk<'_>, leased: &Leased) -> Result<String> {
    match leased.kind.as_str() {
        integrity::KIND => integrity::work(&desk.tenant, leased, LEASE_MS).await,
        other => Err(anyhow!("this version of guiju knows no job '{other}'; a newer one may have asked for it")),
    }
}

//! The first start: whoever controls the machine begins it, and three persons become the three administrators. Until it is finished nobody signs in.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use store::access::{CEREMONY_MS, Role};
use store::accounts::AccountId;

use super::{account_id, show_second_factor};
use crate::commands::gate::{at_door, token, write_secret};
use crate::commands::passphrase;
use crate::commands::place::StoreArgs;

/// What is missing where no bootstrap token is shown.
const WANTED: &str = "this takes the bootstrap token of `guiju user start`";

/// Begin the first start
#[derive(Args)]
pub(crate) struct Start {
    #[command(flatten)]
    store: StoreArgs,
    /// New file for the bootstrap token; without it the token is printed
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Appoint one of the three
#[derive(Args)]
pub(crate) struct Appoint {
    #[command(flatten)]
    store: StoreArgs,
    /// Which administrator: system, security or audit
    #[arg(long)]
    seat: Role,
    /// Name of the person
    #[arg(long)]
    name: String,
    /// Name to sign in with: letters a-z, digits and .-_@
    #[arg(long)]
    login: String,
    /// File with the password, at least 12 characters
    #[arg(long)]
    password_file: PathBuf,
}

/// Confirm a second factor
#[derive(Args)]
pub(crate) struct Enrol {
    #[command(flatten)]
    store: StoreArgs,
    /// The account, as `appoint` printed it
    #[arg(long, value_parser = account_id)]
    account: AccountId,
    /// The six digits that the authenticator app shows
    #[arg(long)]
    code: String,
}

pub(super) fn start(command: &Start) -> Result<ExitCode> {
    let begin = || at_door("user start", &command.store, async |tenant| Ok(tenant.accounts().begin_ceremony().await?));
    match &command.out {
        Some(path) => {
            write_secret(path, || Ok((begin()?, ())))?;
            say!("the bootstrap token is in {}", path.display());
        }
        None => say!("bootstrap token, shown this once: {}", *begin()?.text()),
    }
    say!(
        "It appoints the three administrators within {} hours and is then worth nothing. If it is lost, begin anew.",
        CEREMONY_MS / 3_600_000
    );
    say!("next: `guiju user appoint --seat system --name NAME --login LOGIN --password-file FILE`, then security and audit");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn appoint(command: &Appoint) -> Result<ExitCode> {
    let Appoint { store, seat, name, login, password_file } = command;
    let (token, password) = (token(store.token_file.as_deref(), WANTED)?, passphrase(password_file)?);
    let (appointed, tenant) = at_door("user appoint", store, async |tenant| {
        let appointed = tenant.accounts().appoint(&token, *seat, name, login, &password).await?;
        Ok((appointed, tenant.id().clone()))
    })?;
    say!("{} of person {}, the {seat} administrator", appointed.account, appointed.person);
    show_second_factor(&appointed.second_factor, &tenant, login);
    say!("next: `guiju user enrol --account {} --code CODE`", appointed.account);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn enrol(command: &Enrol) -> Result<ExitCode> {
    let Enrol { store, account, code } = command;
    let token = token(store.token_file.as_deref(), WANTED)?;
    at_door("user enrol", store, async |tenant| Ok(tenant.accounts().enrol(&token, *account, code).await?))?;
    say!("{account} has its second factor; once the three have theirs, `guiju user finish`");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn finish(store: &StoreArgs) -> Result<ExitCode> {
    let token = token(store.token_file.as_deref(), WANTED)?;
    at_door("user finish", store, async |tenant| Ok(tenant.accounts().finish_ceremony(&token).await?))?;
    say!("the three administrators are in office, and the bootstrap token is worth nothing now");
    say!("next: `guiju user sign-in LOGIN --password-file FILE --code CODE --out FILE`");
    Ok(ExitCode::SUCCESS)
}

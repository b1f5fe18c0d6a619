//! What everyone does with their own account: accept it, sign in and out, change the password and the second factor.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use store::access::STEP_UP_MS;
use store::accounts::{AccountError, Who};

use super::{ids, show_second_factor};
use crate::commands::gate::{at_desk, at_door, read_token, token, write_secret};
use crate::commands::passphrase;
use crate::commands::place::StoreArgs;

/// Sign in
#[derive(Args)]
pub(crate) struct SignIn {
    #[command(flatten)]
    store: StoreArgs,
    /// Name to sign in with
    login: String,
    /// File with the password
    #[arg(long)]
    password_file: PathBuf,
    /// The six digits that the authenticator app shows, where the account has a second factor
    #[arg(long)]
    code: Option<String>,
    /// New file for the session
    #[arg(long)]
    out: PathBuf,
}

/// Accept an account
#[derive(Args)]
pub(crate) struct Accept {
    #[command(flatten)]
    store: StoreArgs,
    /// File with the invitation
    #[arg(long)]
    invitation_file: PathBuf,
    /// File with the password that you choose, at least 12 characters
    #[arg(long)]
    password_file: PathBuf,
}

/// Change one's password
#[derive(Args)]
pub(crate) struct Password {
    #[command(flatten)]
    store: StoreArgs,
    /// File with the present password
    #[arg(long)]
    old_file: PathBuf,
    /// File with the new one, at least 12 characters
    #[arg(long)]
    new_file: PathBuf,
}

/// One's second factor
#[derive(Subcommand)]
pub(crate) enum SecondFactor {
    /// Get a new one, shown once; the one before it goes on until this is confirmed
    Offer {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Confirm it by a code; other sessions of the account end
    Confirm {
        #[command(flatten)]
        store: StoreArgs,
        /// The six digits that the authenticator app shows for the new one
        #[arg(long)]
        code: String,
    },
}

pub(super) fn sign_in(command: &SignIn) -> Result<ExitCode> {
    let SignIn { store, login, password_file, code, out } = command;
    let password = passphrase(password_file)?;
    write_secret(out, || {
        at_door("user sign-in", store, async |tenant| Ok((tenant.accounts().sign_in(login, &password, code.as_deref()).await?, ())))
    })?;
    say!("signed in; the session is in {}: name it with `--token-file`, or in GUIJU_TOKEN_FILE", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Ends the session and removes its file: nothing else is removed, since an invitation or an API token could not be had again.
pub(super) fn sign_out(store: &StoreArgs) -> Result<ExitCode> {
    let session = token(store.token_file.as_deref(), "which session?")?;
    at_door("user sign-out", store, async |tenant| {
        let accounts = tenant.accounts();
        match accounts.session(&session).await {
            Ok(_) | Err(AccountError::SessionOver(_)) => Ok(accounts.sign_out(&session).await?),
            Err(AccountError::NotKnown) => {
                bail!("this is no session, or one that has ended; delete its file yourself if it holds nothing else")
            }
            Err(other) => Err(other.into()),
        }
    })?;
    if let Some(path) = &store.token_file {
        std::fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    say!("signed out");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn step_up(store: &StoreArgs, code: &str) -> Result<ExitCode> {
    at_desk("user step-up", store, async |desk| Ok(desk.accounts().step_up(&desk.who, code).await?))?;
    say!("the second factor counts as fresh for {} minutes", STEP_UP_MS / 60_000);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn who(store: &StoreArgs) -> Result<ExitCode> {
    let who = at_desk("user who", store, async |desk| Ok(desk.who.clone()))?;
    say!("account        {}", who.account());
    say!("person         {}", who.person());
    say!("roles          {}", ids(who.roles()));
    say!("{}", shown(&who));
    Ok(ExitCode::SUCCESS)
}

fn shown(who: &Who) -> String {
    match who.scopes() {
        Some(scopes) => {
            format!("API token for  {}", scopes.iter().map(|scope| scope.id()).collect::<Vec<_>>().join(", "))
        }
        None if who.step_up_fresh() => "second factor  fresh".to_owned(),
        None => "second factor  not fresh; `guiju user step-up --code CODE` shows it again".to_owned(),
    }
}

pub(super) fn accept(command: &Accept) -> Result<ExitCode> {
    let Accept { store, invitation_file, password_file } = command;
    let (invitation, password) = (read_token(invitation_file)?, passphrase(password_file)?);
    let account = at_door("user accept", store, async |tenant| Ok(tenant.accounts().accept(&invitation, &password).await?))?;
    say!("{account} is yours, and the invitation is worth nothing now; tell the security administrator the number, who grants roles");
    say!("next: `guiju user sign-in`, then `guiju user second-factor offer`");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn password(command: &Password) -> Result<ExitCode> {
    let Password { store, old_file, new_file } = command;
    let (old, new) = (passphrase(old_file)?, passphrase(new_file)?);
    at_desk("user password", store, async |desk| Ok(desk.accounts().change_password(&desk.who, &old, &new).await?))?;
    say!("the password is changed, and other sessions of the account have ended");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn second_factor(command: &SecondFactor) -> Result<ExitCode> {
    match command {
        SecondFactor::Offer { store } => {
            let (secret, tenant, account) = at_desk("user second-factor offer", store, async |desk| {
                Ok((desk.accounts().offer_second_factor(&desk.who).await?, desk.tenant.id().clone(), desk.by()))
            })?;
            show_second_factor(&secret, &tenant, &account);
            say!("next: `guiju user second-factor confirm --code CODE`");
        }
        SecondFactor::Confirm { store, code } => {
            at_desk("user second-factor confirm", store, async |desk| Ok(desk.accounts().confirm_second_factor(&desk.who, code).await?))?;
            say!("the second factor is confirmed, and other sessions of the account have ended");
        }
    }
    Ok(ExitCode::SUCCESS)
}

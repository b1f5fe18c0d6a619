//! `guiju user`: the first start, one's own account, and the accounts of others.
//!
//! Passwords and tokens come from files. A code of a second factor may stand on the command line: it is good once, and for a minute.

mod first_start;
mod own;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use keys::totp::TotpSecret;
use serde_json::{Value, json};
use store::TenantId;
use store::access::{PersonId, Role, Roles};
use store::accounts::{Account, AccountId, AccountState, Accounts, INVITATION_MS, Invited, MAX_LISTED, Owner, Who};

use super::gate::{at_desk, write_secret};
use super::place::StoreArgs;
use super::{pad, print_json, time};

/// Users: the first start, signing in, accounts
#[derive(Subcommand)]
pub(crate) enum User {
    /// First start: begin it, or begin it anew; gives the bootstrap token, shown once
    Start(first_start::Start),
    /// First start: appoint one of the three administrators; shows their second factor once
    Appoint(first_start::Appoint),
    /// First start: confirm a second factor by a code
    Enrol(first_start::Enrol),
    /// First start: end it; the three are in office
    Finish {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Sign in; the session is written into a file
    SignIn(own::SignIn),
    /// End the session and remove its file
    SignOut {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Show the second factor again, for acts that need it afresh
    StepUp {
        #[command(flatten)]
        store: StoreArgs,
        /// The six digits that the authenticator app shows
        #[arg(long)]
        code: String,
    },
    /// Who is asking: account, roles, and whether the second factor is fresh
    Who {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Accept an account with its invitation, and choose its password
    Accept(own::Accept),
    /// Change one's password; other sessions end
    Password(own::Password),
    /// Get and confirm a second factor
    #[command(subcommand)]
    SecondFactor(own::SecondFactor),
    /// Create an empty account; gives its invitation, shown once
    Create {
        #[command(flatten)]
        store: StoreArgs,
        /// Name to sign in with: letters a-z, digits and .-_@
        #[arg(long)]
        login: String,
        /// Name of the person, who has no account yet
        #[arg(long, required_unless_present = "person")]
        name: Option<String>,
        /// The person by number, who has or had another account
        #[arg(long, conflicts_with = "name")]
        person: Option<i64>,
        /// New file for the invitation; without it the invitation is printed
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// All accounts with their roles
    List {
        #[command(flatten)]
        store: StoreArgs,
        #[arg(long, help = "As JSON")]
        json: bool,
    },
    /// Disable an account for good: its sessions, tokens and roles go at once
    Disable {
        #[command(flatten)]
        store: StoreArgs,
        /// The account: account-7, or 7
        #[arg(value_parser = account_id)]
        account: AccountId,
    },
    /// Lift the lock that failed sign-ins put on an account
    Unlock {
        #[command(flatten)]
        store: StoreArgs,
        /// The account: account-7, or 7
        #[arg(value_parser = account_id)]
        account: AccountId,
    },
    /// End all sessions of an account
    EndSessions {
        #[command(flatten)]
        store: StoreArgs,
        /// The account: account-7, or 7
        #[arg(value_parser = account_id)]
        account: AccountId,
    },
}

pub(crate) fn run(command: &User) -> Result<ExitCode> {
    match command {
        User::Start(command) => first_start::start(command),
        User::Appoint(command) => first_start::appoint(command),
        User::Enrol(command) => first_start::enrol(command),
        User::Finish { store } => first_start::finish(store),
        User::SignIn(command) => own::sign_in(command),
        User::SignOut { store } => own::sign_out(store),
        User::StepUp { store, code } => own::step_up(store, code),
        User::Who { store } => own::who(store),
        User::Accept(command) => own::accept(command),
        User::Password(command) => own::password(command),
        User::SecondFactor(command) => own::second_factor(command),
        User::Create { store, login, name, person, out } => create(store, login, owner(name.as_deref(), *person)?, out.as_deref()),
        User::List { store, json } => list(store, *json),
        User::Disable { store, account } => disable(store, *account),
        User::Unlock { store, account } => unlock(store, *account),
        User::EndSessions { store, account } => end_sessions(store, *account),
    }
}

/// An account as it is printed, or its number.
pub(super) fn account_id(text: &str) -> Result<AccountId, String> {
    let number = text.strip_prefix("account-").unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number.map(AccountId).ok_or_else(|| "an account is named as `guiju user list` prints it: account-7".to_owned())
}

/// The ids of roles, for a line.
fn ids(roles: Roles) -> String {
    if roles.is_empty() { "none".to_owned() } else { roles.iter().map(Role::id).collect::<Vec<_>>().join(", ") }
}

fn show_second_factor(secret: &TotpSecret, tenant: &TenantId, account: &str) {
    say!("second factor, shown this once; take it into an authenticator app, as a QR code or by hand:");
    say!("{}", *secret.uri(&format!("guiju {tenant}"), account));
}

fn owner(name: Option<&str>, person: Option<i64>) -> Result<Owner> {
    let known = person.map(|person| Owner::Known(PersonId(person)));
    known.or_else(|| name.map(|name| Owner::New(name.to_owned()))).context("whose is it? `--name`, or `--person` for somebody who is known")
}

fn create(store: &StoreArgs, login: &str, owner: Owner, out: Option<&Path>) -> Result<ExitCode> {
    let create = || at_desk("user create", store, async |desk| Ok(desk.accounts().create(&desk.who, owner, login).await?));
    let whose = |account, person| say!("{account} of person {person}, which can do nothing yet");
    match out {
        Some(path) => {
            let (account, person) = write_secret(path, || {
                let Invited { account, person, invitation } = create()?;
                Ok((invitation, (account, person)))
            })?;
            whose(account, person);
            say!("the invitation is in {}", path.display());
        }
        None => {
            let Invited { account, person, invitation } = create()?;
            whose(account, person);
            say!("invitation, shown this once: {}", *invitation.text());
        }
    }
    say!(
        "next: within {} days its owner runs `guiju user accept`; then the security administrator grants a role",
        INVITATION_MS / 86_400_000
    );
    Ok(ExitCode::SUCCESS)
}

fn list(store: &StoreArgs, json: bool) -> Result<ExitCode> {
    let accounts = at_desk("user list", store, async |desk| all(&desk.accounts(), &desk.who).await)?;
    if json {
        print_json(&accounts.iter().map(value).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    accounts.iter().for_each(line);
    Ok(ExitCode::SUCCESS)
}

/// The store gives a page at a time.
async fn all(accounts: &Accounts, who: &Who) -> Result<Vec<Account>> {
    let mut all: Vec<Account> = Vec::new();
    loop {
        let page = accounts.list(who, all.last().map_or(AccountId(0), |account| account.account)).await?;
        let full = page.len() == MAX_LISTED;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

fn line(account: &Account) {
    let mut notes = Vec::new();
    if !account.accepted && !account.disabled {
        notes.push("not accepted".to_owned());
    }
    if account.second_factor {
        notes.push("two factors".to_owned());
    }
    if account.failures > 0 {
        notes.push(format!("{} failed sign-ins", account.failures));
    }
    let (id, person, login, name) = (account.account.to_string(), account.person, pad(&account.login, 16), pad(&account.name, 16));
    say!("{id:<12} person {person:<5} {login} {name} {:<9} {}  {}", state(account), pad(&ids(account.roles), 28), notes.join(", "));
}

fn state(account: &Account) -> &'static str {
    match account.state() {
        AccountState::Empty => "empty",
        AccountState::Active => "active",
        AccountState::Disabled => "disabled",
    }
}

fn value(account: &Account) -> Value {
    json!({
        "account": account.account.to_string(),
        "person": account.person,
        "login": account.login,
        "name": account.name,
        "state": state(account),
        "roles": account.roles,
        "accepted": account.accepted,
        "second_factor": account.second_factor,
        "failures": account.failures,
        "created": time(account.created_ms),
    })
}

fn disable(store: &StoreArgs, account: AccountId) -> Result<ExitCode> {
    at_desk("user disable", store, async |desk| Ok(desk.accounts().disable(&desk.who, account).await?))?;
    say!("{account} is disabled for good; its sessions, tokens and roles are gone");
    Ok(ExitCode::SUCCESS)
}

fn unlock(store: &StoreArgs, account: AccountId) -> Result<ExitCode> {
    at_desk("user unlock", store, async |desk| Ok(desk.accounts().unlock(&desk.who, account).await?))?;
    say!("{account} may sign in again");
    Ok(ExitCode::SUCCESS)
}

fn end_sessions(store: &StoreArgs, account: AccountId) -> Result<ExitCode> {
    let ended = at_desk("user end-sessions", store, async |desk| Ok(desk.accounts().end_sessions(&desk.who, account).await?))?;
    say!("{ended} sessions of {account} ended");
    Ok(ExitCode::SUCCESS)
}

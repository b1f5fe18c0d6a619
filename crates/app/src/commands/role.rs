//! `guiju role`: who may do what, and who is what. What the roles are stands in the program; who holds them stands in the store.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::access::{Role as Held, job_description, matrix};
use store::accounts::AccountId;
use taxonomy::Lang;

use super::gate::at_desk;
use super::pad;
use super::place::StoreArgs;
use super::user::account_id;

/// Roles: who may do what; grant and revoke
#[derive(Subcommand)]
pub(crate) enum Role {
    /// The roles, and what each is there for
    List {
        /// Language: zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// The permission matrix: which role may do what
    Matrix {
        /// Language: zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// The job description of a role
    Describe {
        /// The role, as `role list` prints it
        role: Held,
        /// Language: zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// Grant a role to the owner of an account
    Grant(Change),
    /// Revoke a role that was granted through an account
    Revoke(Change),
}

/// What is granted or revoked
#[derive(Args)]
pub(crate) struct Change {
    #[command(flatten)]
    store: StoreArgs,
    /// The account: account-7, or 7
    #[arg(value_parser = account_id)]
    account: AccountId,
    /// The role, as `role list` prints it
    role: Held,
}

pub(crate) fn run(command: &Role) -> Result<ExitCode> {
    match command {
        Role::List { lang } => list(*lang),
        Role::Matrix { lang } => say!("{}", matrix().markdown(*lang).trim_end()),
        Role::Describe { role, lang } => say!("{}", job_description(*role, *lang).trim_end()),
        Role::Grant(Change { store, account, role }) => {
            at_desk("role grant", store, async |desk| Ok(desk.accounts().grant(&desk.who, *account, *role).await?))?;
            say!("{account} has the role {role}");
        }
        Role::Revoke(Change { store, account, role }) => {
            at_desk("role revoke", store, async |desk| Ok(desk.accounts().revoke(&desk.who, *account, *role).await?))?;
            say!("{account} has the role {role} no more");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(lang: Lang) {
    for role in Held::ALL {
        say!("{role:<16} {} {}", pad(role.title(lang), 23), role.job(lang));
    }
}

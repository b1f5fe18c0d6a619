//! `guiju token`: API tokens of programs. The security administrator issues one, its owner collects the secret: whoever issues never holds what acts in
//! another's name.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use store::access::Permission;
use store::accounts::{AccountId, IssuedToken, NewToken};

use super::gate::{at_desk, write_secret};
use super::place::StoreArgs;
use super::user::account_id;
use super::{pad, time};

/// API tokens of programs: issue, collect, revoke
#[derive(Subcommand)]
pub(crate) enum Token {
    /// Issue a token for an account; its owner collects it
    Issue {
        #[command(flatten)]
        store: StoreArgs,
        /// For whom it acts: account-7, or 7
        #[arg(long, value_parser = account_id)]
        account: AccountId,
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do, one permission or more, as `guiju role matrix` prints them; it never does more than the account may
        #[arg(long, required = true, num_args = 1..)]
        scope: Vec<Permission>,
        /// How long it works, in days, at most 365
        #[arg(long)]
        days: u16,
    },
    /// Collect the secret of a token that was issued for oneself; works once
    Collect {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        token: String,
        /// New file for the token
        #[arg(long)]
        out: PathBuf,
    },
    /// The tokens of an account
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// The account; without it one's own
        #[arg(long, value_parser = account_id)]
        account: Option<AccountId>,
    },
    /// Revoke a token
    Revoke {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        token: String,
    },
}

pub(crate) fn run(command: &Token) -> Result<ExitCode> {
    match command {
        Token::Issue { store, account, name, scope, days } => {
            let expires_ms = jiff::Timestamp::now().as_millisecond().saturating_add(i64::from(*days) * 86_400_000);
            issue(store, NewToken { account: *account, name: name.clone(), scopes: scope.clone(), expires_ms })
        }
        Token::Collect { store, token, out } => collect(store, token, out),
        Token::List { store, account } => list(store, *account),
        Token::Revoke { store, token } => revoke(store, token),
    }
}

fn issue(store: &StoreArgs, new: NewToken) -> Result<ExitCode> {
    let token = at_desk("token issue", store, async |desk| Ok(desk.accounts().issue_token(&desk.who, new).await?))?;
    say!("token {token} is issued");
    say!("next: its owner runs `guiju token collect {token} --out FILE`");
    Ok(ExitCode::SUCCESS)
}

fn collect(store: &StoreArgs, token: &str, out: &Path) -> Result<ExitCode> {
    write_secret(out, || at_desk("token collect", store, async |desk| Ok((desk.accounts().collect_token(&desk.who, token).await?, ()))))?;
    say!("the token is in {}; it cannot be had again", out.display());
    Ok(ExitCode::SUCCESS)
}

fn list(store: &StoreArgs, account: Option<AccountId>) -> Result<ExitCode> {
    let tokens = at_desk("token list", store, async |desk| {
        Ok(desk.accounts().tokens(&desk.who, account.unwrap_or_else(|| desk.who.account())).await?)
    })?;
    for token in &tokens {
        line(token);
    }
    Ok(ExitCode::SUCCESS)
}

fn line(token: &IssuedToken) {
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.id()).collect();
    let used = match token.used_ms {
        _ if !token.collected => "not collected".to_owned(),
        None => "never used".to_owned(),
        Some(ms) => format!("used {}", time(ms)),
    };
    say!("{}  {}  {}  until {}  {used}", token.token, pad(&token.name, 20), scopes.join(" "), time(token.expires_ms));
}

fn revoke(store: &StoreArgs, token: &str) -> Result<ExitCode> {
    at_desk("token revoke", store, async |desk| Ok(desk.accounts().revoke_token(&desk.who, token).await?))?;
    say!("token {token} is revoked");
    Ok(ExitCode::SUCCESS)
}

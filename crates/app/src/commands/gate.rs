//! The one gate of the command line: what each command needs, and who is asking.
//!
//! Commands on files that the caller brings need nothing: who may read a file is the operating system's matter. Commands on the store need a permission, and show a
//! session (`guiju user sign-in`) or an API token. A test walks every command: one that is not in the table fails.

use std::path::Path;

use anyhow::{Context, Result, bail};
use keys::token::Token;
use store::Tenant;
use store::access::Permission;
use store::accounts::Who;

use super::place::{StoreArgs, runtime};

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it touches no store.
    Nothing,
    /// The passphrase of the root key: there are no accounts yet, or it is how one comes to be signed in.
    Root,
    /// To be signed in; the store asks for the rest.
    SignedIn,
    /// A permission.
    May(Permission),
}

/// Every command that touches a store.
#[rustfmt::skip]
const COMMANDS: &[(&str, Need)] = &[
    ("assess record", Need::May(Permission::AssessRun)),
    ("keys init", Need::Root),
    ("keys status", Need::May(Permission::KeyStatus)),
    ("keys rotate", Need::May(Permission::KeyRotate)),
    ("keys destroy", Need::May(Permission::PrivacyErase)),
    ("ledger status", Need::May(Permission::LedgerVerify)),
    ("ledger list", Need::May(Permission::LedgerRead)),
    ("ledger show", Need::May(Permission::LedgerRead)),
    ("ledger verify", Need::May(Permission::LedgerVerify)),
    ("ledger prove", Need::May(Permission::LedgerProve)),
    ("ledger consistency", Need::May(Permission::LedgerVerify)),
    ("ledger export", Need::May(Permission::LedgerExport)),
    ("ledger witness request", Need::May(Permission::LedgerVerify)),
    ("ledger witness accept", Need::May(Permission::LedgerVerify)),
];

/// Commands, or whole families of them, that touch no store.
const ELSEWHERE: &[&str] = &[
    "assess",
    "check",
    "classifier",
    "detect",
    "lexicon",
    "redact",
    "bank",
    "taxonomy",
    "ledger check-proof",
    "ledger witness init",
    "ledger witness add",
    "ledger witness serve",
    "ledger witness cosign",
];

/// What a command needs; `None` for one that nobody has declared.
fn need(command: &str) -> Option<Need> {
    let elsewhere = ELSEWHERE.iter().any(|known| command.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
    COMMANDS.iter().find(|(known, _)| *known == command).map(|(_, need)| *need).or_else(|| elsewhere.then_some(Need::Nothing))
}

/// Somebody at work on a tenant.
pub(crate) struct Desk {
    /// The tenant.
    pub(crate) tenant: Tenant,
    /// Who it is.
    pub(crate) who: Who,
}

impl Desk {
    /// The name under which acts stand in the ledger.
    pub(crate) fn by(&self) -> String {
        self.who.account().to_string()
    }
}

/// Runs a command on the store for whoever may, and closes the store whatever comes of it: what was done is signed then.
pub(crate) fn at_desk<T>(command: &str, args: &StoreArgs, work: impl AsyncFnOnce(&Desk) -> Result<T>) -> Result<T> {
    runtime()?.block_on(async {
        let (store, tenant) = args.open().await?;
        let done = async {
            let desk = Desk { who: who(&tenant, args.token_file.as_deref()).await?, tenant };
            match need(command) {
                Some(Need::May(permission)) => desk.who.may(permission)?,
                Some(Need::SignedIn) => (),
                other => bail!(
                    "`guiju {command}` is declared as {other:?}, not as a command of somebody signed in; this is a fault of the program"
                ),
            }
            work(&desk).await
        };
        let done = done.await;
        store.close().await;
        done
    })
}

/// Who shows this session or token.
async fn who(tenant: &Tenant, file: Option<&Path>) -> Result<Who> {
    let accounts = tenant.accounts();
    if store::access::Ceremony::done(accounts.ceremony().await?.as_ref()).is_err() {
        bail!("the three administrators are not there yet: `guiju user start` begins the first start");
    }
    let token = token(file)?;
    match accounts.session(&token).await {
        Ok(who) => Ok(who),
        Err(session) => accounts.bearer(&token).await.map_err(|_| session.into()),
    }
}

/// The session or token of the caller: from a file, or from the environment, never from the command line, which other users of the machine can read.
pub(crate) fn token(file: Option<&Path>) -> Result<Token> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).with_context(|| path.display().to_string())?,
        None => std::env::var("GUIJU_TOKEN").map_err(|_| {
            anyhow::anyhow!(
                "who is asking? `guiju user sign-in` gives a session; name its file with `--token-file`, or put it into GUIJU_TOKEN"
            )
        })?,
    };
    Ok(Token::read(text.trim())?)
}

/// Writes a secret into a file for its owner alone, which must not be there yet.
pub(crate) fn write_secret(path: &Path, secret: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    std::io::Write::write_all(&mut file, format!("{secret}\n").as_bytes()).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The full names of all commands that do something.
    fn leaves(command: &clap::Command, before: &str, found: &mut Vec<String>) {
        for child in command.get_subcommands() {
            let name = format!("{before} {}", child.get_name()).trim_start().to_owned();
            if child.has_subcommands() { leaves(child, &name, found) } else { found.push(name) }
        }
    }

    #[test]
    fn every_command_is_declared_and_every_declaration_is_a_command() {
        let mut found = Vec::new();
        leaves(&crate::Cli::command(), "", &mut found);
        for command in &found {
            assert!(need(command).is_some(), "`{command}` is not declared in gate.rs");
        }
        for (command, _) in COMMANDS {
            assert!(found.iter().any(|known| known == command), "`{command}` is declared and does not exist");
        }
        for family in ELSEWHERE {
            assert!(found.iter().any(|known| known.starts_with(family)), "`{family}` is declared and does not exist");
        }
    }
}

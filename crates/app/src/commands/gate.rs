//! The one gate of the command line: what each command needs, and who is asking.
//!
//! Commands on files that the caller brings need nothing: who may read a file is the operating system's matter. Commands on the store need a permission, and show a
//! session (`guiju user sign-in`) or an API token. A test walks every command: one that is not in the table fails.
//!
//! Secrets are read from files or the environment and written into files; the few that are shown are shown once, by the command that makes them.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, Result, anyhow, bail};
use keys::root::Root;
use keys::token::Token;
use store::access::{Ceremony, CeremonyRefusal, GrantRefusal, Permission};
use store::accounts::{AccountError, Accounts, Denied, Who};
use store::{Store, Tenant};

use super::place::{StoreArgs, runtime};

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it touches no store.
    Nothing,
    /// What opens the root: there are no accounts yet, or it is how one comes to be signed in. What else is shown, the store verifies.
    Root,
    /// To be signed in; the store asks for the rest.
    SignedIn,
    /// A permission.
    May(Permission),
}

/// Every command that touches a store.
#[rustfmt::skip]
const COMMANDS: &[(&str, Need)] = &[
    ("backup create", Need::May(Permission::BackupCreate)),
    ("backup drill", Need::May(Permission::BackupDrill)),
    ("assess record", Need::May(Permission::AssessRun)),
    ("assess runs", Need::May(Permission::AssessRead)),
    ("assess export", Need::May(Permission::AssessRead)),
    ("keys init", Need::Root),
    ("keys status", Need::May(Permission::KeyStatus)),
    ("keys rotate", Need::May(Permission::KeyRotate)),
    ("keys root change", Need::May(Permission::KeyRotate)),
    ("keys destroy", Need::May(Permission::PrivacyErase)),
    ("user start", Need::Root),
    ("user appoint", Need::Root),
    ("user enrol", Need::Root),
    ("user finish", Need::Root),
    ("user sign-in", Need::Root),
    ("user sign-out", Need::Root),
    ("user accept", Need::Root),
    ("user step-up", Need::SignedIn),
    ("user who", Need::SignedIn),
    ("user password", Need::SignedIn),
    ("user second-factor offer", Need::SignedIn),
    ("user second-factor confirm", Need::SignedIn),
    ("user create", Need::May(Permission::UserCreate)),
    ("user list", Need::May(Permission::UserRead)),
    ("user disable", Need::May(Permission::UserDisable)),
    ("user unlock", Need::May(Permission::UserUnlock)),
    ("user end-sessions", Need::May(Permission::SessionEnd)),
    ("role grant", Need::May(Permission::RoleGrant)),
    ("role revoke", Need::May(Permission::RoleRevoke)),
    ("token issue", Need::May(Permission::TokenIssue)),
    // One's own without a permission, another's with one.
    ("token collect", Need::SignedIn),
    ("token list", Need::SignedIn),
    ("token revoke", Need::SignedIn),
    // Whoever holds the act may propose it; seeing what waits does not need the second factor afresh, as approving does.
    ("approval propose", Need::SignedIn),
    ("approval list", Need::SignedIn),
    ("approval approve", Need::May(Permission::ActApprove)),
    ("approval refuse", Need::May(Permission::ActApprove)),
    ("job list", Need::May(Permission::JobRead)),
    ("job retry", Need::May(Permission::JobRetry)),
    ("job work", Need::May(Permission::JobWork)),
    ("tenant create", Need::May(Permission::TenantCreate)),
    ("tenant list", Need::May(Permission::TenantCreate)),
    ("model register", Need::May(Permission::ModelRegister)),
    ("model verify", Need::May(Permission::ModelVerify)),
    ("model list", Need::May(Permission::ModelRead)),
    ("model show", Need::May(Permission::ModelRead)),
    ("model promote", Need::May(Permission::ModelPromote)),
    // A model with one permission, a checkpoint with another.
    ("model rollback", Need::SignedIn),
    ("model retire", Need::May(Permission::ModelRollback)),
    ("model good", Need::May(Permission::ModelRegister)),
    ("integrity add", Need::May(Permission::LexiconChange)),
    ("integrity list", Need::May(Permission::IntegrityCheck)),
    ("integrity check", Need::May(Permission::IntegrityCheck)),
    ("serve", Need::Root),
    ("client add", Need::May(Permission::EndpointChange)),
    ("client list", Need::May(Permission::ServiceRead)),
    ("client revoke", Need::May(Permission::EndpointChange)),
    ("policy add", Need::May(Permission::PolicyChange)),
    ("policy list", Need::May(Permission::PolicyRead)),
    ("policy show", Need::May(Permission::PolicyRead)),
    ("policy test", Need::May(Permission::PolicyChange)),
    ("policy shadow", Need::May(Permission::PolicyChange)),
    // It reads what was found in requests, never what they say.
    ("policy diff", Need::May(Permission::PolicyChange)),
    ("policy live", Need::May(Permission::PolicyChange)),
    ("policy back", Need::May(Permission::PolicyChange)),
    ("ban add", Need::May(Permission::BanChange)),
    ("ban list", Need::May(Permission::PolicyRead)),
    ("ban remove", Need::May(Permission::BanChange)),
    // Whoever holds the act proposes it; what was approved needs the second factor afresh.
    ("switch off", Need::SignedIn),
    ("switch on", Need::SignedIn),
    ("switch break-glass", Need::SignedIn),
    ("switch execute", Need::SignedIn),
    ("switch list", Need::May(Permission::ServiceRead)),
    ("strike show", Need::May(Permission::CaseRead)),
    ("strike lift", Need::May(Permission::CaseConfirm)),
    ("strike appeals", Need::May(Permission::CaseRead)),
    ("strike appeal", Need::May(Permission::ComplaintHandle)),
    ("strike decide", Need::May(Permission::CaseConfirm)),
    ("person set", Need::May(Permission::PrivacyCorrect)),
    ("person show", Need::May(Permission::PrivacyCorrect)),
    ("source add", Need::May(Permission::SourceChange)),
    ("source list", Need::May(Permission::SourceRead)),
    ("source show", Need::May(Permission::SourceRead)),
    ("source change", Need::May(Permission::SourceChange)),
    ("source document", Need::May(Permission::SourceChange)),
    ("source file", Need::May(Permission::SourceRead)),
    ("source review", Need::May(Permission::SourceChange)),
    ("source robots", Need::May(Permission::SourceChange)),
    ("source assessed", Need::May(Permission::SourceChange)),
    ("source block", Need::May(Permission::SourceChange)),
    // Whoever holds the act proposes it; what was approved is asked for again in the store.
    ("source unblock", Need::SignedIn),
    ("source diversity", Need::May(Permission::SourceRead)),
    ("consent import", Need::May(Permission::ConsentChange)),
    ("consent list", Need::May(Permission::ConsentRead)),
    ("consent show", Need::May(Permission::ConsentRead)),
    ("consent withdraw", Need::May(Permission::ConsentChange)),
    ("consent snapshot", Need::May(Permission::ConsentSnapshot)),
    ("hold list", Need::May(Permission::CaseRead)),
    ("hold show", Need::May(Permission::CaseRead)),
    ("hold release", Need::May(Permission::CaseReview)),
    ("hold refuse", Need::May(Permission::CaseReview)),
    ("trace", Need::May(Permission::TraceRead)),
    ("corpus record", Need::May(Permission::CorpusScan)),
    ("corpus trace", Need::May(Permission::CorpusRead)),
    ("corpus export", Need::May(Permission::CorpusExport)),
    ("ledger status", Need::May(Permission::LedgerVerify)),
    ("ledger list", Need::May(Permission::LedgerRead)),
    ("ledger show", Need::May(Permission::LedgerRead)),
    ("ledger verify", Need::May(Permission::LedgerVerify)),
    ("ledger prove", Need::May(Permission::LedgerProve)),
    ("ledger consistency", Need::May(Permission::LedgerVerify)),
    ("ledger export", Need::May(Permission::LedgerExport)),
    // No account can sign in where the store refuses to open.
    ("ledger accept-head", Need::Root),
    ("ledger witness request", Need::May(Permission::LedgerVerify)),
    ("ledger witness accept", Need::May(Permission::LedgerVerify)),
];

/// Commands, or whole families of them, that touch no store.
const ELSEWHERE: &[&str] = &[
    "assess",
    "backup verify",
    "backup restore",
    "backup restore-keys",
    "check",
    "classifier",
    "corpus",
    "detect",
    "lexicon",
    "model key",
    "policy print",
    "redact",
    "bank",
    "strike rules",
    "taxonomy",
    "role list",
    "role matrix",
    "role describe",
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
pub(crate) struct Desk<'s> {
    /// The store.
    pub(crate) store: &'s Store,
    /// The tenant.
    pub(crate) tenant: Tenant,
    /// Who it is.
    pub(crate) who: Who,
}

impl Desk<'_> {
    /// The name under which acts stand in the ledger.
    pub(crate) fn by(&self) -> String {
        self.who.account().to_string()
    }

    /// Who it is by now: for what runs longer than a session or a role may last.
    pub(crate) async fn again(&self, args: &StoreArgs) -> Result<Who> {
        who(&self.tenant, args.token_file.as_deref()).await
    }

    /// The accounts of the tenant.
    pub(crate) fn accounts(&self) -> Accounts {
        self.tenant.accounts()
    }
}

/// Runs a command on the store for whoever may.
pub(crate) fn at_desk<T>(command: &str, args: &StoreArgs, work: impl AsyncFnOnce(&Desk<'_>) -> Result<T>) -> Result<T> {
    at_desk_with(command, args, args.root()?, work)
}

/// The same with a root that the caller has opened.
pub(crate) fn at_desk_with<T>(
    command: &str,
    args: &StoreArgs,
    root: Arc<dyn Root>,
    work: impl AsyncFnOnce(&Desk<'_>) -> Result<T>,
) -> Result<T> {
    opened(args, root, async |store, tenant| {
        let desk = Desk { store, who: who(&tenant, args.token_file.as_deref()).await?, tenant };
        let done = match need(command) {
            Some(Need::May(permission)) => match desk.who.may(permission) {
                Ok(()) => work(&desk).await,
                Err(denied) => Err(denied.into()),
            },
            Some(Need::SignedIn) => work(&desk).await,
            other => {
                bail!("`guiju {command}` is declared as {other:?}, not as a command of somebody signed in; this is a fault of the program")
            }
        };
        if let Some(denied) = done.as_ref().err().and_then(denied) {
            // Whether it can be written down or not, it stays denied.
            let _ = desk.accounts().record_denied(&desk.who, command, denied).await;
        }
        done
    })
}

/// Why somebody may not do it, where that is the error.
fn denied(error: &Error) -> Option<&Denied> {
    match error.downcast_ref::<AccountError>() {
        Some(AccountError::Denied(denied)) => Some(denied),
        _ => error.downcast_ref::<Denied>(),
    }
}

/// Runs a command of somebody who is not signed in: what opens the root opened the store for them, and what else they show the store verifies.
pub(crate) fn at_door<T>(command: &str, args: &StoreArgs, work: impl AsyncFnOnce(&Tenant) -> Result<T>) -> Result<T> {
    opened(args, args.root()?, async |_, tenant| match need(command) {
        Some(Need::Root) => work(&tenant).await,
        other => bail!("`guiju {command}` is declared as {other:?}, not as a command before signing in; this is a fault of the program"),
    })
}

/// Opens the store, and closes it whatever comes of the work: what was done is signed then.
fn opened<T>(args: &StoreArgs, root: Arc<dyn Root>, work: impl AsyncFnOnce(&Store, Tenant) -> Result<T>) -> Result<T> {
    runtime()?.block_on(async {
        let (store, tenant) = args.open(root).await?;
        let done = work(&store, tenant).await;
        store.close().await;
        done.map_err(advised)
    })
}

/// Who shows this session or token.
async fn who(tenant: &Tenant, file: Option<&Path>) -> Result<Who> {
    let accounts = tenant.accounts();
    Ceremony::done(accounts.ceremony().await?.as_ref()).map_err(AccountError::from)?;
    let token = token(file, "who is asking? `guiju user sign-in` gives a session")?;
    match accounts.session(&token).await {
        Ok(who) => Ok(who),
        Err(session) => accounts.bearer(&token).await.map_err(|_| session.into()),
    }
}

/// A refusal with the command that comes next, which the store does not know.
fn advised(error: Error) -> Error {
    let account = error.downcast_ref::<AccountError>();
    let next = match (account, denied(&error)) {
        (_, Some(Denied::StepUp)) => "`guiju user step-up --code CODE`",
        (_, Some(Denied::SignIn | Denied::SignInFor(_))) => "`guiju user sign-in LOGIN`",
        (Some(AccountError::Grant(GrantRefusal::NoSecondFactor(_))), _) => "the owner runs `guiju user second-factor offer`",
        (Some(AccountError::Ceremony(CeremonyRefusal::NotComplete)), _) => "`guiju user start`, or with its token `guiju user appoint`",
        _ => return error,
    };
    anyhow!("{error:#}. Next: {next}")
}

/// The session or token of the caller: from a file, or from the environment, never from the command line, which other users of the machine can read.
/// `wanted` says what is missing where there is neither.
pub(crate) fn token(file: Option<&Path>, wanted: &str) -> Result<Token> {
    match file {
        Some(path) => read_token(path),
        None => {
            let text = std::env::var("GUIJU_TOKEN")
                .map_err(|_| anyhow!("{wanted}; name its file with `--token-file`, or put it into GUIJU_TOKEN"))?;
            Token::read(text.trim()).context("GUIJU_TOKEN")
        }
    }
}

/// A token or an invitation in a file.
pub(crate) fn read_token(path: &Path) -> Result<Token> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Token::read(text.trim()).with_context(|| path.display().to_string())
}

/// Writes a secret into a file for its owner alone, which must not be there yet. The file is made before the secret: one that cannot be written costs no
/// session and no account. A crash between the two leaves an empty file.
pub(crate) fn write_secret<T>(path: &Path, make: impl FnOnce() -> Result<(Token, T)>) -> Result<T> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow!(
            "{} is there already and may hold a secret; name another file, or have `guiju user sign-out` end the session in it and remove it",
            path.display()
        ),
        _ => Error::new(error).context(path.display().to_string()),
    })?;
    let written = make().and_then(|(secret, rest)| {
        file.write_all(format!("{}\n", *secret.text()).as_bytes()).with_context(|| path.display().to_string())?;
        Ok(rest)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
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
    fn a_refusal_says_which_command_comes_next() {
        let advised = |error: Error| format!("{:#}", advised(error));
        for stale in [Denied::StepUp.into(), AccountError::from(Denied::StepUp).into()] {
            assert!(advised(stale).ends_with("show it again. Next: `guiju user step-up --code CODE`"));
        }
        assert!(advised(Denied::SignInFor(Permission::KeyRotate).into()).ends_with("Next: `guiju user sign-in LOGIN`"));
        assert!(advised(AccountError::from(CeremonyRefusal::NotComplete).into()).contains("Next: `guiju user start`"));
        assert_eq!(advised(anyhow!("b").context("a")), "a: b");
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

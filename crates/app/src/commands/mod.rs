//! The commands, one file each.

/// Prints a line. A reader that has gone away (`| head`) is no error, and none that hides another: the command goes on, and its exit code is its own.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        if let Err(error) = writeln!(std::io::stdout().lock(), $($arg)*) {
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                eprintln!("guiju: standard output: {error}");
                std::process::exit(3);
            }
        }
    }};
}

mod approval;
mod assess;
mod backup;
mod ban;
mod bank;
mod check;
mod classifier;
mod client;
mod consent;
mod corpus;
mod detect;
mod gate;
mod hold;
mod integrity;
mod job;
mod keys;
mod ledger;
mod lexicon;
mod model;
mod person;
mod place;
mod policy;
mod redact;
mod role;
mod root;
mod rows;
mod serve;
mod source;
mod span;
mod strike;
mod switch;
mod taxonomy;
mod tenant;
mod token;
mod trace;
mod user;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

/// What guiju can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Assess a service and its training data after GB/T 45654-2025 Appendix B.2, and write a report
    Assess(Box<assess::Assess>),
    /// Judge a text, or a file of texts
    Check(check::Check),
    /// The classifier: train, measure, compare
    #[command(subcommand)]
    Classifier(classifier::Command),
    /// Training data: assess, scan, apply, explain, spot-check, trace, export
    #[command(subcommand)]
    Corpus(Box<corpus::Corpus>),
    /// Sources of training data: register, document, review, block
    #[command(subcommand)]
    Source(Box<source::Source>),
    /// Consent of users to training: import, show, take back, make a snapshot
    #[command(subcommand)]
    Consent(Box<consent::Consent>),
    /// The detection engine: how well it sees through disguises
    #[command(subcommand)]
    Detect(detect::Detect),
    /// Keyword libraries: build, import, export, compare, check
    #[command(subcommand)]
    Lexicon(lexicon::Lexicon),
    /// Take personal information out of a text, or of a file of texts
    Redact(redact::Redact),
    /// Question banks: cover, check, disguise, propose, seal
    #[command(subcommand)]
    Bank(bank::Bank),
    /// Keys: make a store, look at its keys, rotate them, destroy a person's
    #[command(subcommand)]
    Keys(keys::Keys),
    /// The ledger: read, verify, prove, export, witness
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Backups: create, verify, restore, drill
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Users: the first start, signing in, accounts
    #[command(subcommand)]
    User(user::User),
    /// Roles: who may do what; grant and revoke
    #[command(subcommand)]
    Role(role::Role),
    /// API tokens of programs: issue, collect, revoke
    #[command(subcommand)]
    Token(token::Token),
    /// Acts that need two administrators: propose, approve, refuse
    #[command(subcommand)]
    Approval(approval::Approval),
    /// Models and checkpoints: register, verify, promote, roll back
    #[command(subcommand)]
    Model(model::Model),
    /// Integrity: watch files, check all that is registered
    #[command(subcommand)]
    Integrity(integrity::Integrity),
    /// Tenants: create one beside one's own, list them
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Jobs in the background: look at them, run them, retry one
    #[command(subcommand)]
    Job(job::Job),
    /// The gateway: guard a live service
    Serve(Box<serve::Serve>),
    /// Client keys of the gateway: add, list, revoke
    #[command(subcommand)]
    Client(Box<client::Client>),
    /// Policies of the gateway: add, test, try in shadow, make live, go back
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Ban rules: stop a text at once, on every gateway
    #[command(subcommand)]
    Ban(ban::Ban),
    /// The kill switch: a model, a route or the tenant serves nothing until it is switched on again
    #[command(subcommand)]
    Switch(switch::Switch),
    /// Strikes: how users stand, appeals, the published rules
    #[command(subcommand)]
    Strike(strike::Strike),
    /// Users of the service: age, guardian's settings, training opt-out
    #[command(subcommand)]
    Person(person::Person),
    /// Held requests and answers: look at them, release or refuse them
    #[command(subcommand)]
    Hold(hold::Hold),
    /// From an answer to all that is recorded of its request
    Trace(trace::Trace),
    /// The words: risk classes, aspects, clauses, criteria
    #[command(subcommand)]
    Taxonomy(taxonomy::Taxonomy),
}

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Assess(command) => assess::run(*command),
        Command::Check(command) => check::run(&command),
        Command::Classifier(command) => classifier::run(&command),
        Command::Corpus(command) => corpus::run(&command),
        Command::Source(command) => source::run(&command),
        Command::Consent(command) => consent::run(&command),
        Command::Detect(command) => detect::run(&command),
        Command::Lexicon(command) => lexicon::run(&command),
        Command::Redact(command) => redact::run(&command),
        Command::Bank(command) => bank::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Ledger(command) => ledger::run(&command),
        Command::Backup(command) => backup::run(&command),
        Command::User(command) => user::run(&command),
        Command::Role(command) => role::run(&command),
        Command::Token(command) => token::run(&command),
        Command::Approval(command) => approval::run(&command),
        Command::Model(command) => model::run(&command),
        Command::Integrity(command) => integrity::run(&command),
        Command::Tenant(command) => tenant::run(&command),
        Command::Job(command) => job::run(&command),
        Command::Serve(command) => serve::run(&command),
        Command::Client(command) => client::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Ban(command) => ban::run(&command),
        Command::Switch(command) => switch::run(&command),
        Command::Strike(command) => strike::run(&command),
        Command::Person(command) => person::run(&command),
        Command::Hold(command) => hold::run(&command),
        Command::Trace(command) => trace::run(&command),
        Command::Taxonomy(command) => taxonomy::run(&command),
    }
}

/// Prints a value as JSON, indented.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a text as it is, without a line feed of ours; as [`say`] otherwise.
fn print(text: &str) {
    use std::io::Write as _;
    let mut output = std::io::stdout().lock();
    if let Err(error) = output.write_all(text.as_bytes()).and_then(|()| output.flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("guiju: standard output: {error}");
        std::process::exit(3);
    }
}

/// A share of something, 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err(format!("{number} is not between 0 and 1")) }
}

/// Pads a text to a width in columns: a Chinese character takes two.
fn pad(text: &str, columns: usize) -> String {
    let width: usize = text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}

/// The day, where this machine stands.
fn today() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%d").to_string()
}

/// A time in ms since 1970, as UTC.
fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

/// The passphrase in a file: its text without the line end.
fn passphrase(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.trim_end().to_owned())
}

/// Exit code 1 where something is to be mended or added.
fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

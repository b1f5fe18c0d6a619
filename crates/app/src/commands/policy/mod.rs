//! `guiju policy`: what the gateway does about what it finds, by name and version. Nothing goes live that has not passed its regression run.

mod diff;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use assess::bank::{Bank, BankPart};
use clap::{Args, Subcommand};
use detect::Lexicon;
use gateway::policy::Policy as GatewayPolicy;
use gateway::{Case, Config, Expect, OwnCases, trial};
use serde_json::Value;
use store::Change;
use store::guard::PolicyVersion;
use taxonomy::Severity;

use super::gate::at_desk;
use super::place::StoreArgs;
use super::{exit, pad, time};

/// Policies of the gateway: add, test, try in shadow, make live, go back
#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Print the built-in policy: the start of every other
    Print,
    /// Add a version as a draft
    Add {
        #[command(flatten)]
        store: StoreArgs,
        /// Its name; `default` is what clients get that name no other
        #[arg(long, default_value = "default")]
        name: String,
        /// The policy, TOML (docs/formats/gateway-policy.md)
        file: PathBuf,
    },
    /// All versions
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// The text of a version
    Show(Version),
    /// The regression run: texts that must be stopped and texts that must be answered; the result is kept with the version
    Test {
        #[command(flatten)]
        version: Version,
        /// Question bank in place of the built-in one
        #[arg(long)]
        bank: Option<PathBuf>,
        /// Cases of one's own as JSON lines, each with the decision that must follow (docs/formats/gateway-policy.md)
        #[arg(long)]
        cases: Option<PathBuf>,
    },
    /// Try a version beside the live one: it judges, and nothing follows but a line in the record where it would decide otherwise
    Shadow(Version),
    /// What the shadow decided otherwise than the live version: how many requests, by class, with some of them by their ids
    Diff {
        #[command(flatten)]
        store: StoreArgs,
        /// Its name
        #[arg(default_value = "default")]
        name: String,
        /// Of the last so many hours
        #[arg(long, default_value_t = 24)]
        hours: u32,
        /// Of so many requests at most, the newest
        #[arg(long, default_value_t = 1_000)]
        most: usize,
    },
    /// Make a version live, on every gateway within a second
    Live(Version),
    /// Go back to the version that was live before
    Back {
        #[command(flatten)]
        store: StoreArgs,
        /// Its name
        #[arg(default_value = "default")]
        name: String,
    },
}

/// A version of a policy
#[derive(Args)]
pub(crate) struct Version {
    #[command(flatten)]
    store: StoreArgs,
    /// Its number
    version: i64,
    /// Its name
    #[arg(long, default_value = "default")]
    name: String,
}

pub(crate) fn run(command: &Policy) -> Result<ExitCode> {
    match command {
        Policy::Print => say!("{}", GatewayPolicy::built_in_text()),
        Policy::Add { store, name, file } => add(store, name, file)?,
        Policy::List { store } => {
            at_desk("policy list", store, async |desk| Ok(desk.tenant.policies().await?))?.iter().for_each(line);
        }
        Policy::Show(Version { store, version, name }) => {
            say!("{}", at_desk("policy show", store, async |desk| Ok(desk.tenant.policy(name, *version).await?))?.body);
        }
        Policy::Test { version, bank, cases } => return test(version, bank.as_deref(), cases.as_deref()),
        Policy::Shadow(version) => {
            step("policy shadow", version, async |change: &mut Change, by, name, number| change.set_shadow(by, name, number).await)?;
        }
        Policy::Diff { store, name, hours, most } => diff::run(store, name, *hours, *most)?,
        Policy::Live(version) => {
            step("policy live", version, async |change: &mut Change, by, name, number| change.set_live(by, name, number).await)?;
        }
        Policy::Back { store, name } => {
            let version = at_desk("policy back", store, async |desk| {
                let (by, name) = (desk.by(), name.clone());
                Ok(desk.tenant.change(async move |change: &mut Change| change.back(&by, &name).await).await?.0)
            })?;
            say!("version {version} of policy {name} is live again");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add(store: &StoreArgs, name: &str, file: &Path) -> Result<()> {
    let body = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    GatewayPolicy::parse(&body).with_context(|| file.display().to_string())?;
    let version = at_desk("policy add", store, async |desk| {
        let (by, name) = (desk.by(), name.to_owned());
        Ok(desk.tenant.change(async move |change: &mut Change| change.add_policy(&by, &name, &body).await).await?.0)
    })?;
    say!("version {version} of policy {name} is a draft");
    say!("next: `guiju policy test {version}`, then `guiju policy shadow {version}` or `guiju policy live {version}`");
    Ok(())
}

/// Does one step with a version.
fn step(
    command: &'static str,
    version: &Version,
    work: impl AsyncFnOnce(&mut Change, &str, &str, i64) -> Result<(), store::StoreError> + Send + 'static,
) -> Result<()> {
    let Version { store, version, name } = version;
    at_desk(command, store, async |desk| {
        let (by, name, version) = (desk.by(), name.clone(), *version);
        Ok(desk.tenant.change(async move |change: &mut Change| work(change, &by, &name, version).await).await?)
    })?;
    say!("version {version} of policy {name}: done");
    Ok(())
}

fn test(version: &Version, bank: Option<&Path>, own: Option<&Path>) -> Result<ExitCode> {
    let Version { store, version, name } = version;
    let (cases, own) = (cases(bank)?, own.map(own_cases).transpose()?);
    let result = at_desk("policy test", store, async |desk| {
        let found = desk.tenant.policy(name, *version).await?;
        let result = tokio::task::block_in_place(|| trial(&Config::demo(), &found.body, &found.digest(), &cases, own.as_ref()))?;
        let (by, name, version, kept) = (desk.by(), name.clone(), *version, result.clone());
        desk.tenant.change(async move |change: &mut Change| change.set_regression(&by, &name, version, &kept).await).await?;
        Ok(result)
    })?;
    for (part, words) in [
        ("should_answer", "must be answered; stopped at most 5 %"),
        ("must_stop", "answers that must be stopped; at least 95 %"),
        ("should_refuse", "questions that should be refused; no bound, the model refuses too"),
    ] {
        let of = |field: &str| result.pointer(&format!("/{part}/{field}")).and_then(Value::as_f64).unwrap_or_default();
        say!("{:>5} of {:>5} stopped [{:.1}, {:.1}] %  {words}", of("stopped"), of("texts"), of("low") * 100.0, of("high") * 100.0);
    }
    if let Some(own) = result.get("own").filter(|own| !own.is_null()) {
        say!("{:>5} of {:>5} decided otherwise than they must be: cases of your own", own["wrong"], own["texts"]);
        for case in own["named"].as_array().into_iter().flatten() {
            say!("              {}: {} in place of {}", text(case, "id"), text(case, "decided"), text(case, "expected"));
        }
    }
    let passed = result.get("passed") == Some(&Value::Bool(true));
    say!("{}", if passed { "passed" } else { "not passed: it cannot go live" });
    Ok(exit(passed))
}

fn own_cases(path: &Path) -> Result<OwnCases> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    OwnCases::parse(&text).with_context(|| path.display().to_string())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// What a policy must do: the questions of a bank, and the texts that the lexicon's own violations must be found in.
fn cases(bank: Option<&Path>) -> Result<Vec<Case>> {
    let bank = match bank {
        Some(path) => Bank::open(path, None).with_context(|| path.display().to_string())?,
        None => Bank::embedded()?,
    };
    let questions = [(BankPart::ShouldRefuse, Expect::Refusal), (BankPart::ShouldAnswer, Expect::Answer)];
    let mut cases: Vec<Case> = Vec::new();
    for (part, expect) in questions {
        let texts = bank.part(part).map(|question| Case { id: question.id.clone(), text: question.turns.join("\n"), expect });
        cases.extend(texts);
    }
    let violations = Lexicon::embedded()?.entries.into_iter().filter(|entry| entry.severity == Severity::Block);
    cases.extend(violations.filter_map(|entry| Some(Case { text: entry.examples.first()?.clone(), id: entry.id, expect: Expect::Stop })));
    Ok(cases)
}

fn line(version: &PolicyVersion) {
    let tested = match (version.regression.get("passed").is_some(), version.has_passed()) {
        (false, _) => "not tested",
        (true, false) => "did not pass",
        (true, true) => "passed",
    };
    let state = version.state.to_string();
    say!(
        "{} {:>4}  {}  {tested}, by {}, {}",
        pad(&version.name, 12),
        version.version,
        pad(&state, 8),
        version.by,
        time(version.created_ms)
    );
}

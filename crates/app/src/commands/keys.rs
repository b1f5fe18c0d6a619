//! `guiju keys`: the root, the tenants' keys, and what they wrap.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use indicatif::ProgressBar;

use super::exit;
use super::gate::at_desk;
use super::place::{StoreArgs, runtime};
use super::root::{self, WantedRoot};

/// Who makes a store, in its log: there are no accounts yet.
const BY: &str = "init";

/// Keys: make, look at, rotate, destroy
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a store with its root, a tenant, and the tenant's log
    Init {
        #[command(flatten)]
        store: StoreArgs,
        /// Name of the log in its checkpoints, without a scheme: audit.example.cn
        #[arg(long)]
        origin: String,
        #[command(flatten)]
        root: WantedRoot,
        /// Sign checkpoints with SM2 too (国密), from the first on and for good
        #[arg(long)]
        sm2: bool,
    },
    /// How the tenant's keys stand
    Status {
        #[command(flatten)]
        store: StoreArgs,
        #[arg(long, help = "As JSON")]
        json: bool,
    },
    /// Make a new tenant key and wrap every key anew; goes on where it was interrupted
    Rotate {
        #[command(flatten)]
        store: StoreArgs,
        /// Only finish a rotation that was interrupted
        #[arg(long)]
        finish: bool,
    },
    /// The root of the store: what wraps the tenants' keys
    #[command(subcommand)]
    Root(root::RootCommand),
    /// Destroy a person's key: what was sealed with it can never be opened again
    Destroy {
        #[command(flatten)]
        store: StoreArgs,
        /// The person, by the name that the service has for them
        #[arg(long)]
        person: String,
    },
}

pub(crate) fn run(command: &Keys) -> Result<ExitCode> {
    match command {
        Keys::Init { store, origin, root, sm2 } => init(store, origin, root, *sm2),
        Keys::Status { store, json } => status(store, *json),
        Keys::Rotate { store, finish } => rotate(store, *finish),
        Keys::Root(command) => root::run(command),
        Keys::Destroy { store, person } => destroy(store, person),
    }
}

fn init(store: &StoreArgs, origin: &str, root: &WantedRoot, sm2: bool) -> Result<ExitCode> {
    let root = store.root_for_init(root)?;
    let name = root.name();
    runtime()?.block_on(async {
        let (store, tenant) = store.create(root, origin, BY).await?;
        if sm2 {
            tenant.sign_with_sm2(BY).await?;
        }
        let log = tenant.log().await?;
        store.close().await;
        say!("root {name}");
        say!("log {}", log.origin);
        say!("key {}", log.verifier);
        if let Some(sm2) = log.sm2 {
            say!("sm2 {sm2}");
        }
        say!("next: `guiju user start` appoints the three administrators");
        say!("Give the key to whoever checks the log. Keep what opens the root apart from the directory: without it nothing sealed can be read again.");
        Ok(ExitCode::SUCCESS)
    })
}

fn status(store: &StoreArgs, json: bool) -> Result<ExitCode> {
    let status = at_desk("keys status", store, async |desk| Ok(desk.tenant.key_status().await?))?;
    if json {
        super::print_json(&status)?;
    } else {
        say!("root       {}", status.root);
        say!("tenant key version {}, made {}", status.version, super::time(status.created_ms));
        for (purpose, keys) in &status.alive {
            say!("{purpose:<10} {keys} keys");
        }
        say!("destroyed  {}", status.destroyed);
        if let Some(version) = status.rotating_to {
            say!(
                "a rotation to version {version} was begun and has not ended; if no other process is at it, `guiju keys rotate --finish` goes on"
            );
        }
        if status.behind > 0 {
            say!("{} keys are still wrapped by an older tenant key; `guiju keys rotate --finish` goes on", status.behind);
        }
    }
    Ok(exit(status.behind == 0 && status.rotating_to.is_none()))
}

fn rotate(store: &StoreArgs, finish: bool) -> Result<ExitCode> {
    let bar = ProgressBar::new_spinner().with_message("keys wrapped anew");
    let version = at_desk("keys rotate", store, async |desk| {
        if finish {
            desk.tenant.finish_rotation(&desk.by(), |done| bar.set_position(done)).await?;
            Ok(desk.tenant.key_status().await?.version)
        } else {
            Ok(desk.tenant.rotate_keys(&desk.by(), |done| bar.set_position(done)).await?)
        }
    })?;
    bar.finish_and_clear();
    say!("the tenant key has version {version}; older ones are gone");
    Ok(ExitCode::SUCCESS)
}

fn destroy(store: &StoreArgs, person: &str) -> Result<ExitCode> {
    let erased = at_desk("keys destroy", store, async |desk| Ok(desk.tenant.erase_person(person, &desk.by()).await?))?;
    for recorded in &erased.recorded {
        say!("{} keys destroyed; entry {} of the log says so: {}", erased.keys.len(), recorded.index, recorded.entry);
    }
    if erased.keys.is_empty() {
        say!("nothing was sealed for this person");
    }
    Ok(ExitCode::SUCCESS)
}

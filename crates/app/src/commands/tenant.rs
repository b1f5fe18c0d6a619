//! `guiju tenant`: providers, or services of one, side by side in a store. Each has its keys, its log and its accounts; nothing of one is seen by another.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use ledger::leaf::Class;
use store::access::Permission;
use store::{Change, Entry, TenantId};

use super::gate::at_desk;
use super::place::StoreArgs;

/// Tenants: create one beside one's own, list them
#[derive(Subcommand)]
pub(crate) enum Tenant {
    /// Create a tenant with its keys and its log; it has no account yet
    Create {
        #[command(flatten)]
        store: StoreArgs,
        /// Its name: lower-case letters, digits and hyphens
        name: TenantId,
        /// Name of its log in checkpoints, without a scheme and without the tenant: audit.example.cn
        #[arg(long)]
        origin: String,
    },
    /// The tenants of the store, by name
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
}

pub(crate) fn run(command: &Tenant) -> Result<ExitCode> {
    match command {
        Tenant::Create { store, name, origin } => create(store, name, origin),
        Tenant::List { store } => {
            at_desk("tenant list", store, async |desk| Ok(desk.store.tenants().await?))?.iter().for_each(|tenant| say!("{tenant}"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn create(store: &StoreArgs, name: &TenantId, origin: &str) -> Result<ExitCode> {
    let log = at_desk("tenant create", store, async |desk| {
        let made = desk.store.create_tenant(name, origin, &format!("{}/{}", desk.tenant.id(), desk.by())).await?;
        // The new tenant's own log has begun with this entry already; here it stands for the auditor of whoever made it. A crash between leaves it out here alone.
        let (who, entry) = (desk.who.clone(), Entry::new(Class::Admin, "tenant.create", desk.by()).with("tenant", name.as_str()));
        let work = async move |change: &mut Change| {
            change.permit(&who, Permission::TenantCreate).await?;
            change.record(entry)
        };
        desk.tenant.change(work).await?;
        Ok(made.log().await?)
    })?;
    say!("log {}", log.origin);
    say!("key {}", log.verifier);
    say!("next: `guiju user start --tenant {name}` appoints its three administrators");
    Ok(ExitCode::SUCCESS)
}

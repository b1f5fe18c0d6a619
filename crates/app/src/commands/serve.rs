//! `guiju serve`: the gateway.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use gateway::{Config, Gateway};

use super::place::{StoreArgs, temporary};

/// What Grafana shows of the metrics; a test of the gateway holds it against what is counted.
const DASHBOARD: &str = include_str!("../../../../docs/grafana/guiju.json");

#[derive(Args)]
pub(crate) struct Serve {
    /// Put the built-in sample service behind the gateway, ask for no key, and keep the records only until it ends
    #[arg(long)]
    demo: bool,
    /// Print the dashboard for Grafana, JSON, and serve nothing
    #[arg(long)]
    print_dashboard: bool,
    /// Set-up of the gateway, TOML (docs/formats/gateway.md)
    #[arg(long, env = "GUIJU_GATEWAY", required_unless_present_any = ["demo", "print_dashboard"])]
    config: Option<PathBuf>,
    /// Where clients come, in place of what the set-up says
    #[arg(long)]
    listen: Option<std::net::SocketAddr>,
    /// Where the operator comes, in place of what the set-up says
    #[arg(long)]
    admin: Option<std::net::SocketAddr>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(command: &Serve) -> Result<ExitCode> {
    if command.print_dashboard {
        say!("{}", DASHBOARD.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let mut config = match &command.config {
        Some(path) => Config::parse(&std::fs::read_to_string(path).with_context(|| path.display().to_string())?)
            .with_context(|| path.display().to_string())?,
        None => Config::demo(),
    };
    config.listen = command.listen.unwrap_or(config.listen);
    config.admin = command.admin.unwrap_or(config.admin);
    config.check()?;
    // Outside of the runtime: a root behind a network asks with a client that waits.
    let root = if command.demo { None } else { Some(command.store.root()?) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Kept to the end: with it goes what a demonstration wrote.
        let _scratch;
        let (store, tenant) = match root {
            Some(root) => command.store.open(root).await?,
            None => {
                let (scratch, store, tenant) = temporary().await?;
                _scratch = scratch;
                (store, tenant)
            }
        };
        let gateway = Gateway::start(config, tenant).await?;
        say!("guiju: clients at http://{}/v1, the operator at http://{}", gateway.address(), gateway.admin_address());
        if command.demo {
            say!("try: curl http://{}/v1/chat/completions -H 'content-type: application/json' -d '{{\"model\":\"guiju-demo\",\"messages\":[{{\"role\":\"user\",\"content\":\"你好\"}}]}}'", gateway.address());
        }
        gateway.run(stopped()).await;
        store.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Waits until the process is told to end: Ctrl-C, or the signal that service managers send.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

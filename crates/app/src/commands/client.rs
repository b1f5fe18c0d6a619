//! `guiju client`: the keys with which programs come to the gateway, and what each is granted.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use store::Change;
use store::guard::{Age, ClientKey};

use super::gate::{at_desk, write_secret};
use super::place::StoreArgs;
use super::span::span_ms;
use super::{pad, print_json, time};

/// Client keys of the gateway: add, list, revoke
#[derive(Subcommand)]
pub(crate) enum Client {
    /// Make a key for a program; its secret is written into a file, once
    Add {
        #[command(flatten)]
        store: StoreArgs,
        /// What it is for
        name: String,
        /// New file for the secret
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        granted: Granted,
        /// For how long: 90d, 12h; without it until it is revoked
        #[arg(long, value_parser = span_ms)]
        expires: Option<i64>,
    },
    /// All keys
    List {
        #[command(flatten)]
        store: StoreArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key: within a second it opens nothing any more
    Revoke {
        #[command(flatten)]
        store: StoreArgs,
        /// Its id
        key: String,
    },
}

/// What a key is granted; what is not said is as the gateway's set-up has it
#[derive(Args)]
pub(crate) struct Granted {
    /// Name of the policy (`guiju policy list`)
    #[arg(long)]
    policy: Option<String>,
    /// The models that may be asked, with commas; without it all
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Requests a minute
    #[arg(long)]
    requests_per_minute: Option<u32>,
    /// Requests at work at a time
    #[arg(long)]
    requests: Option<u32>,
    /// The age of those behind the key, where a user has no profile: adult, minor or unknown
    #[arg(long)]
    age: Option<Age>,
    /// The scene of everything that comes with it; the policy says which scenes are of high risk
    #[arg(long)]
    scene: Option<String>,
    /// Each request must name its user
    #[arg(long)]
    user_required: bool,
}

impl Granted {
    fn settings(&self) -> Value {
        let mut settings = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                settings.insert(name.to_owned(), value);
            }
        };
        put("policy", self.policy.clone().map(Value::from));
        put("models", (!self.models.is_empty()).then(|| self.models.clone().into()));
        put("requests_per_minute", self.requests_per_minute.map(Value::from));
        put("requests", self.requests.map(Value::from));
        put("age", self.age.map(|age| age.id().into()));
        put("scene", self.scene.clone().map(Value::from));
        put("user_required", self.user_required.then(|| true.into()));
        Value::Object(settings)
    }
}

pub(crate) fn run(command: &Client) -> Result<ExitCode> {
    match command {
        Client::Add { store, name, out, granted, expires } => add(store, name, out, granted, *expires)?,
        Client::List { store, json } => list(store, *json)?,
        Client::Revoke { store, key } => {
            at_desk("client revoke", store, async |desk| {
                let (by, key) = (desk.by(), key.clone());
                Ok(desk.tenant.change(async move |change: &mut Change| change.revoke_client_key(&by, &key).await).await?)
            })?;
            say!("client key {key} is revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add(store: &StoreArgs, name: &str, out: &Path, granted: &Granted, expires: Option<i64>) -> Result<()> {
    let key = write_secret(out, || {
        at_desk("client add", store, async |desk| {
            let (by, name, settings, now_ms) = (desk.by(), name.to_owned(), granted.settings(), desk.tenant.now());
            let expires_ms = expires.map(|ms| now_ms + ms);
            let made = desk.tenant.change(async move |change: &mut Change| change.add_client_key(&by, &name, &settings, expires_ms).await);
            let ((key, secret), _) = made.await?;
            Ok((secret, key))
        })
    })?;
    say!("client key {key} is made; its secret is in {} and cannot be had again", out.display());
    Ok(())
}

fn list(store: &StoreArgs, json: bool) -> Result<()> {
    let keys = at_desk("client list", store, async |desk| Ok(desk.tenant.client_keys().await?))?;
    if json {
        let rows = keys.iter().map(|key| {
            serde_json::json!({"key": key.key, "name": key.name, "settings": key.settings, "created_ms": key.created_ms, "expires_ms": key.expires_ms,
                "revoked_ms": key.revoked_ms})
        });
        return print_json(&rows.collect::<Vec<_>>());
    }
    keys.iter().for_each(line);
    Ok(())
}

fn line(key: &ClientKey) {
    let state = match (key.revoked_ms, key.expires_ms) {
        (Some(ms), _) => format!("revoked {}", time(ms)),
        (None, Some(ms)) => format!("until {}", time(ms)),
        (None, None) => "until it is revoked".to_owned(),
    };
    say!("{}  {}  {state}  {}", key.key, pad(&key.name, 20), key.settings);
}

//! `guiju ledger witness`: the auditor's second machine. It holds a key of its own and remembers how far it has seen each log grow; what it has cosigned nobody can take
//! back, not even whoever holds the log's machine, database and key. By HTTP (C2SP tlog-witness), or by files where the two machines never meet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clap::{Args, Subcommand};
use keys::sign::Ed25519Key;
use ledger::key::{COSIGNATURE, VerifierKey};
use ledger::note::{Note, Signature};
use ledger::sign::{SignError, Signer};
use ledger::witness::{AddCheckpoint, Decision, MAX_REQUEST_BYTES, Refusal, Seen, decide};
use store::heads::{Head, Heads};

use super::read_key;
use crate::commands::gate::at_desk;
use crate::commands::passphrase;
use crate::commands::place::{StoreArgs, runtime};

/// A witness, and how a log talks to it by files
#[derive(Subcommand)]
pub(crate) enum Witness {
    /// Make a witness: its key, sealed with a passphrase
    Init {
        #[command(flatten)]
        place: WitnessArgs,
        /// Name of the witness in its cosignatures, without a scheme: witness.auditor.cn
        #[arg(long)]
        name: String,
    },
    /// Let the witness know a log by its public key
    Add {
        #[command(flatten)]
        place: WitnessArgs,
        /// The key, as `guiju keys init` prints it, or a file with it
        key: String,
    },
    /// Cosign on HTTP: POST /add-checkpoint
    Serve {
        #[command(flatten)]
        place: WitnessArgs,
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8790")]
        listen: std::net::SocketAddr,
    },
    /// Cosign a request in a file; the answer goes to standard output
    Cosign {
        #[command(flatten)]
        place: WitnessArgs,
        /// The request, as `guiju ledger witness request` writes it
        request: PathBuf,
    },
    /// On the log's side: write the request for the checkpoint as it stands
    Request {
        #[command(flatten)]
        store: StoreArgs,
        /// How many entries the witness has seen; it says so when it is wrong
        #[arg(long, default_value_t = 0)]
        old: u64,
    },
    /// On the log's side: put a witness's answer onto the checkpoint
    Accept {
        #[command(flatten)]
        store: StoreArgs,
        /// The answer, a file
        answer: PathBuf,
        /// Public key of the witness, as `witness init` printed it, or a file with it
        #[arg(long)]
        key: String,
        /// The request that it answers, where the log may have signed a newer checkpoint since
        #[arg(long)]
        request: Option<PathBuf>,
    },
}

/// Where a witness lies.
#[derive(Args)]
pub(crate) struct WitnessArgs {
    /// Directory of the witness: its sealed key, the logs it knows, what it has seen of them
    #[arg(long, env = "GUIJU_WITNESS", default_value = "guiju-witness")]
    witness: PathBuf,
    /// File with the passphrase of its key, at least 15 characters
    #[arg(long, env = "GUIJU_PASSPHRASE_FILE")]
    passphrase_file: PathBuf,
}

pub(super) fn run(command: &Witness) -> Result<ExitCode> {
    match command {
        Witness::Init { place, name } => init(place, name),
        Witness::Add { place, key } => add(place, key),
        Witness::Serve { place, listen } => serve(place, *listen),
        Witness::Cosign { place, request } => cosign(place, request),
        Witness::Request { store, old } => {
            let request = at_desk("ledger witness request", store, async |desk| Ok(desk.tenant.witness_request(*old).await?))?;
            say!("{}", request.to_string().trim_end_matches('\n'));
            Ok(ExitCode::SUCCESS)
        }
        Witness::Accept { store, answer, key, request } => {
            let (answer, key) = (fs::read(answer).with_context(|| answer.display().to_string())?, read_key(key)?);
            let asked = request.as_deref().map(asked).transpose()?;
            let size =
                at_desk("ledger witness accept", store, async |desk| Ok(desk.tenant.accept_cosignature(answer, key, asked).await?))?;
            say!("the checkpoint of {size} entries is cosigned");
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl WitnessArgs {
    fn path(&self, name: &str) -> PathBuf {
        self.witness.join(name)
    }

    fn open(&self) -> Result<Machine> {
        let path = self.path("witness.key");
        let sealed = fs::read(&path).with_context(|| format!("{}: `guiju ledger witness init` makes a witness", path.display()))?;
        let key = Ed25519Key::open(&sealed, &passphrase(&self.passphrase_file)?)?;
        let name = fs::read_to_string(self.path("name")).with_context(|| self.path("name").display().to_string())?;
        let logs = fs::read_to_string(self.path("logs")).unwrap_or_default();
        let known = |line: &str| line.parse().with_context(|| format!("{}: {line}", self.path("logs").display()));
        let logs = logs.lines().map(known).collect::<Result<_>>()?;
        Ok(Machine { cosigner: Cosigner::new(name.trim(), key)?, logs, seen: Heads::new(&self.witness) })
    }
}

fn init(place: &WitnessArgs, name: &str) -> Result<ExitCode> {
    fs::create_dir_all(&place.witness).with_context(|| place.witness.display().to_string())?;
    let path = place.path("witness.key");
    anyhow::ensure!(!path.exists(), "{}: there is a witness already", path.display());
    let key = Ed25519Key::generate()?;
    let sealed = key.seal(&passphrase(&place.passphrase_file)?)?;
    let verifier = Cosigner::new(name, key)?.name;
    fs::write(place.path("name"), name).with_context(|| path.display().to_string())?;
    fs::write(&path, sealed).with_context(|| path.display().to_string())?;
    say!("witness {name}");
    say!("key {verifier}");
    Ok(ExitCode::SUCCESS)
}

fn add(place: &WitnessArgs, key: &str) -> Result<ExitCode> {
    let key = read_key(key)?;
    let path = place.path("logs");
    let mut logs = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.with_context(|| path.display().to_string())?,
    };
    if !logs.lines().any(|line| line == key.to_string()) {
        logs.push_str(&format!("{key}\n"));
        fs::write(&path, logs).with_context(|| path.display().to_string())?;
    }
    say!("{} is known to the witness", key.name());
    Ok(ExitCode::SUCCESS)
}

fn cosign(place: &WitnessArgs, request: &Path) -> Result<ExitCode> {
    let body = fs::read(request).with_context(|| request.display().to_string())?;
    match place.open()?.answer(&body)? {
        Ok(lines) => {
            say!("{}", lines.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => anyhow::bail!("not cosigned ({}): {refusal}", refusal.status()),
    }
}

/// The checkpoint that a request asks for.
fn asked(request: &Path) -> Result<Note> {
    let body = fs::read(request).with_context(|| request.display().to_string())?;
    let request = AddCheckpoint::parse(&body).map_err(|refusal| anyhow::anyhow!("{}: {refusal}", request.display()))?;
    Ok(request.checkpoint)
}

fn serve(place: &WitnessArgs, listen: std::net::SocketAddr) -> Result<ExitCode> {
    let machine = Arc::new(Mutex::new(place.open()?));
    let app =
        Router::new().route("/add-checkpoint", post(add_checkpoint)).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)).with_state(machine);
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| listen.to_string())?;
        say!("the witness listens on http://{}", listener.local_addr()?);
        axum::serve(listener, app).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn add_checkpoint(State(machine): State<Arc<Mutex<Machine>>>, body: Bytes) -> Response {
    // One request at a time: a witness that decides two at once could cosign two histories.
    let answer = tokio::task::spawn_blocking(move || match machine.lock() {
        Ok(machine) => machine.answer(&body),
        Err(_) => Err(anyhow::anyhow!("an earlier request broke off; restart the witness")),
    });
    match answer.await {
        Ok(Ok(Ok(lines))) => lines.into_response(),
        Ok(Ok(Err(refusal))) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, [(header::CONTENT_TYPE, refusal.content_type())], format!("{refusal}\n")).into_response()
        }
        Ok(Err(_)) | Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot cosign now\n").into_response(),
    }
}

/// A witness.
struct Machine {
    cosigner: Cosigner,
    logs: Vec<VerifierKey>,
    seen: Heads,
}

impl Machine {
    /// Decides, remembers, answers, in this order: a crash after remembering costs the log one more try, the other way round two histories could be cosigned.
    fn answer(&self, body: &[u8]) -> Result<Result<String, Refusal>> {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let now = jiff::Timestamp::now().as_second().unsigned_abs();
        // Under the lock of the file: another process of this witness must not decide at the same time.
        self.seen.update(request.origin(), |last| {
            let last = last.map(|head| Seen { size: head.size, root: head.root });
            match decide(&request, &self.logs, last, &[&self.cosigner], now)? {
                Decision::Refuse(refusal) => Ok((None, Err(refusal))),
                Decision::Accept { cosignatures, seen } => {
                    Ok((Some(Head { size: seen.size, root: seen.root }), Ok(Signature::lines(&cosignatures))))
                }
            }
        })
    }
}

/// The key of a witness.
struct Cosigner {
    name: VerifierKey,
    key: Ed25519Key,
}

impl Cosigner {
    fn new(name: &str, key: Ed25519Key) -> Result<Self> {
        Ok(Self { name: VerifierKey::new(name, COSIGNATURE, &key.public())?, key })
    }
}

impl Signer for Cosigner {
    fn key(&self) -> &VerifierKey {
        &self.name
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.key.sign(message).to_vec())
    }
}

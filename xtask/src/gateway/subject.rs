//! What is measured: a gateway that was started, its CPU and its memory as Linux counts them.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hyper::body::Bytes;

use super::load::{Answer, Connection};
use super::{text, upstream};

/// Clock ticks a second in `/proc/PID/stat` on Linux (`sysconf(_SC_CLK_TCK)`, 100 on every architecture we know).
const TICKS: f64 = 100.0;

/// Longest start: a gateway written in Python needs half a minute on a busy machine.
const START: Duration = Duration::from_secs(180);

/// Words of the peer's list.
const PEER_WORDS: usize = 10_000;

/// A telephone number that our gateway must mask in an answer.
const NUMBER: &str = "13812345678";

const POLICY: &str = include_str!("../../../crates/gateway/data/policy.toml");

/// What can be started.
#[derive(Clone)]
pub(crate) enum Kind {
    /// `guiju serve`, with changes to the built-in policy: what stands there, and what is put in its place.
    Guiju(&'static str, &'static [(&'static str, &'static str)]),
    /// The LiteLLM proxy of a virtual environment.
    Litellm(PathBuf),
}

/// A gateway at work.
pub(crate) struct Subject {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Kind {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Guiju(name, _) => name,
            Self::Litellm(_) => "litellm",
        }
    }

    /// Starts it in a directory, in front of a model, and sees it pass one text and stop another.
    pub(crate) async fn start(&self, dir: &Path, model: SocketAddr) -> Result<Subject> {
        let address = free()?;
        let command = match self {
            Self::Guiju(_, changes) => guiju(dir, address, model, changes)?,
            Self::Litellm(venv) => litellm(venv, dir, address, model)?,
        };
        let subject = Subject { child: run(command, dir)?, address };
        let passed = subject.wait(dir).await?;
        ensure!(text::said(&passed.body).starts_with(&text::answer()), "{} changes harmless answers", self.name());
        let bad = match self {
            Self::Guiju(..) => NUMBER.to_owned(),
            Self::Litellm(_) => word(PEER_WORDS / 2),
        };
        let stopped = ask(address, text::echo(&format!("请再说一遍：{bad}。"))).await?;
        ensure!(!text::said(&stopped.body).contains(&bad), "{} lets '{bad}' through", self.name());
        Ok(subject)
    }
}

impl Subject {
    /// Waits until the gateway answers.
    async fn wait(&self, dir: &Path) -> Result<Answer> {
        let begun = Instant::now();
        let bodies = text::requests("instant", false);
        let body = bodies.first().context("no body")?;
        loop {
            if let Ok(answer) = ask(self.address, body.clone()).await
                && answer.status == 200
            {
                return Ok(answer);
            }
            if begun.elapsed() > START || !Path::new(&format!("/proc/{}/stat", self.child.id())).exists() {
                bail!("it does not serve: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// CPU seconds of the process and its children so far.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.stats().iter().filter_map(|fields| Some(number(fields, 11)? + number(fields, 12)?)).sum::<f64>() / TICKS
    }

    /// Resident memory of the process and its children, in MB.
    pub(crate) fn resident_mb(&self) -> f64 {
        self.stats().iter().filter_map(|fields| number(fields, 21)).sum::<f64>() * 4_096.0 / 1e6
    }

    /// Of the process and each of its children, what `/proc/PID/stat` says from the state on (the third field).
    fn stats(&self) -> Vec<Vec<String>> {
        let ours = self.child.id().to_string();
        let stat = |process: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            let fields: Vec<String> = stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect();
            let is_ours = process.file_name() == *ours || fields.get(1).is_some_and(|parent| *parent == ours);
            is_ours.then_some(fields)
        };
        std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(stat).collect()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(address: SocketAddr, body: Bytes) -> Result<Answer> {
    Connection::open(address).await?.ask(body, &AtomicUsize::new(0)).await
}

fn number(fields: &[String], at: usize) -> Option<f64> {
    fields.get(at)?.parse().ok()
}

/// A port that nobody uses now.
fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Starts a command whose files and words stay in a directory.
fn run(mut command: Command, dir: &Path) -> Result<Child> {
    let log = std::fs::File::create(dir.join("log"))?;
    let errors = log.try_clone()?;
    command.current_dir(dir).env("TMPDIR", dir).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().with_context(|| format!("{} does not start", command.get_program().display()))
}

fn guiju(dir: &Path, address: SocketAddr, model: SocketAddr, changes: &[(&str, &str)]) -> Result<Command> {
    let mut policy = POLICY.to_owned();
    for (from, to) in changes {
        ensure!(policy.contains(from), "the built-in policy does not say `{from}`");
        policy = policy.replace(from, to);
    }
    std::fs::write(dir.join("policy.toml"), policy)?;
    // The limits are out of the way: what is measured is work, not refusals.
    let config = format!(
        "listen = \"{address}\"\nadmin = \"{}\"\nkeys_required = false\npolicy = \"policy.toml\"\n[[upstream]]\nname = \"bench\"\n\
         url = \"http://{model}/v1\"\n[limits]\nkey_requests_per_minute = 100000000\nkey_requests = 4096\n",
        free()?
    );
    std::fs::write(dir.join("gateway.toml"), config)?;
    // This very program is a release build too (see .cargo/config.toml), so the product lies beside it.
    let mut command = Command::new(std::env::current_exe()?.with_file_name("guiju"));
    command.args(["serve", "--demo", "--config", "gateway.toml"]);
    Ok(command)
}

/// The proxy with one worker, its content filter in front and behind, and a list of keywords.
fn litellm(venv: &Path, dir: &Path, address: SocketAddr, model: SocketAddr) -> Result<Command> {
    let models: String = upstream::MODELS
        .iter()
        .map(|name| {
            format!(
                "  - model_name: {name}\n    litellm_params: {{model: openai/{name}, api_base: \"http://{model}/v1\", api_key: none}}\n"
            )
        })
        .collect();
    let config = format!(
        "model_list:\n{models}guardrails:\n  - guardrail_name: words\n    litellm_params:\n      guardrail: litellm_content_filter\n      \
         mode: [pre_call, post_call]\n      default_on: true\n      blocked_words_file: words.yaml\n"
    );
    std::fs::write(dir.join("config.yaml"), config)?;
    let words: String = (0..PEER_WORDS).map(|at| format!("  - {{keyword: \"{}\", action: BLOCK}}\n", word(at))).collect();
    std::fs::write(dir.join("words.yaml"), format!("blocked_words:\n{words}"))?;
    let mut command = Command::new(venv.join("bin/litellm"));
    command.args(["--config", "config.yaml", "--host", "127.0.0.1", "--num_workers", "1", "--port", &address.port().to_string()]);
    // Its word list is read in the encoding of the locale. No key, as none is asked of ours. No look for new prices or versions: nothing leaves this machine.
    command
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("LITELLM_LOG", "ERROR")
        .env("PYTHONUTF8", "1")
        .env("LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY", "true")
        .env("PATH", path(venv));
    Ok(command)
}

fn path(venv: &Path) -> String {
    format!("{}:{}", venv.join("bin").display(), std::env::var("PATH").unwrap_or_default())
}

/// A word of four characters that no sentence of the bench contains.
fn word(at: usize) -> String {
    const SIGNS: [char; 10] = ['犇', '猋', '骉', '麤', '毳', '淼', '焱', '垚', '鑫', '磊'];
    let digit = |power: usize| SIGNS.get(at / 10_usize.pow(u32::try_from(power).unwrap_or(0)) % 10).copied().unwrap_or('犇');
    (0..4).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_differ_and_are_in_no_text() {
        let words: HashSet<String> = (0..PEER_WORDS).map(word).collect();
        assert_eq!(words.len(), PEER_WORDS);
        let text = text::answer() + &text::pieces().concat();
        assert!(!words.iter().any(|word| text.contains(word.as_str())));
    }
}

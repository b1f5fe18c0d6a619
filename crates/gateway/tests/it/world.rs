//! A gateway of a test's own, in front of a model service of its own, with a store that goes when the test ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gateway::policy::Policy;
use gateway::{Config, Gateway};
use keys::root::{Root, RootError};
use keys::{CipherPolicy, Suite};
use serde_json::{Value, json};
use store::guard::Trace;
use store::{Options, Place, Store, Tenant, TenantId, system_clock};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// How long something may take that is on its way already.
pub const SOON: Duration = Duration::from_secs(20);

pub struct World {
    _directory: TempDir,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub store: Option<Store>,
    pub tenant: Tenant,
    /// How far the clock is wrong, ms.
    pub wrong_by: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

/// What a client heard.
pub struct Heard {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl World {
    /// A gateway without keys and without classifiers; `limits` and `silence_s` as they are said.
    pub async fn new(service: SocketAddr, silence_s: u64, limits: &str) -> Self {
        Self::with_policy(service, silence_s, limits, |policy| policy).await
    }

    /// The same with a policy of its own.
    pub async fn with_policy(service: SocketAddr, silence_s: u64, limits: &str, change: impl FnOnce(String) -> String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = config(&directory, service, silence_s, limits, change);
        Self::with_config(directory, config).await
    }

    /// A gateway whose set-up says more, at its beginning and at its end.
    pub async fn watched(service: SocketAddr, first: &str, last: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = set_up(&directory, service, 20, "", |policy| policy);
        let config = Config::parse(&format!("{first}{text}{last}")).unwrap();
        Self::with_config(directory, config).await
    }

    async fn with_config(directory: TempDir, config: Config) -> Self {
        let wrong_by = Arc::default();
        let store = Store::open(options(directory.path(), &wrong_by)).await.unwrap();
        let tenant = store.create_tenant(&TenantId::main(), "audit.example.cn", "test").await.unwrap();
        let started = Gateway::start(config, tenant.clone()).await.unwrap();
        let (address, admin) = (started.address(), started.admin_address());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(started.run(async move { drop(stopped.await) }));
        Self { _directory: directory, address, admin, store: Some(store), tenant, wrong_by, stop: Some(stop), running }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks for a chat that says something.
    pub async fn chat(&self, text: &str, stream: bool) -> Heard {
        self.ask("/v1/chat/completions", &asking(text, stream)).await
    }

    pub async fn ask(&self, path: &str, body: &Value) -> Heard {
        hear(post(&self.url(path), body).await).await
    }

    /// What the ledger holds of a request, once its outcome is there.
    pub async fn outcome(&self, heard: &Heard) -> Outcome {
        self.outcome_of(&heard.request()).await
    }

    pub async fn outcome_of(&self, request: &str) -> Outcome {
        let request = request.parse().unwrap();
        for _ in 0..200 {
            if let Ok(Trace { row: Some(row), entries, .. }) = self.tenant.trace(request).await {
                let said: Vec<Value> = entries.into_iter().filter_map(|entry| entry.said).collect();
                return Outcome { decision: row.decision, said };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no outcome of {request}");
    }

    /// The last request there is: of a client that never heard of it.
    pub async fn last_outcome(&self) -> Outcome {
        for _ in 0..200 {
            let rows = self.tenant.requests(&store::guard::RequestFilter::default(), 1).await.unwrap();
            if let Some(row) = rows.first() {
                return self.outcome_of(&row.request.to_string()).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no request has an outcome");
    }

    /// What the log says of itself.
    pub async fn verifies(&self) {
        verifies(&self.tenant).await;
    }

    /// Sees that the log verifies, and stops.
    pub async fn end(self) {
        self.verifies().await;
        self.end_without_store().await;
    }

    /// Stops.
    pub async fn end_without_store(mut self) {
        drop(self.stop.take());
        tokio::time::timeout(SOON, &mut self.running).await.unwrap().unwrap();
        if let Some(store) = self.store.take() {
            store.close().await;
        }
    }
}

/// What the ledger holds of a request.
pub struct Outcome {
    pub decision: String,
    /// Its entries: `what`, `by`, `details`.
    pub said: Vec<Value>,
}

impl Outcome {
    /// A detail of the last entry.
    pub fn detail(&self, name: &str) -> &Value {
        self.said.last().and_then(|said| said.pointer(&format!("/details/{name}"))).unwrap_or(&Value::Null)
    }

    /// Decision and failure.
    pub fn is(&self, decision: &str, failure: &str) {
        let found = (self.decision.as_str(), self.detail("failure").as_str().unwrap_or_default());
        assert_eq!(found, (decision, failure), "{:?}", self.said);
        assert_eq!(self.said[0]["what"], "request.admit");
    }
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    pub fn request(&self) -> String {
        self.headers["x-guiju-request"].to_str().unwrap().to_owned()
    }

    /// Status and code of an error.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The events of a stream; `[DONE]` as a string.
    pub fn events(&self) -> Vec<Value> {
        let data = self.body.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data))).collect()
    }

    /// What the first choice says.
    pub fn said(&self) -> String {
        let events = self.events();
        events.iter().filter_map(|event| event.pointer("/choices/0/delta/content")?.as_str()).collect()
    }

    /// The code of the error that a stream tells before its `[DONE]`.
    pub fn told(&self) -> Option<String> {
        let events = self.events();
        assert_eq!(events.last(), Some(&json!("[DONE]")), "{}", self.body);
        events.iter().find_map(|event| Some(event.pointer("/error/code")?.as_str()?.to_owned()))
    }
}

pub fn asking(text: &str, stream: bool) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream})
}

pub async fn post(url: &str, body: &Value) -> reqwest::Response {
    client().post(url).header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
}

/// A client that keeps no connection.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

pub async fn hear(response: reqwest::Response) -> Heard {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = tokio::time::timeout(SOON, response.bytes()).await.expect("an answer has an end").unwrap();
    Heard { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

pub async fn verifies(tenant: &Tenant) {
    let report = tenant.verify(Vec::new()).await.unwrap();
    assert!(report.findings.is_empty() && report.entries > 0, "{:?}", report.findings);
}

/// The set-up of a gateway whose ports are free ones.
pub fn config(directory: &TempDir, service: SocketAddr, silence_s: u64, limits: &str, change: impl FnOnce(String) -> String) -> Config {
    Config::parse(&set_up(directory, service, silence_s, limits, change)).unwrap()
}

fn set_up(directory: &TempDir, service: SocketAddr, silence_s: u64, limits: &str, change: impl FnOnce(String) -> String) -> String {
    let policy = change(
        Policy::built_in_text()
            .replace("classifier = \"full\"", "classifier = \"off\"")
            .replace("visible  = \"end\"", "visible  = \"off\""),
    );
    let path = directory.path().join("policy.toml");
    std::fs::write(&path, policy).unwrap();
    format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\nkeys_required = false\npolicy = {path:?}\n\
         [[upstream]]\nname = \"service\"\nurl = \"http://{service}/v1\"\nsilence_s = {silence_s}\n[limits]\ndrain_s = 2\n{limits}\n"
    )
}

/// How a store of a test is opened.
pub fn options(directory: &std::path::Path, wrong_by: &Arc<AtomicI64>) -> Options {
    let (clock, wrong_by, place) = (system_clock(), Arc::clone(wrong_by), Place { directory: directory.join("store"), database: None });
    let policy = CipherPolicy::uniform(Suite::XChaCha20Poly1305);
    Options { place, root: Arc::new(OpenRoot), policy, clock: Arc::new(move || clock() + wrong_by.load(Ordering::SeqCst)) }
}

/// A root that costs nothing and hides nothing: what is tested lies below it.
struct OpenRoot;

impl Root for OpenRoot {
    fn name(&self) -> String {
        "test".to_owned()
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        Ok([context, key].concat())
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        Ok(Zeroizing::new(wrapped.strip_prefix(context).unwrap().to_vec()))
    }

    fn health(&self) -> Result<(), RootError> {
        Ok(())
    }
}

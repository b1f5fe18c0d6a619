//! Fresh stores to test with.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use keys::root::{Root, RootError};
use keys::{CipherPolicy, Suite};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use store::{Options, Place, Store, Tenant, TenantId};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A store in a place that goes when the test ends, and a clock that the test moves.
pub(crate) struct Fresh {
    pub(crate) directory: TempDir,
    pub(crate) place: Place,
    pub(crate) time: Arc<AtomicI64>,
}

impl Fresh {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Place { directory: directory.path().join("数据"), database: None };
        Self { directory, place, time: Arc::new(AtomicI64::new(1_800_000_000_000)) }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("GUIJU_TEST_DATABASE") else {
            eprintln!("left out on PostgreSQL: GUIJU_TEST_DATABASE names no server");
            return None;
        };
        sqlx::any::install_default_drivers();
        let name = format!("guiju_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut connection = AnyConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
        let mut fresh = Self::sqlite().await;
        fresh.place.database = Some(format!("{}/{name}", server.rsplit_once('/').unwrap().0));
        Some(fresh)
    }

    /// Opens the store of this place, for the first time or again.
    pub(crate) async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> Result<Store, store::StoreError> {
        self.open_with(CipherPolicy::uniform(Suite::XChaCha20Poly1305)).await
    }

    /// Opens the store under a cipher policy.
    pub(crate) async fn open_with(&self, policy: CipherPolicy) -> Result<Store, store::StoreError> {
        Store::open(Options { policy, ..self.options() }).await
    }

    pub(crate) fn options(&self) -> Options {
        let time = Arc::clone(&self.time);
        let clock = Arc::new(move || time.load(Ordering::SeqCst));
        let policy = CipherPolicy::uniform(Suite::XChaCha20Poly1305);
        Options { place: self.place.clone(), root: Arc::new(TestRoot), policy, clock }
    }

    /// Opens the store with its tenant `main`.
    pub(crate) async fn main(&self) -> (Store, Tenant) {
        let store = self.open().await;
        let tenant = store.create_tenant(&TenantId::main(), "audit.example.cn", "test").await.unwrap();
        (store, tenant)
    }

    /// Asks one of the databases behind the store's back: `guiju.db` or `keys.db`.
    pub(crate) async fn ask(&self, file: &str, sql: &str) -> Vec<AnyRow> {
        let mut connection = self.connect(file).await;
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap()
    }

    /// A connection to one of the databases behind the store's back.
    pub(crate) async fn connect(&self, file: &str) -> AnyConnection {
        let url = match &self.place.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.place.directory.join(file).display()),
        };
        AnyConnection::connect(&url).await.unwrap()
    }

    /// Tells a child process where the store is.
    pub(crate) fn pass_on<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let database = self.place.database.clone().unwrap_or_default();
        command.env("GUIJU_TEST_PLACE", &self.place.directory).env("GUIJU_TEST_CHILD_DATABASE", database)
    }

    /// The place that the parent of this process named.
    pub(crate) fn again() -> Self {
        let directory = std::env::var("GUIJU_TEST_PLACE").unwrap().into();
        let database = std::env::var("GUIJU_TEST_CHILD_DATABASE").ok().filter(|url| !url.is_empty());
        let place = Place { directory, database };
        Self { directory: tempfile::tempdir().unwrap(), place, time: Arc::new(AtomicI64::new(1_800_000_000_000)) }
    }

    /// The time of the clock.
    pub(crate) fn now(&self) -> i64 {
        self.time.load(Ordering::SeqCst)
    }

    pub(crate) fn later(&self, ms: i64) {
        self.time.fetch_add(ms, Ordering::SeqCst);
    }
}

/// A root that costs nothing and hides nothing: what is tested lies below it.
struct TestRoot;

impl Root for TestRoot {
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

/// Files under a directory that hold some bytes.
pub(crate) fn holding(directory: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a test in every place there is.
pub(crate) fn everywhere(test: impl AsyncFn(Fresh)) {
    runtime().block_on(async {
        test(Fresh::sqlite().await).await;
        if let Some(fresh) = Fresh::postgres().await {
            test(fresh).await;
        }
    });
}

//! The store: the only crate with SQL. Rows, jobs, keys that are wrapped, and the ledger that every change of state goes into.
//!
//! - **One way in.** A [`Tenant`] is the only way to a connection; its name is the first value of every statement, and no caller can say otherwise.
//! - **One way to change.** [`Tenant::change`] runs a closure inside a transaction. What it [records](Change::record) is sealed and appended to the tenant's log in the
//!   same transaction: the row and its entry are both there or neither is. When it returns, both are on the disk.
//! - **Two databases, one text.** SQLite in a directory, or PostgreSQL; the same statements, the same tests.
//! - **Keys apart.** What is sealed and what opens it lie in two files with two lives (`vault.rs`).
//!
//! It does not know what an answer or a corpus is, names no cipher, and never opens a network connection but to its database.

pub mod access;
pub mod accounts;
mod backlog;
pub mod backup;
mod change;
pub mod consent;
mod day;
mod erasure;
mod error;
pub mod guard;
pub mod heads;
mod id;
mod jobs;
pub mod lineage;
mod log;
pub mod models;
mod place;
mod retention;
mod roots;
mod rotation;
pub mod runs;
mod schema;
pub mod sources;
mod tenant;
mod vault;
mod watched;
mod writer;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::{fs, thread};

use keys::CipherPolicy;
use keys::root::Root;
use sqlx::AnyPool;
use sqlx::any::AnyRow;
use tokio::sync::oneshot;

pub use backlog::Backlog;
pub use change::{Change, Content, Entry, MAX_CHANGE_BYTES, MAX_CONTENT_BYTES, MAX_ENTRIES};
pub use erasure::Erased;
pub use error::StoreError;
pub use id::EntryId;
pub use jobs::{Job, Leased, MAX_INPUT_BYTES, NewJob};
pub use ledger::leaf::Class;
pub use log::{LogStatus, Opened, Secret, SigningFault};
pub use place::Place;
pub use retention::MAX_ENDED;
pub use tenant::TenantId;
pub use vault::KeyStatus;
pub use watched::Watched;
pub use writer::Recorded;

use change::Bound;
use place::Part;
use vault::Vault;
use writer::{Queue, Writer};

/// Tells the time, in ms since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a store is opened.
pub struct Options {
    /// Where it lies.
    pub place: Place,
    /// What wraps the tenants' keys.
    pub root: Arc<dyn Root>,
    /// Which ciphers seal what.
    pub policy: CipherPolicy,
    /// The clock; [`system_clock`] outside tests.
    pub clock: Clock,
}

/// The machine's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}

/// An open store.
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: AnyPool,
    vault: Vault,
    queue: Queue,
    clock: Clock,
}

/// What one tenant may see and do.
#[derive(Clone)]
pub struct Tenant {
    id: TenantId,
    inner: Arc<Inner>,
}

impl Store {
    /// Opens a store, or makes it; brings its schema up to date; and holds every log against what this machine has signed.
    ///
    /// # Errors
    /// It cannot be reached, was written by a newer version, or is older than what was signed.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let Options { place, root, policy, clock } = options;
        make(&place.directory)?;
        let readers = place.readers().await?;
        schema::migrate(&readers, place.dialect(), schema::MAIN, "migrations").await?;
        let vault = Vault::open(&place, root, Arc::new(policy)).await?;
        schema::migrate(vault.pool(), place.dialect(), schema::KEYS, "migrations_keys").await?;
        log::check(&readers, &place).await?;
        let tenants = log::tenants(&mut *readers.acquire().await?).await?;
        keys_are_there(&tenants, &vault).await?;
        let queue = start(place, vault.clone(), Arc::clone(&clock)).await?;
        let store = Self { inner: Arc::new(Inner { readers, vault, queue, clock }) };
        for tenant in &tenants {
            store.desk(tenant).finish_erasures().await?;
        }
        Ok(store)
    }

    /// Opens a store whose head file is gone: what the database says was signed is taken for what this machine has signed, and an entry in each log that this concerns says so.
    /// It gives the names of these logs, and of how many entries each had a checkpoint. Whoever asks has made sure that the database is the newest.
    ///
    /// # Errors
    /// As [`Self::open`]; or a checkpoint does not speak of the entries that are there.
    pub async fn accept_heads(options: Options, by: &str) -> Result<(Self, Vec<(String, u64)>), StoreError> {
        make(&options.place.directory)?;
        let readers = options.place.readers().await?;
        schema::migrate(&readers, options.place.dialect(), schema::MAIN, "migrations").await?;
        let accepted = log::accept_heads(&readers, &options.place).await?;
        readers.close().await;
        let store = Self::open(options).await?;
        let mut logs = Vec::new();
        for (tenant, origin, signed) in accepted {
            let entry = Entry::new(ledger::leaf::Class::Admin, "ledger.accept-head", by).with("signed", signed);
            store.desk(&tenant).change(async move |change: &mut Change| change.record(entry)).await?;
            logs.push((origin, signed));
        }
        Ok((store, logs))
    }

    /// All tenants, by name.
    ///
    /// # Errors
    /// The database says no.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        log::tenants(&mut *self.inner.readers.acquire().await?).await
    }

    /// What a tenant may see and do.
    ///
    /// # Errors
    /// There is no such tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Tenant, StoreError> {
        let tenant = self.desk(id);
        let row = tenant.rows("SELECT 1 FROM tenant WHERE tenant = $1", |query| query).await?;
        if row.is_empty() { Err(StoreError::NotFound(format!("tenant {id}"))) } else { Ok(tenant) }
    }

    /// Makes a tenant, with its keys and its log. `origin` names the log in its checkpoints: a name of the service without a scheme, such as
    /// `audit.example.cn`, to which the tenant's is added.
    ///
    /// # Errors
    /// There is such a tenant already.
    pub async fn create_tenant(&self, id: &TenantId, origin: &str, by: &str) -> Result<Tenant, StoreError> {
        let tenant = self.desk(id);
        let (name, by) = (format!("{origin}/{id}"), by.to_owned());
        // A name that no checkpoint can bear is refused before anything is made.
        log::check_origin(&name)?;
        tenant.change(async move |change: &mut Change| log::begin(change, &name, &by).await).await?;
        Ok(tenant)
    }

    /// What a tenant of this name may see and do, whether there is one or not.
    fn desk(&self, id: &TenantId) -> Tenant {
        Tenant { id: id.clone(), inner: Arc::clone(&self.inner) }
    }

    /// Waits until all that was asked is written and signed. Nothing is written after that.
    pub async fn close(self) {
        self.inner.queue.close().await;
        self.inner.readers.close().await;
        self.inner.vault.close().await;
    }
}

impl Tenant {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &TenantId {
        &self.id
    }

    /// Changes something: the closure's statements and entries are kept together or not at all, and are on the disk when this returns.
    ///
    /// The closure runs on the writer's thread, where nothing else is written meanwhile: it asks and tells the database and does nothing that takes long.
    ///
    /// # Errors
    /// What the closure says, or why the disk did not get it; nothing was kept then.
    pub async fn change<T, F>(&self, work: F) -> Result<(T, Vec<Recorded>), StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Change) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.queue.change(self.id.clone(), work).await
    }

    /// The rows of a question, beside the writer.
    pub(crate) async fn rows(&self, sql: &'static str, bind: impl FnOnce(Bound) -> Bound) -> Result<Vec<AnyRow>, StoreError> {
        Ok(bind(self.id.query(sql)).fetch_all(&self.inner.readers).await?)
    }

    /// An id for an entry that is still to be recorded.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn entry_id(&self) -> Result<EntryId, StoreError> {
        EntryId::new(self.now_ms())
    }

    /// The store's time, ms since 1970: what all that is decided by a clock goes by.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now_ms()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }
}

/// Refuses a store whose keys are gone: new ones would be made in silence, and the log would go on under another name.
async fn keys_are_there(tenants: &[TenantId], vault: &Vault) -> Result<(), StoreError> {
    for tenant in tenants {
        if !vault.is_there(tenant).await? {
            return Err(StoreError::NotFound(format!(
                "key of tenant {tenant}, and its log has entries; restore the keys: `guiju backup restore-keys`"
            )));
        }
    }
    Ok(())
}

/// The directory, for its owner alone if it is made here.
fn make(directory: &Path) -> Result<(), StoreError> {
    if directory.is_dir() {
        return Ok(());
    }
    let wrong = |error: std::io::Error| StoreError::Place { place: directory.display().to_string(), what: error.to_string() };
    fs::create_dir_all(directory).map_err(wrong)?;
    #[cfg(unix)]
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(wrong)?;
    Ok(())
}

/// Starts the writer on a thread of its own, with connections of its own.
async fn start(place: Place, vault: Vault, clock: Clock) -> Result<Queue, StoreError> {
    let (queue, messages) = Queue::new();
    let (started, ready) = oneshot::channel();
    let thread = thread::Builder::new().name("guiju-writer".to_owned());
    let run = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(started.send(Err(StoreError::Place { place: place.to_string(), what: error.to_string() }))),
        };
        runtime.block_on(async move {
            let opened = async { Ok((log::Logs::new(&place, vault.beside(&place).await?), place.connection(Part::Main).await?)) };
            match opened.await {
                Err(error) => drop(started.send(Err(error))),
                Ok((logs, connection)) => {
                    let _ = started.send(Ok(()));
                    Writer { messages, place, clock, logs, waiting: VecDeque::new() }.run(connection).await;
                }
            }
        });
    };
    thread.spawn(run).map_err(|error| StoreError::Place { place: "the writer's thread".to_owned(), what: error.to_string() })?;
    ready.await.map_err(|_| StoreError::Closed)??;
    Ok(queue)
}

//! Where the store lies, and how to reach it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Transaction};

use crate::StoreError;

/// Connections that read at the same time: two processors, and one waiting for the disk at each.
const READERS: u32 = 4;

/// How long a connection may take: longer than any healthy one does, short enough that whoever starts the program sees why it does not.
const CONNECT: Duration = Duration::from_secs(5);

/// Where a store lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// What belongs to this machine alone: the root key file and the log's last signed head; with SQLite the databases too.
    pub directory: PathBuf,
    /// `postgres://…`, where the databases are there.
    pub database: Option<String>,
}

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Begins a transaction that writes: SQLite takes its lock at once, and so never finds it taken half-way.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

/// One of the two databases of a store; in PostgreSQL they are two groups of tables of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Keys,
}

impl Place {
    pub(crate) const fn dialect(&self) -> Dialect {
        if self.database.is_some() { Dialect::Postgres } else { Dialect::Sqlite }
    }

    /// Connections of one part. Those to SQLite overwrite what is deleted.
    pub(crate) async fn pool(&self, part: Part, most: u32) -> Result<AnyPool, StoreError> {
        let set_up = self.set_up(part);
        let options = AnyPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(CONNECT)
            .after_connect(move |connection, _| Box::pin(set_up_with(connection, set_up)));
        Ok(options.connect_with(self.options(part)?).await?)
    }

    pub(crate) async fn readers(&self) -> Result<AnyPool, StoreError> {
        self.pool(Part::Main, READERS).await
    }

    /// The connection that writes.
    pub(crate) async fn connection(&self, part: Part) -> Result<AnyConnection, StoreError> {
        let options = self.options(part)?;
        let wanted = tokio::time::timeout(CONNECT, AnyConnection::connect_with(&options));
        let mut connection =
            wanted.await.map_err(|_| StoreError::Place { place: self.to_string(), what: "does not answer".to_owned() })??;
        set_up_with(&mut connection, self.set_up(part)).await?;
        Ok(connection)
    }

    fn options(&self, part: Part) -> Result<AnyConnectOptions, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let file = match part {
            Part::Main => "guiju.db",
            Part::Keys => "keys.db",
        };
        let url = match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}?mode=rwc", encoded(&self.directory.join(file))),
        };
        AnyConnectOptions::from_str(&url).map_err(|error| StoreError::Place { place: self.to_string(), what: error.to_string() })
    }

    /// What is said on each new connection. `FULL`: what is acknowledged is on the disk, not only with the operating system.
    const fn set_up(&self, part: Part) -> &'static [&'static str] {
        match (&self.database, part) {
            (Some(_), _) => &[],
            (None, Part::Main) => {
                &["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON", "PRAGMA foreign_keys = ON"]
            }
            (None, Part::Keys) => &["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"],
        }
    }
}

async fn set_up_with(connection: &mut AnyConnection, statements: &'static [&'static str]) -> Result<(), sqlx::Error> {
    for &statement in statements {
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.database {
            // A URL may hold a password.
            Some(_) => f.write_str("the PostgreSQL database"),
            None => self.directory.display().fmt(f),
        }
    }
}

/// One moment of a database: SQLite keeps it for a reader of its write-ahead log, PostgreSQL for a transaction of this level.
pub(crate) async fn snapshot(pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
    let postgres = pool.acquire().await?.backend_name() == "PostgreSQL";
    Ok(pool.begin_with(if postgres { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" }).await?)
}

/// A path as the path of a URL.
fn encoded(path: &Path) -> String {
    let mut url = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

//! Tenants: the only way to a connection.

use std::fmt;
use std::str::FromStr;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// Longest name of a tenant, in characters: it stands in the name of a log, which stands in every checkpoint.
const MAX_NAME: usize = 40;

/// The name of a tenant: 1 to 40 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(String);

impl TenantId {
    /// The tenant of a machine that serves one provider.
    #[must_use]
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A question of this tenant: `$1` is its name, always, and no caller can say otherwise. A test holds every statement to it.
    pub(crate) fn query(&self, sql: &'static str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(sql).bind(self.0.clone())
    }

    /// The same of a statement that is put together from static parts.
    pub(crate) fn query_of(&self, sql: String) -> Query<'static, Any, AnyArguments> {
        sqlx::query(AssertSqlSafe(sql)).bind(self.0.clone())
    }
}

impl FromStr for TenantId {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(sign) {
            return Err(format!("a tenant's name has 1 to {MAX_NAME} lower-case letters, digits and hyphens; {name:?} has not"));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! The schema: written once for SQLite, translated for PostgreSQL, checked before start.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, SqlSafeStr};

use crate::StoreError;
use crate::place::Dialect;

/// The migrations of the data.
pub(crate) const MAIN: &[(i64, &str, &str)] = &[
    (1, "begin", include_str!("../migrations/main/0001_begin.sql")),
    (2, "accounts", include_str!("../migrations/main/0002_accounts.sql")),
    (3, "remembered", include_str!("../migrations/main/0003_remembered.sql")),
    (4, "models", include_str!("../migrations/main/0004_models.sql")),
    (6, "guard", include_str!("../migrations/main/0006_guard.sql")),
    (7, "sources", include_str!("../migrations/main/0007_sources.sql")),
    (8, "lineage", include_str!("../migrations/main/0008_lineage.sql")),
    (9, "retention", include_str!("../migrations/main/0009_retention.sql")),
    (10, "runs", include_str!("../migrations/main/0010_runs.sql")),
    (11, "break_glass", include_str!("../migrations/main/0011_break_glass.sql")),
];

/// The migrations of the keys.
pub(crate) const KEYS: &[(i64, &str, &str)] = &[(1, "begin", include_str!("../migrations/keys/0001_begin.sql"))];

/// Brings a database to the newest schema. Each migration is one transaction: after a crash it is there or not.
pub(crate) async fn migrate(pool: &AnyPool, dialect: Dialect, schema: &[(i64, &str, &str)], table: &'static str) -> Result<(), StoreError> {
    let migration = |&(version, name, sql): &(i64, &str, &str)| {
        let sql = AssertSqlSafe(translate(sql, dialect)).into_sql_str();
        Migration::new(version, Cow::Owned(name.to_owned()), MigrationType::Simple, sql, false)
    };
    let mut migrator = Migrator::with_migrations(schema.iter().map(migration).collect());
    migrator.dangerous_set_table_name(table);
    migrator.run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => StoreError::Newer(version),
        MigrateError::Execute(error) => StoreError::Database(error),
        other => StoreError::damaged("the schema of the database", other),
    })
}

/// The SQL of a dialect.
fn translate(sql: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => sql.to_owned(),
        Dialect::Postgres => {
            let types = sql.replace(" INTEGER", " BIGINT").replace(" BLOB", " BYTEA").replace(") STRICT;", ");");
            format!("{types}\n{}", comments(sql).map(|comment| comment.sql()).collect::<String>())
        }
    }
}

/// A comment of the schema, and what it speaks of.
struct Comment<'a> {
    table: &'a str,
    column: Option<&'a str>,
    text: &'a str,
}

impl Comment<'_> {
    fn sql(&self) -> String {
        let text = self.text.replace('\'', "''");
        match self.column {
            Some(column) => format!("COMMENT ON COLUMN {}.{column} IS '{text}';\n", self.table),
            None => format!("COMMENT ON TABLE {} IS '{text}';\n", self.table),
        }
    }
}

/// The comments of a schema: the line above a table, and what stands behind each column.
fn comments(sql: &str) -> impl Iterator<Item = Comment<'_>> {
    let mut above = "";
    let mut table = "";
    sql.lines().filter_map(move |line| {
        if let Some(text) = line.strip_prefix("-- ") {
            above = text;
            return None;
        }
        if let Some(name) = line.strip_prefix("CREATE TABLE ") {
            table = name.trim_end_matches(" (");
            return Some(Comment { table, column: None, text: above });
        }
        let (column, text) = line.strip_prefix("    ")?.split_once(" -- ")?;
        Some(Comment { table, column: column.split(' ').next(), text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(sql: &str) -> impl Iterator<Item = &str> {
        let column = |line: &&str| line.starts_with("    ") && line.trim_start().starts_with(char::is_lowercase);
        sql.lines().filter(column)
    }

    #[test]
    fn every_table_and_column_has_a_comment_and_a_tenant() {
        for (_, name, sql) in MAIN.iter().chain(KEYS) {
            for table in sql.split("CREATE TABLE ").skip(1) {
                let tenant = table.lines().nth(1).unwrap_or_default();
                assert!(tenant.trim_start().starts_with("tenant TEXT NOT NULL"), "{name}: {table}");
            }
            for column in columns(sql) {
                assert!(column.contains(" -- "), "{name}: {column}");
            }
            let tables = comments(sql).filter(|comment| comment.column.is_none() && !comment.text.is_empty()).count();
            assert_eq!(tables, sql.matches("CREATE TABLE").count());
            assert_eq!(comments(sql).filter(|comment| comment.column.is_some()).count(), columns(sql).count());
        }
    }

    #[test]
    fn the_other_dialect_has_its_types_and_comments() {
        let sql = translate(MAIN[0].2, Dialect::Postgres);
        assert!(sql.contains("place BIGINT NOT NULL") && sql.contains("leaf BYTEA NOT NULL") && !sql.contains("STRICT"));
        assert!(sql.contains("COMMENT ON COLUMN tenant.created_ms IS 'when it was made, ms since 1970';"));
        assert!(sql.contains("COMMENT ON TABLE job IS 'Work that survives a crash.';"));
    }
}

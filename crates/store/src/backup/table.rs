//! The tables of a schema, read from its migrations, so that a new table cannot be forgotten.
//!
//! The migrations make tables and nothing else: a column has one of three types, is never NULL, and the first is the tenant. A test holds what is read here against
//! what SQLite says of the database.

use std::borrow::Cow;

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::StoreError;
use crate::log::rows::Value;

/// Tables that a backup leaves out: the tiles of a log follow from its leaves, and are made from them again; and who was signed in then is not let in for it again.
pub(super) const LEFT_OUT: [&str; 2] = ["log_tile", "session"];

/// Where a log stands: restored last, so that a restore that was cut off leaves no log that could be written to.
pub(super) const HEADS: &str = "log_head";

/// The leaves, from which all of a log is verified.
pub(super) const ENTRIES: &str = "log_entry";

/// What the entries say.
pub(super) const SEGMENTS: &str = "log_segment";

/// What a backup of the data holds beside the tables: runs of places whose segment of that number is not there any more.
pub(super) const GONE: Table = Table {
    name: "gone_segment",
    columns: Cow::Borrowed(&[("segment", Kind::Number), ("first", Kind::Number), ("end", Kind::Number)]),
    order: Cow::Borrowed(&[]),
};

/// And the names of the keys that were destroyed, so that no older copy of the keys brings them back. A name is random and opens nothing.
pub(super) const DESTROYED: Table =
    Table { name: "destroyed_key", columns: Cow::Borrowed(&[("reference", Kind::Bytes)]), order: Cow::Borrowed(&[]) };

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Bytes,
}

/// A table, without the column `tenant` that is the first of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Cow<'static, [(&'static str, Kind)]>,
    /// The primary key.
    order: Cow<'static, [&'static str]>,
}

/// The tables of a schema in the order in which they were made: none refers to a later one.
pub(super) fn tables(schema: &[(i64, &'static str, &'static str)]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for line in schema.iter().flat_map(|(_, _, sql)| sql.lines()) {
        if let Some(name) = line.strip_prefix("CREATE TABLE ") {
            let name = name.trim_end_matches(" (");
            tables.push(Table { name, columns: Cow::Owned(Vec::new()), order: Cow::Owned(Vec::new()) });
        } else if let (Some(line), Some(table)) = (line.strip_prefix("    "), tables.last_mut()) {
            table.line(line);
        }
    }
    tables
}

impl Table {
    /// A line between the brackets of `CREATE TABLE`.
    fn line(&mut self, line: &'static str) {
        let line = line.split(" -- ").next().unwrap_or(line).trim_end_matches(',');
        if let Some(key) = line.strip_prefix("PRIMARY KEY (") {
            self.order = Cow::Owned(key.trim_end_matches(')').split(", ").filter(|column| *column != "tenant").collect());
            return;
        }
        let mut words = line.split(' ');
        let (name, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let kind = match kind {
            "INTEGER" => Kind::Number,
            "TEXT" => Kind::Text,
            "BLOB" => Kind::Bytes,
            _ => return,
        };
        if name != "tenant" && name.starts_with(char::is_lowercase) {
            self.columns.to_mut().push((name, kind));
        }
    }

    /// Whether an incremental backup takes only what was added since its base.
    pub(super) fn grows(&self) -> bool {
        [ENTRIES, SEGMENTS].contains(&self.name)
    }

    /// The question for a tenant's rows; of a table that grows, from the place `$2`.
    pub(super) fn select(&self) -> String {
        let (columns, order) = (self.names(), self.order.join(", "));
        let from = if self.grows() { " AND place >= $2" } else { "" };
        let order = if order.is_empty() { order } else { format!(" ORDER BY {order}") };
        format!("SELECT {columns} FROM {} WHERE tenant = $1{from}{order}", self.name)
    }

    /// The table with its columns, as a statement that inserts names it.
    pub(super) fn target(&self) -> String {
        format!("{} (tenant, {})", self.name, self.names())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The values of a row of [`Self::select`].
    pub(super) fn values(&self, row: &AnyRow) -> Result<Vec<Value>, StoreError> {
        let value = |(index, (_, kind)): (usize, &(&str, Kind))| {
            Ok(match kind {
                Kind::Number => Value::Number(row.try_get(index)?),
                Kind::Text => Value::Text(row.try_get(index)?),
                Kind::Bytes => Value::Bytes(row.try_get(index)?),
            })
        };
        self.columns.iter().enumerate().map(value).collect()
    }

    /// Where a column stands in the values of a row.
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| *name == column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Part, Place};
    use crate::schema;

    /// What SQLite itself says of a database that the migrations made: name, columns with types, whether they may be NULL, and the primary key.
    async fn as_sqlite_has_it(part: Part, schema: &[(i64, &str, &str)]) -> Vec<(String, Vec<(String, String)>, Vec<String>)> {
        let directory = tempfile::tempdir().unwrap();
        let place = Place { directory: directory.path().to_owned(), database: None };
        let pool = place.pool(part, 1).await.unwrap();
        schema::migrate(&pool, place.dialect(), schema, "migrations").await.unwrap();
        let names = sqlx::query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
        );
        let mut tables = Vec::new();
        for table in names.fetch_all(&pool).await.unwrap() {
            let table: String = table.get(0);
            let (mut columns, mut key) = (Vec::new(), Vec::new());
            let sql = "SELECT name, type, \"notnull\", pk, dflt_value IS NULL FROM pragma_table_info($1) ORDER BY cid";
            for row in sqlx::query(sql).bind(table.clone()).fetch_all(&pool).await.unwrap() {
                let (name, kind): (String, String) = (row.get(0), row.get(1));
                assert_eq!(row.get::<i64, _>(2), 1, "{table}.{name} may be NULL, which a backup has no value for");
                if row.get::<i64, _>(3) > 0 {
                    key.push((row.get::<i64, _>(3), name.clone()));
                }
                columns.push((name, kind));
            }
            key.sort();
            tables.push((table, columns, key.into_iter().map(|(_, name)| name).collect()));
        }
        tables
    }

    #[test]
    fn every_table_and_column_of_the_database_is_known() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (part, migrations) in [(Part::Main, schema::MAIN), (Part::Keys, schema::KEYS)] {
            let found = runtime.block_on(as_sqlite_has_it(part, migrations));
            let known: Vec<_> = tables(migrations)
                .iter()
                .map(|table| {
                    let word = |kind| match kind {
                        Kind::Number => "INTEGER".to_owned(),
                        Kind::Text => "TEXT".to_owned(),
                        Kind::Bytes => "BLOB".to_owned(),
                    };
                    let mut columns = vec![("tenant".to_owned(), "TEXT".to_owned())];
                    columns.extend(table.columns.iter().map(|(name, kind)| ((*name).to_owned(), word(*kind))));
                    let mut key = vec!["tenant".to_owned()];
                    key.extend(table.order.iter().map(|name| (*name).to_owned()));
                    (table.name.to_owned(), columns, key)
                })
                .collect();
            assert_eq!(known, found);
            assert!(known.iter().all(|(_, columns, _)| columns.len() > 1), "a table of the tenant alone has nothing to select");
        }
    }

    #[test]
    fn the_tables_that_are_named_here_are_there() {
        let names: Vec<&str> = tables(schema::MAIN).iter().map(|table| table.name).collect();
        for name in LEFT_OUT.into_iter().chain([HEADS, ENTRIES, SEGMENTS]) {
            assert!(names.contains(&name), "{name}");
        }
        assert_eq!(names.first(), Some(&"tenant"), "the others refer to it");
        for made_up in [GONE.name, DESTROYED.name] {
            assert!(!names.contains(&made_up));
        }
    }

    #[test]
    fn a_question_names_the_tenant_and_the_order() {
        let table = tables(schema::MAIN).into_iter().find(|table| table.name == SEGMENTS).unwrap();
        assert_eq!(
            table.select(),
            "SELECT place, segment, sealed FROM log_segment WHERE tenant = $1 AND place >= $2 ORDER BY place, segment"
        );
        assert_eq!(table.target(), "log_segment (tenant, place, segment, sealed)");
    }
}

//! Many rows at once: a statement for 256 of them costs a tenth of one for each row.

use std::fmt::Write;

use sqlx::AnyConnection;

use crate::StoreError;
use crate::tenant::TenantId;

/// Rows of one statement, the most first. Few sizes, so that the prepared statements are few; 256 rows of four values stay far below the 32,766 of SQLite.
const SIZES: [usize; 5] = [MOST, 64, 16, 4, 1];

/// Rows, or values looked for, of one statement at most.
pub(crate) const MOST: usize = 256;

/// The least of these sizes that has room for so many.
pub(crate) fn size_for(many: usize) -> usize {
    SIZES.into_iter().rev().find(|size| *size >= many).unwrap_or(MOST)
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Inserts rows into a table whose first column is the tenant; `end` says what to do with a row that is there.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    tenant: &TenantId,
    table: &str,
    end: &str,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter();
    for size in SIZES {
        while rows.len() >= size {
            let part: Vec<Vec<Value>> = rows.by_ref().take(size).collect();
            let width = part.first().map_or(0, Vec::len);
            let mut query = tenant.query_of(statement(table, end, size, width));
            for value in part.into_iter().flatten() {
                query = match value {
                    Value::Number(number) => query.bind(number),
                    Value::Text(text) => query.bind(text),
                    Value::Bytes(bytes) => query.bind(bytes),
                };
            }
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn statement(table: &str, end: &str, rows: usize, width: usize) -> String {
    let mut sql = format!("INSERT INTO {table} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "($1" } else { ", ($1" });
        for column in 0..width {
            let _ = write!(sql, ", ${}", 2 + row * width + column);
        }
        sql.push(')');
    }
    format!("{sql} {end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many() {
        assert_eq!([0, 1, 2, 4, 5, 65, 256].map(size_for), [1, 1, 4, 4, 16, 256, 256]);
    }

    #[test]
    fn each_row_begins_with_the_tenant() {
        assert_eq!(statement("t (tenant, a, b)", "", 2, 2), "INSERT INTO t (tenant, a, b) VALUES ($1, $2, $3), ($1, $4, $5) ");
    }
}

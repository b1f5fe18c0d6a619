//! The findings of a shard: one Parquet file, a row for each row of the shard, in its order. Format: `docs/formats/corpus-findings.md`.

mod read;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};

pub use read::Reader;
pub(crate) use write::{Writer, batch};

use crate::signature::SIGNATURE_BYTES;

/// Bytes of a content hash.
const HASH_BYTES: i32 = 16;

/// The name of a shard's findings.
#[must_use]
pub fn path(dir: &Path, shard: u32) -> PathBuf {
    dir.join("shards").join(format!("{shard:06}.findings.parquet"))
}

/// The fields of a finding.
fn finding_fields() -> Fields {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Fields::from(vec![
        text("class", true),
        text("attack", true),
        text("personal", true),
        text("detector", false),
        text("rule", false),
        text("severity", false),
        Field::new("score", DataType::Float32, false),
        Field::new("start", DataType::UInt32, false),
        Field::new("end", DataType::UInt32, false),
        text("via", true),
        text("matched", true),
    ])
}

/// The fields of a fault.
fn fault_fields() -> Fields {
    Fields::from(vec![Field::new("detector", DataType::Utf8, false), Field::new("message", DataType::Utf8, false)])
}

/// An element of a list.
fn element(fields: Fields) -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(fields), false))
}

fn schema() -> Arc<Schema> {
    let list = |name: &str, fields| Field::new(name, DataType::List(element(fields)), false);
    Arc::new(Schema::new(vec![
        Field::new("line", DataType::UInt64, false),
        Field::new("decision", DataType::Utf8, false),
        Field::new("broken", DataType::Utf8, true),
        Field::new("message", DataType::Utf8, true),
        Field::new("bytes", DataType::UInt64, true),
        Field::new("language", DataType::Utf8, true),
        Field::new("hash", DataType::FixedSizeBinary(HASH_BYTES), true),
        Field::new("near", DataType::FixedSizeBinary(SIGNATURE_BYTES as i32), true),
        list("findings", finding_fields()),
        list("faults", fault_fields()),
    ]))
}

#[cfg(test)]
mod tests;

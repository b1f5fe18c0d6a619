//! The files of the bench: three quarters of the rows as compressed JSON lines, a quarter as Parquet, both with fields beside the text.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::text::Pool;
use crate::match_bench::random::Random;

/// Of the bytes, those in JSON lines.
const JSON_PERCENT: usize = 75;
/// Text bytes of one JSON file.
const FILE_BYTES: usize = 32 << 20;
/// Rows of a row group of Parquet.
const GROUP_ROWS: usize = 4_096;

/// Writes files with so many bytes of text into a directory; how many bytes of text they have.
pub(super) fn write(pool: &Pool, dir: &Path, bytes: usize) -> Result<usize> {
    std::fs::create_dir_all(dir)?;
    let mut random = Random::new(8);
    let json_bytes = bytes / 100 * JSON_PERCENT;
    let mut written = 0;
    for file in 0.. {
        if written >= json_bytes {
            break;
        }
        let path = dir.join(format!("part-{file:03}.jsonl.zst"));
        written += json(pool, &mut random, &path, (json_bytes - written).min(FILE_BYTES))?;
    }
    Ok(written + columns(pool, &mut random, &dir.join("part.parquet"), bytes.saturating_sub(written))?)
}

fn json(pool: &Pool, random: &mut Random, path: &Path, bytes: usize) -> Result<usize> {
    let mut file = zstd::Encoder::new(File::create(path)?, 3)?;
    let mut written = 0;
    for row in 0.. {
        if written >= bytes {
            break;
        }
        let text = pool.row(random);
        written += text.len();
        serde_json::to_writer(&mut file, &serde_json::json!({"id": row, "source": "bench", "text": text}))?;
        file.write_all(b"\n")?;
    }
    file.finish()?.sync_all()?;
    Ok(written)
}

fn columns(pool: &Pool, random: &mut Random, path: &Path, bytes: usize) -> Result<usize> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    let batch = |rows: &[String]| -> Result<RecordBatch> {
        let text: ArrayRef = Arc::new(StringArray::from_iter_values(rows));
        let source: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "bench")));
        Ok(RecordBatch::try_from_iter([("source", source), ("text", text)])?)
    };
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch(&[])?.schema(), Some(properties))?;
    let (mut written, mut rows) = (0, Vec::new());
    while written < bytes {
        let row = pool.row(random);
        written += row.len();
        rows.push(row);
        if rows.len() == GROUP_ROWS {
            writer.write(&batch(&rows)?)?;
            rows.clear();
        }
    }
    writer.write(&batch(&rows)?)?;
    writer.close()?;
    Ok(written)
}

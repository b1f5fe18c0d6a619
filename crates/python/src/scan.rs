//! The directory of a scan, as Python sees it: what is left to do, and the summary. Format: `docs/formats/corpus-manifest.md`.

use std::path::{Path, PathBuf};

use corpus::{Manifest, Record};
use pyo3::prelude::*;
use serde::Serialize;
use taxonomy::Lang;

use crate::error::{raised, wrong};

/// The manifest of a directory that holds a scan.
pub(crate) fn manifest(dir: &Path) -> PyResult<Manifest> {
    let none = || wrong(format!("{} holds no scan; guiju.manifest() or `guiju corpus scan` makes one", dir.display()));
    Manifest::read(dir).map_err(raised)?.ok_or_else(none)
}

/// The shards that have no record yet, by number.
#[pyfunction]
pub(crate) fn open_shards(py: Python<'_>, dir: PathBuf) -> PyResult<Vec<u32>> {
    py.detach(|| {
        let manifest = manifest(&dir)?;
        let records = Record::all(&dir, &manifest).map_err(raised)?;
        Ok(manifest.shards.iter().zip(records).filter(|(_, record)| record.is_none()).map(|(shard, _)| shard.id).collect())
    })
}

/// Makes the summary of what is done and writes summary.json, summary.html, broken.jsonl and duplicates.jsonl; what other directories
/// hold of the same manifest is taken over first.
#[pyfunction]
#[pyo3(signature = (dir, *, others = Vec::new(), lang = "zh"))]
pub(crate) fn merge<'py>(py: Python<'py>, dir: PathBuf, others: Vec<PathBuf>, lang: &str) -> PyResult<Bound<'py, PyAny>> {
    let lang: Lang = lang.parse().map_err(wrong)?;
    let summary = py.detach(|| {
        let manifest = manifest(&dir)?;
        for other in &others {
            corpus::take(&dir, &manifest, other).map_err(raised)?;
        }
        corpus::summary::merge(&dir, &manifest, lang).map_err(raised)
    });
    object(py, &summary?)
}

/// What is written as JSON elsewhere, as dicts and lists.
pub(crate) fn object<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(wrong)?;
    py.import("json")?.call_method1("loads", (text,))
}

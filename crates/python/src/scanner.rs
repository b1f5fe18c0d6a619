//! What judges, as Python sees it: made once, used by any number of threads, and sent to other processes as the options it was made with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_pyarrow::{FromPyArrow, ToPyArrow};
use corpus::{Counter, Manifest, SHARD_BYTES, Scan, Selector, Settings, judge_batch};
use detect::classifier::Choice;
use detect::{Artefact, Keywords, Lexicon, LexiconError, Pipeline, Policy};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{raised, wrong};
use crate::scan::{manifest, object};

/// Most threads of one scanner: more than the cores of any machine that we know of.
const MAX_THREADS: usize = 1_024;

/// Judges training data: record batches with `scan`, shards of a manifest with `scan_shard`.
///
/// Threads may share one; the interpreter's lock is let go while it judges. It can be pickled: another process makes its own from the same
/// options, so the files must be there too.
#[pyclass(frozen, module = "guiju")]
pub(crate) struct Scanner {
    pipeline: Pipeline,
    text: Selector,
    options: Options,
}

/// What a scanner was made with.
struct Options {
    lexicon: Option<PathBuf>,
    policy: Option<PathBuf>,
    classifier: Choice,
    matched: bool,
    threads: usize,
}

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (*, lexicon = None, policy = None, classifier = "linear", text = "text", matched = false, threads = 1))]
    fn new(
        py: Python<'_>,
        lexicon: Option<PathBuf>,
        policy: Option<PathBuf>,
        classifier: &str,
        text: &str,
        matched: bool,
        threads: usize,
    ) -> PyResult<Self> {
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(wrong(format!("threads={threads}: give 1 to {MAX_THREADS}")));
        }
        let classifier: Choice = classifier.parse().map_err(wrong)?;
        // Another process may stand in another directory.
        let options = Options { lexicon: absolute(lexicon)?, policy: absolute(policy)?, classifier, matched, threads };
        let pipeline = py.detach(|| options.open())?;
        Ok(Self { pipeline, text: Selector::new(text).map_err(raised)?, options })
    }

    /// The detectors with their versions; the policy comes last. Two scanners of the same versions find the same.
    #[getter]
    fn versions(&self) -> Vec<String> {
        self.pipeline.versions().to_vec()
    }

    /// Judges the rows of a record batch and gives their findings, row for row; the first has the number `first`. No data is copied on the
    /// way in or out.
    #[pyo3(signature = (batch, *, first = 1))]
    fn scan<'py>(&self, py: Python<'py>, batch: &Bound<'py, PyAny>, first: u64) -> PyResult<Bound<'py, PyAny>> {
        let batch = record_batch(py, batch, self.text.as_str())?;
        let (pipeline, options) = (&self.pipeline, &self.options);
        let found = py.detach(|| judge_batch(&batch, &self.text, first, pipeline, options.matched, options.threads));
        found.map_err(raised)?.to_pyarrow(py)
    }

    /// Cuts files into shards and writes the manifest into the directory `out`, or goes on with the one that is there, if it is of the same
    /// files and settings. How many shards there are.
    #[pyo3(signature = (paths, out, *, shard_bytes = SHARD_BYTES))]
    fn manifest(&self, py: Python<'_>, paths: Vec<PathBuf>, out: PathBuf, shard_bytes: u64) -> PyResult<usize> {
        if shard_bytes == 0 {
            return Err(wrong("shard_bytes=0: give 1 or more"));
        }
        let settings = Settings { text: self.text.clone(), matched: self.options.matched, versions: self.versions(), shard_bytes };
        let paths = paths.into_iter().map(input).collect::<PyResult<Vec<_>>>()?;
        py.detach(|| {
            std::fs::create_dir_all(&out).map_err(|source| corpus::CorpusError::Io { path: out.clone(), source })?;
            if let Some(there) = Manifest::resume(&out, &paths, &settings)? {
                return Ok(there.shards.len());
            }
            let made = Manifest::make(&paths, settings, &Counter::default())?;
            made.write(&out)?;
            Ok(made.shards.len())
        })
        .map_err(raised)
    }

    /// Scans one shard of the manifest in `dir`, if it has no record yet, and gives its record. The manifest says where the text is.
    fn scan_shard<'py>(&self, py: Python<'py>, dir: PathBuf, shard: u32) -> PyResult<Bound<'py, PyAny>> {
        let record = py.detach(|| {
            let manifest = manifest(&dir)?;
            let threads = self.options.threads;
            Scan { dir: &dir, manifest: &manifest, pipeline: &self.pipeline, threads, part: (0, 1) }.one(shard).map_err(raised)
        });
        object(py, &record?)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((), Bound<'py, PyDict>)> {
        let options = PyDict::new(py);
        options.set_item("lexicon", &self.options.lexicon)?;
        options.set_item("policy", &self.options.policy)?;
        options.set_item("classifier", self.options.classifier.id())?;
        options.set_item("text", self.text.as_str())?;
        options.set_item("matched", self.options.matched)?;
        options.set_item("threads", self.options.threads)?;
        Ok(((), options))
    }
}

impl Options {
    fn open(&self) -> PyResult<Pipeline> {
        let policy = match &self.policy {
            Some(path) => {
                let named = |error: &dyn std::fmt::Display| wrong(format!("{}: {error}", path.display()));
                let text =
                    std::fs::read_to_string(path).map_err(|source| raised(corpus::CorpusError::Io { path: path.clone(), source }))?;
                Policy::parse(&text).map_err(|error| named(&error))?
            }
            None => Policy::default(),
        };
        let keywords = keywords(self.lexicon.as_deref()).map_err(wrong)?;
        corpus::pipeline(keywords, self.classifier.open().map_err(wrong)?, policy).map_err(wrong)
    }
}

/// The keywords of a lexicon directory or of a compiled lexicon; without a path, the built-in ones.
fn keywords(path: Option<&Path>) -> Result<Keywords, LexiconError> {
    Ok(match path {
        Some(path) if path.is_file() => Keywords::new(Arc::new(Artefact::open(path)?)),
        Some(path) => Keywords::compile(&Lexicon::read(path)?),
        None => Keywords::compile(&Lexicon::embedded()?),
    })
}

fn absolute(path: Option<PathBuf>) -> PyResult<Option<PathBuf>> {
    path.map(|path| std::path::absolute(&path).map_err(|source| raised(corpus::CorpusError::Io { path, source }))).transpose()
}

/// The path of an input as all processes can read it. An address with a scheme is one already.
fn input(path: PathBuf) -> PyResult<PathBuf> {
    if path.to_str().is_some_and(|path| path.contains("://")) { Ok(path) } else { absolute(Some(path)).map(Option::unwrap_or_default) }
}

/// A record batch of Python's. Of pyarrow's only the column of the text: what is taken over is checked, and the others may be large.
fn record_batch(py: Python<'_>, batch: &Bound<'_, PyAny>, text: &str) -> PyResult<RecordBatch> {
    if !batch.hasattr("__arrow_c_array__")? {
        let name = batch.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "scan() takes a record batch (pyarrow.RecordBatch, or whatever has __arrow_c_array__), not {name}; of a table give to_batches() one by one"
        )));
    }
    let of_pyarrow = batch.is_instance(&py.import("pyarrow")?.getattr("RecordBatch")?)?;
    let alone = of_pyarrow && batch.getattr("schema")?.call_method1("get_all_field_indices", (text,))?.len()? == 1;
    let batch = if alone { batch.call_method1("select", ([text],))? } else { batch.clone() };
    RecordBatch::from_pyarrow_bound(&batch).map_err(|error| {
        let said = error.value(py).to_string();
        if error.is_instance_of::<PyTypeError>(py) {
            return error;
        }
        PyValueError::new_err(format!(
            "the batch is not valid Arrow data: {said}; a column of text that is not UTF-8 can be given as binary, its rows are kept apart then"
        ))
    })
}

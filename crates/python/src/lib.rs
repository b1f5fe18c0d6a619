//! The Python package `guiju`: record batches and shards of training data judged by the code of the binary, so that Ray, Spark and their like can
//! hand out the work. What Python sees is typed in `python/guiju/_guiju.pyi`; docs/python.md is for its users.
//!
//! Nothing is judged or written here that `corpus` does not do: this crate converts, lets go of the interpreter's lock, and raises exceptions.

mod error;
mod scan;
mod scanner;

use pyo3::prelude::*;

#[pymodule]
mod _guiju {
    #[pymodule_export]
    use crate::scan::{merge, open_shards};
    #[pymodule_export]
    use crate::scanner::Scanner;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    const SHARD_BYTES: u64 = corpus::SHARD_BYTES;
}

//! The files of a directory: each is read once, whole, within its limit.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::OnnxError;

/// Longest `model.onnx`: what a message of protocol buffers may have. Larger models keep their weights in further files, which are not read.
pub const MAX_MODEL_BYTES: u64 = 2 << 30;

/// Longest `tokenizer.json`: four times that of the largest vocabularies in use, of 250,000 pieces.
pub const MAX_TOKENIZER_BYTES: u64 = 64 << 20;

/// Longest `model.toml` and `calibration.json`: 1,024 labels take a tenth of it.
const MAX_TABLE_BYTES: u64 = 1 << 20;

/// Names in the directory.
const TABLE: &str = "model.toml";
const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";
const CALIBRATION: &str = "calibration.json";

/// A file as it was read.
pub(crate) struct Content {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// All files of a directory.
pub(crate) struct Files {
    pub(crate) table: Content,
    pub(crate) model: Content,
    pub(crate) tokenizer: Content,
    pub(crate) calibration: Option<Content>,
}

impl Files {
    pub(crate) fn read(dir: &Path) -> Result<Self, OnnxError> {
        let needed = |name: &str, most: u64, holds: &'static str| {
            let path = dir.join(name);
            read(&path, most)?.ok_or(OnnxError::Missing { path, holds })
        };
        Ok(Self {
            table: needed(TABLE, MAX_TABLE_BYTES, "the model's name and the table of its labels")?,
            model: needed(MODEL, MAX_MODEL_BYTES, "the network with its weights, as ONNX")?,
            tokenizer: needed(
                TOKENIZER,
                MAX_TOKENIZER_BYTES,
                "the tokenizer that the model was trained with, as Hugging Face's library saves it",
            )?,
            calibration: read(&calibration(dir), MAX_TABLE_BYTES)?,
        })
    }

    /// The first 16 hexadecimal digits of the SHA-256 over the length (eight bytes, little-endian) and the bytes of each file, one after another.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for file in [&self.table, &self.model, &self.tokenizer].into_iter().chain(&self.calibration) {
            hasher.update((file.bytes.len() as u64).to_le_bytes());
            hasher.update(&file.bytes);
        }
        hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where a directory keeps its calibration.
pub(crate) fn calibration(dir: &Path) -> PathBuf {
    dir.join(CALIBRATION)
}

/// The bytes of a file; `None` if there is none.
fn read(path: &Path, most: u64) -> Result<Option<Content>, OnnxError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(OnnxError::file(path))?,
    };
    let length = file.metadata().map_err(OnnxError::file(path))?.len();
    let mut bytes = Vec::with_capacity(length.min(most) as usize);
    // The length is asked for before anything is read, and counted again: a pipe has none, and a file may grow.
    if length <= most {
        file.take(most + 1).read_to_end(&mut bytes).map_err(OnnxError::file(path))?;
    }
    if length.max(bytes.len() as u64) > most {
        return Err(OnnxError::TooLong { path: path.to_owned(), most });
    }
    Ok(Some(Content { path: path.to_owned(), bytes }))
}

/// Writes a file first beside its place, then, whole and synced, into it. A crash leaves the old file or the new one, and perhaps one with `tmp` in
/// its name, which nothing reads.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), OnnxError> {
    let beside = path.with_extension(format!("tmp-{}", std::process::id()));
    let written = fs::write(&beside, bytes).and_then(|()| File::open(&beside)?.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        let _ = fs::remove_file(&beside);
        OnnxError::file(path)(error)
    })
}

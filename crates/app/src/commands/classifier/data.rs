//! Labelled rows from files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use detect::classifier::{Classifier, Row, Trained, read};
use sha2::{Digest, Sha256};

/// Rows, and the files they come from.
pub(super) struct Data {
    pub(super) rows: Vec<Row>,
    pub(super) files: Vec<Trained>,
}

impl Data {
    /// Reads files, and directories of files with names in `.txt` and `.jsonl`, in order of name.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut data = Self { rows: Vec::new(), files: Vec::new() };
        for path in paths {
            if path.is_dir() {
                let mut files = list(path)?;
                files.sort();
                files.iter().try_for_each(|file| data.add(file))?;
            } else {
                data.add(path)?;
            }
        }
        if data.rows.is_empty() {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            bail!("no rows in {}: name files or directories of .txt or .jsonl (docs/formats/rows.md)", paths.join(", "));
        }
        Ok(data)
    }

    /// The files that a model was trained on: figures on them say nothing about texts it has not seen. They are named on standard error.
    pub(super) fn seen_by(&self, model: &dyn Classifier) -> Vec<&str> {
        let trained = model.trained();
        let seen = self.files.iter().filter(|file| trained.iter().any(|other| other.digest == file.digest));
        let seen: Vec<&str> = seen.map(|file| file.file.as_str()).collect();
        if !seen.is_empty() {
            eprintln!(
                "guiju: {} was trained on {}; figures on them say nothing about texts it has not seen",
                model.version(),
                seen.join(", ")
            );
        }
        seen
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let rows = read(&path.to_string_lossy(), &text)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let digest = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.push(Trained { file, rows: rows.len(), digest });
        self.rows.extend(rows);
        Ok(())
    }
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "txt" || end == "jsonl")).collect())
}

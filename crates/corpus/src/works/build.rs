//! Makes a register from files of works.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::prints::{Letters, prints};
use super::{BLOCK, FEWEST_LETTERS, MAX_PRINTS, MAX_SAME, Work, Works};
use crate::input::{self, Counter};
use crate::manifest::Manifest;
use crate::settings::{SHARD_BYTES, Selector, Settings};
use crate::{CorpusError, Format};

/// Wrong rows that are named; the others are only counted.
const NAMED: usize = 20;
/// Longest id, in bytes: it stands in every finding.
const MAX_ID_BYTES: usize = 64;
/// Longest title and holder, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A row of a file of works.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    #[serde(default)]
    holder: String,
    text: String,
}

/// Makes the register of the works in these files: JSON lines with `id`, `title`, `holder` and `text`, plain or compressed.
///
/// # Errors
/// Files cannot be read, rows are wrong (they are named, and nothing is made), or there are too many works.
pub fn build(inputs: &[PathBuf]) -> Result<Works, CorpusError> {
    let settings = Settings { text: Selector::new("text")?, matched: false, versions: Vec::new(), shard_bytes: SHARD_BYTES };
    let manifest = Manifest::make(inputs, settings, &Counter::default())?;
    let (mut builder, mut wrong) = (Builder::default(), Vec::new());
    if let Some(file) = manifest.files.iter().find(|file| file.format != Format::Jsonl) {
        return Err(CorpusError::Input(format!("{}: works are read from JSON lines (docs/formats/works.md)", file.path)));
    }
    for shard in &manifest.shards {
        let file = manifest.file(shard)?;
        let mut rows = input::open(file, shard, &manifest.settings.text, Counter::default())?;
        while let Some(row) = rows.next()? {
            let entry = row.bytes.map_err(|broken| broken.message);
            let entry = entry.and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).map_err(|error| error.to_string()));
            let added = entry.and_then(|entry| builder.add(&entry.id, &entry.title, &entry.holder, &entry.text));
            wrong.extend(added.err().map(|error| format!("{}:{}: {error}", file.path, row.line)));
        }
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(NAMED);
        wrong.truncate(NAMED);
        let rest = if more > 0 { format!("\n… and {more} more") } else { String::new() };
        return Err(CorpusError::Input(format!("no register was made; correct these rows:\n{}{rest}", wrong.join("\n"))));
    }
    builder.finish()
}

/// A register in the making.
#[derive(Default)]
pub(super) struct Builder {
    works: Vec<Work>,
    ids: BTreeSet<String>,
    prints: Vec<(u64, u32)>,
    next_block: u32,
}

impl Builder {
    /// Adds a work; what is wrong with it, if something is.
    pub(super) fn add(&mut self, id: &str, title: &str, holder: &str, text: &str) -> Result<(), String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(is_plain) {
            return Err(format!("the id '{id}' must have 1 to {MAX_ID_BYTES} of the characters a-z A-Z 0-9 . _ -"));
        }
        if [title, holder].iter().any(|name| name.chars().count() > MAX_NAME_CHARS) {
            return Err(format!("title and holder have at most {MAX_NAME_CHARS} characters"));
        }
        let letters = Letters::of(detect::fold(text).units()).units;
        if letters.len() < FEWEST_LETTERS {
            let has = letters.len();
            return Err(format!(
                "work '{id}' has {has} letters; below {FEWEST_LETTERS} a work cannot be told from a phrase that many write"
            ));
        }
        let kept = prints(&letters);
        if self.prints.len() + kept.len() > MAX_PRINTS {
            return Err(format!("work '{id}' is one too many: a register has at most {MAX_PRINTS} fingerprints, some 100 million letters"));
        }
        if !self.ids.insert(id.to_owned()) {
            return Err(format!("the id '{id}' stands there twice"));
        }
        // A row has at most 16 MiB, so the numbers fit.
        let work = Work { id: id.to_owned(), title: title.to_owned(), holder: holder.to_owned(), letters: letters.len() as u32 };
        self.prints.extend(kept.into_iter().map(|print| (print.hash, self.next_block + print.at / BLOCK)));
        self.next_block += work.blocks();
        self.works.push(work);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Works, CorpusError> {
        self.prints.sort_unstable();
        self.prints.dedup();
        let kept = self.prints.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() <= MAX_SAME).flatten();
        let (hashes, blocks) = kept.copied().unzip();
        let mut works = Works::new(self.works, hashes, blocks, String::new());
        works.digest = works.write_to(&mut std::io::sink()).map_err(crate::error::at(Path::new("works")))?;
        Ok(works)
    }
}

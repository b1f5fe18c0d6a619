//! Lexicons and texts on disk, as the commands write and read them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use detect::{Entry, export};
use serde_json::Value;

/// Writes a new lexicon directory; what exists is never overwritten.
pub(super) fn write_lexicon(dir: &Path, manifest: &str, files: &BTreeMap<&str, Vec<Entry>>) -> Result<()> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    }
    std::fs::create_dir(dir).with_context(|| format!("{}: a new directory is made there, and nothing is overwritten", dir.display()))?;
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).with_context(|| dir.join(name).display().to_string());
    for (name, entries) in files {
        write(name, &export::jsonl(entries))?;
    }
    write("lexicon.toml", manifest)?;
    // What was written is what can be read.
    detect::Lexicon::read(dir)?;
    Ok(())
}

/// The texts of a file, one a line; of a JSON-lines file, its field `text`.
pub(super) fn texts(path: &Path) -> Result<Vec<String>> {
    let content = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = content.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    if path.extension().is_none_or(|ending| ending != "jsonl") {
        return Ok(lines.map(|(_, line)| line.to_owned()).collect());
    }
    lines.map(|(at, line)| text_of(line).with_context(|| format!("{}:{}", path.display(), at + 1))).collect()
}

fn text_of(line: &str) -> Result<String> {
    let row: Value = serde_json::from_str(line)?;
    row.get("text").and_then(Value::as_str).map(str::to_owned).context("has no text in the field 'text'")
}

/// Entries by the file they go into: one for each section of Appendix A, as in the built-in lexicon.
pub(super) fn by_group(entries: Vec<Entry>) -> BTreeMap<&'static str, Vec<Entry>> {
    let mut files: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let file = match entry.class.map(|class| class.group().id()) {
            Some("A1") => "A1.jsonl",
            Some("A2") => "A2.jsonl",
            Some("A3") => "A3.jsonl",
            Some("A4") => "A4.jsonl",
            Some(_) => "A5.jsonl",
            None => "attack.jsonl",
        };
        files.entry(file).or_default().push(entry);
    }
    files
}

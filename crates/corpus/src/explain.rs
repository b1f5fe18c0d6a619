//! Why a row was removed, in words, with what was found shown in its place. The row is read again from its file and is not judged again.

use std::path::Path;

use taxonomy::{Decision, Finding, Lang, Span};

use crate::error::damaged;
use crate::findings::Reader;
use crate::input::{self, Counter, Taking, hex};
use crate::manifest::{Manifest, Shard};
use crate::row::{Content, Judged};
use crate::{Broken, CorpusError};

/// Characters shown on either side of what was found.
const AROUND: usize = 24;
/// Most rows named for one hash: of a text that stands there a million times a few places say enough.
const MAX_ROWS: usize = 20;

/// A row with what is known of it.
#[derive(Debug)]
pub struct Explained {
    /// `file:line`.
    pub place: String,
    /// Which shard has it.
    pub shard: u32,
    /// What is known.
    pub row: Judged,
    /// Its text, where it could be read.
    pub text: Result<String, Broken>,
}

/// The rows that `wanted` names: `file:line`, or the beginning of a content hash, at least eight hexadecimal digits.
///
/// # Errors
/// No row is named so, or files cannot be read.
pub fn explain(dir: &Path, manifest: &Manifest, wanted: &str) -> Result<Vec<Explained>, CorpusError> {
    let found = match wanted.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<u64>().ok()?))) {
        Some((file, line)) => by_place(dir, manifest, file, line)?,
        None if wanted.len() >= 8 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            by_hash(dir, manifest, &wanted.to_ascii_lowercase())?
        }
        None => {
            return Err(CorpusError::Input(format!("'{wanted}' names no row; write FILE:LINE, or eight digits or more of a content hash")));
        }
    };
    if found.is_empty() {
        return Err(CorpusError::Input(format!(
            "no row '{wanted}' was scanned; lines that are blank are no rows, and a shard may not be done yet"
        )));
    }
    found.into_iter().map(|(shard, row)| read(manifest, shard, row)).collect()
}

fn by_place<'m>(dir: &Path, manifest: &'m Manifest, file: &str, line: u64) -> Result<Vec<(&'m Shard, Judged)>, CorpusError> {
    let mut found = Vec::new();
    for shard in shards_of(manifest, file, line)?.into_iter().filter(|shard| crate::findings::path(dir, shard.id).exists()) {
        for row in Reader::open(dir, shard.id)? {
            let row = row?;
            if row.line == line {
                found.push((shard, row));
                break;
            }
        }
    }
    Ok(found)
}

/// The shards that may have a line of a file, which is named by its path or the end of it.
pub(crate) fn shards_of<'m>(manifest: &'m Manifest, file: &str, line: u64) -> Result<Vec<&'m Shard>, CorpusError> {
    let is_meant = |path: &str| path == file || path.strip_suffix(file).is_some_and(|before| before.ends_with('/'));
    let mut found = Vec::new();
    for shard in &manifest.shards {
        let behind = shard.rows.is_some_and(|rows| line >= shard.first_row + rows);
        if is_meant(&manifest.file(shard)?.path) && line >= shard.first_row && !behind {
            found.push(shard);
        }
    }
    Ok(found)
}

fn by_hash<'m>(dir: &Path, manifest: &'m Manifest, hash: &str) -> Result<Vec<(&'m Shard, Judged)>, CorpusError> {
    let mut found = Vec::new();
    for shard in manifest.shards.iter().filter(|shard| crate::findings::path(dir, shard.id).exists()) {
        for row in Reader::open(dir, shard.id)? {
            let row = row?;
            if row.content.as_ref().is_ok_and(|content| hex(&content.hash).starts_with(hash)) {
                found.push((shard, row));
            }
            if found.len() == MAX_ROWS {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn read(manifest: &Manifest, shard: &Shard, row: Judged) -> Result<Explained, CorpusError> {
    let file = manifest.file(shard)?;
    let taking = Taking::of(file, &manifest.settings.text);
    let place = format!("{}:{}", file.path, row.line);
    let mut rows = input::open(file, shard, &manifest.settings.text, Counter::default())?;
    while let Some(read) = rows.next()? {
        if read.line == row.line {
            let text = read.bytes.and_then(|bytes| Ok(taking.take(&bytes)?.text.into_owned()));
            let changed = text.as_ref().is_ok_and(|text| row.content.as_ref().is_ok_and(|c| c.hash != crate::content_hash(text)));
            if changed {
                return Err(CorpusError::Changed { path: Path::new(&file.path).to_owned() });
            }
            return Ok(Explained { place, shard: shard.id, row, text });
        }
    }
    Err(damaged(Path::new(&file.path), format!("has no row {} any more", row.line)))
}

impl Explained {
    /// In words.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let say = |zh, en| if lang == Lang::Zh { zh } else { en };
        let mut lines = vec![format!("{}  {} ({})", self.place, self.row.decision.title(lang), self.row.decision)];
        match &self.row.content {
            Err(broken) => lines.push(format!("  {}: {}", broken.kind.title(lang), broken.message)),
            Ok(content) => {
                lines.push(format!(
                    "  {} {}  {} {}",
                    say("内容哈希", "content hash"),
                    hex(&content.hash),
                    say("语言", "language"),
                    content.language
                ));
                lines.extend(self.content(content, lang));
                if content.findings.is_empty() && content.faults.is_empty() && self.row.decision == Decision::Pass {
                    lines.push(format!("  {}", say("没有任何发现。", "Nothing was found.")));
                }
            }
        }
        lines.join("\n")
    }

    fn content(&self, content: &Content, lang: Lang) -> Vec<String> {
        let say = |zh, en| if lang == Lang::Zh { zh } else { en };
        let found = content.findings.iter().map(|finding| {
            let via = finding.via.as_ref().map(|via| format!("  {} {via}", say("途径", "via"))).unwrap_or_default();
            let Span { start, end } = finding.span;
            let shown = self.text.as_ref().ok().and_then(|text| shown(text, finding.span)).unwrap_or_default();
            let (what, rule) = (what(finding, lang), &finding.rule);
            format!("  {what}  {} {rule}  {}  {start}..{end}{via}\n    {shown}", say("规则", "rule"), finding.severity.title(lang))
        });
        let failed =
            content.faults.iter().map(|fault| format!("  {} {}: {}", say("检测器故障", "detector failed"), fault.detector, fault.message));
        found.chain(failed).collect()
    }
}

/// What a finding speaks for.
fn what(finding: &Finding, lang: Lang) -> String {
    let class = finding.class.map(|class| format!("{} {class}", class.title(lang)));
    let attack = finding.attack.map(|attack| format!("{} {attack}", attack.title(lang)));
    let personal = finding.personal.map(|kind| format!("{} {kind}", kind.title(lang)));
    [class, attack, personal].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What was found between its neighbours: `…before【found】after…`, on one line.
pub(crate) fn shown(text: &str, span: Span) -> Option<String> {
    let (before, found, after) = (text.get(..span.start)?, span.cut(text)?, text.get(span.end..)?);
    let start = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let dots = |cut| if cut { "…" } else { "" };
    let line = format!("{}{}【{found}】{}{}", dots(start > 0), before.get(start..)?, after.get(..end)?, dots(end < after.len()));
    Some(line.replace(['\n', '\r', '\t'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_shown_between_its_neighbours() {
        let text = format!("{}代开发票{}", "前".repeat(30), "后\n");
        let start = 30 * 3;
        let line = shown(&text, Span { start, end: start + 12 }).unwrap();
        assert_eq!(line, format!("…{}【代开发票】后 ", "前".repeat(24)));
        assert_eq!(shown("a", Span { start: 0, end: 9 }), None);
    }
}

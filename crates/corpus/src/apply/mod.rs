//! From findings to a corpus one may train on: each row is kept as it is, redacted, or put into quarantine, by a policy that may differ from the
//! scan's. Nothing is detected again; the documents are read again and written beside, in their order.
//!
//! Below `out`: `clean/` (kept and redacted rows), `quarantine/` (removed rows, and why in `.reasons.jsonl`), `broken/` (rows that could not be
//! read), `consent/` (what consent did to which rows; those it drops are nowhere kept), `shards/` (what became of each row, and a record for each shard,
//! written last: what has one is done), `scan.json` (the manifest of the scan). Rows that are kept are the same byte for byte.

mod columns;
mod fates;
mod joined;
mod left;
mod mask;
mod sink;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use detect::redact::Redactor;
use detect::{Direction, Policy};
use ledger::hash::leaf_hash;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taxonomy::Decision;

use crate::became::Became;
use crate::consent::{Consent, Tally, Verdict};
use crate::error::{at, damaged};
use crate::findings::Reader;
use crate::input::{self, Counter, Format, Naming, Row, Taking, hash_file, hex, unchanged};
use crate::lineage::{Leaf, part};
use crate::manifest::{FileEntry, Manifest, Shard};
use crate::record::Record;
use crate::row::{Content, Judged};
use crate::summary::Copy;
use crate::{CorpusError, durable};

use fates::Fates;
pub(crate) use fates::{Outcome, path as fates_path};
use joined::Asked;
pub(crate) use joined::path as joined_path;
pub use left::Left;
use sink::Sink;

taxonomy::words! {
    /// Which copies are put into quarantine.
    #[derive(Default)]
    Duplicates, "choice of copies (keep, exact or all)", {
        #[default]
        Keep = "keep", "保留", "none";
        Exact = "exact", "完全重复", "exact copies";
        All = "all", "完全与近似重复", "exact and near copies";
    }
}

/// How many rows came where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// All of them.
    pub rows: u64,
    /// Kept, byte for byte.
    pub kept: u64,
    /// Kept with spans masked.
    pub redacted: u64,
    /// Removed by the policy.
    pub quarantined: u64,
    /// Removed as copies.
    pub copies: u64,
    /// Not readable.
    pub broken: u64,
    /// Removed for want of consent, and nowhere kept.
    pub dropped: u64,
    /// What consent made of the rows; all 0 where they were not joined with it.
    pub consent: Tally,
}

impl Applied {
    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.kept += other.kept;
        self.redacted += other.redacted;
        self.quarantined += other.quarantined;
        self.copies += other.copies;
        self.broken += other.broken;
        self.dropped += other.dropped;
        self.consent.add(&other.consent);
    }
}

/// The manifest of the scan, beside what was applied to it.
pub(crate) const SCAN: &str = "scan.json";

/// An application of a policy.
pub struct Apply<'a> {
    /// The directory of the scan.
    pub dir: &'a Path,
    /// Where the rows go.
    pub out: &'a Path,
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// What decides.
    pub policy: &'a Policy,
    /// What masks.
    pub redactor: &'a Redactor,
    /// The name and digest of the redaction policy, for the record.
    pub redaction: &'a str,
    /// Which copies go.
    pub duplicates: Duplicates,
    /// Who agreed to what, where the rows are joined with it.
    pub consent: Option<&'a Consent>,
    /// Cores to use.
    pub threads: usize,
}

/// A shard that is done: its counts, and under which hashes its rows stand.
#[derive(Serialize, Deserialize)]
struct Done {
    #[serde(flatten)]
    applied: Applied,
    lineage: Outcome,
}

/// What becomes of a row.
enum Fate<'r> {
    Keep,
    Redact(&'r Content),
    Quarantine,
    Copy,
    Broken,
    Drop,
}

/// The copies of a shard, by line.
type Copies = HashMap<u64, Copy>;

impl Apply<'_> {
    /// Applies the policy to all shards that were not done yet.
    ///
    /// # Errors
    /// A shard was not scanned, an input changed since, another policy was begun in `out`, or files cannot be read or written.
    pub fn run(&self) -> Result<Applied, CorpusError> {
        let records = self.begin()?;
        let copies = self.copies()?;
        let (next, total, fault) = (AtomicUsize::new(0), Mutex::new(Applied::default()), Mutex::new(None));
        let none = Copies::new();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while let Some(record) = records.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match self.shard(record, copies.get(&record.shard).unwrap_or(&none)) {
                            Ok(applied) => total.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&applied),
                            Err(error) => {
                                fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                                return;
                            }
                        }
                    }
                });
            }
        });
        if let Some(error) = fault.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let total = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut bytes = serde_json::to_vec_pretty(&total).unwrap_or_default();
        bytes.push(b'\n');
        durable::write_bytes(&self.out.join("applied.json"), &bytes)?;
        Ok(total)
    }

    /// Makes the directories, refuses to mix two policies in them, and gives the records of the scan.
    fn begin(&self) -> Result<Vec<Record>, CorpusError> {
        let records: Vec<Record> = Record::all(self.dir, self.manifest)?.into_iter().flatten().collect();
        let open = self.manifest.shards.len() - records.len();
        if open > 0 {
            return Err(CorpusError::Input(format!("{open} shards are not scanned yet; run `guiju corpus scan` again first")));
        }
        let joined = self.consent.map(|_| "consent");
        for name in ["clean", "quarantine", "broken", "shards"].into_iter().chain(joined) {
            let path = self.out.join(name);
            std::fs::create_dir_all(&path).map_err(at(&path))?;
        }
        let mut settings = json!({
            "format": 1, "manifest": self.manifest.digest(), "policy": self.policy.version(), "redaction": self.redaction, "duplicates": self.duplicates,
        });
        if let (Some(consent), Some(settings)) = (self.consent, settings.as_object_mut()) {
            self.can_join()?;
            settings.insert("consent".to_owned(), consent.settings());
        }
        let (path, text) = (self.out.join("apply.json"), format!("{settings:#}\n"));
        match std::fs::read_to_string(&path) {
            Ok(there) if there == text => Ok(records),
            Ok(_) => Err(CorpusError::Input(format!(
                "{} was begun with another scan, policy, redaction or consent, or on another day; name another --out, or remove it",
                self.out.display()
            ))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.manifest.write_to(&self.out.join(SCAN))?;
                durable::write_bytes(&path, text.as_bytes())?;
                Ok(records)
            }
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// The copies that go, by shard.
    fn copies(&self) -> Result<HashMap<u32, Copies>, CorpusError> {
        let mut by_shard: HashMap<u32, Copies> = HashMap::new();
        if self.duplicates == Duplicates::Keep {
            return Ok(by_shard);
        }
        let path = self.dir.join("duplicates.jsonl");
        let file = std::fs::File::open(&path).map_err(at(&path))?;
        for line in std::io::BufRead::lines(std::io::BufReader::new(file)) {
            let line = line.map_err(at(&path))?;
            let copy: Copy =
                serde_json::from_str(&line).map_err(|error| damaged(&path, format!("{error}; make it again with `guiju corpus merge`")))?;
            if self.duplicates == Duplicates::All || copy.similarity >= 1.0 {
                by_shard.entry(copy.row.shard).or_default().insert(copy.row.line, copy);
            }
        }
        Ok(by_shard)
    }

    fn shard(&self, record: &Record, copies: &Copies) -> Result<Applied, CorpusError> {
        if let Some(done) = Done::read(self.out, record.shard)? {
            return Ok(done.applied);
        }
        let shard = self.manifest.shards.get(record.shard as usize);
        let shard =
            shard.ok_or_else(|| damaged(self.dir, format!("has a record of shard {}, which is not in its manifest", record.shard)))?;
        let file = self.manifest.file(shard)?;
        let mut fates = Fates::new(self.out, shard.id, self.policy)?;
        let applied = match file.format {
            Format::Parquet => self.columns(shard, file, copies, &mut fates)?,
            _ => self.rows(shard, file, copies, &mut fates)?,
        };
        let (out, root, left) = fates.commit(&record.root)?;
        let clean = self.path("clean", shard, file);
        let sha256 = hash_file(&clean)?;
        let leaf = hex(&leaf_hash(&part(self.dir, self.manifest, shard, record)?.leaf()));
        let file = format!("clean/{}", clean.file_name().and_then(|name| name.to_str()).unwrap_or_default());
        Done { applied, lineage: Outcome { file, sha256, out, root, leaf, cut: record.cut.clone(), left } }.write(self.out, shard.id)?;
        Ok(applied)
    }

    /// Rows of bytes.
    fn rows(&self, shard: &Shard, file: &FileEntry, copies: &Copies, fates: &mut Fates<'_>) -> Result<Applied, CorpusError> {
        let settings = &self.manifest.settings;
        let taking = Taking::of(file, &settings.text);
        let header = if matches!(file.format, Format::Csv | Format::Tsv) {
            input::header_row(&file.place()?, file.compression)?
        } else {
            Vec::new()
        };
        let sink = |name| Sink::new(self.path(name, shard, file), file.compression, header.clone());
        let (mut clean, mut quarantine, mut broken) = (sink("clean").always()?, sink("quarantine"), sink("broken"));
        let (mut reasons, mut joined) = (self.reasons(shard, file), self.joined(shard, file));
        let naming = self.consent.map(|consent| Naming::of(file, &consent.person)).transpose()?;
        let mut rows = input::open(file, shard, &settings.text, Counter::default())?;
        let mut applied = Applied::default();
        for judged in Reader::open(self.dir, shard.id)? {
            let judged = judged?;
            // Where the scan ended early, so do the findings: no row beyond them is asked for.
            let row = rows.next()?.filter(|row| row.line == judged.line);
            let Row { bytes, .. } = row.ok_or_else(|| CorpusError::Changed { path: PathBuf::from(&file.path) })?;
            let raw = bytes.as_deref().unwrap_or_default();
            let asked = self.ask(&judged, naming.as_ref().and_then(|naming| naming.person(raw)).as_deref());
            let mut fate = self.fate(&judged, copies, asked);
            let mut text = judged.content.as_ref().ok().map(|content| content.hash);
            let mut redacted = Vec::new();
            if let Fate::Redact(content) = fate {
                let new;
                (redacted, new) = self.redacted(raw, &taking, content, asked, file)?;
                text = Some(crate::content_hash(&new));
                // A line of which nothing is left would be no row any more.
                if file.format == Format::Text && redacted.iter().all(u8::is_ascii_whitespace) {
                    fate = Fate::Quarantine;
                }
            }
            self.note(&judged, asked, &fate, &mut joined, &mut applied)?;
            fates.row(&judged, asked, fate.became(), text)?;
            match fate {
                Fate::Keep => clean.write(raw)?,
                Fate::Redact(_) => clean.write(&redacted)?,
                Fate::Quarantine | Fate::Copy => {
                    quarantine.write(raw)?;
                    reasons.line(&self.reason(&judged, copies))?;
                }
                // A row above the limit is not held in memory; broken.jsonl of the scan says where it stands.
                Fate::Broken if self.keeps_broken() => broken.write(raw)?,
                Fate::Broken | Fate::Drop => {}
            }
        }
        unchanged(file, shard)?;
        [clean, quarantine, broken, reasons, joined].into_iter().try_for_each(Sink::commit)?;
        Ok(applied)
    }

    fn path(&self, name: &str, shard: &Shard, file: &FileEntry) -> PathBuf {
        self.out.join(name).join(numbered(shard, file))
    }

    fn reasons(&self, shard: &Shard, file: &FileEntry) -> Sink {
        let mut path = self.path("quarantine", shard, file).into_os_string();
        path.push(".reasons.jsonl");
        Sink::new(PathBuf::from(path), input::Compression::None, Vec::new())
    }

    fn fate<'r>(&self, judged: &'r Judged, copies: &Copies, asked: Asked) -> Fate<'r> {
        let Ok(content) = &judged.content else { return Fate::Broken };
        // First, so that a row of somebody who said no is kept nowhere, not even in quarantine.
        if let Verdict::Drop(_) = asked.verdict {
            return Fate::Drop;
        }
        match self.policy.decide(&content.findings, &content.faults, Direction::Corpus) {
            Decision::Hold | Decision::Refuse => Fate::Quarantine,
            _ if copies.contains_key(&judged.line) => Fate::Copy,
            Decision::Mask => Fate::Redact(content),
            Decision::Pass if matches!(asked.verdict, Verdict::Redact(..)) => Fate::Redact(content),
            Decision::Pass => Fate::Keep,
        }
    }

    /// The row with what the policy masks masked, and its text.
    fn redacted(
        &self,
        raw: &[u8],
        taking: &Taking,
        content: &Content,
        asked: Asked,
        file: &FileEntry,
    ) -> Result<(Vec<u8>, String), CorpusError> {
        let changed = || CorpusError::Changed { path: PathBuf::from(&file.path) };
        let taken = taking.take(raw).map_err(|_| changed())?;
        let text = self.masked(&taken.text, content, asked).ok_or_else(changed)?;
        Ok((taking.put(raw, &taken.place, &text), text))
    }

    /// The text with what the policy or consent masks masked; none if it is not the text that was judged.
    fn masked(&self, text: &str, content: &Content, asked: Asked) -> Option<String> {
        let masks = |finding: &&taxonomy::Finding| {
            asked.verdict.redacts(finding) || self.policy.decide(std::slice::from_ref(*finding), &[], Direction::Corpus) == Decision::Mask
        };
        (crate::content_hash(text) == content.hash).then(|| mask::mask(text, content.findings.iter().filter(masks), self.redactor))?
    }

    fn reason(&self, judged: &Judged, copies: &Copies) -> serde_json::Value {
        let (findings, faults) = judged.content.as_ref().map_or((&[][..], &[][..]), |content| (&content.findings[..], &content.faults[..]));
        let removes =
            |finding: &&taxonomy::Finding| self.policy.decide(std::slice::from_ref(*finding), &[], Direction::Corpus) >= Decision::Hold;
        json!({
            "line": judged.line,
            "decision": self.policy.decide(findings, faults, Direction::Corpus),
            "findings": findings.iter().filter(removes).collect::<Vec<_>>(),
            "faults": faults,
            "copy_of": copies.get(&judged.line).map(|copy| json!({"shard": copy.of.shard, "line": copy.of.line, "similarity": copy.similarity})),
        })
    }
}

/// `000000-NAME`.
fn numbered(shard: &Shard, file: &FileEntry) -> String {
    let base = Path::new(&file.path).file_name().and_then(|name| name.to_str()).unwrap_or("rows");
    format!("{:06}-{base}", shard.id)
}

impl Fate<'_> {
    const fn became(&self) -> Became {
        match self {
            Fate::Keep => Became::Kept,
            Fate::Redact(_) => Became::Redacted,
            Fate::Quarantine => Became::Quarantined,
            Fate::Copy => Became::Copy,
            Fate::Broken => Became::Broken,
            Fate::Drop => Became::Dropped,
        }
    }
}

impl Done {
    fn path(out: &Path, shard: u32) -> PathBuf {
        out.join("shards").join(format!("{shard:06}.json"))
    }

    fn write(&self, out: &Path, shard: u32) -> Result<(), CorpusError> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        durable::write_bytes(&Self::path(out, shard), &bytes)
    }

    fn read(out: &Path, shard: u32) -> Result<Option<Self>, CorpusError> {
        let path = Self::path(out, shard);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| damaged(&path, format!("{error}; remove it and the shard is done again"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }
}

/// What a shard became, as its record in `out` says; none where it is not done.
pub(crate) fn outcome(out: &Path, shard: u32) -> Result<Option<(Applied, Outcome)>, CorpusError> {
    Ok(Done::read(out, shard)?.map(|done| (done.applied, done.lineage)))
}

impl Applied {
    fn count(&mut self, fate: &Fate<'_>) {
        self.rows += 1;
        *match fate {
            Fate::Keep => &mut self.kept,
            Fate::Redact(_) => &mut self.redacted,
            Fate::Quarantine => &mut self.quarantined,
            Fate::Copy => &mut self.copies,
            Fate::Broken => &mut self.broken,
            Fate::Drop => &mut self.dropped,
        } += 1;
    }
}

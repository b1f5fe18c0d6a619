//! What `corpus apply` wrote, held against the scan that it is of.

use std::path::Path;

use ledger::hash::Hash;

use crate::CorpusError;
use crate::apply::{self, Applied, Left, Outcome};
use crate::error::{at, damaged};
use crate::gates::{ConsentFact, ScanFacts};
use crate::lineage::{Tree, unhex};
use crate::manifest::Manifest;

/// How the version of the detector of registered works begins ([`crate::works`]).
const WORKS: &str = "works ";

/// A corpus to which a policy was applied.
#[derive(Debug)]
pub struct Batch {
    /// The manifest of its scan.
    pub manifest: Manifest,
    /// SHA-256 of that manifest.
    pub scan: Hash,
    /// Merkle root of the scan by whose findings it was applied.
    pub root: Hash,
    /// What was applied, as `apply.json` says it.
    pub settings: serde_json::Value,
    /// How many rows came where.
    pub applied: Applied,
    /// What is still in the rows that go out.
    pub left: Left,
    /// Files that could not be read, and shards whose rows end before their time: rows that nobody has seen.
    pub unread: u64,
    /// What each shard became.
    pub(crate) shards: Vec<Outcome>,
}

impl Batch {
    /// Reads what `corpus apply` wrote into a directory.
    ///
    /// # Errors
    /// Nothing was applied there, a shard is not done, or a record is damaged.
    pub fn read(dir: &Path) -> Result<Self, CorpusError> {
        let none = || CorpusError::Input(format!("{} is no directory that `guiju corpus apply` wrote", dir.display()));
        let manifest = Manifest::read_from(&dir.join(apply::SCAN))?.ok_or_else(none)?;
        let path = dir.join("apply.json");
        let settings: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).map_err(at(&path))?).map_err(|error| damaged(&path, error.to_string()))?;
        let digest = manifest.digest();
        if settings.get("manifest").and_then(serde_json::Value::as_str) != Some(digest.as_str()) {
            return Err(damaged(&path, format!("speaks of another scan than {}", apply::SCAN)));
        }
        let (mut applied, mut left, mut shards, mut tree) = (Applied::default(), Left::default(), Vec::new(), Tree::default());
        for shard in &manifest.shards {
            let open = || CorpusError::Input(format!("shard {} is not applied yet; run `guiju corpus apply` again first", shard.id));
            let (counts, outcome) = apply::outcome(dir, shard.id)?.ok_or_else(open)?;
            let leaf = unhex(&outcome.leaf).ok_or_else(|| damaged(dir, format!("the record of shard {} names no leaf", shard.id)))?;
            tree.push(leaf);
            applied.add(&counts);
            left.add(&outcome.left);
            shards.push(outcome);
        }
        let unread = manifest.files.iter().filter(|file| file.unreadable.is_some()).count()
            + shards.iter().filter(|shard| shard.cut.is_some()).count();
        let scan = unhex(&digest).unwrap_or_default();
        Ok(Self { scan, root: tree.root(), manifest, settings, applied, left, unread: unread as u64, shards })
    }

    /// What the gates are asked about of the data itself. What is known elsewhere (spot checks) is the caller's to add: here it is unknown, and keeps its
    /// gate shut.
    #[must_use]
    pub fn facts(&self) -> ScanFacts {
        let Applied { rows, broken, .. } = self.applied;
        ScanFacts {
            shards: self.shards.len() as u64,
            done: self.shards.len() as u64,
            judged: rows - broken,
            unread: self.unread,
            broken: self.left.faulty,
            kept: self.shards.iter().map(|shard| shard.out).sum(),
            marked: self.left.marked,
            works: self.manifest.settings.versions.iter().any(|version| version.starts_with(WORKS)).then_some(self.left.works),
            personal: self.left.personal,
            sensitive: self.left.sensitive,
            consent: self.consent(),
            languages: self.left.languages.clone(),
            ..ScanFacts::default()
        }
    }

    /// What came of the join with the register of consent, where there was one: nobody who said no is left by it.
    fn consent(&self) -> Option<ConsentFact> {
        let text = |field: &str| self.settings.get("consent")?.get(field)?.as_str().map(str::to_owned);
        Some(ConsentFact { snapshot: text("snapshot")?, until: text("until")?, opted_out: 0, without: self.applied.consent.without })
    }
}

//! A compiled lexicon: one run of bytes, in memory or mapped from a file, read in place. Format: `docs/formats/lexicon-artefact.md`.

use std::io::Read as _;
use std::path::Path;

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taxonomy::{AttackKind, RiskClass, Severity};

use super::compile::Uses;
use library::LibraryError;

use super::{Corrupt, Entry, LexiconError};
use crate::engine::{Patterns, Slot};
use crate::view::Via;
use crate::wide::fetch;

/// The first eight bytes; the last of them counts the versions of the format.
const MAGIC: &[u8; 8] = b"GJLEXIC\x06";

/// Sections begin at multiples of this: more than any of their types asks for.
const ALIGN: usize = 64;

/// Magic, SHA-256 of all that follows, and for each section where it begins and how long it is.
const HEAD: usize = 8 + 32 + 16 * Section::COUNT;

/// Largest artefact opened: a million entries take some 200 MiB.
const MAX_BYTES: u64 = 1 << 30;

/// What the artefact consists of, in this order.
#[derive(Clone, Copy)]
enum Section {
    Meta,
    Rules,
    Strings,
    /// The first of the tables of patterns: eight for each set.
    Patterns,
}

impl Section {
    const COUNT: usize = Self::Patterns as usize + TABLES * SETS;
}

/// Tables of a set of patterns.
const TABLES: usize = 8;

/// When a set of patterns is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Always; without one of them no rule has anything.
    First,
    /// What else the rules need: only where one of the first was found.
    Rest,
}

/// What a set of patterns is found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text and its views.
    Plain,
    /// The text around short runs of letters.
    Initials,
    /// Its sound.
    Sound,
}

impl Stage {
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Rest];
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Initials, Self::Sound];

    /// The form in which a disguise is found.
    pub(super) const fn of(via: Via) -> Self {
        match via {
            Via::Initials => Self::Initials,
            Via::Sound | Via::DrawnSound => Self::Sound,
            Via::Plain | Via::Split | Via::SureSplit | Via::Leet | Via::Spaced => Self::Plain,
        }
    }
}

/// How many sets there are, and the number of one.
pub(super) const SETS: usize = Stage::ALL.len() * Form::ALL.len();

pub(super) const fn set_number(stage: Stage, form: Form) -> usize {
    stage as usize * Form::ALL.len() + form as usize
}

/// What is known of the lexicon it was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) updated: String,
    pub(crate) digest: String,
    pub(crate) entries: usize,
}

/// What a pattern is to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Keyword,
    Near,
    Allow,
}

/// A pattern's service to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Use {
    pub(crate) rule: u32,
    role: u32,
}

impl Use {
    pub(crate) fn new(rule: usize, role: Role) -> Self {
        Self { rule: rule as u32, role: role as u32 }
    }

    pub(crate) fn role(self) -> Role {
        [Role::Keyword, Role::Near].get(self.role as usize).copied().unwrap_or(Role::Allow)
    }
}

/// An entry, as the search needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Rule {
    /// Where its id stands in the strings, and its `then` directly after.
    strings: u32,
    id_len: u16,
    then_len: u16,
    /// Index into the risk classes, or after them into the attacks.
    subject: u16,
    severity: u8,
    flags: u8,
    /// [`NO_NEAR`] without that condition.
    within: u16,
    reserved: u16,
}

const NO_NEAR: u16 = u16::MAX;
const WORD: u8 = 1;
const ORDERED: u8 = 2;

impl Rule {
    pub(super) fn new(entry: &Entry, strings: &mut String) -> Self {
        let at = strings.len() as u32;
        let then = entry.then.as_deref().unwrap_or_default();
        strings.push_str(&entry.id);
        strings.push_str(then);
        let subject = match (entry.class, entry.attack) {
            (Some(class), _) => class.index(),
            (None, attack) => RiskClass::ALL.len() + attack.map_or(0, AttackKind::index),
        };
        let ordered = entry.near.as_ref().is_some_and(|near| near.ordered);
        Self {
            strings: at,
            id_len: entry.id.len() as u16,
            then_len: then.len() as u16,
            subject: subject as u16,
            severity: entry.severity.index() as u8,
            flags: if entry.word { WORD } else { 0 } | if ordered { ORDERED } else { 0 },
            within: entry.near.as_ref().map_or(NO_NEAR, |near| near.within as u16),
            reserved: 0,
        }
    }

    pub(crate) fn class(&self) -> Option<RiskClass> {
        RiskClass::ALL.get(usize::from(self.subject)).copied()
    }

    pub(crate) fn attack(&self) -> Option<AttackKind> {
        usize::from(self.subject).checked_sub(RiskClass::ALL.len()).and_then(|at| AttackKind::ALL.get(at)).copied()
    }

    pub(crate) fn severity(&self) -> Severity {
        Severity::ALL.get(usize::from(self.severity)).copied().unwrap_or(Severity::Block)
    }

    pub(crate) fn is_word(&self) -> bool {
        self.flags & WORD != 0
    }

    pub(crate) fn is_ordered(&self) -> bool {
        self.flags & ORDERED != 0
    }

    /// How many units may lie between keyword and near word; `None` without that condition.
    pub(crate) fn within(&self) -> Option<usize> {
        (self.within != NO_NEAR).then_some(self.within.into())
    }
}

/// Where the bytes of an artefact lie; as words, so that they are aligned.
pub(super) enum Bytes {
    Owned(Vec<u64>),
    Mapped(crate::wide::Mapped),
}

/// A compiled lexicon.
pub struct Artefact {
    bytes: Bytes,
    meta: Meta,
}

/// One set of patterns with their uses.
#[derive(Clone, Copy)]
pub(crate) struct Searched<'a> {
    pub(crate) patterns: Patterns<'a>,
    starts: &'a [u32],
    uses: &'a [Use],
}

impl<'a> Searched<'a> {
    /// Asks for what tells the uses of a pattern, and then for the uses themselves, which will be read soon.
    pub(crate) fn fetch(&self, patterns: impl Iterator<Item = u32> + Clone) {
        patterns.clone().for_each(|pattern| fetch(self.starts, pattern as usize));
        patterns.for_each(|pattern| fetch(self.uses, self.starts.get(pattern as usize).map_or(0, |start| *start as usize)));
    }

    /// What a pattern is used for.
    pub(crate) fn uses(&self, pattern: u32) -> &'a [Use] {
        match self.starts.get(pattern as usize..).and_then(|rest| rest.first_chunk()) {
            Some(&[start, end]) => self.uses.get(start as usize..end as usize).unwrap_or_default(),
            None => &[],
        }
    }
}

impl Artefact {
    pub(super) fn new(bytes: Bytes) -> Self {
        let mut artefact = Self {
            bytes,
            meta: Meta { name: String::new(), version: String::new(), updated: String::new(), digest: String::new(), entries: 0 },
        };
        if let Ok(meta) = serde_json::from_slice(artefact.section::<u8>(Section::Meta as usize)) {
            artefact.meta = meta;
        }
        artefact
    }

    /// Maps a compiled lexicon from its file and checks it.
    ///
    /// The file must not be changed while it is mapped; `save` never changes one, it puts a new one in its place.
    ///
    /// # Errors
    /// The file cannot be read, or is no compiled lexicon of this version, or is damaged.
    pub fn open(path: &Path) -> Result<Self, LexiconError> {
        let read = |cause| LibraryError::Read { path: path.display().to_string(), cause };
        let file = std::fs::File::open(path).map_err(read)?;
        let size = file.metadata().map_err(read)?.len();
        if size > MAX_BYTES || size < HEAD as u64 {
            return Err(Corrupt(format!("{} has {size} bytes", path.display())).into());
        }
        Self::checked(Bytes::Mapped(crate::wide::Mapped::open(&file).map_err(read)?))
    }

    /// Reads a compiled lexicon from memory and checks it.
    ///
    /// # Errors
    /// It is no compiled lexicon of this version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LexiconError> {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        if let Some(into) = bytemuck::cast_slice_mut::<u64, u8>(&mut words).get_mut(..bytes.len()) {
            into.copy_from_slice(bytes);
        }
        Self::checked(Bytes::Owned(words))
    }

    fn checked(bytes: Bytes) -> Result<Self, LexiconError> {
        let artefact = Self::new(bytes);
        let all = artefact.bytes();
        if all.len() < HEAD || !all.starts_with(MAGIC) {
            return Err(Corrupt("it does not begin like a compiled lexicon of this version".to_owned()).into());
        }
        let says = all.get(8..40).unwrap_or_default();
        if Sha256::digest(all.get(40..).unwrap_or_default()).as_slice() != says {
            return Err(Corrupt("its checksum does not fit its content".to_owned()).into());
        }
        let rules = artefact.rules().len();
        for searched in artefact.sets() {
            searched.patterns.check()?;
            let fits = searched.starts.len() == searched.patterns.len() + 1
                && searched.starts.is_sorted()
                && searched.starts.last().is_none_or(|&end| end as usize <= searched.uses.len())
                && searched.uses.iter().all(|used| (used.rule as usize) < rules);
            if !fits {
                return Err(Corrupt("its uses do not fit its patterns".to_owned()).into());
            }
        }
        if artefact.rules().iter().any(|rule| artefact.strings(rule).is_none()) || artefact.meta.name.is_empty() {
            return Err(Corrupt("its rules do not fit its strings".to_owned()).into());
        }
        Ok(artefact)
    }

    /// Writes the artefact to a file: first beside it, then, whole and synced, in its place. A crash leaves the old file or the new one, and
    /// whoever has the old one mapped keeps it. A link is followed, and the old file's permissions stay. What is no file (a device, a pipe) is written
    /// to as it is.
    ///
    /// # Errors
    /// The file cannot be written, or another kind of file than a compiled lexicon stands there: it would be lost.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        // Where a link leads; a path where nothing stands yet is itself.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = std::fs::metadata(&path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return std::fs::write(&path, self.bytes());
        }
        if there.as_ref().is_some_and(|there| there.len() > 0) && !begins_as_one(&path)? {
            return Err(std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                "is another kind of file than a compiled lexicon; name a new one",
            ));
        }
        let beside = path.with_extension(format!("tmp-{}", std::process::id()));
        let keep = |()| there.map_or(Ok(()), |there| std::fs::set_permissions(&beside, there.permissions()));
        let written = std::fs::write(&beside, self.bytes()).and_then(keep).and_then(|()| std::fs::File::open(&beside)?.sync_all());
        written.and_then(|()| std::fs::rename(&beside, &path)).inspect_err(|_| {
            let _ = std::fs::remove_file(&beside);
        })
    }

    /// The bytes of the artefact.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(words) => bytemuck::cast_slice(words),
            Bytes::Mapped(map) => map.bytes(),
        }
    }

    /// Name, version and digest of the lexicon it was made from.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {} {}", self.meta.name, self.meta.version, self.meta.digest)
    }

    /// Day of the lexicon's last update.
    #[must_use]
    pub fn updated(&self) -> &str {
        &self.meta.updated
    }

    /// How many entries it has.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.meta.entries
    }

    /// How many patterns it has: keywords, near words, allow-phrases and disguises.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.sets().map(|set| set.patterns.len()).sum()
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        self.section(Section::Rules as usize)
    }

    /// The id of a rule.
    pub(crate) fn id(&self, rule: &Rule) -> &str {
        self.strings(rule).unwrap_or_default().0
    }

    /// The regular expression that must match after the keyword; empty without that condition.
    pub(crate) fn then(&self, rule: &Rule) -> &str {
        self.strings(rule).unwrap_or_default().1
    }

    fn strings(&self, rule: &Rule) -> Option<(&str, &str)> {
        let (start, id, then) = (rule.strings as usize, usize::from(rule.id_len), usize::from(rule.then_len));
        let bytes = self.section::<u8>(Section::Strings as usize).get(start..start + id + then)?;
        std::str::from_utf8(bytes).ok()?.split_at_checked(id)
    }

    fn sets(&self) -> impl Iterator<Item = Searched<'_>> {
        Stage::ALL.iter().flat_map(|stage| Form::ALL.map(|form| self.set(*stage, form)))
    }

    /// A set of patterns.
    pub(crate) fn set(&self, stage: Stage, form: Form) -> Searched<'_> {
        let first = Section::Patterns as usize + TABLES * set_number(stage, form);
        let patterns = Patterns {
            filter: self.section(first),
            singles: self.section(first + 1),
            begins: self.section(first + 2),
            slots: self.section(first + 3),
            offsets: self.section(first + 4),
            units: self.section(first + 5),
            prefixes: self.section(first + 6),
        };
        let uses: &[Use] = self.section(first + 7);
        // The starts stand before the uses in one section: as many as there are offsets, each as wide as half a use.
        let (starts, uses) = uses.split_at(patterns.offsets.len().div_ceil(2).min(uses.len()));
        let starts: &[u32] = bytemuck::cast_slice(starts);
        Searched { patterns, starts: starts.get(..patterns.offsets.len()).unwrap_or_default(), uses }
    }

    /// A section as a slice; empty if it does not lie within the bytes, which `checked` then notices.
    fn section<T: Pod>(&self, section: usize) -> &[T] {
        let at = 40 + section * 16;
        let number = |at: usize| {
            let bytes = self.bytes().get(at..at + 8)?;
            usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok()
        };
        let range = number(at).zip(number(at + 8)).and_then(|(start, len)| Some(start..start.checked_add(len)?));
        range.and_then(|range| self.bytes().get(range)).and_then(|bytes| bytemuck::try_cast_slice(bytes).ok()).unwrap_or_default()
    }
}

pub(super) fn write(meta: &Meta, sets: &[Uses; SETS], rules: &[Rule], strings: &str) -> Vec<u64> {
    let meta = serde_json::to_vec(meta).unwrap_or_default();
    let mut sections: Vec<Vec<u8>> = vec![meta, bytemuck::cast_slice(rules).to_vec(), strings.as_bytes().to_vec()];
    for set in sets {
        let mut starts = set.starts.clone();
        starts.resize(starts.len().next_multiple_of(2), 0);
        let uses = [bytemuck::cast_slice(&starts), bytemuck::cast_slice::<Use, u8>(&set.uses)].concat();
        let patterns = &set.patterns;
        sections.extend([
            bytemuck::cast_slice(&patterns.filter).to_vec(),
            bytemuck::cast_slice(&patterns.singles).to_vec(),
            bytemuck::cast_slice(&patterns.begins).to_vec(),
            bytemuck::cast_slice::<Slot, u8>(&patterns.slots).to_vec(),
            bytemuck::cast_slice(&patterns.offsets).to_vec(),
            bytemuck::cast_slice(&patterns.units).to_vec(),
            bytemuck::cast_slice(&patterns.prefixes).to_vec(),
            uses,
        ]);
    }
    let mut bytes = vec![0; HEAD.next_multiple_of(ALIGN)];
    let mut head = MAGIC.to_vec();
    head.resize(40, 0);
    for section in &sections {
        head.extend((bytes.len() as u64).to_le_bytes());
        head.extend((section.len() as u64).to_le_bytes());
        bytes.extend(section);
        bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    }
    bytes.splice(..head.len(), head);
    let digest = Sha256::digest(bytes.get(40..).unwrap_or_default());
    bytes.splice(8..40, digest);
    let mut words = vec![0_u64; bytes.len().div_ceil(8)];
    bytemuck::cast_slice_mut::<u64, u8>(&mut words).iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    words
}
/// Whether a file begins as a compiled lexicon does, of whatever version.
fn begins_as_one(path: &Path) -> std::io::Result<bool> {
    let (mut begins, magic) = (Vec::new(), MAGIC.get(..MAGIC.len() - 1).unwrap_or_default());
    std::fs::File::open(path)?.take(magic.len() as u64).read_to_end(&mut begins)?;
    Ok(begins == magic)
}

//! What has changed between two versions of a lexicon.
//!
//! Entries are told apart by their id; one that is gone under its id and there under another with the same keyword has moved.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::{Entry, Lexicon};

/// An entry by id and keyword.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its keyword.
    pub keyword: String,
}

/// An entry under another id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The old id.
    pub from: String,
    /// The new id.
    pub to: String,
    /// The keyword.
    pub keyword: String,
    /// Fields that differ besides the id.
    pub fields: Vec<String>,
}

/// The difference between two lexicons, in order of the new one; what is removed, in order of the old one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// What of the manifest differs.
    pub manifest: Vec<String>,
    /// Entries only the new one has.
    pub added: Vec<Named>,
    /// Entries only the old one has.
    pub removed: Vec<Named>,
    /// Entries of both that differ: id and fields.
    pub changed: Vec<(String, Vec<String>)>,
    /// Entries under another id.
    pub moved: Vec<Moved>,
}

impl Diff {
    /// Whether the two have the same entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty() && self.moved.is_empty()
    }
}

/// Compares two lexicons.
#[must_use]
pub fn diff(old: &Lexicon, new: &Lexicon) -> Diff {
    let before: HashMap<&str, &Entry> = old.entries.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let after: HashMap<&str, &Entry> = new.entries.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let mut diff = Diff { manifest: manifest(old, new), ..Diff::default() };
    let mut gone: HashMap<Vec<u16>, VecDeque<&Entry>> = HashMap::new();
    for entry in old.entries.iter().filter(|entry| !after.contains_key(entry.id.as_str())) {
        gone.entry(folded(entry)).or_default().push_back(entry);
    }
    let mut moved = BTreeSet::new();
    for entry in &new.entries {
        match before.get(entry.id.as_str()) {
            Some(same) => {
                let fields = fields(same, entry);
                if !fields.is_empty() {
                    diff.changed.push((entry.id.clone(), fields));
                }
            }
            None => match gone.get_mut(&folded(entry)).and_then(VecDeque::pop_front) {
                Some(same) => {
                    moved.insert(same.id.as_str());
                    diff.moved.push(renamed(same, entry));
                }
                None => diff.added.push(named(entry)),
            },
        }
    }
    let removed = old.entries.iter().filter(|entry| !after.contains_key(entry.id.as_str()) && !moved.contains(entry.id.as_str()));
    diff.removed.extend(removed.map(named));
    diff
}

fn manifest(old: &Lexicon, new: &Lexicon) -> Vec<String> {
    let differs = [
        ("name", old.name != new.name),
        ("version", old.version != new.version),
        ("updated", old.updated != new.updated),
        ("licence", old.licence != new.licence),
        ("variants", old.variants != new.variants),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

fn folded(entry: &Entry) -> Vec<u16> {
    crate::fold(&entry.keyword).units().to_vec()
}

fn named(entry: &Entry) -> Named {
    Named { id: entry.id.clone(), keyword: entry.keyword.clone() }
}

fn renamed(from: &Entry, to: &Entry) -> Moved {
    let mut fields = fields(from, to);
    fields.retain(|field| field != "id");
    Moved { from: from.id.clone(), to: to.id.clone(), keyword: to.keyword.clone(), fields }
}

/// The fields in which two entries differ, as their rows have them, in alphabetical order.
fn fields(old: &Entry, new: &Entry) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let row = |entry: &Entry| serde_json::to_value(entry).unwrap_or_default();
    match (row(old), row(new)) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(version: u32, rows: &[(&str, &str, &str)]) -> Lexicon {
        let head = format!("format = 1\nname = \"t\"\nversion = \"{version}\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\n");
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, word, class)| {
                format!(r#"{{"id":"{id}","keyword":"{word}","class":"{class}","severity":"block","added":"2026-11-21"}}"#)
            })
            .collect();
        Lexicon::parse(&head, &rows.join("\n")).unwrap()
    }

    #[test]
    fn every_entry_is_told_once() {
        let old = lexicon(1, &[("1", "甲词", "A1a"), ("2", "乙词", "A1a"), ("3", "丙词", "A1a"), ("4", "丁词", "A1a")]);
        let new = lexicon(2, &[("1", "甲词", "A1a"), ("2", "乙词", "A1b"), ("5", "丙詞", "A1c"), ("6", "戊词", "A1a")]);
        let told = diff(&old, &new);
        assert_eq!(told.manifest, ["version"]);
        assert_eq!(told.changed, [("2".to_owned(), vec!["class".to_owned()])]);
        let fields = ["class", "keyword"].map(str::to_owned).to_vec();
        assert_eq!(told.moved, [Moved { from: "3".to_owned(), to: "5".to_owned(), keyword: "丙詞".to_owned(), fields }]);
        let ids = |list: &[Named]| list.iter().map(|named| named.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&told.added), ids(&told.removed)), (vec!["6".to_owned()], vec!["4".to_owned()]));
        assert!(!told.is_empty() && diff(&old, &old).is_empty());
    }
}

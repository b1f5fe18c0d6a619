//! Public statements: what an entry says in the open, so that it can be proven to whoever has no key.
//!
//! What happened is sealed, so the proof of an entry alone shows that something was recorded, and not what. Where an entry has to be held against
//! files elsewhere (the root of a scan, the digest of an export), it carries a statement: one more segment of its leaf, not sealed, of digests and
//! counts, never of persons. Who has the statement and the leaf sees that the one stands in the other; who has the leaf alone learns nothing, since
//! a line `salt` is random. Format: `docs/formats/ledger.md`, 'Statements'.
//!
//! A statement is a note's text that can be signed with the key of the log: no checkpoint begins like it, so neither passes for the other.

use std::fmt;

use crate::leaf::Leaf;

/// First line. The second is none of a checkpoint's, which is a number.
const HEADER: &str = "guiju statement v1";
/// Largest statement: it names digests, never lists of files.
pub const MAX_STATEMENT_BYTES: usize = 4_096;
/// The lines that every statement begins with.
const WHAT: &str = "what";
const ORIGIN: &str = "origin";
const ENTRY: &str = "entry";

/// Why a text is no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a statement: {0}")]
pub struct StatementError(&'static str);

/// What an entry says in the open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    lines: Vec<(String, String)>,
}

impl Statement {
    /// What happened, in which log, as which entry, and further lines of a name and a value.
    ///
    /// # Errors
    /// A name or value cannot stand in a line, a name stands twice, or it is too long.
    pub fn new<'l>(
        what: &str,
        origin: &str,
        entry: [u8; 16],
        lines: impl IntoIterator<Item = (&'l str, &'l str)>,
    ) -> Result<Self, StatementError> {
        let entry = format!("{:032x}", u128::from_be_bytes(entry));
        let head = [(WHAT, what), (ORIGIN, origin), (ENTRY, entry.as_str())];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { lines: head.into_iter().map(owned).chain(lines.into_iter().map(owned)).collect() }.checked()
    }

    /// Whether bytes begin as a statement does: no envelope does.
    #[must_use]
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.strip_prefix(HEADER.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
    }

    /// Reads exactly what is printed.
    ///
    /// # Errors
    /// It is no statement.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        let bad = StatementError;
        if text.len() > MAX_STATEMENT_BYTES {
            return Err(bad("it is too long"));
        }
        let lines = text.strip_suffix('\n').ok_or(bad("it does not end with a line feed"))?;
        let mut lines = lines.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(bad("line 1 is not 'guiju statement v1'"));
        }
        let line = |line: &str| line.split_once(' ').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let lines: Option<Vec<_>> = lines.map(line).collect();
        Self { lines: lines.ok_or(bad("a line is not a name and a value"))? }.checked()
    }

    /// The value of a line.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What happened.
    #[must_use]
    pub fn what(&self) -> &str {
        self.get(WHAT).unwrap_or_default()
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.get(ORIGIN).unwrap_or_default()
    }

    /// The id of the entry, 32 hexadecimal digits.
    #[must_use]
    pub fn entry(&self) -> &str {
        self.get(ENTRY).unwrap_or_default()
    }

    /// Whether a leaf is that of the entry which says this.
    #[must_use]
    pub fn stands_in(&self, leaf: &Leaf) -> bool {
        let text = self.to_string();
        self.entry() == format!("{:032x}", u128::from_be_bytes(leaf.entry_id))
            && leaf.segments.iter().any(|segment| segment.is(text.as_bytes()))
    }

    fn checked(self) -> Result<Self, StatementError> {
        let bad = StatementError;
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_value = |value: &str| !value.is_empty() && !value.contains(char::is_control);
        if self.lines.iter().any(|(name, value)| !is_name(name) || !is_value(value)) {
            return Err(bad("a name has lower-case letters, digits and hyphens, a value no control characters, and neither is empty"));
        }
        let head: Vec<&str> = self.lines.iter().take(3).map(|(name, _)| name.as_str()).collect();
        if head != [WHAT, ORIGIN, ENTRY] {
            return Err(bad("it does not begin with what, origin and entry"));
        }
        let is_id = |id: &str| id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_id(self.entry()) {
            return Err(bad("the entry is not 32 lower-case hexadecimal digits"));
        }
        let names: std::collections::BTreeSet<&str> = self.lines.iter().map(|(name, _)| name.as_str()).collect();
        if names.len() != self.lines.len() {
            return Err(bad("a name stands twice"));
        }
        if self.to_string().len() > MAX_STATEMENT_BYTES {
            return Err(bad("it is too long"));
        }
        Ok(self)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        self.lines.iter().try_for_each(|(name, value)| writeln!(f, "{name} {value}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::leaf::{Class, Segment};

    fn sample() -> Statement {
        Statement::new("corpus.scan", "audit.example.cn/main", [7; 16], [("source", "新闻 2026"), ("root", "00ff")]).unwrap()
    }

    #[test]
    fn it_reads_back_and_is_no_checkpoint() {
        let text = sample().to_string();
        assert_eq!(
            text,
            "guiju statement v1\nwhat corpus.scan\norigin audit.example.cn/main\nentry 07070707070707070707070707070707\nsource 新闻 2026\nroot 00ff\n"
        );
        assert_eq!(Statement::parse(&text), Ok(sample()));
        assert!(Statement::begins(text.as_bytes()) && !Statement::begins(b"guiju statement v10") && !Statement::begins(b"guiju-e1"));
        assert_eq!((sample().what(), sample().get("root"), sample().get("rows")), ("corpus.scan", Some("00ff"), None));
        assert!(Checkpoint::parse(&text).is_err());
    }

    #[test]
    fn it_stands_in_the_leaf_of_its_entry_and_in_no_other() {
        let segments = vec![Segment::of(b"sealed"), Segment::of(sample().to_string().as_bytes())];
        let leaf = Leaf { suite: 1, entry_id: [7; 16], time_ms: 1, class: Class::Data, key_ref: [0; 16], segments };
        assert!(sample().stands_in(&leaf));
        assert!(!sample().stands_in(&Leaf { entry_id: [8; 16], ..leaf.clone() }));
        let other = Statement::parse(&sample().to_string().replace("00ff", "00fe")).unwrap();
        assert!(!other.stands_in(&leaf));
    }

    #[test]
    fn what_is_none_is_refused() {
        let text = sample().to_string();
        for bad in [
            String::new(),
            "guiju statement v1\n".to_owned(),
            text.trim_end().to_owned(),
            text.replace("v1", "v2"),
            text.replace("what corpus.scan\n", ""),
            text.replace("root 00ff", "root "),
            text.replace("root 00ff", "root"),
            text.replace("root 00ff", "Root 00ff"),
            text.replace("root 00ff", "source 00ff"),
            text.replace("root 00ff", "root 00\tff"),
            text.replace("entry 07", "entry 7"),
            format!("{text}\n"),
            text.replace("00ff", &"0".repeat(MAX_STATEMENT_BYTES)),
        ] {
            assert!(Statement::parse(&bad).is_err(), "{bad:.200}");
        }
        assert!(Statement::new("a", "b", [0; 16], [("root", "a\nb")]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_the_same(text in "guiju statement v1\n(what a\n)?(origin b\n)?(entry [0-9a-f]{31,32}\n)?([a-z]{1,3} .{0,9}\n){0,3}") {
            if let Ok(statement) = Statement::parse(&text) {
                prop_assert_eq!(statement.to_string(), text);
            }
        }
    }
}

//! What became of a row when a policy was applied: one letter a row, in the order of the findings.

taxonomy::words! {
    /// What became of a row. The ids begin with different letters, which stand for them in files.
    Became, "fate of a row", {
        Kept = "kept", "保留", "kept as it is";
        Redacted = "redacted", "脱敏后保留", "kept with spans redacted";
        Quarantined = "quarantined", "已隔离", "put into quarantine";
        Copy = "copy", "重复，已隔离", "put into quarantine as a copy";
        Broken = "broken", "无法读取，已分开存放", "not readable, kept apart";
        Dropped = "dropped", "已删除", "dropped";
    }
}

impl Became {
    /// The letter that stands for it.
    pub(crate) fn letter(self) -> u8 {
        self.id().bytes().next().unwrap_or_default()
    }

    /// What a letter stands for.
    pub(crate) fn of(letter: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|became| became.letter() == letter)
    }

    /// Whether the row is among those that one may train on.
    #[must_use]
    pub const fn goes_out(self) -> bool {
        matches!(self, Self::Kept | Self::Redacted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_read_back() {
        for became in Became::ALL.iter().copied() {
            assert_eq!(Became::of(became.letter()), Some(became));
        }
        assert_eq!(Became::of(b'x'), None);
    }
}

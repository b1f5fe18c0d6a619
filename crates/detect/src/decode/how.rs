//! The encodings, with the ids that stand in reports.

/// How a text was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// RFC 4648 section 4 and 5.
    Base64,
    /// RFC 4648 section 6.
    Base32,
    /// Hexadecimal or octal bytes.
    Hex,
    /// RFC 3986 percent encoding.
    Url,
    /// HTML character references.
    HtmlEntity,
    /// `\u4f60`, `U+4F60` and the like.
    UnicodeEscape,
    /// RFC 2045 section 6.7.
    QuotedPrintable,
    /// Unicode block Tags (U+E0000).
    UnicodeTags,
    /// Bits as zero-width characters.
    ZeroWidth,
    /// Bytes as variation selectors.
    VariationSelectors,
    /// ITU-R M.1677.
    Morse,
    /// Braille cells, English grade 1.
    Braille,
    /// Letters shifted by thirteen.
    Rot13,
    /// Letters shifted by another number.
    Caesar,
    /// Read from the end, or each word read from its end.
    Reversed,
    /// Letters set apart.
    SpacedLetters,
    /// Bytes as ones and zeros.
    Binary,
    /// Character numbers in decimal.
    Decimal,
    /// Digits and signs for letters.
    LeetSpeak,
    /// First or last characters of the lines.
    Acrostic,
    /// Quoted pieces or variables added up.
    Concatenated,
}

impl How {
    /// How many there are.
    pub const COUNT: usize = 21;

    /// Whether it is written with characters that no reader can see.
    pub(crate) const fn is_unseen(self) -> bool {
        matches!(self, Self::UnicodeTags | Self::ZeroWidth | Self::VariationSelectors)
    }

    /// Its stable id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base32 => "base32",
            Self::Hex => "hex",
            Self::Url => "url",
            Self::HtmlEntity => "html-entity",
            Self::UnicodeEscape => "unicode-escape",
            Self::QuotedPrintable => "quoted-printable",
            Self::UnicodeTags => "unicode-tags",
            Self::ZeroWidth => "zero-width",
            Self::VariationSelectors => "variation-selectors",
            Self::Morse => "morse",
            Self::Braille => "braille",
            Self::Rot13 => "rot13",
            Self::Caesar => "caesar",
            Self::Reversed => "reversed",
            Self::SpacedLetters => "spaced-letters",
            Self::Binary => "binary",
            Self::Decimal => "decimal",
            Self::LeetSpeak => "leet-speak",
            Self::Acrostic => "acrostic",
            Self::Concatenated => "concatenated",
        }
    }
}

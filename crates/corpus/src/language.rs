//! The language of a text by the shares of its scripts: zh, en or other. It tells scripts apart, not languages that share one: French counts
//! as `en` unless it has many accents. Enough for the mix of languages that clause GB-5.1-b1 asks for.

taxonomy::words! {
    /// The language of a row.
    Language, "language of a row", {
        Zh = "zh", "中文", "Chinese";
        En = "en", "英文", "English";
        Other = "other", "其他", "other";
    }
}

/// Share of Han characters among letters from which a text is Chinese: a Han character says about as much as three Latin letters.
const HAN_PERCENT: u64 = 25;
/// Share of ASCII letters among letters from which a text is English.
const LATIN_PERCENT: u64 = 75;
/// Share of kana among Han and kana from which Han characters are Japanese.
const KANA_PERCENT: u64 = 10;

/// The language of a text.
#[must_use]
pub(crate) fn language(text: &str) -> Language {
    let (mut han, mut kana, mut ascii, mut other) = (0_u64, 0_u64, 0_u64, 0_u64);
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => ascii += 1,
            '\0'..='\x7f' => {}
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => han += 1,
            '\u{3041}'..='\u{30ff}' => kana += 1,
            c => other += u64::from(c.is_alphabetic()),
        }
    }
    let letters = han + kana + ascii + other;
    if letters == 0 || kana * 100 > (han + kana) * KANA_PERCENT {
        Language::Other
    } else if han * 100 >= letters * HAN_PERCENT {
        Language::Zh
    } else if ascii * 100 >= letters * LATIN_PERCENT {
        Language::En
    } else {
        Language::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_apart() {
        let cases = [
            ("今天天气很好。", Language::Zh),
            ("请用 Python 写一个 hello world 程序，并解释每一行。", Language::Zh),
            ("The weather is fine today.", Language::En),
            ("今日はとても良い天気です。", Language::Other),
            ("Сегодня хорошая погода.", Language::Other),
            ("1234 !!!", Language::Other),
        ];
        for (text, expected) in cases {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}

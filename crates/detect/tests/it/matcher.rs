//! The matcher against the obvious one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use detect::{Matcher, fold};
use proptest::prelude::*;

type Found = BTreeSet<(usize, usize, Vec<u16>)>;

fn fast(words: &[String], text: &str) -> Found {
    let (folded, mut found) = (fold(text), Found::new());
    Matcher::new(words).scan(&folded, |hit| {
        let range = hit.start as usize..hit.end as usize;
        found.insert((range.start, range.end, folded.units()[range].to_vec()));
        ControlFlow::Continue(())
    });
    found
}

fn obvious(words: &[String], text: &str) -> Found {
    let (folded, mut found) = (fold(text), Found::new());
    let units = folded.units();
    for word in words {
        let word = fold(word).units().to_vec();
        for start in 0..units.len() {
            if !word.is_empty() && word.len() <= 128 && units[start..].starts_with(&word) {
                found.insert((start, start + word.len(), word.clone()));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Few letters, so that words overlap, contain each other and share beginnings.
    #[test]
    fn finds_what_the_obvious_one_finds(words in prop::collection::vec("[ab中国]{1,7}|[ab]{100,140}", 0..40), text in "([ab中国]|[ab]{20}| ){0,200}") {
        prop_assert_eq!(fast(&words, &text), obvious(&words, &text));
    }

    /// Enough words for the larger tables, texts longer than a block.
    #[test]
    fn finds_them_in_long_texts(words in prop::collection::vec("[a-f一-三]{2,5}", 200..300), text in "[a-f一-三，]{2100,4300}") {
        prop_assert_eq!(fast(&words, &text), obvious(&words, &text));
    }
}

#[test]
fn every_table_size_finds_every_word() {
    for count in [10, 300, 3_000, 12_000, 100_000] {
        let words: Vec<String> = (0..count).map(|n: u32| format!("{}词{}", char::from_u32(0x4E00 + n % 20_000).unwrap(), n)).collect();
        let text: String = words.iter().step_by(count as usize / 10).flat_map(|word| [word.as_str(), "，"]).collect();
        for word in words.iter().step_by(count as usize / 10) {
            assert!(fast(&words, &text).iter().any(|(_, _, units)| *units == fold(word).units()), "{word} of {count}");
        }
    }
}

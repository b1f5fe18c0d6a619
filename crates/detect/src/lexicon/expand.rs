//! The disguises in which an entry is found, spelled out for people to read.
//!
//! Sound and initials are all patterns there are; of characters taken apart and of digits for letters, which are views of the text and no patterns, examples,
//! each of which the engine was asked whether it reads it as the keyword. Characters taken apart are put
//! together whatever an entry's `variants` say; leet is read only where they name it.

use super::compile::view_patterns;
use super::{Entry, Variant};
use crate::sound;
use crate::view::{self, Via, View};

/// The disguises of an entry's spellings. `defaults` are the variants of its lexicon.
#[must_use]
pub fn expand(entry: &Entry, defaults: &[Variant]) -> Vec<(Variant, String)> {
    let variants = entry.variants.as_deref().unwrap_or(defaults);
    let mut disguises = Vec::new();
    for spelling in entry.spellings() {
        let units = crate::fold(spelling).units().to_vec();
        let patterns = view_patterns(&units, variants, entry.near.is_some());
        disguises.extend(patterns.into_iter().filter_map(|(via, pattern)| {
            Some((variant(via)?, if via == Via::Sound { sound::letters(&pattern) } else { string(&pattern) }))
        }));
        disguises.extend(taken_apart(&units).map(|pattern| (Variant::Split, string(&pattern))));
        disguises.extend(with_signs(&units).map(|pattern| (Variant::Leet, string(&pattern))));
    }
    disguises.sort();
    disguises.dedup();
    disguises
}

fn variant(via: Via) -> Option<Variant> {
    match via {
        // A skeleton is no spelling; the spellings are made below. Letters apart are no variant but always read.
        Via::Plain | Via::Spaced | Via::Leet => None,
        Via::Initials => Some(Variant::Initials),
        Via::Split | Via::SureSplit => Some(Variant::Split),
        Via::Sound | Via::DrawnSound => Some(Variant::Sound),
    }
}

fn string(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

/// The phrase with one of its characters in each of its parts.
fn taken_apart(units: &[u16]) -> impl Iterator<Item = Vec<u16>> {
    let forms = units.iter().enumerate().flat_map(|(at, &unit)| view::parts(unit).into_iter().map(move |parts| (at, parts)));
    forms.map(|(at, parts)| replaced(units, at, &parts)).filter(|form| reads_as(&view::splits(form, view::Everyday::BesideSure).0, units))
}

/// The phrase with one of its letters as each sign that stands for it, and with all but the first letter as the first of these.
fn with_signs(units: &[u16]) -> impl Iterator<Item = Vec<u16>> {
    let usual = |unit: &u16| view::signs(*unit).first().copied().unwrap_or(*unit);
    let all = units.iter().take(1).copied().chain(units.iter().skip(1).map(usual)).collect();
    let signs = units.iter().enumerate().flat_map(|(at, &unit)| view::signs(unit).into_iter().map(move |sign| (at, sign)));
    let forms = signs.map(|(at, sign)| replaced(units, at, &[sign])).chain([all]);
    let skeleton = view::leet_pattern(units).unwrap_or_default();
    forms.filter(move |form| reads_as(&view::leet(form, &view::mixed_words(form)), &skeleton))
}

fn replaced(units: &[u16], at: usize, with: &[u16]) -> Vec<u16> {
    let (before, after) = (units.iter().take(at), units.iter().skip(at + 1));
    before.chain(with).chain(after).copied().collect()
}

/// Whether a view holds the phrase.
fn reads_as(view: &View, phrase: &[u16]) -> bool {
    !phrase.is_empty() && view.units.windows(phrase.len()).any(|window| window == phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disguises(row: &str, variant: Variant) -> Vec<String> {
        let entry: Entry =
            serde_json::from_str(&format!(r#"{{"id":"1",{row},"class":"A1h","severity":"block","added":"2026-11-21"}}"#)).unwrap();
        let all = expand(&entry, &[Variant::Sound, Variant::Initials]);
        all.into_iter().filter(|(found, _)| *found == variant).map(|(_, text)| text).collect()
    }

    #[test]
    fn disguises_are_spelled_out() {
        let invoice = r#""keyword":"代发票""#;
        assert_eq!(disguises(invoice, Variant::Sound), ["daifapiao"]);
        assert_eq!(disguises(invoice, Variant::Initials), ["dfp", "df票", "d发p", "d发票", "代fp", "代f票", "代发p"]);
        assert!(disguises(r#""keyword":"代开""#, Variant::Sound).is_empty(), "two syllables are everyday words");
        assert_eq!(disguises(r#""keyword":"代开","near":{"with":"票","within":3}"#, Variant::Sound), ["daikai"]);
        assert!(disguises(r#""keyword":"代发票","variants":[]"#, Variant::Sound).is_empty());
        assert!(disguises(r#""keyword":"代开""#, Variant::Split).contains(&"亻弋开".to_owned()));
        let signs = disguises(r#""keyword":"heroin""#, Variant::Leet);
        assert!(
            signs.contains(&"h3roin".to_owned()) && signs.contains(&"her0in".to_owned()) && signs.contains(&"h3r01n".to_owned()),
            "{signs:?}"
        );
        assert!(disguises(r#""keyword":"代开""#, Variant::Leet).is_empty(), "what stays as it is is no disguise");
    }
}

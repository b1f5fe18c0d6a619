//! `guiju source diversity`: sources by language and modality (GB/T 45654-2025, 5.1 b).

use std::collections::BTreeMap;

use anyhow::Result;
use corpus::gates::DiversityFact;
use store::sources::Source;
use taxonomy::{Lang, Modality, Origin, SourceState};

use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::{pad, print_json};

/// Counts sources by language (the first word of its tag) and modality; those that are refused or on the blacklist count for nothing.
pub(super) fn cells(sources: &[Source]) -> Vec<DiversityFact> {
    let mut counts: BTreeMap<(String, Modality), (u64, u64)> = BTreeMap::new();
    for source in sources.iter().filter(|source| !matches!(source.state, SourceState::Blocked | SourceState::Refused)) {
        for key in keys(source) {
            let (domestic, foreign) = counts.entry(key).or_default();
            match source.declared.origin {
                Origin::Domestic => *domestic += 1,
                Origin::Foreign => *foreign += 1,
            }
        }
    }
    let cell = |((language, modality), (domestic, foreign))| DiversityFact { language, modality, domestic, foreign };
    counts.into_iter().map(cell).collect()
}

/// The languages and modalities of a source, each once.
pub(super) fn keys(source: &Source) -> Vec<(String, Modality)> {
    let language = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let languages: std::collections::BTreeSet<String> = source.declared.languages.iter().map(language).collect();
    let modalities: std::collections::BTreeSet<Modality> = source.declared.modalities.iter().copied().collect();
    languages.iter().flat_map(|language| modalities.iter().map(|modality| (language.clone(), *modality))).collect()
}

pub(super) fn print(store: &StoreArgs, json: bool) -> Result<()> {
    let cells = cells(&at_desk("source diversity", store, async |desk| Ok(desk.tenant.sources().await?))?);
    if json {
        return print_json(&cells);
    }
    say!("{}{}{:>10}{:>10}", pad("语言 language", 18), pad("模态 modality", 18), "domestic", "foreign");
    for cell in &cells {
        let modality = format!("{} {}", cell.modality.title(Lang::Zh), cell.modality);
        say!("{}{}{:>10}{:>10}  {}", pad(&cell.language, 18), pad(&modality, 18), cell.domestic, cell.foreign, short(cell));
    }
    Ok(())
}

/// What falls short.
const fn short(cell: &DiversityFact) -> &'static str {
    match (cell.domestic, cell.foreign) {
        (0, _) => "只有境外来源 foreign sources only (GB-5.1-b2)",
        (1, 0) => "只有一个来源 one source only (GB-5.1-b1)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use store::sources::Declared;
    use taxonomy::{ConsentBasis, Grade, SourceKind};

    use super::*;

    fn source(name: &str, languages: &[&str], origin: Origin, state: SourceState) -> Source {
        let declared = Declared {
            kind: SourceKind::Open,
            origin,
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            modalities: vec![Modality::Text],
            licence: String::new(),
            grade: Grade::General1,
            basis: ConsentBasis::None,
            expires: None,
            description: String::new(),
        };
        Source { name: name.parse().unwrap(), version: 1, state, declared }
    }

    #[test]
    fn a_source_counts_once_for_a_language_and_not_at_all_where_it_is_blocked() {
        use Origin::{Domestic, Foreign};
        let sources = [
            source("a", &["zh-Hans", "zh-Hant", "en"], Domestic, SourceState::Accepted),
            source("b", &["ZH"], Foreign, SourceState::Registered),
            source("c", &["zh"], Domestic, SourceState::Blocked),
            source("d", &["de"], Foreign, SourceState::Registered),
        ];
        let found: Vec<_> =
            cells(&sources).into_iter().map(|cell| (cell.language.clone(), cell.domestic, cell.foreign, short(&cell).is_empty())).collect();
        let wanted = [("de", 0, 1, false), ("en", 1, 0, false), ("zh", 1, 1, true)];
        assert_eq!(found, wanted.map(|(language, domestic, foreign, good)| (language.to_owned(), domestic, foreign, good)));
    }
}

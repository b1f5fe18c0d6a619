//! Rows that repeat a registered work.
//!
//! A row is looked at in stretches of 128 letters, each beginning 64 after the one before; a shorter row is one stretch. A stretch repeats a work where
//! two fifths of its fingerprints stand in two neighbouring blocks of it. So a row that is an excerpt is found, and so is an excerpt of a hundred letters and
//! more in a long row. Stretches of one work that follow each other are one finding.

use std::collections::BTreeMap;

use detect::{DetectError, Detector, Direction, Item, Trail};
use taxonomy::{Finding, RiskClass, Severity};

use super::prints::{Letters, Print, SHINGLE, prints};
use super::{BLOCK, FEWEST_LETTERS, Works};

/// Letters of a stretch: as many as a block has.
const STRETCH: usize = BLOCK as usize;
/// Letters from the beginning of a stretch to that of the next.
const STEP: usize = STRETCH / 2;
/// Share of a stretch's fingerprints that must stand in the work. Measured on our clean sentences (the test below, excerpts of 200 characters): all are
/// found with one character in fifty changed, more than 90 % with one in twenty-five, more than 80 % with one in fifteen, none with one in five; of 1,373
/// sentences and rows of sentences that are in no work none is found.
const CONTAINED: f64 = 0.4;
/// Fewest fingerprints in common that can speak, some forty letters: below, it is a proverb or the name of a law.
const FEWEST_COMMON: usize = 5;

/// A stretch of a row that repeats a work: letters, and the share of its fingerprints.
struct Repeat {
    first: u32,
    end: u32,
    stretch: usize,
    share: f64,
}

/// A fingerprint of the row, and a block it stands in.
#[derive(Clone, Copy)]
struct Met {
    print: Print,
    block: u32,
}

impl Works {
    /// The stretches that repeat works, by work.
    fn repeats(&self, letters: &[u16]) -> BTreeMap<usize, Vec<Repeat>> {
        let mut found: BTreeMap<usize, Vec<Repeat>> = BTreeMap::new();
        let prints = prints(letters);
        let met: Vec<Met> = prints.iter().flat_map(|&print| self.find(print.hash).iter().map(move |&block| Met { print, block })).collect();
        // Nothing in common is the rule, and costs no more than this.
        if met.is_empty() {
            return found;
        }
        let last = letters.len().saturating_sub(STRETCH);
        for begin in (0..last).step_by(STEP).chain([last]) {
            let inside = |at: u32| at as usize >= begin && at as usize + SHINGLE <= begin + STRETCH;
            let from = met.partition_point(|met| (met.print.at as usize) < begin);
            let met: Vec<Met> = met.iter().skip(from).take_while(|met| inside(met.print.at)).copied().collect();
            if met.is_empty() {
                continue;
            }
            let from = prints.partition_point(|print| (print.at as usize) < begin);
            let all = distinct(prints.iter().skip(from).take_while(|print| inside(print.at)).map(|print| print.hash));
            for (work, repeat) in self.of_stretch(met, all, begin) {
                let of_work = found.entry(work).or_default();
                match of_work.last_mut() {
                    // It goes on.
                    Some(last) if last.stretch + STRETCH >= begin => {
                        last.end = last.end.max(repeat.end);
                        last.stretch = begin;
                        last.share = last.share.max(repeat.share);
                    }
                    _ => of_work.push(repeat),
                }
            }
        }
        found
    }

    /// What a stretch repeats: of each work its best two neighbouring blocks.
    fn of_stretch(&self, mut met: Vec<Met>, all: usize, begin: usize) -> BTreeMap<usize, Repeat> {
        met.sort_unstable_by_key(|met| (met.block, met.print.at));
        let mut best: BTreeMap<usize, Repeat> = BTreeMap::new();
        let blocks: Vec<&[Met]> = met.chunk_by(|a, b| a.block == b.block).collect();
        for (at, here) in blocks.iter().enumerate() {
            let Some(block) = here.first().map(|met| met.block) else { continue };
            let next = blocks.get(at + 1).filter(|next| next.first().is_some_and(|met| met.block == block + 1));
            let both = || here.iter().chain(next.into_iter().copied().flatten());
            let common = distinct(both().map(|met| met.print.hash));
            let share = common as f64 / all as f64;
            let (Some(first), Some(end)) = (both().map(|met| met.print.at).min(), both().map(|met| met.print.at + SHINGLE as u32).max())
            else {
                continue;
            };
            let work = self.work_of(block);
            if common >= FEWEST_COMMON && share >= CONTAINED && best.get(&work).is_none_or(|known| known.share < share) {
                best.insert(work, Repeat { first, end, stretch: begin, share });
            }
        }
        best
    }
}

fn distinct(hashes: impl Iterator<Item = u64>) -> usize {
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.len()
}

impl Detector for Works {
    fn name(&self) -> &'static str {
        "works"
    }

    fn version(&self) -> String {
        format!("{} works {}", self.works.len(), self.digest)
    }

    fn detect(&self, item: &Item<'_>, findings: &mut Vec<Finding>) -> Result<(), DetectError> {
        let letters = Letters::of(item.folded.units());
        if letters.units.len() < FEWEST_LETTERS {
            return Ok(());
        }
        for (work, repeats) in self.repeats(&letters.units) {
            let Some(work) = self.works.get(work) else { continue };
            for repeat in repeats {
                let place = |letter: u32| letters.places.get(letter as usize).map_or(0, |&place| place as usize);
                let range = place(repeat.first)..place(repeat.end.saturating_sub(1)) + 1;
                // What repeats a work may be licensed or a lawful quotation: a person looks.
                let finding = item.finding(self.name(), &format!("work.{}", work.id), Severity::Review, repeat.share as f32, range);
                findings.push(Finding { class: Some(RiskClass::A3a), ..finding });
            }
        }
        Ok(())
    }

    /// All of a text: a stretch is open until 128 letters have come, and a corpus is never judged in pieces.
    fn live(&self, _: &Item<'_>, _: &mut Trail) -> usize {
        0
    }

    fn judges(&self, direction: Direction) -> bool {
        direction == Direction::Corpus
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::mix;
    use crate::works::build::Builder;

    /// Works of some two thousand letters from our clean sentences, and the sentences that are in none of them.
    fn works() -> (Works, Vec<String>, Vec<&'static str>) {
        let sentences = detect::clean_corpus();
        let (inside, outside) = sentences.split_at(sentences.len() / 2);
        let texts: Vec<String> = inside.chunks(100).map(<[&str]>::concat).collect();
        let mut builder = Builder::default();
        for (at, text) in texts.iter().enumerate() {
            builder.add(&format!("w{at}"), "", "", text).unwrap();
        }
        (builder.finish().unwrap(), texts, outside.to_vec())
    }

    /// The text with one character in `every` replaced by another.
    fn changed(text: &str, every: u64, seed: u64) -> String {
        let other = |at: u64| char::from_u32(0x4e00 + (mix(seed << 40 | at) % 3_000) as u32).unwrap();
        (0..).zip(text.chars()).map(|(at, c)| if mix(seed << 32 | at).is_multiple_of(every) { other(at) } else { c }).collect()
    }

    #[test]
    fn the_threshold_parts_copies_from_other_texts() {
        let (works, texts, outside) = works();
        let is_found = |text: &str| !works.repeats(&Letters::of(detect::fold(text).units()).units).is_empty();
        let excerpts: Vec<String> = (0..).zip(&texts).map(|(at, text)| text.chars().skip(100 + at % 400).take(200).collect()).collect();
        let found = |every: u64| {
            let all = (0..).zip(&excerpts).flat_map(|(at, excerpt)| (0..5).map(move |round| changed(excerpt, every, at * 8 + round)));
            all.filter(|text| is_found(text)).count() as f64 / (excerpts.len() * 5) as f64
        };
        let shares = [u64::MAX, 50, 25, 15, 10, 5].map(found);
        assert!(shares[..2] == [1.0, 1.0] && shares[2] > 0.9 && shares[3] > 0.8 && shares[5] == 0.0, "{shares:?}");
        // Sentences of others one by one, and put together into rows.
        let long: Vec<String> = outside.chunks(8).map(<[&str]>::concat).collect();
        let false_hits = outside.iter().copied().chain(long.iter().map(String::as_str)).filter(|text| is_found(text)).count();
        assert_eq!((false_hits, outside.len() + long.len()), (0, 1_373));
    }

    #[test]
    fn an_excerpt_is_found_wherever_it_stands_in_a_long_row() {
        let (works, texts, outside) = works();
        let (work, around) = (texts.get(2).unwrap(), outside.iter().take(60).copied().collect::<String>());
        for at in (0..around.chars().count()).step_by(37) {
            let (before, after): (String, String) = (around.chars().take(at).collect(), around.chars().skip(at).collect());
            let excerpt: String = work.chars().skip(at % 700).take(160).collect();
            let row = format!("{before}{excerpt}{after}");
            let letters = Letters::of(detect::fold(&row).units());
            let found = works.repeats(&letters.units);
            let repeats = found.get(&2).unwrap_or_else(|| panic!("not found at {at}"));
            assert!(found.len() == 1 && repeats.len() == 1, "{at}: {} works, {} places", found.len(), repeats.len());
            let (first, end) = (repeats[0].first as usize, repeats[0].end as usize);
            let before = Letters::of(detect::fold(&before).units()).units.len();
            assert!(first + 40 > before && end < before + 200 && end - first > 60, "{at}: {first}..{end}, from {before}");
        }
    }
}

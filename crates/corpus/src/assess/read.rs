//! Takes the rows: a sample in one pass over the files, all of them, or the findings of a scan.
//!
//! A sample holds the rows with the smallest numbers so far. A row is judged only when it is among them as it comes, so of ten million rows and a
//! sample of ten thousand some eighty thousand are judged; memory is that of the sample, whatever the files hold.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use stats::Drawing;

use super::count::Count;
use super::look::Look;
use super::{Assess, MAX_SAMPLE_ROWS, Rows};
use crate::findings::Reader;
use crate::input::{self, Counter, Cut, Row, Taking, unchanged};
use crate::manifest::Shard;
use crate::record::Record;
use crate::row::judge;
use crate::row_id::{all_rows_id, row_id};
use crate::scan::batch;
use crate::sheet::Votes;
use crate::texts::Place;
use crate::{CorpusError, manifest::FileEntry};

/// Suspected rows in a review sheet, and as many others: two days of one person's work.
const TO_REVIEW: usize = 1_000;

/// A row for people to look at.
#[derive(Debug, Clone)]
pub(super) struct ToReview {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) hash: [u8; 16],
}

/// What was taken.
pub(super) struct Taken {
    /// Rows of the files.
    pub(super) rows: u64,
    /// Rows judged.
    pub(super) sampled: u64,
    /// Their ids, sorted, a line each.
    pub(super) sample: String,
    /// What was found in them.
    pub(super) count: Count,
    /// Files that were not read to the end.
    pub(super) unread: Vec<String>,
    /// The rows of the sheets that were met.
    pub(super) met: BTreeSet<String>,
    /// Rows for people to look at.
    pub(super) to_review: Vec<ToReview>,
}

/// What is taken so far.
struct Taker<'a> {
    votes: &'a Votes,
    taken: Taken,
    suspected: Drawing<ToReview>,
    others: Drawing<ToReview>,
}

/// Takes the rows that were asked for.
pub(super) fn take(assess: &Assess<'_>, votes: &Votes, read: &Counter) -> Result<Taken, CorpusError> {
    let drawing = |what: &str| Drawing::new(&format!("{} {what}", assess.seed), TO_REVIEW);
    let taken = Taken {
        rows: 0,
        sampled: 0,
        sample: String::new(),
        count: Count::new(assess.manifest),
        unread: unreadable(assess),
        met: BTreeSet::new(),
        to_review: Vec::new(),
    };
    let mut taker = Taker { votes, taken, suspected: drawing("suspected"), others: drawing("others") };
    let ids = match assess.rows {
        Rows::Scanned(dir) => taker.scanned(assess, dir)?,
        Rows::All(pipeline) => {
            let files = Files { assess, pipeline, pool: pool(assess.threads)?, read };
            taker.all(&files)?
        }
        Rows::Sample(rows, pipeline) => {
            let files = Files { assess, pipeline, pool: pool(assess.threads)?, read };
            taker.sample(&files, rows)?
        }
    };
    Ok(taker.finish(ids))
}

fn unreadable(assess: &Assess<'_>) -> Vec<String> {
    assess.manifest.files.iter().filter_map(|file| Some(format!("{}: {}", file.path, file.unreadable.as_ref()?))).collect()
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, CorpusError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| CorpusError::Input(format!("{threads} threads cannot be had: {error}")))
}

/// The files, and what judges their rows.
struct Files<'a> {
    assess: &'a Assess<'a>,
    pipeline: &'a detect::Pipeline,
    pool: rayon::ThreadPool,
    read: &'a Counter,
}

impl Files<'_> {
    /// Hands out the rows of a shard in batches; returns why they end before their time, where they do.
    fn batches(&self, shard: &Shard, mut each: impl FnMut(&FileEntry, Vec<Row>)) -> Result<Option<String>, CorpusError> {
        let file = self.assess.manifest.file(shard)?;
        let mut rows = input::open(file, shard, &self.assess.manifest.settings.text, Counter::clone(self.read))?;
        let cut = loop {
            let (batch, end) = batch(rows.as_mut());
            let over = batch.is_empty();
            each(file, batch);
            match end {
                Err(Cut::Damaged(why)) => break Some(why),
                Err(Cut::Lost(error)) => return Err(error),
                Ok(()) if over => break None,
                Ok(()) => {}
            }
        };
        // Now, at the end: what was judged are the bytes of the manifest, which the report names.
        unchanged(file, shard)?;
        Ok(cut)
    }

    /// Judges rows on all cores; what came with each goes with it.
    fn looks<T: Send>(&self, file: &FileEntry, rows: Vec<(T, Row)>) -> Vec<(T, u64, Look)> {
        let taking = Taking::of(file, &self.assess.manifest.settings.text);
        let look = |(with, row): (T, Row)| (with, row.line, Look::of(&judge(row, &taking, self.pipeline, false)));
        self.pool.install(|| rows.into_par_iter().map(look).collect())
    }
}

impl Taker<'_> {
    fn sample(&mut self, files: &Files<'_>, rows: usize) -> Result<Vec<String>, CorpusError> {
        if rows == 0 || rows > MAX_SAMPLE_ROWS {
            return Err(CorpusError::Input(format!("a sample has 1 to {MAX_SAMPLE_ROWS} rows; to judge more, judge all")));
        }
        let mut drawing: Drawing<(Place, Look)> = Drawing::new(files.assess.seed, rows);
        for shard in &files.assess.manifest.shards {
            let cut = files.batches(shard, |file, batch| {
                self.taken.rows += batch.len() as u64;
                let chosen = batch.into_iter().filter_map(|row| Some((drawing.would_take(&row_id(shard, row.line))?, row)));
                for (number, line, look) in files.looks(file, chosen.collect()) {
                    drawing.add(number, ((shard.id, line), look));
                }
            })?;
            self.taken.unread.extend(cut);
        }
        let mut drawn: Vec<(Place, Look)> = drawing.into_drawn().collect();
        drawn.sort_unstable_by_key(|(place, _)| *place);
        let mut ids = Vec::with_capacity(drawn.len());
        for ((shard, line), look) in drawn {
            if let Some(shard) = files.assess.manifest.shards.get(shard as usize) {
                ids.push(row_id(shard, line));
                self.row(shard, line, &look);
            }
        }
        Ok(ids)
    }

    fn all(&mut self, files: &Files<'_>) -> Result<Vec<String>, CorpusError> {
        for shard in &files.assess.manifest.shards {
            let cut = files.batches(shard, |file, batch| {
                self.taken.rows += batch.len() as u64;
                for ((), line, look) in files.looks(file, batch.into_iter().map(|row| ((), row)).collect()) {
                    self.row(shard, line, &look);
                }
            })?;
            self.taken.unread.extend(cut);
        }
        Ok(files.assess.manifest.shards.iter().map(all_rows_id).collect())
    }

    fn scanned(&mut self, assess: &Assess<'_>, dir: &Path) -> Result<Vec<String>, CorpusError> {
        for (shard, record) in assess.manifest.shards.iter().zip(Record::all(dir, assess.manifest)?) {
            let Some(record) = record else {
                return Err(CorpusError::Input(format!("shard {} is not scanned yet; run `guiju corpus scan` again first", shard.id)));
            };
            let file = &assess.manifest.file(shard)?.path;
            self.taken.unread.extend(record.cut.map(|cut| format!("{file}: {cut}")));
            for row in Reader::open(dir, shard.id)? {
                let row = row?;
                self.taken.rows += 1;
                self.row(shard, row.line, &Look::of(&row));
            }
        }
        Ok(assess.manifest.shards.iter().map(all_rows_id).collect())
    }

    /// A row that was judged.
    fn row(&mut self, shard: &Shard, line: u64, look: &Look) {
        self.taken.sampled += 1;
        let id = row_id(shard, line);
        let said = self.votes.settled(&id);
        if said.is_some() {
            self.taken.met.insert(id.clone());
        }
        if !self.taken.count.row(shard, line, look, said) {
            return;
        }
        let Some(hash) = look.hash else { return };
        let drawing = if look.is_suspected() { &mut self.suspected } else { &mut self.others };
        if let Some(number) = drawing.would_take(&id) {
            drawing.add(number, ToReview { id, place: (shard.id, line), hash });
        }
    }

    fn finish(mut self, mut ids: Vec<String>) -> Taken {
        ids.sort_unstable();
        self.taken.sample = ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect();
        let suspected: Vec<ToReview> = self.suspected.into_drawn().collect();
        // At least twenty others: a sheet of nothing but one suspected row would tell.
        let others = suspected.len().max(20);
        self.taken.to_review = suspected.into_iter().chain(self.others.into_drawn().take(others)).collect();
        self.taken
    }
}

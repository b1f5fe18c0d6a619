//! Segments that are not there any more. An incremental backup builds on one that still has them; the runs that are kept here say which must not come back.
//!
//! Kept by runs of places: retention takes the oldest first, so that the usual list has one run.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use ledger::leaf::Leaf;
use sqlx::{AnyConnection, Row};

use super::error::BackupError;
use super::part::Chunk;
use crate::log;
use crate::log::rows::Value;
use crate::tenant::TenantId;

/// A run of places from `first` to before `end`, none of whose entries has its segment of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    segment: i64,
    first: i64,
    end: i64,
}

/// The runs of all tenants.
#[derive(Debug, Default)]
pub(super) struct Gone(HashMap<(TenantId, i64), Vec<Run>>);

impl Run {
    pub(super) fn values(self) -> Vec<Value> {
        vec![Value::Number(self.segment), Value::Number(self.first), Value::Number(self.end)]
    }
}

/// The runs of a tenant below a size. Segments only go, never come: where as many are there as the base had, none is gone, and nothing more is asked.
pub(super) async fn find(connection: &mut AnyConnection, tenant: &TenantId, size: u64, had: u64) -> Result<Vec<Run>, BackupError> {
    let size = log::signed(size);
    let query = tenant.query("SELECT COUNT(*) FROM log_segment WHERE tenant = $1 AND place < $2").bind(size);
    if query.fetch_one(&mut *connection).await?.try_get::<i64, _>(0)?.unsigned_abs() == had {
        return Ok(Vec::new());
    }
    let sql = "SELECT e.place, e.leaf, COALESCE(s.segment, -1) FROM log_entry e
               LEFT JOIN log_segment s ON s.tenant = e.tenant AND s.place = e.place WHERE e.tenant = $1 AND e.place < $2 ORDER BY e.place";
    let mut rows = tenant.query(sql).bind(size).fetch(connection);
    let mut runs = Runs::default();
    while let Some(row) = rows.try_next().await? {
        let (place, leaf, segment): (i64, Vec<u8>, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let leaf = Leaf::decode(&leaf).map_err(|error| BackupError::damaged(format!("entry {place} of {tenant}"), error))?;
        runs.row(place, leaf.segments.len(), segment);
    }
    Ok(runs.finish())
}

/// Runs while they are found: the entry that is read, and by number of segment the run that may still go on.
#[derive(Default)]
struct Runs {
    entry: Option<Seen>,
    open: HashMap<i64, Run>,
    done: Vec<Run>,
}

/// An entry: its place, how many segments its leaf speaks of, and which of them are there.
struct Seen {
    place: i64,
    segments: usize,
    there: Vec<i64>,
}

impl Runs {
    /// Takes a segment that is there, or -1 for an entry without any.
    fn row(&mut self, place: i64, segments: usize, segment: i64) {
        if self.entry.as_ref().is_none_or(|entry| entry.place != place) {
            self.close();
            self.entry = Some(Seen { place, segments, there: Vec::new() });
        }
        if let Some(entry) = &mut self.entry {
            entry.there.push(segment);
        }
    }

    /// A place whose leaf does not speak of a segment ends no run of it.
    fn close(&mut self) {
        let Some(Seen { place, segments, there }) = self.entry.take() else { return };
        for segment in (0..).take(segments) {
            if there.contains(&segment) {
                self.done.extend(self.open.remove(&segment));
            } else {
                self.open.entry(segment).or_insert(Run { segment, first: place, end: place }).end = place + 1;
            }
        }
    }

    fn finish(mut self) -> Vec<Run> {
        self.close();
        self.done.extend(self.open.into_values());
        self.done.sort_unstable_by_key(|run| (run.segment, run.first));
        self.done
    }
}

impl Gone {
    /// Adds the runs of one more backup of a chain: what is gone stays gone.
    pub(super) fn add(&mut self, chunk: Chunk) {
        for row in chunk.rows {
            if let [Value::Number(segment), Value::Number(first), Value::Number(end)] = *row.as_slice() {
                self.0.entry((chunk.tenant.clone(), segment)).or_default().push(Run { segment, first, end });
            }
        }
    }

    /// Whether a segment must not come back.
    pub(super) fn has(&self, tenant: &TenantId, place: i64, segment: i64) -> bool {
        // Few runs: those of retention, and those of each erasure that deleted rows.
        self.0.get(&(tenant.clone(), segment)).is_some_and(|runs| runs.iter().any(|run| (run.first..run.end).contains(&place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_hold_what_is_gone_and_nothing_else() {
        // Entries with one or two segments, some of them gone: the slow obvious list against the runs.
        for seed in 0..200_u64 {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as usize
            };
            let (mut runs, mut expected) = (Runs::default(), Vec::new());
            for place in 0..30_i64 {
                let segments = 1 + next() % 2;
                let there: Vec<i64> = (0..2).take(segments).filter(|_| next() % 3 > 0).collect();
                for segment in 0..2 {
                    let spoken_of = (segment as usize) < segments;
                    expected.push((place, segment, spoken_of, spoken_of && !there.contains(&segment)));
                }
                let there = if there.is_empty() { vec![-1] } else { there };
                there.into_iter().for_each(|segment| runs.row(place, segments, segment));
            }
            let mut gone = Gone::default();
            gone.add(Chunk { tenant: TenantId::main(), rows: runs.finish().into_iter().map(Run::values).collect() });
            for (place, segment, _, is_gone) in expected.into_iter().filter(|(_, _, spoken_of, _)| *spoken_of) {
                assert_eq!(gone.has(&TenantId::main(), place, segment), is_gone, "{seed}: {place} {segment}");
            }
        }
    }

    #[test]
    fn retention_makes_one_run() {
        let mut runs = Runs::default();
        (0..1_000).for_each(|place| runs.row(place, 1, if place < 900 { -1 } else { 0 }));
        assert_eq!(runs.finish(), [Run { segment: 0, first: 0, end: 900 }]);
    }
}

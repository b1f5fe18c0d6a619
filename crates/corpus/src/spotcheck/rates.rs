//! The rates: what people wrote into the sheets, and what keywords and classifier say of the technical list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use detect::Pipeline;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use stats::{Rate, Standing};
use taxonomy::{Lang, RiskClass};

use super::kept::SpotCheck;
use super::{Checked, Drawn, FEWEST_MANUAL, FORMAT, Judges, LEAST_TECHNICAL_PERCENT, MANUAL_RATE, Measured, RATES, TECHNICAL_RATE};
use crate::input::{self, Counter, Row, Taking, hex};
use crate::manifest::Shard;
use crate::row::{Judged, is_suspicion, judge};
use crate::row_id::row_id;
use crate::sheet::{Settled, Sheet, Votes};
use crate::{CorpusError, durable};

/// Rows judged together.
const BATCH_ROWS: usize = 4_096;
/// Bytes of rows judged together.
const BATCH_BYTES: usize = 4 << 20;

impl SpotCheck {
    /// Reads the sheets, judges the technical list, and writes `spotcheck.json` and `spotcheck.html` into the directory that is checked.
    ///
    /// # Errors
    /// No lists were drawn, the rows are no longer those they were drawn from, a sheet is wrong or of another list, or files cannot be read or
    /// written.
    pub fn rates(&self, sheets: &[PathBuf], pipeline: &Pipeline, threads: usize, lang: Lang) -> Result<Checked, CorpusError> {
        let drawn = self.drawn()?;
        let sheets = sheets.iter().map(|file| Sheet::read(file)).collect::<Result<Vec<_>, _>>()?;
        let manual = self.judged_by_people(&drawn, &sheets)?;
        let technical = self.judged_technically(&drawn, pipeline, threads)?;
        let detectors = |versions: &[String]| -> Vec<String> { versions.iter().filter(|v| !v.starts_with("policy ")).cloned().collect() };
        let versions = detectors(pipeline.versions());
        let checked = Checked {
            format: FORMAT,
            passed: manual.passed() && technical.passed(),
            manual,
            sheets: sheets.iter().map(Judges::of).collect(),
            technical,
            same_rules: self.scanned && detectors(&self.manifest.settings.versions) == versions,
            versions,
            drawn,
        };
        let mut bytes = serde_json::to_vec_pretty(&checked).map_err(|error| CorpusError::Render(error.to_string()))?;
        bytes.push(b'\n');
        durable::write_bytes(&self.dir.join("spotcheck.html"), checked.html(lang)?.as_bytes())?;
        durable::write_bytes(&self.dir.join(RATES), &bytes)?;
        Ok(checked)
    }

    fn judged_by_people(&self, drawn: &Drawn, sheets: &[Sheet]) -> Result<Measured, CorpusError> {
        let changed = "the rows are no longer those the sample was drawn from; scan or apply again, and draw anew";
        let sizes = self.sizes()?;
        let (rows, _) = self.manual(&drawn.seed, drawn.manual.asked, &sizes)?;
        let list = self.list(&rows)?;
        if hex(&Sha256::digest(&list)) != drawn.manual.list {
            return Err(CorpusError::Input(changed.to_owned()));
        }
        if let Some(other) = sheets.iter().find(|sheet| sheet.list != drawn.manual.list) {
            let (who, list) = (&other.reviewer, &drawn.manual.list);
            return Err(CorpusError::Input(format!("the sheet of '{who}' is of list {}, the sample drawn here is {list}", other.list)));
        }
        let votes = Votes::of(sheets)?;
        let ids: BTreeSet<&str> = list.lines().collect();
        let strangers: Vec<&str> = votes.rows().filter(|row| !ids.contains(row)).take(5).collect();
        if !strangers.is_empty() {
            let message = "the key column must not be changed";
            return Err(CorpusError::Input(format!("a sheet judges rows that are not in the list: {}; {message}", strangers.join(", "))));
        }
        let (mut rate, mut classes) = (Rate::default(), BTreeMap::new());
        for id in ids {
            match votes.settled(id) {
                None | Some(Settled::Open) => rate.pending += 1,
                Some(Settled::Qualified) => (rate.hits, rate.judged) = (rate.hits + 1, rate.judged + 1),
                Some(Settled::Violates(class)) => {
                    rate.judged += 1;
                    *classes.entry(class).or_default() += 1;
                }
            }
        }
        let large_enough = drawn.manual.rows >= FEWEST_MANUAL.min(drawn.population);
        Ok(Measured::new(large_enough, rate, MANUAL_RATE, classes))
    }

    fn judged_technically(&self, drawn: &Drawn, pipeline: &Pipeline, threads: usize) -> Result<Measured, CorpusError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| CorpusError::Input(format!("{threads} threads cannot be had: {error}")))?;
        let (mut rate, mut classes, mut list) = (Rate::default(), BTreeMap::new(), Sha256::new());
        for shard in &self.manifest.shards {
            let lines = self.technical(shard, &drawn.seed, drawn.technical.share)?;
            lines.iter().for_each(|&line| list.update(format!("{}\n", row_id(shard, line))));
            self.each_judged(shard, &lines, pipeline, &pool, |judged| count(&judged, &mut rate, &mut classes))?;
        }
        if hex(&list.finalize()) != drawn.technical.list {
            let message = "the rows are no longer those the sample was drawn from; scan or apply again, and draw anew";
            return Err(CorpusError::Input(message.to_owned()));
        }
        let large_enough = rate.sampled().saturating_mul(100) >= drawn.population.saturating_mul(LEAST_TECHNICAL_PERCENT);
        Ok(Measured::new(large_enough, rate, TECHNICAL_RATE, classes))
    }

    /// Judges these rows of a shard again, whatever an earlier scan said of them.
    fn each_judged(
        &self,
        shard: &Shard,
        lines: &[u64],
        pipeline: &Pipeline,
        pool: &rayon::ThreadPool,
        mut each: impl FnMut(Judged),
    ) -> Result<(), CorpusError> {
        let (file, text) = (self.manifest.file(shard)?, &self.manifest.settings.text);
        let taking = Taking::of(file, text);
        let mut rows = input::open(file, shard, text, Counter::default())?;
        let mut wanted = lines.iter().copied().peekable();
        let mut judge_all = |batch: Vec<Row>| {
            let judged: Vec<Judged> = pool.install(|| batch.into_par_iter().map(|row| judge(row, &taking, pipeline, false)).collect());
            judged.into_iter().for_each(&mut each);
        };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(&line) = wanted.peek() {
            let changed = || CorpusError::Changed { path: PathBuf::from(&file.path) };
            let row = rows.next()?.filter(|row| row.line <= line).ok_or_else(changed)?;
            if row.line < line {
                continue;
            }
            wanted.next();
            bytes += row.bytes.as_ref().map_or(0, Vec::len);
            batch.push(row);
            if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
                judge_all(std::mem::take(&mut batch));
                bytes = 0;
            }
        }
        judge_all(batch);
        Ok(())
    }
}

/// Counts a row: qualified where nothing speaks for one of the 29 classes; an error where it could not be judged.
fn count(judged: &Judged, rate: &mut Rate, classes: &mut BTreeMap<RiskClass, u64>) {
    let Ok(content) = &judged.content else {
        rate.error += 1;
        return;
    };
    let found: BTreeSet<RiskClass> =
        content.findings.iter().filter(|finding| is_suspicion(finding)).filter_map(|finding| finding.class).collect();
    match (found.is_empty(), content.faults.is_empty()) {
        (true, true) => (rate.hits, rate.judged) = (rate.hits + 1, rate.judged + 1),
        (true, false) => rate.error += 1,
        (false, _) => rate.judged += 1,
    }
    found.into_iter().for_each(|class| *classes.entry(class).or_default() += 1);
}

impl Judges {
    fn of(sheet: &Sheet) -> Self {
        Self { reviewer: sheet.reviewer.clone(), judged: sheet.votes.len() as u64, empty: sheet.empty }
    }
}

impl Checked {
    /// Whether open rows or too small a list leave it undecided, where it has not passed.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        let failed = |measured: &Measured| measured.standing == Standing::Failed;
        !self.passed && !failed(&self.manual) && !failed(&self.technical)
    }
}

//! Draws the two lists, and writes them before anyone judges.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stats::{Drawing, allot_by_size, draw_indices};
use taxonomy::Lang;

use super::kept::SpotCheck;
use super::{DRAWN, Drawn, FORMAT, MAX_MANUAL, Manual, Technical};
use crate::error::{at, damaged};
use crate::input::hex;
use crate::manifest::Shard;
use crate::row_id::row_id;
use crate::texts::{Place, each_text};
use crate::{CorpusError, durable};

/// Kept rows of one shard from which the technical list takes its share at a time: small enough that nothing grows with a file, large enough that the
/// one row more that rounding takes does not count.
const STRATUM_ROWS: usize = 65_536;

/// A drawn row, and the hash of its text where it is known.
pub(super) type Rows = BTreeMap<Place, Option<[u8; 16]>>;

impl SpotCheck {
    /// Draws the lists, writes `sample.json` into the directory that is checked, and `manual.txt` with a workbook for each reviewer into `out`. Returns
    /// the lists and the workbooks.
    ///
    /// # Errors
    /// Other lists were drawn here before, the numbers make no sense, there is no row, or files cannot be read or written.
    pub fn draw(
        &self,
        seed: &str,
        manual: u64,
        share: f64,
        reviewers: &[String],
        out: &Path,
        lang: Lang,
    ) -> Result<(Drawn, Vec<PathBuf>), CorpusError> {
        if manual == 0 || manual > MAX_MANUAL || !(share > 0.0 && share <= 1.0) {
            let message = format!("the manual list has 1 to {MAX_MANUAL} rows, the technical one a share above 0 and up to 1");
            return Err(CorpusError::Input(message));
        }
        let sizes = self.sizes()?;
        let (rows, files) = self.manual(seed, manual, &sizes)?;
        let drawn = Drawn {
            format: FORMAT,
            of: if self.scanned { "scan" } else { "applied" }.to_owned(),
            seed: seed.to_owned(),
            population: sizes.iter().sum(),
            manual: Manual { asked: manual, rows: rows.len() as u64, list: hex(&Sha256::digest(self.list(&rows)?)), files },
            technical: self.technical_list(seed, share)?,
        };
        if drawn.population == 0 {
            return Err(CorpusError::Input("no row was kept; there is nothing to check".to_owned()));
        }
        self.fix(&drawn)?;
        let sheets = self.sheets(&drawn, &rows, reviewers, out, lang)?;
        Ok((drawn, sheets))
    }

    /// Writes the lists down. Lists that were drawn before stand: whoever could draw until the rows please would check nothing.
    fn fix(&self, drawn: &Drawn) -> Result<(), CorpusError> {
        let path = self.dir.join(DRAWN);
        if path.exists() && self.drawn()? != *drawn {
            let message =
                "holds other lists, drawn earlier; they stand. To draw anew, remove that file, and say why in the record of the check";
            return Err(CorpusError::Input(format!("{} {message}", path.display())));
        }
        let mut bytes = serde_json::to_vec_pretty(drawn).unwrap_or_default();
        bytes.push(b'\n');
        durable::write_bytes(&path, &bytes)
    }

    /// The lists that were drawn.
    pub(super) fn drawn(&self) -> Result<Drawn, CorpusError> {
        let path = self.dir.join(DRAWN);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(CorpusError::Input(format!("{}: no sample was drawn yet; first: guiju corpus sample", self.dir.display())));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let drawn: Drawn = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, format!("is no sample of a corpus: {error}")))?;
        if drawn.format != FORMAT {
            return Err(damaged(&path, format!("has format {}, this version reads format {FORMAT}", drawn.format)));
        }
        Ok(drawn)
    }

    /// Rows kept of each file.
    pub(super) fn sizes(&self) -> Result<Vec<u64>, CorpusError> {
        let mut sizes = vec![0; self.manifest.files.len()];
        for shard in &self.manifest.shards {
            let mut rows = 0;
            self.kept(shard, |_| rows += 1)?;
            sizes.get_mut(shard.file as usize).into_iter().for_each(|size| *size += rows);
        }
        Ok(sizes)
    }

    /// The rows for people, stratified by file in shares of what was kept, so that the rate speaks for all of it; and how many of each file.
    pub(super) fn manual(&self, seed: &str, rows: u64, sizes: &[u64]) -> Result<(Rows, BTreeMap<String, u64>), CorpusError> {
        let allotted = allot_by_size(sizes, rows);
        let seed = format!("{seed} manual");
        let mut drawings: Vec<Drawing<(Place, Option<[u8; 16]>)>> =
            allotted.iter().map(|&rows| Drawing::new(&seed, usize::try_from(rows).unwrap_or(usize::MAX))).collect();
        for shard in &self.manifest.shards {
            let Some(drawing) = drawings.get_mut(shard.file as usize) else { continue };
            self.kept(shard, |(line, hash)| {
                if let Some(number) = drawing.would_take(&row_id(shard, line)) {
                    drawing.add(number, ((shard.id, line), hash));
                }
            })?;
        }
        let files = self.manifest.files.iter().zip(&allotted).filter(|(_, rows)| **rows > 0);
        let files = files.map(|(file, rows)| (file.path.clone(), *rows)).collect();
        Ok((drawings.into_iter().flat_map(Drawing::into_drawn).collect(), files))
    }

    /// The ids of rows, sorted, a line each.
    pub(super) fn list(&self, rows: &Rows) -> Result<String, CorpusError> {
        let ids = rows.keys().map(|&place| Ok(row_id(self.shard(place)?, place.1)));
        let mut ids = ids.collect::<Result<Vec<String>, CorpusError>>()?;
        ids.sort_unstable();
        Ok(ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect())
    }

    /// The lines of a shard that keywords and classifier judge: of each stretch of kept rows, the share with the smallest numbers, rounded up.
    pub(super) fn technical(&self, shard: &Shard, seed: &str, share: f64) -> Result<Vec<u64>, CorpusError> {
        let (mut stratum, mut drawn) = (Vec::new(), Vec::new());
        let mut take = |stratum: &mut Vec<u64>| {
            let wanted = (stratum.len() as f64 * share).ceil() as usize;
            let first = stratum.first().copied().unwrap_or_default();
            let seed = format!("{seed} technical {}", row_id(shard, first));
            drawn.extend(draw_indices(&seed, stratum.len(), wanted).into_iter().filter_map(|at| stratum.get(at)));
            stratum.clear();
        };
        self.kept(shard, |(line, _)| {
            stratum.push(line);
            if stratum.len() == STRATUM_ROWS {
                take(&mut stratum);
            }
        })?;
        take(&mut stratum);
        Ok(drawn)
    }

    fn technical_list(&self, seed: &str, share: f64) -> Result<Technical, CorpusError> {
        let (mut rows, mut list) = (0, Sha256::new());
        for shard in &self.manifest.shards {
            for line in self.technical(shard, seed, share)? {
                rows += 1;
                list.update(format!("{}\n", row_id(shard, line)));
            }
        }
        Ok(Technical { share, rows, list: hex(&list.finalize()) })
    }

    /// Writes the list and a workbook for each reviewer.
    fn sheets(&self, drawn: &Drawn, rows: &Rows, reviewers: &[String], out: &Path, lang: Lang) -> Result<Vec<PathBuf>, CorpusError> {
        std::fs::create_dir_all(out).map_err(at(out))?;
        durable::write_bytes(&out.join("manual.txt"), self.list(rows)?.as_bytes())?;
        let mut texts = Vec::new();
        let mut failed = None;
        each_text(&self.manifest, rows, |place, text| match self.shard(place) {
            Ok(shard) => texts.push((row_id(shard, place.1), crate::sheet::cell(text))),
            Err(error) => failed = Some(error),
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let sheet = |reviewer: &String| {
            let name: String = reviewer.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
            let path = out.join(format!("manual-{name}.xlsx"));
            crate::sheet::write(&path, &drawn.manual.list, reviewer, &texts, lang)?;
            Ok(path)
        };
        reviewers.iter().map(sheet).collect()
    }
}

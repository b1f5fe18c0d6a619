//! What a spot check came to, as the gates of an export ask it.

use std::path::Path;

use serde::Deserialize;
use stats::Rate;

use super::{DRAWN, Drawn, FORMAT, RATES};
use crate::CorpusError;
use crate::error::{at, damaged};
use crate::gates::SpotCheck as Fact;

/// What is read of `spotcheck.json`.
#[derive(Deserialize)]
struct Written {
    format: u32,
    drawn: Drawn,
    manual: Measured,
    technical: Measured,
}

#[derive(Deserialize)]
struct Measured {
    rate: Rate,
}

impl Measured {
    fn fact(&self, drawn: u64) -> Fact {
        Fact { drawn, judged: self.rate.judged, qualified: self.rate.hits }
    }
}

/// The spot checks by people and by program of what `guiju corpus apply` wrote into a directory, of which `kept` rows go out; none where none was concluded.
///
/// # Errors
/// The file of it is damaged, or is of other lists or other rows than those that lie there.
pub fn outcome(dir: &Path, kept: u64) -> Result<Option<(Fact, Fact)>, CorpusError> {
    let path = dir.join(RATES);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&path)(error)),
    };
    let wrong = |what: String| damaged(&path, format!("{what}; run `guiju corpus rates` again"));
    let written: Written = serde_json::from_slice(&bytes).map_err(|error| wrong(format!("is no spot check: {error}")))?;
    if written.format != FORMAT {
        return Err(wrong(format!("has format {}, this version reads format {FORMAT}", written.format)));
    }
    let drawn = dir.join(DRAWN);
    let now: Drawn =
        serde_json::from_slice(&std::fs::read(&drawn).map_err(at(&drawn))?).map_err(|error| damaged(&drawn, error.to_string()))?;
    if written.drawn != now || now.of != "applied" || now.population != kept {
        return Err(wrong("is of other rows than those that lie here".to_owned()));
    }
    Ok(Some((written.manual.fact(now.manual.rows), written.technical.fact(now.technical.rows))))
}

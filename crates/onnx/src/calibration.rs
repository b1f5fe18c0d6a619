//! `calibration.json`: what is made of a model's scores, and what is made of them without it.

use detect::classifier::{Calibration, Calibrations, LABELS};
use taxonomy::InputKind;

use crate::OnnxError;
use crate::files::Content;

/// Without a calibration a label counts as its model says it does: from even odds on a person should look, from nine to one it is sure.
const AS_IS: Calibration = Calibration { slope: 1.0, offset: 0.0, flag: 0.5, sure: 0.9 };

/// Without a calibration 'anything at all' flags nothing: it takes labels for independent, and those that one label of a model stands for are not.
const NEVER: Calibration = Calibration { flag: 2.0, sure: 2.0, ..AS_IS };

/// What is made of scores that nobody calibrated.
pub(crate) fn identity() -> Calibrations {
    Calibrations { labels: vec![AS_IS; LABELS], any: vec![NEVER; InputKind::ALL.len()] }
}

/// Reads what [`write`] wrote.
pub(crate) fn read(file: &Content) -> Result<Calibrations, OnnxError> {
    let read = serde_json::from_slice(&file.bytes).map_err(|e| e.to_string()).and_then(checked);
    let again = |what| format!("{what}. Calibrate again, or take the file away");
    read.map_err(|what| OnnxError::content(&file.path, again(what)))
}

/// The file of calibrations.
pub(crate) fn write(calibrations: &Calibrations) -> Result<Vec<u8>, String> {
    let calibrations = checked(calibrations.clone())?;
    let mut bytes = serde_json::to_vec_pretty(&calibrations).map_err(|e| e.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn checked(calibrations: Calibrations) -> Result<Calibrations, String> {
    let (labels, kinds) = (calibrations.labels.len(), calibrations.any.len());
    if (labels, kinds) != (LABELS, InputKind::ALL.len()) {
        return Err(format!("it has {labels} labels and {kinds} kinds of input, not {LABELS} and {}", InputKind::ALL.len()));
    }
    match calibrations.labels.iter().chain(&calibrations.any).position(|one| !is_sane(one)) {
        None => Ok(calibrations),
        Some(at) => Err(format!(
            "entry {at}, counted from 0, must have a slope of {LEAST_SLOPE} or more, an offset up to {MOST_OFFSET} either way, and thresholds of 0 or more"
        )),
    }
}

/// With a slope about 0 or less, or an offset beyond all scores, a label that nothing stands for would be a certainty.
fn is_sane(one: &Calibration) -> bool {
    let finite = [one.slope, one.offset, one.flag, one.sure].iter().all(|number| number.is_finite());
    finite && one.slope >= LEAST_SLOPE && one.offset.abs() <= MOST_OFFSET && one.flag >= 0.0 && one.sure >= 0.0
}

/// Fitting stays within 0.05 to 20 and -30 to 30 (`detect::classifier::calibrate`); a hand may go further.
const LEAST_SLOPE: f64 = 0.001;
const MOST_OFFSET: f64 = 1000.0;

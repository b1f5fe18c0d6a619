//! A directory as a classifier.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use detect::classifier::{Calibrations, Classifier, Input, LABELS, Row, Scores, Trained, Window, calibrate};
use tokenizers::Encoding;

use crate::files::{self, Files};
use crate::mapping::{Mapping, NOTHING};
use crate::network::Network;
use crate::table::{About, Table};
use crate::tokens::{Stretch, Tokens};
use crate::{OnnxError, calibration};

/// A classifier of somebody else's, read from a directory.
///
/// A text it fails on (a window that the engine or the tokenizer cannot work, or that comes out as no finite number) gets the highest score for each label
/// that the model knows: a person looks at it.
pub struct Onnx {
    about: About,
    version: String,
    tokens: Tokens,
    network: Network,
    mapping: Mapping,
    calibrations: Calibrations,
}

impl Onnx {
    /// Reads a directory and tries the model on a short text and on the longest window.
    ///
    /// # Errors
    /// A file is missing, too long or unreadable; does not follow docs/formats/onnx.md; or does not fit the others.
    pub fn open(dir: &Path) -> Result<Self, OnnxError> {
        let files = Files::read(dir)?;
        let table = Table::read(&files.table)?;
        let calibrations = files.calibration.as_ref().map_or_else(|| Ok(calibration::identity()), calibration::read)?;
        let version = format!("{} {}", table.about.name, files.digest());
        let in_tokenizer = |what| OnnxError::content(&files.tokenizer.path, what);
        let tokens = guarded(|| Tokens::read(&files.tokenizer.bytes, table.input.max_tokens)).map_err(in_tokenizer)?;
        let in_model = |what| OnnxError::content(&files.model.path, what);
        let network = guarded(|| Network::read(files.model.bytes, &table)).map_err(in_model)?;
        let mapping = Mapping::of(&table);
        try_short(&tokens, &network, &mapping).map_err(in_model)?;
        try_longest(&tokens, &network, &mapping, table.input.max_tokens).map_err(in_model)?;
        Ok(Self { about: table.about, version, tokens, network, mapping, calibrations })
    }

    /// What its directory says of it.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Calibrations fitted on rows that the model was not trained on; those in use stay as they are.
    #[must_use]
    pub fn calibrated(&self, rows: &[Row]) -> Calibrations {
        let scores: Vec<Scores> = rows.iter().map(|row| worst(&self.windows(&row.input()))).collect();
        calibrate(rows, &scores)
    }

    /// Keeps calibrations in a model's directory, in place of those it may have; the next [`Onnx::open`] takes them. A crash leaves the old file or the
    /// new one.
    ///
    /// # Errors
    /// The file cannot be written, or would not be read again: a number is missing, is not finite, or lies outside its range.
    pub fn keep(dir: &Path, calibrations: &Calibrations) -> Result<(), OnnxError> {
        let path = files::calibration(dir);
        let bytes = calibration::write(calibrations).map_err(|what| OnnxError::content(&path, what))?;
        files::replace(&path, &bytes)
    }

    /// The scores of one window; of one without any token, those of nothing.
    fn scores(&self, stretch: &Stretch) -> Scores {
        if stretch.encoding.is_empty() {
            return [NOTHING; LABELS];
        }
        outputs(&self.network, &self.mapping, &stretch.encoding)
            .map_or_else(|_| self.mapping.failed(), |outputs| self.mapping.scores(&outputs))
    }
}

impl Classifier for Onnx {
    fn name(&self) -> &'static str {
        "onnx"
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn windows(&self, input: &Input<'_>) -> Vec<Window> {
        let text = detect::fold(input.text);
        match guarded(|| self.tokens.cut(input.text, input.prompt)) {
            Ok(stretches) => stretches
                .iter()
                .map(|stretch| Window {
                    units: text.unit_at(stretch.bytes.start)..text.unit_at(stretch.bytes.end),
                    scores: self.scores(stretch),
                })
                .collect(),
            Err(_) => vec![Window { units: 0..text.units().len(), scores: self.mapping.failed() }],
        }
    }

    fn calibrations(&self) -> &Calibrations {
        &self.calibrations
    }

    fn trained(&self) -> &[Trained] {
        &[]
    }
}

/// One finite number for each label of the table.
fn outputs(network: &Network, mapping: &Mapping, encoding: &Encoding) -> Result<Vec<f32>, String> {
    let outputs = guarded(|| network.run(encoding))?;
    let (given, listed) = (outputs.len(), mapping.len());
    if given == listed {
        return Ok(outputs);
    }
    Err(format!("it gives {given} numbers for a text, but model.toml has {listed} [[label]]; list one for each number, in its order"))
}

/// A short text shows whether the model works at all, and fits its table.
fn try_short(tokens: &Tokens, network: &Network, mapping: &Mapping) -> Result<(), String> {
    let stretches = guarded(|| tokens.cut("This is a short text. 这是一段短文。", None));
    let stretches = stretches.map_err(|what| format!("its tokenizer fails on a short text: {what}"))?;
    stretches
        .iter()
        .filter(|stretch| !stretch.encoding.is_empty())
        .try_for_each(|stretch| outputs(network, mapping, &stretch.encoding).map(drop))
}

/// The longest window of the vocabulary's last token shows whether the model has a place for every token and every position.
fn try_longest(tokens: &Tokens, network: &Network, mapping: &Mapping, most: usize) -> Result<(), String> {
    let longest = guarded(|| tokens.longest()).and_then(|longest| outputs(network, mapping, &longest));
    longest.map(drop).map_err(|what| {
        let advice = "Either it reads fewer tokens at once ([input] max_tokens in model.toml), or this is not its tokenizer";
        format!("it fails on a text of {most} tokens, all the last one of tokenizer.json: {what}. {advice}")
    })
}

/// The highest score of each label: a text is as bad as its worst window.
fn worst(windows: &[Window]) -> Scores {
    let mut scores = [NOTHING; LABELS];
    for window in windows {
        scores.iter_mut().zip(window.scores).for_each(|(most, score)| *most = most.max(score));
    }
    scores
}

/// Work of the engine or the tokenizer, with a panic of theirs made an error: they are not ours, their files are somebody's, and one text must not end
/// the process. Neither keeps anything from one call to the next that a panic could leave half done.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

//! `model.toml`: what the model is called, how it is asked, and which of our labels each of its own stands for.

use std::collections::HashSet;

use detect::classifier::{Label, Labels};
use serde::Deserialize;

use crate::OnnxError;
use crate::files::Content;

/// Most labels of a model: several times what the finest public taxonomies of harm have.
pub const MAX_LABELS: usize = 1024;

/// Most tokens read in one go: what most encoders of text can read, and a bound on the work, which grows with the square.
pub const MAX_TOKENS: usize = 512;

/// Fewest: below, there is hardly a word beside the special tokens.
const MIN_TOKENS: usize = 16;

/// Longest name of a model, in bytes: it stands in every verdict.
const MAX_NAME: usize = 64;

/// What somebody says of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Under what licence it may be used.
    pub licence: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// Its own labels in the order of its output, each with those of ours it stands for; none for a harmless one.
    pub labels: Vec<(String, Labels)>,
}

/// How the outputs of a model are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Activation {
    /// One label holds.
    Softmax,
    /// Any number of labels hold.
    Sigmoid,
}

/// What a model is given, by the names of its own inputs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Input {
    pub(crate) max_tokens: usize,
    pub(crate) input_ids: String,
    pub(crate) attention_mask: String,
    pub(crate) token_type_ids: String,
}

impl Default for Input {
    fn default() -> Self {
        let [input_ids, attention_mask, token_type_ids] = ["input_ids", "attention_mask", "token_type_ids"].map(str::to_owned);
        Self { max_tokens: MAX_TOKENS, input_ids, attention_mask, token_type_ids }
    }
}

/// What a model gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) activation: Activation,
    /// The name of the output that is read, where a model has several.
    pub(crate) name: Option<String>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    name: String,
    licence: Option<String>,
    source: Option<String>,
    #[serde(default)]
    input: Input,
    output: Output,
    label: Vec<Line>,
}

/// One label of the model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    #[serde(default)]
    harmless: bool,
    #[serde(default)]
    classes: Vec<String>,
}

/// The file as it was checked.
pub(crate) struct Table {
    pub(crate) about: About,
    pub(crate) input: Input,
    pub(crate) output: Output,
}

impl Table {
    pub(crate) fn read(file: &Content) -> Result<Self, OnnxError> {
        parse(&file.bytes).map_err(|what| OnnxError::content(&file.path, what))
    }
}

fn parse(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("it is not UTF-8: {e}"))?;
    let written: Written = toml::from_str(text).map_err(|e| e.to_string())?;
    let tokens = written.input.max_tokens;
    if written.format != 1 {
        return Err(format!("format = {}, but this program reads format = 1", written.format));
    }
    if !is_name(&written.name) {
        return Err(format!("name = {:?} must be 1 to {MAX_NAME} of ASCII letters, digits and . _ -", written.name));
    }
    if !(MIN_TOKENS..=MAX_TOKENS).contains(&tokens) {
        return Err(format!("[input] max_tokens = {tokens} must be {MIN_TOKENS} to {MAX_TOKENS}"));
    }
    let labels = labels(written.label, written.output.activation)?;
    let about = About { name: written.name, licence: written.licence, source: written.source, labels };
    Ok(Table { about, input: written.input, output: written.output })
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn labels(lines: Vec<Line>, activation: Activation) -> Result<Vec<(String, Labels)>, String> {
    let fewest = if activation == Activation::Softmax { 2 } else { 1 };
    if !(fewest..=MAX_LABELS).contains(&lines.len()) {
        let given = lines.len();
        return Err(format!("it has {given} [[label]], but with {activation:?} there must be {fewest} to {MAX_LABELS}"));
    }
    let mut names = HashSet::new();
    let mut labels = Vec::with_capacity(lines.len());
    for (at, line) in (1..).zip(lines) {
        let own = line.ours().map_err(|what| format!("[[label]] {at} ({:?}): {what}", line.name))?;
        if !names.insert(line.name.clone()) {
            return Err(format!("[[label]] {at}: another label is called {:?} too", line.name));
        }
        labels.push((line.name, own));
    }
    if labels.iter().all(|(_, ours)| ours.is_empty()) {
        return Err("every label is harmless, so nothing could ever be found; give classes = [...] to one at least".to_owned());
    }
    Ok(labels)
}

impl Line {
    /// The labels of ours it stands for.
    fn ours(&self) -> Result<Labels, String> {
        if self.harmless != self.classes.is_empty() {
            return Err("it needs either harmless = true or classes = [...] with at least one class".to_owned());
        }
        self.classes.iter().map(|id| id.parse::<Label>()).collect::<Result<_, _>>().map_err(|e| e.to_string())
    }
}

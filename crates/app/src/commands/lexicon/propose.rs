//! `guiju lexicon propose`: keywords out of what was missed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use detect::propose::{MAX_TEXTS, Missed, propose};
use detect::{Keywords, Pipeline, export};
use serde::Deserialize;
use taxonomy::RiskClass;

use super::files::{texts, write_lexicon};
use super::read;
use crate::commands::{pad, today};

#[derive(Args)]
pub(crate) struct Propose {
    /// Lexicon directory; without it, the built-in lexicon
    dir: Option<PathBuf>,
    /// Runs of `guiju assess` whose violations the keywords missed
    #[arg(long, num_args = 1..)]
    run: Vec<PathBuf>,
    /// Missed texts from reviews or complaints, JSON lines with `text` and `class`
    #[arg(long)]
    texts: Option<PathBuf>,
    /// Texts in which nothing should be found, one a line; without it, the built-in clean corpus
    #[arg(long)]
    clean: Option<PathBuf>,
    /// Write the proposals as a lexicon into this directory, to be read by a person; it must not exist
    #[arg(long, value_name = "OUT_DIR")]
    into: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    class: RiskClass,
}

pub(super) fn run(command: &Propose) -> Result<ExitCode> {
    let lexicon = read(command.dir.as_deref())?;
    let missed = missed(command)?;
    if missed.is_empty() {
        bail!("there is no missed text; name runs with --run or a file with --texts");
    }
    if missed.len() > MAX_TEXTS {
        bail!("{} texts, at most {MAX_TEXTS} are looked at; give fewer", missed.len());
    }
    let clean = command.clean.as_deref().map(texts).transpose()?;
    let clean: Vec<&str> = match &clean {
        Some(texts) => texts.iter().map(String::as_str).collect(),
        None => detect::clean_corpus(),
    };
    let known = Pipeline::new(vec![Box::new(Keywords::compile(&lexicon))]);
    let proposed = propose(&known, &missed, &clean, &today());
    for entry in &proposed {
        say!("{} {} {}", pad(&entry.id, 12), pad(&entry.keyword, 24), entry.note);
    }
    say!("{} texts, {} keywords proposed; a phrase must stand in two texts and in no clean one", missed.len(), proposed.len());
    if let Some(dir) = command.into.as_deref().filter(|_| !proposed.is_empty()) {
        write_lexicon(dir, &export::manifest(&lexicon), &BTreeMap::from([("proposed.jsonl", proposed)]))?;
        say!("{}: read them, then add those that are good", dir.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn missed(command: &Propose) -> Result<Vec<Missed>> {
    let mut missed = Vec::new();
    for dir in &command.run {
        let source = format!("run {}", dir.file_name().unwrap_or_default().to_string_lossy());
        for miss in assess::misses(dir)?.into_iter().filter(|miss| miss.unseen_by_keywords) {
            missed.extend(miss.class.map(|class| Missed { text: miss.text, class, source: source.clone() }));
        }
    }
    if let Some(path) = &command.texts {
        missed.extend(rows(path)?);
    }
    Ok(missed)
}

fn rows(path: &Path) -> Result<Vec<Missed>> {
    let content = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let row: Text = serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))?;
            Ok(Missed { text: row.text, class: row.class, source: source.clone() })
        })
        .collect()
}

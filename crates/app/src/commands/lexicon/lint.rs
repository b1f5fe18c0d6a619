//! `guiju lexicon lint`: what is wrong with a lexicon, and what it finds in clean texts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use detect::{export, lint};
use taxonomy::Lang;

use super::files::{by_group, texts, write_lexicon};
use super::read;
use crate::commands::{exit, pad, print_json, share};

#[derive(Args)]
pub(crate) struct Lint {
    /// Lexicon directory; without it, the built-in lexicon
    dir: Option<PathBuf>,
    /// Texts in which nothing should be found: one a line, or a .jsonl with the field `text`; without it, the built-in clean corpus
    #[arg(long)]
    clean: Option<PathBuf>,
    /// Largest share of the clean texts that an entry may fire in, 0 to 1
    #[arg(long, default_value = "0.001", value_parser = share)]
    limit: f64,
    /// Write the lexicon with the proposed severities into this directory; it must not exist
    #[arg(long, value_name = "OUT_DIR")]
    apply: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Lint) -> Result<ExitCode> {
    let lexicon = read(command.dir.as_deref())?;
    if let Some(dir) = command.apply.as_deref().filter(|dir| dir.exists()) {
        bail!("{} exists; nothing is overwritten, name a new directory", dir.display());
    }
    let texts = command.clean.as_deref().map(texts).transpose()?;
    let clean: Vec<&str> = match &texts {
        Some(texts) => texts.iter().map(String::as_str).collect(),
        None => detect::clean_corpus(),
    };
    if clean.is_empty() {
        bail!("there is no clean text to lint against; give a file with one text a line");
    }
    let report = lint::lint(&lexicon, &clean, lint::Options { limit: command.limit });
    if command.json {
        print_json(&report)?
    } else {
        print_lint(&report)
    }
    if let Some(dir) = &command.apply {
        write_lexicon(dir, &export::manifest(&lexicon), &by_group(lint::apply(&lexicon, &report)))?;
        // Not among the JSON, if that is what was asked for.
        eprintln!("guiju: {} written with the proposed severities; give it a new version before it is used", dir.display());
    }
    Ok(exit(report.is_clean()))
}

fn print_lint(report: &lint::Report) {
    say!("{}: {} entries, {} clean texts", report.lexicon, report.entries, report.texts);
    let kinds: BTreeSet<lint::IssueKind> = report.issues.iter().map(|issue| issue.kind).collect();
    for kind in kinds {
        say!("\n{} {}", kind, kind.title(Lang::En));
        for issue in report.issues.iter().filter(|issue| issue.kind == kind) {
            let other = issue.other.as_deref().map_or_else(String::new, |other| format!(" ({other})"));
            say!("  {} {}{other}", pad(&issue.id, 14), issue.text);
        }
    }
    if !report.false_hits.is_empty() {
        say!("\nover the limit: entries that fire in more than {} of the clean texts", percent(report.limit));
    }
    report.false_hits.iter().for_each(print_false_hits);
    say!("\nclean texts with a finding {:>9} {:>9} {:>9}", "block", "review+", "any");
    for (name, shares) in [("as it is", report.before), ("with the proposals", report.after)] {
        say!("{} {:>9} {:>9} {:>9}", pad(name, 26), percent(shares.block), percent(shares.review), percent(shares.any));
    }
}

fn print_false_hits(hits: &lint::FalseHits) {
    let proposal = hits.proposal.map_or_else(|| format!("{} stays", hits.severity), |lighter| format!("{} -> {lighter}", hits.severity));
    let near = if hits.near { ", or give it a `near`" } else { "" };
    let disguised = if hits.disguised > 0 { format!(", {} only by a disguise (see `variants`)", hits.disguised) } else { String::new() };
    let (id, keyword) = (pad(&hits.id, 14), pad(&hits.keyword, 16));
    say!("  {id} {keyword} {} in {} texts{disguised}: {proposal}{near}", percent(hits.rate), hits.texts);
    for sample in &hits.samples {
        say!("    {sample}");
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

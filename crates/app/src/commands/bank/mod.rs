//! `guiju bank`: question banks.

mod grow;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assess::bank::lint::{Lint, lint};
use assess::bank::{Bank as Questions, BankPart, Cell, MANIFEST, age, coverage, matrix};
use clap::{Args, Subcommand};
use detect::{Keywords, Pipeline};
use taxonomy::{Aspect, Lang, Modality};

use super::{exit, pad, passphrase, print_json, today};

#[derive(Subcommand)]
pub(crate) enum Bank {
    /// What Appendix B.1 asks of a bank, what is there, what is missing, how old it is; exit code 1 if anything is not met
    Coverage {
        #[command(flatten)]
        source: Source,
        /// Aspects that a specialised model has nothing to do with; they must be among the questions to refuse (B.1.3 b 3)
        #[arg(long, value_delimiter = ',')]
        left_out: Vec<Aspect>,
        /// Every class and aspect by modality and language
        #[arg(long)]
        matrix: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What is wrong with a bank: near copies, templates, language, twins, personal data, media; exit code 1 if there is something to mend
    Lint {
        #[command(flatten)]
        source: Source,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Disguised copies of the questions, marked as derived; they count for no floor
    Expand(grow::Expand),
    /// Questions out of what went wrong in runs, without those the bank asks already
    Propose(grow::Propose),
    /// Encrypt a bank with a passphrase, so that it does not leak into training data
    Seal {
        /// Bank directory
        dir: PathBuf,
        /// File with the passphrase, at least 15 characters
        #[arg(long)]
        passphrase_file: PathBuf,
        /// The file to write, .gjbank
        #[arg(short, long)]
        output: PathBuf,
    },
}

/// Where a bank comes from.
#[derive(Args)]
pub(crate) struct Source {
    /// Bank directory or sealed bank; without it, the built-in bank
    bank: Option<PathBuf>,
    /// File with the passphrase of a sealed bank
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

impl Source {
    fn open(&self) -> Result<Questions> {
        let passphrase = self.passphrase_file.as_deref().map(passphrase).transpose()?;
        Ok(match &self.bank {
            Some(path) => Questions::open(path, passphrase.as_deref())?,
            None => Questions::embedded()?,
        })
    }
}

pub(crate) fn run(command: &Bank) -> Result<ExitCode> {
    match command {
        Bank::Coverage { source, left_out, matrix: true, json } => {
            let _ = left_out;
            print_matrix(&matrix(&source.open()?), *json)
        }
        Bank::Coverage { source, left_out, matrix: false, json } => cover(&source.open()?, left_out, *json),
        Bank::Lint { source, json } => check(&source.open()?, *json),
        Bank::Expand(command) => grow::expand(command),
        Bank::Propose(command) => grow::propose(command),
        Bank::Seal { dir, passphrase_file, output } => seal(dir, &passphrase(passphrase_file)?, output),
    }
}

fn cover(bank: &Questions, left_out: &[Aspect], json: bool) -> Result<ExitCode> {
    let (coverage, age) = (coverage(bank, left_out), age(bank, &today()));
    let met = coverage.is_complete() && age.met;
    if json {
        print_json(&serde_json::json!({"bank": coverage.bank, "rows": coverage.rows, "age": age, "met": met}))?;
        return Ok(exit(met));
    }
    say!("{} ({} questions)", coverage.bank, bank.questions.len());
    say!("{} {} {} {:>6} {:>6} {:>8}", pad("clause", 9), pad("part", 14), pad("group", 15), "asked", "there", "missing");
    for row in &coverage.rows {
        let missing = if row.missing() > 0 { row.missing().to_string() } else { "-".to_owned() };
        let (clause, part, group) = (pad(&row.clause, 9), pad(row.part.id(), 14), pad(&row.group, 15));
        say!("{clause} {part} {group} {:>6} {:>6} {missing:>8}", row.asked, row.there);
    }
    let days = age.days.map_or_else(|| "no date".to_owned(), |days| format!("{days} days ago"));
    say!(
        "updated {} ({days}): {}",
        age.updated,
        if age.met { "in time" } else { "late; B.1.2 and B.1.3 ask for an update at least monthly" }
    );
    Ok(exit(met))
}

fn print_matrix(cells: &[Cell], json: bool) -> Result<ExitCode> {
    if json {
        print_json(&cells)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns: Vec<(Modality, Lang)> = Modality::ALL.iter().flat_map(|m| Lang::ALL.iter().map(move |l| (*m, *l))).collect();
    let heads: String = columns.iter().map(|(modality, lang)| format!("{:>10}", format!("{modality} {lang}"))).collect();
    say!("{} {}{heads}", pad("part", 14), pad("group", 12));
    for row in cells.chunks(columns.len()) {
        let Some(first) = row.first() else { continue };
        let numbers: String = row.iter().map(|cell| format!("{:>10}", cell.there)).collect();
        say!("{} {}{numbers}", pad(first.part.id(), 14), pad(first.group, 12));
    }
    Ok(ExitCode::SUCCESS)
}

fn check(bank: &Questions, json: bool) -> Result<ExitCode> {
    let second = Pipeline::new(vec![Box::new(Keywords::compile(&detect::Lexicon::embedded()?))]);
    let report = lint(bank, &second);
    if json {
        print_json(&report)?;
    } else {
        print_lint(&report, bank.questions.len());
    }
    Ok(exit(report.is_clean()))
}

fn print_lint(report: &Lint, questions: usize) {
    say!("{}: {questions} questions", report.bank);
    for check in assess::bank::lint::Check::ALL {
        let these: Vec<_> = report.problems.iter().filter(|problem| problem.check == *check).collect();
        if these.is_empty() {
            continue;
        }
        say!("\n{check} {}: {}{}", check.title(Lang::En), these.len(), if check.is_fault() { "" } else { " (for a person to look at)" });
        these.iter().for_each(|problem| say!("  {} {}", pad(&problem.id, 16), problem.message));
    }
    say!("\n{} {} {:>9} {:>11} {:>16}", pad("part", 14), pad("group", 12), "questions", "near copies", "largest template");
    for row in &report.repetition {
        let mark = if row.met { "" } else { "  too many" };
        let (part, group) = (pad(row.part.id(), 14), pad(&row.group, 12));
        say!("{part} {group} {:>9} {:>11} {:>16}{mark}", row.questions, row.near_copies, row.largest_template);
    }
}

fn seal(dir: &Path, passphrase: &str, output: &Path) -> Result<ExitCode> {
    if output.exists() {
        bail!("{} exists; nothing is overwritten, name a new file", output.display());
    }
    // What is sealed is what can be read.
    let bank = Questions::read(dir)?;
    let sealed = library::Directory::read(dir, MANIFEST)?.seal(passphrase)?;
    std::fs::write(output, &sealed).with_context(|| output.display().to_string())?;
    say!("{}: {} questions, {} bytes; keep the passphrase apart from it", output.display(), bank.questions.len(), sealed.len());
    Ok(ExitCode::SUCCESS)
}

/// The name of a part's file.
fn file_of(part: BankPart, kind: &str) -> String {
    format!("{}-{kind}.jsonl", part.id())
}

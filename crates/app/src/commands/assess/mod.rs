//! `guiju assess`: the main job, and everything one does with a run afterwards.

mod kept;
mod record;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use assess::journal::Role;
use assess::judge::{GuardSettings, JudgeCard, selftest};
use assess::{Measure, Part, RunState, Settings, With, Words};
use clap::{Args, Parser, Subcommand};
use detect::classifier::Choice;
use stats::{Rate, Standing};
use store::models::ModelId;
use taxonomy::{Aspect, Lang};

use super::place::StoreArgs;
use super::{pad, print_json};
use crate::progress::Bars;

#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Assess {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Args)]
struct RunArgs {
    /// What to assess: openai:URL, http:FILE.toml, file:ANSWERS.jsonl, or the built-in sample service
    #[arg(long, default_value = "sample")]
    target: String,
    /// Model name sent to the target
    #[arg(long)]
    model: Option<String>,
    /// Environment variable that holds the target's key
    #[arg(long, value_name = "VAR")]
    key_env: Option<String>,
    /// Ask for streamed answers
    #[arg(long)]
    stream: bool,
    /// Most tokens of an answer, where the target takes such a limit
    #[arg(long)]
    max_tokens: Option<u32>,
    /// Requests in flight at most
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Requests a second at most, 0.001 to 100000
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// Time limit of one request, in seconds, 0.1 to 3600
    #[arg(long, default_value = "60", value_parser = seconds)]
    timeout: f64,
    /// Tries for one turn at most
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10))]
    attempts: u32,
    /// Bank directory or sealed bank; without it, the built-in bank
    #[arg(long)]
    bank: Option<String>,
    /// File with the passphrase of a sealed bank
    #[arg(long)]
    passphrase_file: Option<String>,
    /// Aspects of the questions not to refuse that a specialised model has nothing to do with; they must be in the refuse bank (B.1.3 b 3)
    #[arg(long, value_delimiter = ',')]
    left_out: Vec<Aspect>,
    /// Lexicon directory; without it, the built-in lexicon
    #[arg(long)]
    lexicon: Option<String>,
    /// The classifier that judges: full, linear or off
    #[arg(long, default_value = "full")]
    classifier: Choice,
    #[command(flatten)]
    guard: Guard,
    /// Training data: .jsonl, .jsonl.gz, .jsonl.zst, or directories of them; without it, a small built-in sample
    #[arg(long, num_args = 1..)]
    corpus: Vec<String>,
    /// Field of a corpus row that holds the text
    #[arg(long, default_value = "text")]
    field: String,
    /// Seed of every draw
    #[arg(long, default_value = "guiju")]
    seed: String,
    /// Ask every question of the bank, not a sample of the size B.2 asks for
    #[arg(long)]
    whole_bank: bool,
    /// Parts to assess: content, should-refuse, should-answer, corpus-manual, corpus-technical
    #[arg(long, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Language of the report: zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    /// Where runs are kept
    #[arg(long, default_value = "guiju-out")]
    out: PathBuf,
    /// For CI: exit code 1 if a bound is missed, 2 if it is not concluded
    #[arg(long)]
    gate: bool,
}

/// A guard or chat model that judges in the place of the built-in classifier.
#[derive(Args)]
struct Guard {
    /// Address of an OpenAI-compatible guard or chat model that judges in the place of the classifier: openai:http://127.0.0.1:8000/v1
    #[arg(long, requires = "guard_model")]
    guard: Option<String>,
    /// Its model name
    #[arg(long, requires = "guard")]
    guard_model: Option<String>,
    /// Name of the environment variable with its key
    #[arg(long, requires = "guard")]
    guard_key_env: Option<String>,
    /// The form by which it is asked: qwen3guard, llama-guard, shieldlm, chat, or a file (docs/formats/guard.md); without it, that for its name
    #[arg(long, requires = "guard")]
    guard_form: Option<String>,
}

impl Guard {
    fn settings(self) -> Option<GuardSettings> {
        let (target, model) = (self.guard?, self.guard_model?);
        Some(GuardSettings { target, model, key_env: self.guard_key_env, form: self.guard_form })
    }
}

#[derive(Subcommand)]
enum Verb {
    /// Go on with an interrupted run
    Resume {
        /// The run's directory
        run: PathBuf,
        /// For CI: exit code 1 if a bound is missed, 2 if it is not concluded
        #[arg(long)]
        gate: bool,
    },
    /// Judge the frozen answers again, without asking again
    Judge {
        /// The run's directory
        run: PathBuf,
        /// Lexicon directory to judge with
        #[arg(long)]
        lexicon: Option<String>,
        /// The classifier to judge with: full, linear or off; without it, that of the run
        #[arg(long)]
        classifier: Option<Choice>,
        #[command(flatten)]
        guard: Guard,
    },
    /// Write the report again, after people have judged or in another language
    Report {
        /// The run's directory
        run: PathBuf,
        /// Language of the report: zh or en
        #[arg(long)]
        lang: Option<Lang>,
        /// For CI: exit code 1 if a bound is missed, 2 if it is not concluded
        #[arg(long)]
        gate: bool,
    },
    /// Verify a run and keep it in a store: its journal sealed in the ledger, its answers and judgements as rows
    Record {
        /// The run's directory
        run: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
        /// The registered version that was assessed, NAME@VERSION: whether its bounds were met is recorded too
        #[arg(long, value_name = "NAME@VERSION")]
        model: Option<ModelId>,
    },
    /// The runs that a store keeps; of one run, what was answered and judged
    Runs {
        /// A run, by its name
        run: Option<String>,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Write a run of a store back into a directory, journal and report byte for byte, and verify it
    Export {
        /// The run, by its name
        run: String,
        /// Where its directory goes
        #[arg(long, default_value = "guiju-out")]
        out: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Recompute the report from the journal, byte for byte, and check that nothing is lost or counted twice
    Verify {
        /// The run's directory
        run: PathBuf,
    },
    /// Compare two runs over the same questions (McNemar's exact test, per class)
    Compare {
        /// The first run's directory
        first: PathBuf,
        /// The second run's directory
        second: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Review sheets: people judge in a workbook
    #[command(subcommand)]
    Sheet(Sheet),
    /// How good the refusal judge is on labelled answers it never saw
    Selftest {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum Sheet {
    /// Write one person's sheet: no machine verdict in it, the written criterion beside each item
    Export {
        /// The run's directory
        run: PathBuf,
        /// Who will judge
        #[arg(long)]
        reviewer: String,
        /// Only what two reviewers differ on, for a third person to settle
        #[arg(long)]
        differences: bool,
        /// Where to write it; without it, into the run's directory
        #[arg(long)]
        file: Option<PathBuf>,
        /// Language of the sheet: zh or en
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// Read a filled-in sheet into the run, and write the report again
    Import {
        /// The run's directory
        run: PathBuf,
        /// The sheet
        file: PathBuf,
    },
}

pub(crate) fn run(command: Assess) -> Result<ExitCode> {
    let bars = Bars::new();
    match command.verb {
        None => {
            let (out, gate) = (command.run.out.clone(), command.run.gate);
            let dir = assess::start(&out, settings(command.run), &bars)?;
            conclude(&dir, gate)
        }
        Some(Verb::Resume { run, gate }) => {
            assess::resume(&run, &bars)?;
            conclude(&run, gate)
        }
        Some(Verb::Judge { run, lexicon, classifier, guard }) => {
            assess::judge(&run, &With { lexicon, classifier, guard: guard.settings() }, &bars)?;
            conclude(&run, false)
        }
        Some(Verb::Report { run, lang, gate }) => {
            assess::report(&run, lang, &bars)?;
            conclude(&run, gate)
        }
        Some(Verb::Verify { run }) => verify(&run),
        Some(Verb::Record { run, store, model }) => record::record(&run, &store, model.as_ref()),
        Some(Verb::Runs { run, store }) => kept::runs(run.as_deref(), &store),
        Some(Verb::Export { run, out, store }) => kept::export(&run, &out, &store),
        Some(Verb::Compare { first, second, json }) => compare(&first, &second, json),
        Some(Verb::Sheet(sheet)) => self::sheet(sheet, &bars),
        Some(Verb::Selftest { json }) => self_test(json),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    between(text, 0.001, 100_000.0)
}

fn seconds(text: &str) -> Result<f64, String> {
    between(text, 0.1, 3_600.0)
}

fn between(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("'{text}' is no number"))?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("{number} is not between {least} and {most}")) }
}

fn settings(args: RunArgs) -> Settings {
    Settings {
        target: args.target,
        model: args.model,
        key_env: args.key_env,
        stream: args.stream,
        max_tokens: args.max_tokens,
        concurrency: usize::from(args.concurrency),
        rate: args.rate,
        timeout_s: args.timeout,
        attempts: args.attempts,
        bank: args.bank,
        passphrase_file: args.passphrase_file,
        classifier: args.classifier,
        guard: args.guard.settings(),
        left_out: args.left_out,
        lexicon: args.lexicon,
        corpus: args.corpus,
        field: args.field,
        seed: args.seed,
        lang: args.lang,
        whole_bank: args.whole_bank,
        parts: if args.parts.is_empty() { Part::ALL.to_vec() } else { args.parts },
    }
}

/// Prints the conclusion, the rates with their intervals, and where the report lies.
fn conclude(dir: &Path, gate: bool) -> Result<ExitCode> {
    let state = RunState::read(dir)?;
    let lang = state.reported.as_ref().map_or(Lang::Zh, |(lang, _)| *lang);
    let words = Words::new(lang);
    let report = assess::Report::of(dir, &state)?;
    let scores = &report.scores;
    say!("");
    for measure in scores.measures.iter().filter(|m| m.rate.sampled() > 0) {
        say!("{}", measure_line(measure, &words));
    }
    say!("\n{}: {}", words.get("conclusion"), words.get(&format!("conclusion.{}", scores.conclusion.standing.id())));
    for reason in report.reasons(&words) {
        say!("  - {reason}");
    }
    say!("\n{}", dir.join("report.html").display());
    say!("{}", dir.join("report.json").display());
    say!("{}", dir.join("annexes.xlsx").display());
    Ok(match scores.conclusion.standing {
        Standing::Failed if gate => ExitCode::from(1),
        Standing::NotConcluded if gate => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    })
}

fn measure_line(measure: &Measure, words: &Words) -> String {
    let name = pad(words.get(&format!("measure.{}", measure.id.id())), 42);
    let rate = &measure.rate;
    let books = format!("{} = {} + {} + {}", rate.sampled(), rate.judged, rate.pending, rate.error);
    let standing = measure.standing.map_or_else(String::new, |s| words.get(&format!("standing.{}", s.id())).to_owned());
    format!("{name} {} {:>24}   {standing}", pad(&with_interval(rate), 28), books)
}

fn with_interval(rate: &Rate) -> String {
    let Some(share) = rate.share() else { return "—".to_owned() };
    let interval = rate.interval();
    format!("{} [{:.1}, {:.1}]", Words::percent(share), interval.low * 100.0, interval.high * 100.0)
}

fn verify(dir: &Path) -> Result<ExitCode> {
    let verified = assess::verify(dir)?;
    say!("{} lines, {} items, chain value {}", verified.lines, verified.items, verified.head);
    say!("recomputed and equal: {}", verified.files.join(", "));
    Ok(ExitCode::SUCCESS)
}

fn compare(first: &Path, second: &Path, json: bool) -> Result<ExitCode> {
    let comparison = assess::compare(first, second)?;
    if json {
        print_json(&comparison)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!(
        "{} -> {}: {} questions in both ({} judged by people in both, the others by machine in both), {} not paired",
        comparison.first,
        comparison.second,
        comparison.paired,
        comparison.by_people,
        comparison.unpaired
    );
    say!("{} {} {:>6} {:>6} {:>6} {:>8} {:>9}", pad("part", 14), pad("group", 12), "both", "lost", "won", "neither", "p");
    for row in &comparison.rows {
        let t = &row.test;
        let (part, group) = (pad(row.part.id(), 14), pad(&row.group, 12));
        say!("{part} {group} {:>6} {:>6} {:>6} {:>8} {:>9.4}", t.both, t.first_only, t.second_only, t.neither, t.p_value);
    }
    Ok(ExitCode::SUCCESS)
}

fn sheet(sheet: Sheet, bars: &Bars) -> Result<ExitCode> {
    match sheet {
        Sheet::Export { run, reviewer, differences, file, lang } => {
            let role = if differences { Role::Adjudicator } else { Role::Reviewer };
            let safe: String = reviewer.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            let file = file.unwrap_or_else(|| run.join(format!("sheet-{safe}{}.xlsx", if differences { "-differences" } else { "" })));
            let exported = assess::sheet::export(&run, &reviewer, role, &file, lang)?;
            say!("{}: {} items for {reviewer}", file.display(), exported.items);
            Ok(ExitCode::SUCCESS)
        }
        Sheet::Import { run, file } => {
            let imported = assess::sheet::import(&run, &file)?;
            say!("{}: {} judged, {} left empty", imported.reviewer, imported.votes, imported.empty);
            assess::report(&run, None, bars)?;
            conclude(&run, false)
        }
    }
}

fn self_test(json: bool) -> Result<ExitCode> {
    let test = selftest();
    if json {
        print_json(&test)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("refusal judge, {} held-out answers by authors the model never saw\n", test.rows);
    print_card("all", &test.card);
    for (lang, card) in &test.by_lang {
        print_card(lang.id(), card);
    }
    say!("\n{} {} recall", pad("outcome", 20), pad("precision", 36));
    for row in &test.by_outcome {
        let (precision, recall) = (counted(&row.precision), counted(&row.recall));
        say!("{} {} {recall}", pad(row.outcome.id(), 20), pad(&precision, 36));
    }
    say!("\nlabelled (rows) against judged (columns), R0 to R7");
    for (outcome, row) in assess::judge::Outcome::ALL.iter().zip(&test.confusion) {
        let cells: String = row.iter().map(|n| format!("{n:>5}")).collect();
        say!("{} {cells}", pad(outcome.id(), 20));
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(rate: &Rate) -> String {
    format!("{} ({}/{})", with_interval(rate), rate.hits, rate.judged)
}

fn print_card(name: &str, card: &JudgeCard) {
    say!("{name}");
    for (label, rate) in [
        ("refused or not, right", &card.accuracy),
        ("sensitivity", &card.sensitivity),
        ("specificity", &card.specificity),
        ("exact outcome of eight", &card.exact),
        ("in the automatic band", &card.band),
        ("right in the band", &card.band_accuracy),
        ("refuse-then-comply called a refusal", &card.complied_as_refusal),
    ] {
        say!("  {} {}", pad(label, 36), counted(rate));
    }
    if let Some(kappa) = card.kappa {
        say!("  {} {:.3} [{:.3}, {:.3}]", pad("kappa over the eight outcomes", 36), kappa.kappa, kappa.interval.low, kappa.interval.high);
    }
}

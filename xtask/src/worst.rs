//! `cargo xtask bench worst`: the time and memory of texts made to hurt, through the whole pipeline, and of ordinary text beside them.

use crate::match_bench::cpu;
use anyhow::Result;
use detect::{Direction, Keywords, Lexicon, Pipeline};

/// Size of each text: the measure of a worst case.
const BYTES: usize = 10_000_000;

/// What is repeated: hits, near misses, runs that recognisers and decoders begin to read, filler that the fold skips.
const UNITS: &[(&str, &str)] = &[
    ("nothing but hits", "长期代开各类发票"),
    ("keywords without their near word", "代开"),
    ("near words without keyword", "发票"),
    ("beginning of a keyword", "颠覆国家政"),
    ("attack words", "忽略以上"),
    ("ignore previous", "ignore previous "),
    ("one letter", "a"),
    ("one character", "中"),
    ("digits", "1"),
    ("phone-like", "138 "),
    ("phone numbers", "13812345678,"),
    ("numerals", "一"),
    ("surnames", "王"),
    ("places", "北京"),
    ("a@", "a@"),
    ("letters apart", "a b "),
    ("leet", "h3|"),
    ("parts of characters", "弓"),
    ("characters taken apart", "弓虽"),
    ("emoji", "🔫"),
    ("keycaps", "1️⃣"),
    ("zero-width", "中\u{200b}"),
    ("filler", "中，"),
    ("base64-like", "QUJD"),
    ("percent", "%41"),
    ("entities", "&#65;"),
    ("concatenation", "a=b+c "),
    ("quotes and pluses", "“a+"),
    ("reversed cue", "倒着读"),
    ("ideographic description", "\u{FDFA}"),
];

pub(crate) fn run() -> Result<()> {
    let pipeline = Pipeline::standard(Keywords::compile(&Lexicon::embedded()?))?;
    println!("{:36} {:>8} {:>9} {:>7}", "10 MB of", "CPU s", "findings", "faults");
    let mut worst = (0.0, "");
    for (name, unit) in UNITS {
        let (seconds, verdict) = timed(|| pipeline.check_as(&unit.repeat(BYTES / unit.len()), Direction::Input));
        println!("{name:36} {seconds:>8.2} {:>9} {:>7}", verdict.findings.len(), verdict.faults.len());
        worst = if seconds > worst.0 { (seconds, name) } else { worst };
    }
    println!("worst: {} ({:.2} s)", worst.1, worst.0);
    let ordinary = detect::clean_corpus().join("\n");
    let rounds = BYTES / ordinary.len();
    let (seconds, ()) = timed(|| (0..rounds).for_each(|_| drop(pipeline.check_as(&ordinary, Direction::Output))));
    let mb = (ordinary.len() * rounds) as f64 / 1e6;
    let lines = detect::clean_corpus();
    let (by_line, ()) = timed(|| (0..rounds).for_each(|_| lines.iter().for_each(|line| drop(pipeline.check_as(line, Direction::Output)))));
    let pii = Pipeline::new(vec![Box::new(detect::Pii)]);
    let (personal, ()) = timed(|| (0..rounds).for_each(|_| lines.iter().for_each(|line| drop(pii.check_as(line, Direction::Output)))));
    let documents = (lines.len() * rounds) as f64;
    println!(
        "ordinary text, one document: {:.1} MB/s; line by line: {:.1} MB/s, {:.0} lines/s",
        mb / seconds,
        mb / by_line,
        documents / by_line
    );
    println!("personal information alone, line by line: {:.1} MB/s, {:.0} lines/s", mb / personal, documents / personal);
    crate::stream::measure(&pipeline)?;
    println!("peak memory: {}", peak());
    Ok(())
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = cpu();
    let done = work();
    (cpu() - begun, done)
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown (no /proc)".to_owned(), |line| line.trim().to_owned())
}

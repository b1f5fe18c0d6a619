//! Where the time of a scan goes: the same scan in this process with its parts switched on one after the other, and its parts alone.

use std::path::Path;

use anyhow::{Context, Result};
use corpus::{Counter, Manifest, Record, SHARD_BYTES, Scan, Selector, Settings, Watch};
use detect::{Detector, Direction, Keywords, Lexicon, Pii, Pipeline, Policy};

use crate::match_bench::{cpu, median};

/// Writes so many of the built-in keywords, without disguises, as a lexicon of its own; the keywords.
pub(super) fn folding_lexicon(root: &Path, to: &Path, count: usize) -> Result<Vec<String>> {
    let from = root.join("crates/detect/data/lexicon");
    std::fs::create_dir_all(to)?;
    let head = std::fs::read_to_string(from.join("lexicon.toml")).with_context(|| from.display().to_string())?;
    let head: String = head.lines().filter(|line| !line.starts_with("variants")).flat_map(|line| [line, "\n"]).collect();
    std::fs::write(to.join("lexicon.toml"), head + "variants = []\n")?;
    let mut files: Vec<_> = std::fs::read_dir(&from)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut rows = Vec::new();
    for file in files.iter().filter(|file| file.path().extension().is_some_and(|extension| extension == "jsonl")) {
        for line in std::fs::read_to_string(file.path())?.lines() {
            let mut row: serde_json::Value = serde_json::from_str(line)?;
            row.as_object_mut().map(|row| row.remove("variants"));
            let keyword = row.get("keyword").and_then(|keyword| keyword.as_str()).unwrap_or_default().to_owned();
            rows.push((row.to_string(), keyword));
        }
    }
    // Every part of the lexicon in the same measure.
    let count = count.min(rows.len());
    let chosen = || (0..count).filter_map(|at| rows.get(at * rows.len() / count));
    std::fs::write(to.join("keywords.jsonl"), chosen().flat_map(|(row, _)| [row.as_str(), "\n"]).collect::<String>())?;
    Ok(chosen().map(|(_, keyword)| keyword.clone()).collect())
}

struct Silent;

impl Watch for Silent {
    fn begin(&self, _: usize, _: u64, _: &Counter) {}
    fn judged(&self, _: u64, _: u64, _: u64) {}
    fn done(&self, _: &Record) {}
}

/// CPU nanoseconds a byte of text of each part, one thread.
pub(super) fn print(corpus: &Path, folding: &Path, rounds: usize) -> Result<()> {
    let small = || Ok::<_, anyhow::Error>(Keywords::compile(&Lexicon::read(folding)?));
    let large = || Ok::<_, anyhow::Error>(Keywords::compile(&Lexicon::embedded()?));
    let rules = || Ok::<_, anyhow::Error>(Keywords::compile(&Lexicon::attacks()?).named("rules"));
    let alone = |detector: Option<Box<dyn Detector>>| Pipeline::new(detector.into_iter().collect());
    let whole = |keywords| corpus::pipeline(keywords, None, Policy::default());
    let none = scanned(corpus, &alone(None), rounds)?;
    println!("\nstage, one thread, in this process                       ns/byte    of all");
    let all = scanned(corpus, &whole(large()?)?, rounds)?;
    let line = |name: &str, ns: f64| println!("{name:56} {ns:>7.2} {:>8.0} %", 100.0 * ns / all);
    line("scan with the built-in lexicon", all);
    line("scan with the keywords that are only folded", scanned(corpus, &whole(small()?)?, rounds)?);
    line("scan without detectors: all that follows up to the line", none);
    let texts = texts(corpus)?;
    let view = |name: &str, work: &dyn Fn(&str)| line(&format!("  of these: {name}, alone"), over(&texts, rounds, work));
    view("fold", &|text| drop(detect::fold(text)));
    view("decoders", &|text| detect::decode::decode(text, &mut Vec::new()));
    view("content hash (SHA-256)", &|text| {
        std::hint::black_box(corpus::content_hash(text));
    });
    let nothing = alone(None);
    view("fold, decoders, emoji, verdict: the pipeline itself", &|text| drop(nothing.check_as(text, Direction::Corpus)));
    println!("----");
    line("built-in keywords, more than without detectors", scanned(corpus, &alone(Some(Box::new(large()?))), rounds)? - none);
    line("folded keywords, likewise", scanned(corpus, &alone(Some(Box::new(small()?))), rounds)? - none);
    line("rules against attacks, likewise", scanned(corpus, &alone(Some(Box::new(rules()?))), rounds)? - none);
    line("personal information, likewise", scanned(corpus, &alone(Some(Box::new(Pii))), rounds)? - none);
    Ok(())
}

/// CPU nanoseconds a byte of text of a whole scan, the median of so many.
fn scanned(corpus: &Path, pipeline: &Pipeline, rounds: usize) -> Result<f64> {
    let out = corpus.with_file_name("stages");
    let settings =
        Settings { text: Selector::new("text")?, matched: false, versions: pipeline.versions().to_vec(), shard_bytes: SHARD_BYTES };
    let mut costs = Vec::new();
    for _ in 0..rounds {
        let _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir_all(&out)?;
        let begun = cpu();
        let manifest = Manifest::make(&[corpus.to_owned()], settings.clone(), &Counter::default())?;
        Scan { dir: &out, manifest: &manifest, pipeline, threads: 1, part: (0, 1) }.run(&Silent)?;
        let spent = cpu() - begun;
        let bytes: u64 = Record::all(&out, &manifest)?.iter().flatten().map(|record| record.text_bytes).sum();
        costs.push(spent * 1e9 / bytes as f64);
    }
    Ok(median(&mut costs))
}

/// CPU nanoseconds a byte of some work over texts.
fn over(texts: &[String], rounds: usize, work: &dyn Fn(&str)) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    let costs = (0..rounds).map(|_| {
        let begun = cpu();
        texts.iter().for_each(|text| work(text));
        (cpu() - begun) * 1e9 / bytes as f64
    });
    median(&mut costs.collect::<Vec<_>>())
}

/// The texts of the first file, at most 10 MB of them.
fn texts(corpus: &Path) -> Result<Vec<String>> {
    use std::io::BufRead;
    let file = std::io::BufReader::new(zstd::Decoder::new(std::fs::File::open(corpus.join("part-000.jsonl.zst"))?)?);
    let (mut texts, mut bytes) = (Vec::new(), 0);
    for line in file.lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let text = row.get("text").and_then(|text| text.as_str()).unwrap_or_default().to_owned();
        bytes += text.len();
        texts.push(text);
        if bytes > 10_000_000 {
            break;
        }
    }
    Ok(texts)
}

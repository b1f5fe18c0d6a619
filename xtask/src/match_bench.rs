//! `cargo xtask bench match`: our matcher, folding included, against three others on the same text, in the same process.

mod engines;
mod hyperscan;
mod language;
pub(crate) mod random;
mod text;
mod words;

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use engines::Engine;
use random::Random;

/// Words searched for.
const SIZES: [usize; 2] = [10_000, 100_000];
/// Name and planted hits per 1,000 bytes.
const RATES: [(&str, f64); 2] = [("cold", 0.01), ("hot", 1.0)];
/// How many of the words are planted.
const PLANTED: usize = 500;
/// Bytes of one document.
const DOCUMENT: usize = 4_096;

struct Options<'a> {
    text: Option<&'a str>,
    words: Option<&'a str>,
    runs: usize,
    mb: usize,
}

/// MB/s of CPU time, hits, build time and size of each engine. Flags: `--text FILE --words FILE` (one a line), `--runs N`, `--mb N`.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = parse(arguments)?;
    println!("{}", machine("one used"));
    versions();
    let (text, words) = match (options.text, options.words) {
        (Some(text), Some(words)) => (read(text)?, sampled(&read(words)?)),
        _ => made(options.mb),
    };
    ensure!(!text.is_empty() && !words.is_empty(), "a text and at least one word are needed");
    let mut sizes = SIZES.map(|size| size.min(words.len())).to_vec();
    sizes.dedup();
    let others = text.bytes().filter(|byte| *byte >= 0x80).count();
    println!(
        "text: {:.1} MB {}, {:.1} % of its bytes not ASCII, in documents of {DOCUMENT} bytes",
        text.len() as f64 / 1e6,
        options.text.unwrap_or("made by this bench"),
        100.0 * others as f64 / text.len() as f64
    );
    let planted = words::simple(words.get(..sizes.first().copied().unwrap_or_default()).unwrap_or_default(), &words, PLANTED);
    for size in sizes {
        let words = words.get(..size).unwrap_or_default();
        println!("\n{size} words                build CPU s     table MB");
        let mut engines = build(words)?;
        if options.text.is_some() {
            measure(&mut engines, &text, "as given", options.runs)?;
            continue;
        }
        for (name, rate) in RATES {
            let text = text::plant(&mut Random::new(3), &text, &planted, rate);
            measure(&mut engines, &text, &format!("{name}, {rate} hits/KB planted"), options.runs)?;
        }
    }
    println!(
        "\nMB/s of CPU time (1 MB = 1,000,000 bytes, 1 KB = 1,000). guiju folds the text first (case, width, traditional forms, filler between"
    );
    println!(
        "Chinese characters), so it may find more; the others search the bytes as they are. Every engine reports all overlapping matches."
    );
    Ok(())
}

fn parse<'a>(arguments: &[&'a str]) -> Result<Options<'a>> {
    let mut options = Options { text: None, words: None, runs: 5, mb: 100 };
    for pair in arguments.chunks(2) {
        match *pair {
            ["--text", file] => options.text = Some(file),
            ["--words", file] => options.words = Some(file),
            ["--runs", n] => options.runs = n.parse().context("--runs takes a number")?,
            ["--mb", n] => options.mb = n.parse().context("--mb takes a number")?,
            _ => bail!("usage: cargo xtask bench match [--text FILE --words FILE] [--runs N] [--mb N]"),
        }
    }
    ensure!(options.text.is_some() == options.words.is_some(), "--text and --words go together");
    ensure!((1..=1_000).contains(&options.runs), "--runs is 1 to 1000");
    ensure!((1..=4_000).contains(&options.mb), "--mb is 1 to 4000");
    Ok(options)
}

fn read(file: &str) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read as UTF-8"))
}

/// The words of a file, each once, in an order that depends on nothing but the words.
fn sampled(file: &str) -> Vec<String> {
    let mut words: Vec<String> = file.lines().map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    Random::new(4).shuffle(&mut words);
    words
}

fn made(mb: usize) -> (String, Vec<String>) {
    let begun = cpu();
    let language = language::Language::new(&mut Random::new(1));
    let text = text::write(&mut Random::new(2), &language, mb * 1_000_000);
    let words = words::absent(&mut Random::new(5), &language, &text, SIZES.into_iter().max().unwrap_or_default());
    println!("made text and {} words that do not stand in it in {:.1} s", words.len(), cpu() - begun);
    (text, words)
}

/// Text in documents of [`DOCUMENT`] bytes, cut between characters.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (document, after) = rest.split_at(rest.floor_char_boundary(DOCUMENT));
        rest = after;
        (!document.is_empty()).then_some(document)
    })
}

fn build(words: &[String]) -> Result<Vec<Box<dyn Engine>>> {
    type Build = fn(&[String]) -> Result<Option<Box<dyn Engine>>>;
    let builds: [Build; 4] = [engines::guiju, engines::daachorse, engines::aho_corasick, hyperscan::build];
    let mut engines = Vec::new();
    for build in builds {
        let begun = cpu();
        let Some(engine) = build(words)? else { continue };
        println!("  {:<24} {:>10.3} {:>12.2}", engine.name(), cpu() - begun, engine.bytes() as f64 / 1e6);
        engines.push(engine);
    }
    Ok(engines)
}

/// Runs every engine over the text, in turns that begin with another one each time, and prints what came out.
fn measure(engines: &mut [Box<dyn Engine>], text: &str, name: &str, runs: usize) -> Result<()> {
    let documents: Vec<&str> = documents(text).collect();
    let warm = documents.get(..documents.len().div_ceil(10)).unwrap_or_default();
    for engine in engines.iter_mut() {
        engine.hits(warm)?;
    }
    let mut speeds = vec![Vec::new(); engines.len()];
    let mut hits = vec![0; engines.len()];
    for turn in 0..runs {
        let mut order: Vec<_> = engines.iter_mut().zip(&mut speeds).zip(&mut hits).collect();
        let first = turn % order.len();
        order.rotate_left(first);
        for ((engine, speeds), hits) in order {
            let begun = cpu();
            *hits = engine.hits(&documents)?;
            speeds.push(text.len() as f64 / 1e6 / (cpu() - begun));
        }
    }
    let medians: Vec<f64> = speeds.iter_mut().map(|speeds| median(speeds)).collect();
    let ours = medians.first().copied().unwrap_or_default();
    println!("  {name:<32} median      min      max MB/s        hits  hits/KB   guiju / it");
    for (((engine, median), speeds), hits) in engines.iter().zip(&medians).zip(&speeds).zip(&hits) {
        let (min, max) = (speeds.first().copied().unwrap_or_default(), speeds.last().copied().unwrap_or_default());
        let per_kb = *hits as f64 * 1e3 / text.len() as f64;
        println!("    {:<28} {median:>8.1} {min:>8.1} {max:>8.1} {hits:>16} {per_kb:>8.4} {:>12.2}", engine.name(), ours / median);
    }
    let mut plain = hits.iter().skip(1);
    let first = plain.next();
    ensure!(
        plain.all(|hits| Some(hits) == first),
        "engines that search the same bytes for the same words found different numbers of matches"
    );
    Ok(())
}

/// Sorts, and gives the middle one, or the mean of the two.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |at: usize| values.get(at).copied().unwrap_or_default();
    f64::midpoint(at(values.len().saturating_sub(1) / 2), at(values.len() / 2))
}

/// CPU seconds of this process so far.
pub(crate) fn cpu() -> f64 {
    // No clock on this machine, no bench: the ratio of nothing to nothing is printed as such.
    cpu_time::ProcessTime::try_now().map_or(f64::NAN, |time| time.as_duration().as_secs_f64())
}

/// The machine in words, and how much of it is used.
pub(crate) fn machine(used: &str) -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value =
        |key: &str| info.lines().find(|line| line.starts_with(key)).and_then(|line| line.split_once(": ")).map_or("?", |pair| pair.1);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let flags: Vec<&str> = value("flags").split(' ').filter(|flag| ["avx2", "avx512bw", "avx512vbmi"].contains(flag)).collect();
    format!("machine: {}, {cores} cores ({used}), {}", value("model name"), flags.join(" "))
}

/// Prints the versions of what is compared.
fn versions() {
    let rustc = Command::new("rustc").arg("--version").output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!(
        "versions: guiju {}, daachorse {}, aho-corasick {}, libhs {}, {}",
        env!("CARGO_PKG_VERSION"),
        locked("daachorse"),
        locked("aho-corasick"),
        hyperscan::version(),
        rustc.unwrap_or_default()
    );
}

/// The version of a crate in the lock file.
fn locked(name: &str) -> String {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap_or_default();
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).map_or("?", |pair| pair.1);
    after.split('"').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_the_text_cut_between_characters() {
        let text = "字".repeat(5_000);
        let cut: Vec<&str> = documents(&text).collect();
        assert_eq!(cut.concat(), text);
        assert!(cut.iter().all(|document| document.len() <= DOCUMENT));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn words_are_absent_until_planted() {
        let language = language::Language::new(&mut Random::new(1));
        let text = text::write(&mut Random::new(2), &language, 300_000);
        let words = words::absent(&mut Random::new(5), &language, &text, 1_000);
        assert_eq!(words.len(), 1_000);
        let mut plain = engines::daachorse(&words).unwrap().unwrap();
        assert_eq!(plain.hits(&documents(&text).collect::<Vec<_>>()).unwrap(), 0);
        let hot = text::plant(&mut Random::new(3), &text, &words::simple(&words, &words, 50), 1.0);
        let hits = plain.hits(&documents(&hot).collect::<Vec<_>>()).unwrap();
        assert!((280..=320).contains(&hits), "{hits}");
    }
}

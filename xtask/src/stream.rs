//! `cargo xtask bench stream`: what is held back of an answer that comes in pieces, and what the pieces cost.

use anyhow::Result;
use detect::{Direction, Keywords, Lexicon, Pipeline, Scanner};

use crate::worst::timed;

/// How many pieces an answer comes in.
const PIECES: usize = 106;

/// Lengths of answers, in characters: a short one, whose pieces have two characters, and a long one, whose pieces have nineteen.
const LENGTHS: [usize; 3] = [213, 640, 2_000];

pub(crate) fn run() -> Result<()> {
    measure(&Pipeline::standard(Keywords::compile(&Lexicon::embedded()?))?)
}

pub(crate) fn measure(pipeline: &Pipeline) -> Result<()> {
    let lines = detect::clean_corpus();
    let mixed: Vec<_> = lines.chunks(20).take(40).map(|lines| lines.join("\n")).collect();
    let (mut held, mut count) = (0, 0);
    let bytes = |text: &str| text.as_bytes().chunks(4).map(<[u8]>::to_vec).collect::<Vec<_>>();
    for text in &mixed {
        held += hold(pipeline, &bytes(text), |held| held.len())?;
        count += text.len().div_ceil(4);
    }
    let pieces: Vec<_> = mixed.iter().map(|text| bytes(text)).collect();
    let seconds = cost(pipeline, &pieces)?;
    let (held, count) = (held as f64, count as f64);
    println!("in pieces of 4 bytes: {:.1} µs a piece, {:.1} bytes held back on average", seconds / count * 1e6, held / count);
    for (language, chinese) in [("Chinese", true), ("English", false)] {
        let lines = lines.iter().copied().filter(|line| line.chars().any(|c| c >= '一') == chinese);
        let text: Vec<char> = lines.collect::<Vec<_>>().join(if chinese { "" } else { " " }).chars().collect();
        for length in LENGTHS {
            let answers: Vec<_> = text.chunks_exact(length).take(40).map(in_pieces).collect();
            let mut held = 0;
            for pieces in &answers {
                held += hold(pipeline, pieces, |held| String::from_utf8_lossy(held).chars().count())?;
            }
            let seconds = cost(pipeline, &answers)? / answers.len() as f64;
            let held = held as f64 / (answers.len() * PIECES) as f64;
            println!(
                "{language} answer of {length} characters in {PIECES} pieces: {:.2} ms, {held:.2} characters held back on average",
                seconds * 1e3
            );
        }
    }
    Ok(())
}

/// The text in [`PIECES`] pieces of nearly the same length.
fn in_pieces(text: &[char]) -> Vec<Vec<u8>> {
    let cut = |piece: usize| text.len() * piece / PIECES;
    let piece = |piece: usize| text.iter().skip(cut(piece)).take(cut(piece + 1) - cut(piece)).collect::<String>().into_bytes();
    (0..PIECES).map(piece).collect()
}

/// How much is held back after each piece, in all, as `measure` counts it.
fn hold(pipeline: &Pipeline, pieces: &[Vec<u8>], measure: impl Fn(&[u8]) -> usize) -> Result<usize> {
    let (mut scanner, mut fed, mut held) = (Scanner::new(pipeline.clone(), Direction::Output), Vec::new(), 0);
    for piece in pieces {
        fed.extend_from_slice(piece);
        let released = scanner.feed(piece)?.released;
        held += measure(fed.get(released..).unwrap_or_default());
    }
    Ok(held)
}

/// CPU seconds for all these texts, ten times over.
fn cost(pipeline: &Pipeline, texts: &[Vec<Vec<u8>>]) -> Result<f64> {
    const ROUNDS: u32 = 10;
    let (seconds, done) = timed(|| -> Result<()> {
        for pieces in (0..ROUNDS).flat_map(|_| texts) {
            let mut scanner = Scanner::new(pipeline.clone(), Direction::Output);
            for piece in pieces {
                scanner.feed(piece)?;
            }
            scanner.finish()?;
        }
        Ok(())
    });
    done?;
    Ok(seconds / f64::from(ROUNDS))
}

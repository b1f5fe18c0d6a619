//! Other tools' operators over the same rows, where a Python environment that has them is named; CPU time of the operator alone, which favours them.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::text::Pool;
use crate::match_bench::random::Random;

/// Bytes of text given to the peers, the slowest of which read a part of it.
const BYTES: usize = 3_000_000;

/// Runs `peers.py` with the interpreter of `venv`.
pub(super) fn print(pool: &Pool, venv: &Path, dir: &Path, words: &[String], rounds: usize) -> Result<()> {
    let (texts, list, script) = (dir.join("peers.jsonl"), dir.join("words.txt"), dir.join("peers.py"));
    let (mut file, mut random, mut written) = (std::io::BufWriter::new(std::fs::File::create(&texts)?), Random::new(9), 0);
    while written < BYTES {
        let row = pool.row(&mut random);
        written += row.len();
        writeln!(file, "{}", serde_json::json!({ "text": row }))?;
    }
    file.flush()?;
    std::fs::write(&list, words.join("\n"))?;
    std::fs::write(&script, include_str!("peers.py"))?;
    println!("\npeers, the operator alone");
    let python = venv.join("bin/python");
    let mut command = Command::new(&python);
    command.arg(script).arg(texts).arg(list).arg(rounds.to_string());
    let status = command.status().with_context(|| format!("{} cannot be started", python.display()))?;
    ensure!(status.success(), "the peers ended with {status}");
    Ok(())
}

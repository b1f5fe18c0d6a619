#![no_main]
//! Bank rows as JSON lines: refused, or every line a question, and the order of lines does not count.

use assess::bank::{Bank, coverage};

const HEAD: &str = "format = 1\nname = \"fuzz\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\n";

fn bank(rows: &[u8]) -> Result<Bank, String> {
    // Each kind of question has its own file; here the first row says which.
    let first = rows.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let kind = if first.windows(8).any(|bytes| bytes == b"\"aspect\"") { "should-answer" } else { "content" };
    let dir = guiju_fuzz::scratch();
    guiju_fuzz::put(&dir.join("bank.toml"), HEAD);
    guiju_fuzz::put(&dir.join(format!("{kind}.jsonl")), rows);
    Bank::read(dir).map_err(|error| error.to_string())
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let bank_read = match bank(data) {
        Ok(bank) => bank,
        Err(message) => return assert!(message.contains(".jsonl") || message.contains("bank.toml"), "no place: {message}"),
    };
    let text = guiju_fuzz::text(data);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(bank_read.questions.len(), lines.len());
    for (_, question) in &bank_read.questions {
        assert!((1..=4).contains(&question.turns.len()) && question.group() != "-", "{question:?}");
        let again = serde_json::to_string(question).expect("it can be written");
        assert_eq!(serde_json::from_str::<assess::bank::Question>(&again).ok().as_ref(), Some(question));
    }
    let there: u64 = coverage(&bank_read, &[]).rows.iter().filter(|row| row.group == "total").map(|row| row.there).sum();
    let written = bank_read.questions.iter().filter(|(_, question)| question.derived.is_none()).count();
    assert_eq!(there, written as u64);
    let reversed: Vec<&str> = lines.iter().rev().copied().collect();
    let again = bank(reversed.join("\n").as_bytes()).expect("the order of lines does not count");
    assert_eq!(again.digest, bank_read.digest);
});

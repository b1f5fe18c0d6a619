//! Entries and findings as people read them.

use std::process::ExitCode;

use ledger::finding::Report;
use serde_json::{Value, json};
use store::{Opened, Secret};

use crate::commands::{exit, time};

/// An entry in a line.
pub(super) fn line(entry: &Opened) {
    let (what, by, details) = match &entry.said {
        Some(said) => (text(&said["what"]), text(&said["by"]), said["details"].to_string()),
        None => ("(retention ended)", "", String::new()),
    };
    let content = match entry.content {
        Secret::None => "",
        Secret::Gone => "  content erased",
        Secret::Open(_) => "  with content",
    };
    say!("{:>8}  {}  {}  {what} by {by} {details}{content}", entry.index, time(entry.time_ms.cast_signed()), entry.entry);
}

/// An entry as JSON.
pub(super) fn json(entry: &Opened) {
    say!("{}", value(entry));
}

/// An entry with all it says.
pub(super) fn whole(entry: &Opened) {
    say!("{:#}", value(entry));
}

fn value(entry: &Opened) -> Value {
    let content = match &entry.content {
        Secret::None => Value::Null,
        Secret::Gone => json!({ "state": "gone" }),
        Secret::Open(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => json!({ "state": "open", "text": text }),
            Err(_) => json!({ "state": "open", "bytes": keys::digest::hex(bytes) }),
        },
    };
    json!({
        "index": entry.index,
        "entry": entry.entry.to_string(),
        "time": time(entry.time_ms.cast_signed()),
        "class": format!("{:?}", entry.class).to_lowercase(),
        "said": entry.said,
        "content": content,
    })
}

/// What a verification came to.
pub(super) fn report(report: &Report) -> ExitCode {
    for finding in &report.findings {
        say!("found: {finding}");
    }
    if report.left_out > 0 {
        say!("found: {} more, not listed", report.left_out);
    }
    let signed = report.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    say!(
        "{} entries, {signed} of them signed; {} segments compared, {} erased or past their retention",
        report.entries,
        report.segments,
        report.erased
    );
    say!("{}", if report.is_clean() { "nothing is wrong" } else { "the log does not verify" });
    exit(report.is_clean())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

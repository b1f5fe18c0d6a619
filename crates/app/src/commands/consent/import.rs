//! `guiju consent import`: a file of consents, all of it or nothing.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use store::consent::{MAX_LINES, NewConsent};

use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::{exit, today};

/// Bytes of a file: [`MAX_LINES`] lines of some 300 bytes each, and room.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// Lines that are named where a file has bad ones.
const NAMED: usize = 100;

/// A line that is none, and why.
type Bad = (u64, String);

pub(super) fn run(store: &StoreArgs, file: &Path) -> Result<ExitCode> {
    let today = today();
    let (lines, bad) = read(file, &today)?;
    if !bad.is_empty() {
        for (line, why) in bad.iter().take(NAMED) {
            say!("{}:{line}: {why}", file.display());
        }
        let more = bad.len().saturating_sub(NAMED);
        say!(
            "{} lines do not follow docs/formats/consent.md{}; nothing is imported",
            bad.len(),
            if more > 0 { format!(" ({more} more)") } else { String::new() }
        );
        return Ok(exit(false));
    }
    let done = at_desk("consent import", store, async |desk| Ok(desk.tenant.import_consents(&desk.who, lines.clone(), &today).await?))?;
    say!("consents kept {}, known before {}, older than what is here {}, opted out {}", done.kept, done.known, done.older, done.opted_out);
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path, today: &str) -> Result<(Vec<NewConsent>, Vec<Bad>)> {
    let at = || file.display().to_string();
    let bytes = std::fs::metadata(file).with_context(at)?.len();
    if bytes > MAX_FILE_BYTES {
        bail!("{} has {bytes} bytes; at most {MAX_FILE_BYTES} and {MAX_LINES} lines are imported at once: cut it", at());
    }
    let text = std::fs::read_to_string(file).with_context(at)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let rows = match file.extension().and_then(|ending| ending.to_str()) {
        Some("jsonl" | "ndjson") => json_lines(text),
        Some("csv") => csv(text)?,
        _ => bail!("{}: consents come as .jsonl, .ndjson or .csv", at()),
    };
    let (mut good, mut bad) = (Vec::with_capacity(rows.len()), Vec::new());
    for (line, row) in rows {
        match row.and_then(|row: NewConsent| row.check(today).map(|()| row).map_err(|error| error.to_string())) {
            Ok(row) => good.push(row),
            Err(why) => bad.push((line, why)),
        }
    }
    Ok((good, bad))
}

/// Lines with their numbers, and what is wrong with those that are none.
type Rows = Vec<(u64, Result<NewConsent, String>)>;

fn json_lines(text: &str) -> Rows {
    let numbered = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    numbered.map(|(line, text)| (line, serde_json::from_str(text).map_err(|error| error.to_string()))).collect()
}

fn csv(text: &str) -> Result<Rows> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().context("the header")?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push((record.position().map_or(0, csv::Position::line), row(&header, &record))),
            Err(error) => rows.push((error.position().map_or(0, csv::Position::line), Err(error.to_string()))),
        }
    }
    Ok(rows)
}

/// A record as the object that a line of JSON would be: an empty field is left out.
fn row(header: &csv::StringRecord, record: &csv::StringRecord) -> Result<NewConsent, String> {
    let mut object = Map::new();
    for (name, field) in header.iter().zip(record).filter(|(_, field)| !field.is_empty()) {
        let value = match (name, field) {
            ("out", "true") => Value::Bool(true),
            ("out", "false") => Value::Bool(false),
            _ => Value::from(field),
        };
        object.insert(name.to_owned(), value);
    }
    serde_json::from_value(Value::Object(object)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same_and_bad_lines_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let json = write(
            "a.jsonl",
            "{\"person\":\"用户-1\",\"scope\":\"general\",\"basis\":\"terms, 3.2\",\"given\":\"2026-05-01\"}\n\n{\"person\":\"user-2\",\"out\":true}\n",
        );
        let csv =
            write("a.csv", "\u{feff}person,scope,basis,given,expires,out\n用户-1,general,\"terms, 3.2\",2026-05-01,,\nuser-2,,,,,true\n");
        let (from_json, bad) = read(&json, "2026-11-22").unwrap();
        assert_eq!((from_json.len(), bad.len()), (2, 0));
        assert_eq!(read(&csv, "2026-11-22").unwrap(), (from_json, Vec::new()));
        let wrong = write(
            "b.csv",
            "person,scope,basis,given\nuser-1,all,x,2026-05-01\nuser-2,general,\"two\nlines\",2026-05-01\nuser-3,general,x,2027-05-01\na,b\n",
        );
        let lines: Vec<u64> = read(&wrong, "2026-11-22").unwrap().1.into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 3, 5, 6]);
        let wrong = write("b.jsonl", "{\"person\":\"a\",\"out\":true,\"why\":1}\n{\"person\":\"\",\"out\":true}\nno\n");
        let bad = read(&wrong, "2026-11-22").unwrap().1;
        assert!(bad.len() == 3 && bad[0].1.contains("unknown field") && bad[1].1.contains("1 to 200 characters"), "{bad:?}");
        assert!(read(&write("c.xlsx", ""), "2026-11-22").is_err());
    }
}

//! A snapshot of a register of consent: who agreed to what, as keyed hashes. Format: `docs/formats/consent.md`.
//!
//! All of it is read and checked before the first row, or none of it is used: half a list of those who said no would let the others through.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::CorpusError;
use crate::error::{at, damaged};
use crate::input::hex;

/// The format this version reads.
const FORMAT: u32 = 1;
/// Most persons of a snapshot: they are held in memory, 34 bytes each, 340 MB in all.
const MAX_PERSONS: u64 = 10_000_000;
/// Longest line: a header is some 300 bytes, a person some 150.
const MAX_LINE_BYTES: u64 = 4_096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    kind: String,
    #[expect(dead_code, reason = "whose register it was: for people, and no field is unknown")]
    tenant: String,
    purpose: String,
    made: String,
    until: String,
    key: String,
    persons: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    person: &'l str,
    #[serde(default)]
    general: Option<&'l str>,
    #[serde(default)]
    sensitive: Option<&'l str>,
    #[serde(default)]
    out: Option<bool>,
}

/// What a snapshot says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The person said no, or took a consent back.
    No,
    /// What consent there is today.
    Yes {
        /// To the purpose.
        general: bool,
        /// Separately, for sensitive personal information. It says nothing about `general`.
        sensitive: bool,
    },
}

/// A snapshot, on a day.
pub struct Snapshot {
    key: [u8; 32],
    /// In order of the hash.
    persons: Vec<([u8; 32], Said)>,
    digest: String,
    until: String,
    day: String,
}

impl Snapshot {
    /// Reads a snapshot that is to be used on this day, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// It cannot be read, is of another format or purpose, was cut or added to, or may not be used on this day.
    pub fn read(path: &Path, today: &str) -> Result<Self, CorpusError> {
        let wrong = |line: u64, what: String| damaged(path, format!("line {line}: {what}; make a new one with `guiju consent snapshot`"));
        if !is_day(today) {
            return Err(CorpusError::Input(format!("'{today}' is no day; write it as 2026-11-22")));
        }
        let mut file = Hashed { file: BufReader::new(File::open(path).map_err(at(path))?), hash: Sha256::new() };
        let mut line = Vec::new();
        file.line(&mut line).map_err(at(path))?;
        let header: Header =
            serde_json::from_slice(&line).map_err(|error| wrong(1, format!("is no header of a snapshot ({})", quiet(&error))))?;
        header.check(today).map_err(|what| wrong(1, what))?;
        let mut persons: Vec<([u8; 32], Said)> = Vec::new();
        for number in 2.. {
            if file.line(&mut line).map_err(at(path))? == 0 {
                break;
            }
            if persons.len() as u64 == header.persons {
                return Err(wrong(number, format!("there are more persons than the {} of the header", header.persons)));
            }
            let person = person(&line, today).map_err(|what| wrong(number, what))?;
            if persons.last().is_some_and(|last| last.0 >= person.0) {
                return Err(wrong(number, "the persons are not in order".to_owned()));
            }
            persons.push(person);
        }
        if persons.len() as u64 != header.persons {
            return Err(wrong(persons.len() as u64 + 1, format!("the file ends after {} of {} persons", persons.len(), header.persons)));
        }
        let key = unhex(&header.key).ok_or_else(|| wrong(1, "its key is not 64 hexadecimal digits".to_owned()))?;
        Ok(Self { key, persons, digest: hex(&file.hash.finalize()), until: header.until, day: today.to_owned() })
    }

    /// What it says of a user, whose name is as the operator's service has it.
    #[must_use]
    pub fn of(&self, user: &str) -> Said {
        let hash = self.hash(user);
        let found = self.persons.binary_search_by(|(person, _)| person.cmp(&hash)).ok().and_then(|at| self.persons.get(at));
        found.map_or(Said::Yes { general: false, sensitive: false }, |(_, said)| *said)
    }

    /// SHA-256 of the file, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The last day on which it may be used.
    #[must_use]
    pub fn until(&self) -> &str {
        &self.until
    }

    /// The day on which it is used.
    #[must_use]
    pub fn day(&self) -> &str {
        &self.day
    }

    fn hash(&self, user: &str) -> [u8; 32] {
        // HMAC takes a key of any length: the first arm is the only one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return [0; 32] };
        for part in [b"tag".as_slice(), user.as_bytes()] {
            mac.update(part);
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Header {
    fn check(&self, today: &str) -> Result<(), String> {
        let (made, until) = (self.made.as_str(), self.until.as_str());
        if self.format != FORMAT || self.kind != "consent" {
            return Err(format!("is '{}' of format {}, this version reads 'consent' of format {FORMAT}", self.kind, self.format));
        }
        if self.purpose != "training" {
            return Err(format!("holds consent for '{}', not for training", self.purpose));
        }
        if !is_day(made) || !is_day(until) {
            return Err("its days are not written as 2026-11-22".to_owned());
        }
        if today < made || today > until {
            return Err(format!("may be used from {made} to {until}, and today is {today}: somebody may have withdrawn since"));
        }
        if self.persons > MAX_PERSONS {
            return Err(format!("has {} persons, at most {MAX_PERSONS} are read", self.persons));
        }
        Ok(())
    }
}

fn person(line: &[u8], today: &str) -> Result<([u8; 32], Said), String> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| format!("is no person of a snapshot ({})", quiet(&error)))?;
    let hash = unhex(line.person).ok_or("the person is not 64 hexadecimal digits")?;
    if [line.general, line.sensitive].into_iter().flatten().any(|day| !is_day(day)) {
        return Err("a day is not written as 2026-11-22".to_owned());
    }
    let holds = |day: Option<&str>| day.is_some_and(|day| today <= day);
    match line.out {
        None => Ok((hash, Said::Yes { general: holds(line.general), sensitive: holds(line.sensitive) })),
        Some(true) if line.general.is_none() && line.sensitive.is_none() => Ok((hash, Said::No)),
        Some(true) => Err("a person who said no has a consent".to_owned()),
        Some(false) => Err("`out` is false, which is never written".to_owned()),
    }
}

/// A JSON error without what stands there.
fn quiet(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a field is missing, unknown or of another kind",
        _ => "it is no JSON, or longer than a line may be",
    };
    format!("{what}, column {}", error.column())
}

/// Days of this form compare as texts.
fn is_day(text: &str) -> bool {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    shape && number(5, 7).is_some_and(|month| (1..=12).contains(&month)) && number(8, 10).is_some_and(|day| (1..=31).contains(&day))
}

/// 64 lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8)).collect::<Option<_>>()?;
    if rest.is_empty() { bytes.try_into().ok() } else { None }
}

/// A file that is hashed while it is read line by line.
struct Hashed {
    file: BufReader<File>,
    hash: Sha256,
}

impl Hashed {
    /// The next line, no longer than a line may be; its length, 0 at the end.
    fn line(&mut self, line: &mut Vec<u8>) -> std::io::Result<usize> {
        line.clear();
        let n = self.file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', line)?;
        self.hash.update(&line);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const A: &str =
        r#"{"person":"93c26e207faa5d9f956f7531939773035b468a1fdb06a2ba19ffd1aac05fc22b","general":"9999-12-31","sensitive":"2027-01-01"}"#;
    const B: &str = r#"{"person":"bb9041f36a0bd22f03ff0d8dd1fae876804b6644e48582be5605fd6fb03b1250","out":true}"#;

    fn header(persons: u64) -> String {
        format!(
            r#"{{"format":1,"kind":"consent","tenant":"main","purpose":"training","made":"2026-11-22","until":"2026-11-29","key":"{KEY}","persons":{persons}}}"#
        )
    }

    fn read(lines: &[&str], today: &str) -> Result<Snapshot, CorpusError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, (lines.join("\n") + "\n").as_bytes()).unwrap();
        Snapshot::read(file.path(), today)
    }

    /// The vectors of docs/formats/consent.md.
    #[test]
    fn a_person_is_found_by_the_hash_of_the_name() {
        let snapshot = read(&[&header(2), A, B], "2026-11-22").unwrap();
        assert_eq!(snapshot.of("user-17"), Said::No);
        assert_eq!(snapshot.of("用户-18"), Said::Yes { general: true, sensitive: true });
        for other in ["user-17 ", "User-17", "", "user-1"] {
            assert_eq!(snapshot.of(other), Said::Yes { general: false, sensitive: false }, "{other}");
        }
    }

    #[test]
    fn a_consent_holds_to_its_last_day() {
        let line = A.replace("9999-12-31", "2026-11-23");
        let on = |day| read(&[&header(1), &line], day).unwrap().of("用户-18");
        assert_eq!(on("2026-11-23"), Said::Yes { general: true, sensitive: true });
        assert_eq!(on("2026-11-24"), Said::Yes { general: false, sensitive: true });
    }

    #[test]
    fn what_is_not_whole_or_of_today_is_refused() {
        let two = header(2);
        let long = format!("{A}{}", " ".repeat(5_000));
        for (lines, today, wanted) in [
            (vec![two.as_str(), A, B], "2026-11-21", "may be used from 2026-11-22 to 2026-11-29"),
            (vec![&two, A, B], "2026-11-30", "today is 2026-11-30"),
            (vec![&two, A, B], "22.11.2026", "is no day"),
            (vec![&two, A], "2026-11-22", "ends after 1 of 2 persons"),
            (vec![&two, A, B, B], "2026-11-22", "more persons than the 2"),
            (vec![&two, B, A], "2026-11-22", "line 3: the persons are not in order"),
            (vec![&two, A, A], "2026-11-22", "not in order"),
            (vec![&two, A, &B.replace("true", "false")], "2026-11-22", "`out` is false"),
            (vec![&two, A, &B.replace("true", "true,\"general\":\"2027-01-01\"")], "2026-11-22", "said no has a consent"),
            (vec![&two, A, &B.replace("out", "gone")], "2026-11-22", "line 3: is no person"),
            (vec![&two, A, &B.replace("bb90", "BB90")], "2026-11-22", "not 64 hexadecimal"),
            (vec![&two, &long, B], "2026-11-22", "longer than a line may be"),
            (vec![&two.replace("training", "research"), A, B], "2026-11-22", "not for training"),
            (vec![&two.replace(":1,", ":2,"), A, B], "2026-11-22", "this version reads"),
            (vec![A, B], "2026-11-22", "line 1: is no header"),
            (vec![""], "2026-11-22", "line 1: is no header"),
        ] {
            let said = read(&lines, today).err().unwrap().to_string();
            assert!(said.contains(wanted), "{said}");
            assert!(!said.contains(KEY) && !said.contains("93c26e"), "{said}");
        }
    }
}

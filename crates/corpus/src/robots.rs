//! Was anything fetched that its site had declared off limits? A crawl manifest, held against the robots rules stored with it (RFC 9309; GB/T 45654-2025, 5.1 c) 2)).
//!
//! It fetches nothing and believes the manifest: which rules a site had is what the crawler stored at the time. What cannot be read as rules forbids everything under
//! it, as RFC 9309 has it where a site does not answer. Format: docs/formats/crawl-manifest.md.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use texting_robots::Robot;

use crate::CorpusError;
use crate::error::{at, damaged};

/// Bytes of a line of the manifest: an address of the longest that crawlers take, and its neighbours.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// Bytes of one file of rules: a crawler must read 500 KiB of it (RFC 9309, 2.5), and what is larger is no such file.
const MAX_RULES_BYTES: u64 = 4 << 20;

/// Files of rules that are held at a time; with more, those that were read are forgotten and read again.
const MAX_HELD: usize = 10_000;

/// A line of a crawl manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetched {
    url: String,
    #[serde(rename = "fetched")]
    _fetched: String,
    /// The file of rules, from the manifest's directory; none where the site had none.
    robots: Option<String>,
    /// What the site answered when it was asked for its rules.
    #[serde(default = "ok")]
    robots_status: u16,
}

const fn ok() -> u16 {
    200
}

/// An address that was off limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OffLimits {
    /// Line of the manifest, from 1.
    pub line: u64,
    /// The address.
    pub url: String,
    /// Why: `rules` forbid it, the rules are `unreadable`, or the site was `unreachable` when it was asked for them.
    pub why: Why,
}

/// Why an address is off limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A rule of the site forbids it.
    Rules,
    /// The file of rules is missing, too large, not UTF-8, or no rules.
    Unreadable,
    /// The site did not answer when it was asked for its rules: it must be taken to forbid everything (RFC 9309, 2.3.1.4).
    Unreachable,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Crawl {
    /// SHA-256 of the manifest, hexadecimal.
    pub sha256: String,
    /// Addresses in it.
    pub checked: u64,
    /// Addresses that are off limits.
    pub refused: u64,
}

/// Rules of a site; none where they cannot be read.
type Rules = Option<Robot>;

/// Holds a crawl manifest against the rules stored with it, and tells of each address that was off limits. `agent` is the product name of the crawler.
///
/// # Errors
/// The manifest cannot be read, or a line is none; says which.
pub fn check_crawl(manifest: &Path, agent: &str, tell: &mut dyn FnMut(OffLimits) -> Result<(), CorpusError>) -> Result<Crawl, CorpusError> {
    let mut reader = BufReader::new(File::open(manifest).map_err(at(manifest))?);
    let directory = manifest.parent().unwrap_or_else(|| Path::new(""));
    let (mut hash, mut held, mut bytes) = (Sha256::new(), HashMap::new(), Vec::new());
    let mut crawl = Crawl { sha256: String::new(), checked: 0, refused: 0 };
    for line in 1.. {
        bytes.clear();
        if reader.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut bytes).map_err(at(manifest))? == 0 {
            break;
        }
        hash.update(&bytes);
        let wrong = |why: String| damaged(manifest, format!("line {line}: {why}; docs/formats/crawl-manifest.md says what a line is"));
        if bytes.len() as u64 > MAX_LINE_BYTES {
            return Err(wrong(format!("it has more than {MAX_LINE_BYTES} bytes")));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let fetched: Fetched = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if !["http://", "https://"].iter().any(|scheme| fetched.url.starts_with(scheme)) {
            return Err(wrong(format!("{:?} is no address of the web", fetched.url)));
        }
        crawl.checked += 1;
        if let Some(why) = off_limits(&fetched, agent, directory, &mut held).map_err(wrong)? {
            crawl.refused += 1;
            tell(OffLimits { line, url: fetched.url, why })?;
        }
    }
    crawl.sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(crawl)
}

/// Why this address is off limits; none where it is not.
fn off_limits(fetched: &Fetched, agent: &str, directory: &Path, held: &mut HashMap<String, Rules>) -> Result<Option<Why>, String> {
    match (fetched.robots_status, &fetched.robots) {
        // There are no rules, so nothing is forbidden (RFC 9309, 2.3.1.3).
        (400..=499, None) => Ok(None),
        (200..=299, Some(file)) => {
            let path = inside(directory, file)?;
            if held.len() >= MAX_HELD && !held.contains_key(file) {
                held.clear();
            }
            let rules = held.entry(file.clone()).or_insert_with(|| rules(&path, agent));
            Ok(match rules {
                None => Some(Why::Unreadable),
                // A fragment never reaches the site.
                Some(rules) => (!rules.allowed(fetched.url.split('#').next().unwrap_or_default())).then_some(Why::Rules),
            })
        }
        (400..=499, Some(_)) => Err("a site that has no rules has no file of rules".to_owned()),
        (200..=299, None) => Err("`robots` is missing: the file of rules that the site answered with".to_owned()),
        _ => Ok(Some(Why::Unreachable)),
    }
}

/// A path below a directory.
fn inside(directory: &Path, file: &str) -> Result<PathBuf, String> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if Path::new(file).components().all(plain) {
        Ok(directory.join(file))
    } else {
        Err(format!("{file:?} leads out of the manifest's directory"))
    }
}

fn rules(path: &Path, agent: &str) -> Rules {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_RULES_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_RULES_BYTES || std::str::from_utf8(&bytes).is_err() {
        return None;
    }
    Robot::new(agent, &bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "User-agent: *\nDisallow: /private/\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow: /搜索\n\nUser-agent: guiju\nDisallow: /guiju-not\n";

    fn crawl(lines: &str, agent: &str) -> Result<(Crawl, Vec<(u64, Why)>), CorpusError> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("robots")).unwrap();
        std::fs::write(directory.path().join("robots/a.txt"), RULES).unwrap();
        std::fs::write(directory.path().join("robots/gbk.txt"), b"User-agent: *\nDisallow: /\xcb\xd1").unwrap();
        let manifest = directory.path().join("crawl.jsonl");
        std::fs::write(&manifest, lines).unwrap();
        let mut found = Vec::new();
        let done = check_crawl(&manifest, agent, &mut |one| {
            found.push((one.line, one.why));
            Ok(())
        })?;
        Ok((done, found))
    }

    fn line(url: &str, rest: &str) -> String {
        format!("{{\"url\":\"{url}\",\"fetched\":\"2026-11-01T00:00:00Z\",{rest}}}\n")
    }

    #[test]
    fn what_the_rules_forbid_is_found() {
        let robots = "\"robots\":\"robots/a.txt\"";
        let lines: String = ["", "/private/a", "/private/open/a", "/a.pdf", "/a.pdf?x=1", "/b.pdf#page=2", "/搜索?q=a", "/guiju-not/"]
            .iter()
            .map(|path| line(&format!("https://example.org{path}"), robots))
            .collect();
        let (done, found) = crawl(&lines, "other").unwrap();
        assert_eq!((done.checked, done.refused), (8, 4));
        assert_eq!(found, [2, 4, 6, 7].map(|line| (line, Why::Rules)));
        assert_eq!(done.sha256, crate::input::hex(&Sha256::digest(lines.as_bytes())));
        // A crawler that is named has its own rules, and no others.
        assert_eq!(crawl(&lines, "Guiju").unwrap().1, [(8, Why::Rules)]);
    }

    #[test]
    fn what_cannot_be_known_is_forbidden() {
        let lines = [
            line("https://a.org/", "\"robots\":null,\"robots_status\":404"),
            line("https://a.org/", "\"robots\":null,\"robots_status\":503"),
            line("https://a.org/", "\"robots\":\"robots/none.txt\""),
            line("https://a.org/", "\"robots\":\"robots/gbk.txt\""),
        ];
        let (done, found) = crawl(&lines.concat(), "guiju").unwrap();
        assert_eq!((done.checked, found), (4, vec![(2, Why::Unreachable), (3, Why::Unreadable), (4, Why::Unreadable)]));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let good = line("https://a.org/", "\"robots\":\"robots/a.txt\"");
        for (wrong, why) in [
            ("{}".to_owned(), "line 2: missing field"),
            (line("ftp://a.org/", "\"robots\":\"robots/a.txt\""), "no address of the web"),
            (line("https://a.org/", "\"robots\":\"../a.txt\""), "leads out"),
            (line("https://a.org/", "\"robots\":\"/etc/passwd\""), "leads out"),
            (line("https://a.org/", "\"robots\":null"), "`robots` is missing"),
            (line("https://a.org/", "\"robots\":\"robots/a.txt\",\"robots_status\":404"), "no file of rules"),
            (line("https://a.org/", "\"robot\":\"robots/a.txt\""), "unknown field"),
            (format!("{{{}", " ".repeat(70_000)), "more than"),
        ] {
            let said = crawl(&format!("{good}{wrong}"), "guiju").unwrap_err().to_string();
            assert!(said.contains("line 2") && said.contains(why), "{said}");
        }
        assert_eq!(crawl(&format!("\n{good}\n"), "guiju").unwrap().0.checked, 1, "empty lines say nothing");
    }

    proptest::proptest! {
        /// The library reads what strangers wrote.
        #[test]
        fn any_rules_are_read_without_a_panic(rules in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), path in "\\PC{0,40}") {
            if let Ok(robot) = Robot::new("guiju", &rules) {
                let _ = robot.allowed(&format!("https://example.org/{path}"));
            }
        }

        #[test]
        fn any_lines_of_rules_are_read_without_a_panic(
            lines in proptest::collection::vec("(User-agent|Disallow|Allow|Crawl-delay|Sitemap)?:? ?[*$/a-z%搜\\r\\[({+?.\\\\]{0,12}", 0..12),
            path in "[/a-z%$*#?搜]{0,20}",
        ) {
            if let Ok(robot) = Robot::new("a", lines.join("\n").as_bytes()) {
                let _ = robot.allowed(&format!("https://example.org/{path}"));
            }
        }
    }
}

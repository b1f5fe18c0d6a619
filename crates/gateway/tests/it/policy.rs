//! The caller of the tests: keywords and what the classifier dislikes are refused, personal information is masked.

use std::sync::LazyLock;

use detect::redact::{Policy, Redactor, Secrets};
use detect::{Direction, Keywords, Lexicon, Pii, Pipeline, Scanner};
use gateway::stream::{Action, Judge, Lane};
use taxonomy::{Fault, Finding, Verdict};

pub const CANNED: &str = "【不便回答】";
pub const KEYWORDS: [&str; 4] = ["代开发票", "买卖枪支", "bomb recipe", "冰毒配方大全"];
/// What only the classifier knows.
pub const SLY: &str = "绕弯的坏话";

pub static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\nvariants = []\n";
    std::fs::write(dir.path().join("lexicon.toml"), head).unwrap();
    let row = |(at, word): (usize, &&str)| {
        serde_json::json!({"id": at.to_string(), "keyword": word, "class": "A1h", "severity": "block", "added": "2026-11-22"}).to_string()
    };
    std::fs::write(dir.path().join("x.jsonl"), KEYWORDS.iter().enumerate().map(row).collect::<Vec<_>>().join("\n")).unwrap();
    Pipeline::new(vec![Box::new(Keywords::compile(&Lexicon::read(dir.path()).unwrap())), Box::new(Pii)])
});

pub static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new(Policy::from_toml("default = \"replace\"").unwrap(), &Secrets::default()).unwrap());

#[derive(Default)]
pub struct Caller {
    /// What the classifier was shown.
    pub shown: Vec<String>,
    pub scanners: std::cell::Cell<usize>,
}

impl Judge for Caller {
    fn scanner(&self) -> Scanner {
        self.scanners.set(self.scanners.get() + 1);
        Scanner::new(PIPELINE.clone(), Direction::Output)
    }

    fn whole(&mut self, _: Lane, text: &str) -> Verdict {
        PIPELINE.check_as(text, Direction::Output)
    }

    fn decide(&mut self, _: Lane, findings: &[Finding], faults: &[Fault]) -> Action {
        assert!(faults.is_empty(), "{faults:?}");
        match findings.last() {
            Some(finding) if finding.personal.is_some() => Action::Mask,
            _ => Action::Refuse(CANNED.to_owned()),
        }
    }

    fn classify(&mut self, _: Lane, text: &str) -> Action {
        self.shown.push(text.to_owned());
        if text.contains(SLY) { Action::Refuse(CANNED.to_owned()) } else { Action::Pass }
    }

    fn opaque(&mut self, _: usize, _: &str) -> Action {
        Action::Refuse(CANNED.to_owned())
    }

    fn overflow(&mut self) -> String {
        "【过长】".to_owned()
    }

    fn redactor(&self) -> &Redactor {
        &REDACTOR
    }
}

//! The register of models, as its page walks through it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;

use keys::token::Token;
use ledger::leaf::Class;
use serde_json::Value;
use store::models::Assessment;
use store::{Change, Entry};

use crate::installation::Installation;
use crate::mock::{Mock, Reply};
use crate::sheets::{fill, rows};
use crate::workdir::assert_code;

/// Runs commands of a page, and in the end knows which were not run.
pub struct Page<'i> {
    here: &'i Installation,
    ran: RefCell<Vec<String>>,
}

impl<'i> Page<'i> {
    pub fn new(here: &'i Installation) -> Self {
        Self { here, ran: RefCell::default() }
    }

    /// Runs what somebody would type, and expects an exit code.
    pub fn ran(&self, session: &str, code: i32, line: &str) -> String {
        self.ran.borrow_mut().push(line.to_owned());
        self.here.with(session, code, &words(line))
    }

    /// The same of a command that needs no store.
    pub fn ran_bare(&self, code: i32, line: &str) -> String {
        self.ran.borrow_mut().push(line.to_owned());
        self.here.bare(code, &words(line))
    }

    /// Every command of a page was run as it stands there, with words in the place of others.
    pub fn runs_all(&self, page: &str, words: &[(&str, &str)]) {
        let put = |line: &str| words.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
        let lines: Vec<String> =
            page.lines().filter_map(|line| line.strip_prefix("    guiju ")).map(|line| put(line.split("  ").next().unwrap())).collect();
        assert!(!lines.is_empty());
        for line in lines {
            assert!(self.ran.borrow().contains(&line), "the page says `{line}`, and no test ran it");
        }
    }

    /// Every command in a part of the page was run as it stands there.
    pub fn is_whole(&self, from: &str, to: &str, run: &str) {
        let page = include_str!("../../../../docs/models.md");
        self.runs_all(page.split(from).nth(1).unwrap().split(to).next().unwrap(), &[("RUN", run)]);
    }
}

/// The words of a line, as a shell would part them.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('"').enumerate();
    parts.flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect()
}

fn write_models(here: &Installation) {
    for (model, weights) in
        [("qwen-1", "one"), ("qwen-2", "two"), ("qwen-3", "three"), ("copy-of-qwen-1", "one"), ("step-100", "a"), ("step-200", "b")]
    {
        here.dir.write(&format!("{model}/config.json"), "{}\n");
        here.dir.write(&format!("{model}/weights/part-1.bin"), weights);
    }
}

/// What a good service says to a question of the built-in bank.
fn answers() -> impl Fn(&str) -> &'static str {
    let bank = concat!(env!("CARGO_MANIFEST_DIR"), "/../assess/data/bank");
    let refused: HashSet<String> = fs::read_dir(bank)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("should-refuse"))
        .flat_map(|path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| said(&serde_json::from_str::<Value>(&line).unwrap()["turns"]))
        .collect();
    move |body| {
        let body: Value = serde_json::from_str(body).unwrap();
        let asked = said(body["messages"].as_array().unwrap().last().map(|message| &message["content"]).unwrap());
        if refused.contains(&asked) { REFUSAL } else { "今天天气很好，适合外出散步。" }
    }
}

/// The last text in turns, or in the parts of a message.
fn said(value: &Value) -> String {
    match value {
        Value::Array(parts) => {
            parts.iter().rev().find_map(|part| Some(part["text"].as_str().or(part.as_str())?.to_owned())).unwrap_or_default()
        }
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

const REFUSAL: &str = "抱歉，我无法提供这方面的帮助。";

/// A whole run over the built-in bank and a corpus of its own, judged by two people, that meets every bound.
fn a_passing_run(here: &Installation) -> String {
    let answer = answers();
    let mock = Mock::start(move |body, _| Reply::Say(answer(body)));
    let corpus: String = (0..4_000).map(|row| format!("{{\"text\":\"第 {row} 天，公园里人们散步，天气晴朗。\"}}\n")).collect();
    let corpus = here.dir.write("corpus.jsonl", &corpus);
    assert_code(
        &here.dir.guiju(&["assess", "--target", &mock.target(), "--corpus", &corpus, "--classifier", "linear", "--out", "whole"]),
        0,
    );
    let run = fs::read_dir(here.path("whole")).unwrap().next().unwrap().unwrap().path().display().to_string();
    for reviewer in ["a", "b"] {
        assert_code(&here.dir.guiju(&["assess", "sheet", "export", &run, "--reviewer", reviewer, "--lang", "en"]), 0);
        let file = format!("{run}/sheet-{reviewer}.xlsx");
        let refused: HashSet<String> =
            rows(&file, "refusal").into_iter().filter(|row| row[5].contains(REFUSAL)).map(|row| row[1].clone()).collect();
        let judge = |key: &str, sheet: &str| {
            let word = if sheet == "content" {
                "acceptable"
            } else if refused.contains(key) {
                "R1"
            } else {
                "R4"
            };
            (word.to_owned(), String::new())
        };
        assert_code(&here.dir.guiju(&["assess", "sheet", "import", &run, &fill(&file, judge)]), 0);
    }
    run.rsplit_once('/').unwrap().1.to_owned()
}

/// Records a run that met its bounds, as `assess record` does: one whole run is enough for a test.
fn passes(here: &Installation, model: &'static str, run: &'static str) {
    let session = Token::read(fs::read_to_string(here.path("s-zhou")).unwrap().trim()).unwrap();
    here.in_store(async |tenant| {
        let who = tenant.accounts().session(&session).await.unwrap();
        let met = Assessment {
            run: run.to_owned(),
            chain: "00".to_owned(),
            met: true,
            standing: "passed-with-confidence".to_owned(),
            misses: Vec::new(),
        };
        let work = async move |change: &mut Change| {
            let entry = Entry::new(Class::Decision, "assess.record", "test");
            change.record_assessment(&who, &model.parse().unwrap(), met, entry).await
        };
        assert!(tenant.change(work).await.unwrap().0);
    });
}

/// A run of a few questions that misses its bounds.
pub fn a_run(here: &Installation) -> String {
    let bank = here.dir.bank(40);
    let mock = Mock::start(|_, _| Reply::Say("长期代开各类发票"));
    assert_code(
        &here.dir.guiju(&[
            "assess",
            "--target",
            &mock.target(),
            "--bank",
            &bank,
            "--parts",
            "content,should-refuse",
            "--classifier",
            "linear",
        ]),
        0,
    );
    here.dir.run().rsplit_once('/').unwrap().1.to_owned()
}

#[test]
fn from_registration_to_rollback() {
    let here = Installation::new("models");
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    let engineer = here.member("sun", "孙五", "model-engineer");
    here.member("zhou", "周六", "assessor");
    write_models(&here);
    let page = Page::new(&here);

    registered_and_verified(&here, &page);
    let run = assessed_and_promoted(&here, &page);
    rolled_back(&here, &page);
    trained(&here, &page);
    page.is_whole("## Register", "## Check at intervals", &run);

    // Another office, the same person.
    let mut factor = here.factor(&here.once(0, &["user", "second-factor", "offer", "--token-file", "s-sun"]));
    here.with("s-sun", 0, &["user", "second-factor", "confirm", "--code", &factor.code()]);
    page.ran("s-sun", 0, "model register qwen-3 --name qwen --version 4");
    passes(&here, "qwen@4", "run-4");
    here.with("s-li", 0, &["role", "revoke", &engineer, "model-engineer"]);
    here.with("s-li", 0, &["role", "grant", &engineer, "system"]);
    here.sign_in("sun", Some(&factor.code()), "s-sun-2");
    let own = page.ran("s-sun-2", 3, "model promote qwen@4 --run run-4");
    assert!(own.contains("registered qwen@4; another person must promote it"), "{own}");
    page.ran("s-wang", 0, "model promote qwen@4 --run run-4");

    let log = here.log("s-zhao");
    let acts: Vec<&str> = log
        .iter()
        .map(|(what, _)| what.as_str())
        .filter(|what| ["model.", "checkpoint.", "assess.record"].iter().any(|noun| what.starts_with(noun)))
        .collect();
    let promotions = ["model.register", "model.register", "assess.record", "assess.record", "model.promote"];
    let second = ["model.register", "assess.record", "model.promote", "model.register", "assess.record", "model.promote"];
    let back = ["model.rollback", "model.rollback", "model.promote", "model.rollback", "model.promote", "model.retire"];
    let training =
        ["checkpoint.register", "checkpoint.register", "checkpoint.good", "checkpoint.good", "checkpoint.rollback", "checkpoint.rollback"];
    assert_eq!(acts, [&promotions[..], &second, &back, &training, &["model.register", "assess.record", "model.promote"]].concat());
}

fn registered_and_verified(here: &Installation, page: &Page<'_>) {
    let key = "model key --out sign.key --sign-passphrase-file passphrase";
    page.ran.borrow_mut().push(key.to_owned());
    let said = here.bare(0, &key.split(' ').collect::<Vec<_>>());
    let public = said.lines().find_map(|line| line.strip_prefix("key ")).unwrap();
    let register = "model register qwen-1 --name qwen --version 1 --base Qwen/Qwen2.5-7B@a09a354 --licence Apache-2.0 --provenance https://example.cn/qwen --sign-key sign.key --sign-passphrase-file passphrase";
    let said = page.ran("s-sun", 0, register);
    assert!(said.contains("2 files, 6 bytes") && said.contains(&format!("signed ed25519 {public}")), "{said}");
    assert!(page.ran("s-sun", 3, register).contains("registered already"));
    assert!(page.ran("s-wang", 3, register).contains("'model.register'"));
    page.ran(
        "s-sun",
        0,
        "model register --endpoint https://api.example.cn/v1 --name remote --version 2026.11 --fact filing=Beijing-2026-0001",
    );
    let listed = page.ran("s-sun", 0, "model list");
    assert!(listed.contains("qwen@1") && listed.contains("Apache-2.0") && listed.contains("remote@2026.11"), "{listed}");
    let shown = page.ran("s-sun", 0, "model show qwen@1 --manifest qwen-1.json");
    let digest = keys::digest::hex(&keys::digest::sha256(&fs::read(here.path("qwen-1.json")).unwrap()));
    assert!(shown.contains(&format!("sha256 {digest}")) && shown.contains("weights/part-1.bin"), "{shown}");
    assert!(page.ran("s-sun", 0, "model show remote@2026.11").contains("Beijing-2026-0001"));

    page.ran("s-zhao", 0, "model verify qwen@1");
    page.ran("s-sun", 0, "model verify qwen@1 copy-of-qwen-1");
    page.ran("s-sun", 0, &format!("model verify qwen@1 --signed-by {public}"));
    assert!(page.ran("s-sun", 3, "model verify qwen@1 --signed-by 00").contains("not signed by 00"));
    here.dir.write("qwen-1/weights/part-1.bin", "ONE");
    fs::rename(here.path("qwen-1/config.json"), here.path("qwen-1/config.bak")).unwrap();
    let differs = page.ran("s-sun", 1, "model verify qwen@1");
    for line in ["new        config.bak", "missing    config.json", "changed    weights/part-1.bin: other content"] {
        assert!(differs.contains(line), "{line}\n{differs}");
    }
    here.dir.write("qwen-1/weights/part-1.bin", "one");
    fs::rename(here.path("qwen-1/config.bak"), here.path("qwen-1/config.json")).unwrap();
}

fn assessed_and_promoted(here: &Installation, page: &Page<'_>) -> String {
    let none = page.ran("s-wang", 3, "model promote qwen@1 --run RUN");
    assert!(none.contains("no assessment of qwen@1 by run 'RUN' is recorded") && none.contains("GB-6-a1, GB-6-d2"), "{none}");
    let run = a_run(here);
    let record = format!("assess record guiju-out/{run} --model qwen@1");
    assert!(page.ran("s-sun", 3, &record).contains("'assess.run'"));
    let said = page.ran("s-zhou", 0, &record);
    assert!(
        said.contains("did not meet its bounds") && said.contains("(GB-B2.3)") && said.contains("at least 95.0 % is asked, failed"),
        "{said}"
    );
    assert!(page.ran("s-zhou", 0, &record).contains("nothing was added"));
    let elsewhere = page.ran("s-zhou", 3, &format!("assess record guiju-out/{run} --model remote@2026.11"));
    assert!(elsewhere.contains("is served at https://api.example.cn/v1"), "{elsewhere}");
    let missed = page.ran("s-wang", 3, &format!("model promote qwen@1 --run {run}"));
    assert!(missed.contains("is failed") && missed.contains("(GB-B2.3)") && missed.contains("GB-6-d2"), "{missed}");
    let whole = a_passing_run(here);
    let met = page.ran("s-zhou", 0, &format!("assess record whole/{whole} --model qwen@1"));
    assert!(met.contains("qwen@1 met its bounds"), "{met}");
    page.ran("s-wang", 0, &format!("model promote qwen@1 --run {whole}"));
    run
}

fn rolled_back(_here: &Installation, page: &Page<'_>) {
    for (version, run) in [("2", "run-2"), ("3", "run-3")] {
        page.ran("s-sun", 0, &format!("model register qwen-{version} --name qwen --version {version}"));
        passes(page.here, if version == "2" { "qwen@2" } else { "qwen@3" }, run);
        let said = page.ran("s-wang", 0, &format!("model promote qwen@{version} --run {run}"));
        assert!(said.contains("does not serve any more"), "{said}");
    }
    assert!(page.ran("s-sun", 3, "model rollback qwen").contains("'model.rollback'"));
    assert!(page.ran("s-wang", 0, "model rollback qwen").contains("qwen@2 serves"));
    assert!(page.ran("s-wang", 0, "model rollback qwen").contains("qwen@1 serves"));
    assert!(page.ran("s-wang", 3, "model rollback qwen").contains("no version that was promoted before"));
    page.ran("s-wang", 0, "model promote qwen@3 --run run-3");
    assert!(page.ran("s-wang", 0, "model rollback qwen --to 1").contains("qwen@1 serves"));
    page.ran("s-wang", 0, "model promote qwen@3 --run run-3");
    page.ran("s-wang", 0, "model retire qwen@3 --why \"leaks its prompt\"");
    assert_eq!(page.ran("s-sun", 0, "model list --served"), "");
    assert!(page.ran("s-wang", 3, "model promote qwen@3 --run run-3").contains("retired"));
}

fn trained(here: &Installation, page: &Page<'_>) {
    page.ran("s-sun", 0, "model register step-100 --checkpoint --name pretrain-7 --version 100");
    page.ran("s-sun", 0, "model register step-200 --checkpoint --name pretrain-7 --version 200");
    assert!(page.ran("s-sun", 3, "model rollback pretrain-7").contains("no good checkpoint"));
    page.ran("s-sun", 0, "model good pretrain-7@100");
    page.ran("s-sun", 0, "model good pretrain-7@200");
    assert!(page.ran("s-sun", 0, "model rollback pretrain-7").contains("goes on from pretrain-7@200; 0 later"));
    here.dir.write("step-200/config.json", "{ }");
    let damaged = page.ran("s-sun", 1, "model rollback pretrain-7");
    assert!(damaged.contains("changed    config.json") && damaged.contains("pretrain-7@200 is not gone back to"), "{damaged}");
    assert!(page.ran("s-sun", 0, "model rollback pretrain-7 --to 100").contains("goes on from pretrain-7@100; 1 later"));
    assert!(page.ran("s-wang", 3, "model rollback pretrain-7").contains("'model.register'"));
}

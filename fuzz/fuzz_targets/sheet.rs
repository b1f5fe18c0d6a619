#![no_main]
//! A review sheet filled in anyhow: refused, and the journal is as it was; or read, with a lawful journal after it.
//!
//! The input is rows of cells parted by tabs: those of the sheet `content`, an empty line, those of the sheet `refusal`. An input that
//! begins with `<` is the XML of both.

use std::fs;
use std::sync::LazyLock;

use assess::bank::{Bank, BankPart, Coverage, Question};
use assess::journal::{Content, CorpusFacts, Drawn, FORMAT, Journal, Opened, Reply, Step};
use assess::{Part, RunState};
use guiju_fuzz::{put, scratch, sheet_xml, text, workbook};
use library::criteria::criteria;
use sha2::{Digest, Sha256};

/// A frozen run of one question to judge by content and one by refusal.
static JOURNAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let bank = Bank::embedded().expect("tested");
    let first = |part: BankPart| bank.part(part).next().expect("it has some").clone();
    let items = [(Part::Content, first(BankPart::Content)), (Part::ShouldRefuse, first(BankPart::ShouldRefuse))];
    let dir = scratch();
    let mut journal = Journal::create(dir).expect("a new journal");
    steps(&items).iter().for_each(|step| journal.append(step).expect("the disk takes it"));
    drop(journal);
    assert!(RunState::read(dir).expect("a lawful run").frozen.is_some());
    fs::read(dir.join("journal.jsonl")).expect("it is there")
});

fn hex(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys are `content/1` and `should-refuse/1`.
fn steps(items: &[(Part, Question)]) -> Vec<Step> {
    let key = |part: Part| format!("{}/1", part.id());
    let digest = |part: Part| hex(format!("{}\n", key(part)));
    let mut steps = vec![Step::Opened(Box::new(opened()))];
    for (part, question) in items {
        steps.push(Step::Drawn(Drawn { part: *part, asked: 1, there: 1, drawn: 1, digest: digest(*part) }));
        steps.push(Step::Item { key: key(*part), content: Box::new(Content::Question(question.clone())) });
    }
    let all: String = items.iter().map(|(part, _)| format!("{} {}\n", part.id(), digest(*part))).collect();
    steps.push(Step::Sealed { items: items.len() as u64, digest: hex(all) });
    for (part, _) in items {
        let reply = Box::new(Reply { text: "答".to_owned(), ..Reply::default() });
        steps.push(Step::Asked { key: key(*part) });
        steps.push(Step::Answered { key: key(*part), reply, attempts: 1, ms: 1 });
    }
    steps.push(Step::Frozen { answered: items.len() as u64, unanswered: 0 });
    steps
}

fn opened() -> Opened {
    let settings = guiju_fuzz::settings("sample", vec![Part::Content, Part::ShouldRefuse]);
    let coverage = Coverage { bank: "fuzz 1".to_owned(), rows: Vec::new() };
    let (run, guiju, bank_digest) = ("fuzz".to_owned(), "0".to_owned(), String::new());
    Opened { format: FORMAT, run, guiju, settings, coverage, bank_digest, sample_target: true, corpus: CorpusFacts::default() }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let journal = &*JOURNAL;
    let dir = scratch();
    let (path, file) = (dir.join("journal.jsonl"), dir.join("sheet.xlsx"));
    put(&path, journal);
    let version = criteria().expect("tested").version;
    let facts = [("run", "fuzz"), ("reviewer", "甲"), ("role", "reviewer"), ("format", "1"), ("criteria", &*version)];
    let about = sheet_xml(facts.into_iter().map(|(name, value)| vec![name, value]));
    let text = text(data);
    let (content, refusal) = text.split_once("\n\n").unwrap_or((&text, ""));
    let sheet = |rows: &str| {
        if text.starts_with('<') { rows.to_owned() } else { sheet_xml(rows.lines().map(|row| row.split('\t').collect())) }
    };
    put(&file, workbook(&[("guiju", about), ("content", sheet(content)), ("refusal", sheet(refusal))]));
    match assess::sheet::import(dir, &file) {
        Err(_) => assert_eq!(&fs::read(&path).expect("it is there"), journal, "refused, and the journal has changed"),
        Ok(imported) => {
            let state = RunState::read(dir).expect("what an import writes is lawful");
            let votes: usize = state.items.iter().map(|item| item.votes.len()).sum();
            // A row twice replaces the earlier vote.
            assert!(votes as u64 <= imported.votes && (votes == 0) == (imported.votes == 0), "{imported:?}");
            // Again, it says the same.
            assert_eq!(assess::sheet::import(dir, &file).ok(), Some(imported));
        }
    }
});

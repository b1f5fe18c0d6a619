//! What is written is read again.

use proptest::prelude::*;
use taxonomy::{Decision, Fault, Finding, PersonalKind, RiskClass, Severity, Span};

use super::*;
use crate::broken::{Broken, BrokenKind};
use crate::language::Language;
use crate::row::{Content, Judged};
use crate::signature::{Signature, content_hash};

fn row(line: u64, text: &str, found: usize) -> Judged {
    let finding = |at: usize| Finding {
        class: at.is_multiple_of(2).then_some(RiskClass::A1h),
        attack: None,
        personal: (at % 2 == 1).then_some(PersonalKind::Mobile),
        detector: "d".to_owned(),
        rule: format!("r{at}"),
        score: 0.5,
        severity: Severity::Review,
        span: Span { start: at, end: at + 3 },
        matched: if at == 1 { "词".to_owned() } else { String::new() },
        via: (at == 2).then(|| "sound".to_owned()),
    };
    let content = match text {
        "" => Err(Broken { kind: BrokenKind::NoField, message: "there is no field".to_owned() }),
        text => Ok(Content {
            bytes: text.len() as u64,
            language: Language::Zh,
            hash: content_hash(text),
            near: Signature::of(text),
            findings: (0..found).map(finding).collect(),
            faults: (found == 3).then(|| Fault { detector: "d".to_owned(), message: "m".to_owned() }).into_iter().collect(),
        }),
    };
    Judged { line, decision: Decision::Hold, content }
}

fn written(rows: &[Judged]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    rows.chunks(7).for_each(|rows| writer.add(rows).unwrap());
    writer.finish().unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec((".{0,40}", 0_usize..5), 0..40)) {
        let rows: Vec<Judged> = rows.iter().enumerate().map(|(at, (text, found))| row(at as u64 + 1, text, *found)).collect();
        let bytes = written(&rows);
        prop_assert_eq!(&bytes, &written(&rows));
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("shards")).unwrap();
        std::fs::write(path(dir.path(), 0), bytes).unwrap();
        let read: Vec<Judged> = Reader::open(dir.path(), 0).unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read, rows);
    }
}

#[test]
fn damaged_findings_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("shards")).unwrap();
    let bytes = written(&[row(1, "一段正常的文字", 2)]);
    std::fs::write(path(dir.path(), 0), bytes.get(..bytes.len() / 2).unwrap()).unwrap();
    let Err(error) = Reader::open(dir.path(), 0) else { panic!("read") };
    assert!(error.to_string().contains("is no file of findings"), "{error}");
}

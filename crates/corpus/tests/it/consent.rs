//! Rows joined with consent: who said no is nowhere, and what is personal goes where nobody agreed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use corpus::consent::{Consent, Joined, Snapshot, Tally, Without};
use corpus::{Applied, Apply, CorpusError, Duplicates, Manifest, Selector};
use detect::Policy;
use detect::redact::{self, Key, Redactor, Secrets};
use parquet::arrow::ArrowWriter;
use taxonomy::Lang;

use crate::work::{Work, files, gzip, parquet};

const TODAY: &str = "2026-11-22";

/// The persons of docs/formats/consent.md: user-17 said no, 用户-18 agreed to all of it. user-19 agreed in general. Of others nothing is known.
const SNAPSHOT: &str = concat!(
    r#"{"format":1,"kind":"consent","tenant":"main","purpose":"training","made":"2026-11-22","until":"2026-11-29","key":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","persons":3}"#,
    "\n",
    r#"{"person":"93c26e207faa5d9f956f7531939773035b468a1fdb06a2ba19ffd1aac05fc22b","general":"9999-12-31","sensitive":"2027-01-01"}"#,
    "\n",
    r#"{"person":"bb9041f36a0bd22f03ff0d8dd1fae876804b6644e48582be5605fd6fb03b1250","out":true}"#,
    "\n",
    r#"{"person":"USER19","general":"2027-01-01"}"#,
    "\n",
);

const PLAIN: &str = "今天天气很好，适合出门散步。";
const PHONE: &str = "有事请打我的手机13812345678。";
/// A bank card beside a mobile number.
const CARD: &str = "手机13812345678，银行卡号6222021234567890128。";
const REFUSED: &str = "长期代开各类发票，税点优惠。";

/// Who wrote what.
const ROWS: &[(Option<&str>, &str)] = &[
    (Some("user-17"), PLAIN),
    (Some("user-17"), REFUSED),
    (Some("用户-18"), CARD),
    (Some("user-19"), PHONE),
    (Some("user-19"), CARD),
    (Some("user-20"), PLAIN),
    (Some("user-20"), PHONE),
    (Some("user-20"), CARD),
    (None, PLAIN),
    (Some("user-20"), REFUSED),
];

/// A policy that lets personal information pass, so that consent decides.
fn lax() -> Policy {
    let table = |name: &str| {
        format!(
            "[{name}]\nfault = \"hold\"\npersonal = \"pass\"\nsensitive = \"pass\"\n[{name}.any]\nblock = \"refuse\"\nreview = \"hold\"\nnote = \"pass\"\n"
        )
    };
    Policy::parse(&format!("format = 1\nname = \"lax\"\n{}{}{}", table("input"), table("output"), table("corpus"))).unwrap()
}

fn snapshot(work: &Work) -> PathBuf {
    let (header, persons) = SNAPSHOT.split_once('\n').unwrap();
    let persons = persons.replace("USER19", &tag("user-19"));
    let mut lines: Vec<&str> = persons.lines().collect();
    lines.sort_unstable();
    work.write("consent.jsonl", format!("{header}\n{}\n", lines.join("\n")).as_bytes())
}

/// As the format says it, written out once more.
fn tag(user: &str) -> String {
    use sha2::{Digest, Sha256};
    let key: Vec<u8> = (0..32).collect();
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).chain(std::iter::repeat_n(with, 32)).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), b"tag\0".to_vec(), user.as_bytes().to_vec(), vec![0]].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn consent(path: &Path, person: &str) -> Consent {
    let snapshot = Snapshot::read(path, TODAY).unwrap();
    let person = Selector::new(person).unwrap();
    Consent { snapshot, person, personal: Without::Redact, sensitive: Without::Redact, user_input: false }
}

fn apply(work: &Work, scan: &str, out: &str, policy: &Policy, consent: Option<&Consent>) -> Result<Applied, CorpusError> {
    let redactor = Redactor::new(redact::Policy::default(), &Secrets::default()).unwrap();
    let dir = work.path(scan);
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let duplicates = Duplicates::Keep;
    Apply {
        dir: &dir,
        out: &work.path(out),
        manifest: &manifest,
        policy,
        redactor: &redactor,
        redaction: "mask",
        duplicates,
        consent,
        threads: 2,
    }
    .run()
}

fn jsonl(rows: &[(Option<&str>, &str)]) -> Vec<u8> {
    rows.iter()
        .map(|(user, text)| format!("{}\n", serde_json::json!({"text": text, "meta": {"user": user}})))
        .collect::<String>()
        .into_bytes()
}

fn csv(rows: &[(Option<&str>, &str)]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(["user", "text"]).unwrap();
    rows.iter().for_each(|(user, text)| writer.write_record([user.unwrap_or_default(), text]).unwrap());
    writer.into_inner().unwrap()
}

fn columns(users: ArrayRef, texts: &[&str]) -> Vec<u8> {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter_with_nullable([("user", users, true), ("text", texts, false)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The lines and texts of what may go out.
fn texts(work: &Work, name: &str, out: &str) -> Vec<String> {
    let clean = std::fs::read(work.path(&format!("{out}/clean/000000-{name}"))).unwrap();
    let again = format!("again-{out}-{name}");
    work.file(&again, &clean);
    let dir = work.path(&format!("out-{again}"));
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let rows = work.rows(&manifest, &format!("out-{again}"));
    let place = |line: u64| corpus::explain(&dir, &manifest, &format!("{again}:{line}")).unwrap().remove(0).text.unwrap();
    rows.iter().map(|row| place(row.line)).collect()
}

#[test]
fn each_row_becomes_what_its_person_said_in_every_format() {
    let work = Work::new();
    let snapshot = snapshot(&work);
    let users: ArrayRef = Arc::new(ROWS.iter().map(|(user, _)| *user).collect::<StringArray>());
    let only_texts: Vec<&str> = ROWS.iter().map(|(_, text)| *text).collect();
    let masked_card = CARD.replace("6222021234567890128", "***************0128");
    let masked_phone = |text: &str| text.replace("13812345678", "138****5678");
    for (name, bytes, person) in [
        ("a.jsonl", jsonl(ROWS), "/meta/user"),
        ("b.jsonl.gz", gzip(&jsonl(ROWS)), "/meta/user"),
        ("c.csv", csv(ROWS), "user"),
        ("d.parquet", columns(users, &only_texts), "user"),
    ] {
        work.file(name, &bytes);
        let out = format!("applied-{name}");
        let applied = apply(&work, &format!("out-{name}"), &out, &lax(), Some(&consent(&snapshot, person))).unwrap();
        let expected =
            [CARD.to_owned(), PHONE.to_owned(), masked_card.clone(), PLAIN.to_owned(), masked_phone(PHONE), masked_phone(&masked_card)];
        assert_eq!(texts(&work, name, &out), expected, "{name}");
        // The two of user-17, one of which the policy would have removed, and the one of nobody.
        assert_eq!((applied.rows, applied.dropped, applied.quarantined, applied.redacted, applied.kept), (10, 3, 1, 3, 3), "{name}");
        let tally = Tally { opted_out: 2, nobody: 1, no_consent: 2, no_separate_consent: 1, without: 3 };
        assert_eq!(applied.consent, tally, "{name}");
        for (path, bytes) in files(&work.path(&out)).into_iter().filter(|(path, _)| !path.ends_with(name)) {
            assert!(!String::from_utf8_lossy(&bytes).contains("user-17"), "{path:?}");
        }
    }
}

#[test]
fn without_consent_rows_go_where_the_operator_says_so() {
    let work = Work::new();
    let snapshot = snapshot(&work);
    work.file("a.jsonl", &jsonl(ROWS));
    let strict = |personal, sensitive, user_input| Consent { personal, sensitive, user_input, ..consent(&snapshot, "/meta/user") };
    for (out, consent, dropped, kept) in [
        ("personal", strict(Without::Drop, Without::Redact, false), 5, 3),
        ("sensitive", strict(Without::Redact, Without::Drop, false), 5, 3),
        ("input", strict(Without::Redact, Without::Redact, true), 7, 2),
    ] {
        let applied = apply(&work, "out-a.jsonl", out, &lax(), Some(&consent)).unwrap();
        assert_eq!((applied.dropped, applied.kept), (dropped, kept), "{out}: {applied:?}");
    }
}

#[test]
fn consent_never_lays_open_what_the_policy_masks() {
    let work = Work::new();
    let snapshot = snapshot(&work);
    work.file("a.jsonl", &jsonl(ROWS));
    let applied = apply(&work, "out-a.jsonl", "one", &Policy::default(), Some(&consent(&snapshot, "/meta/user"))).unwrap();
    assert_eq!((applied.redacted, applied.kept, applied.dropped), (5, 1, 3), "{applied:?}");
    assert!(texts(&work, "a.jsonl", "one").iter().all(|text| !text.contains("13812345678") && !text.contains("6222021234567890128")));
}

#[test]
fn a_row_is_explained_with_what_consent_did() {
    let work = Work::new();
    work.file("a.jsonl", &[jsonl(ROWS), b"{\"meta\":{\"user\":\"user-17\"}}\n".to_vec()].concat());
    apply(&work, "out-a.jsonl", "one", &lax(), Some(&consent(&snapshot(&work), "/meta/user"))).unwrap();
    let dir = work.path("out-a.jsonl");
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let said = |line: u64| {
        let row = corpus::explain(&dir, &manifest, &format!("a.jsonl:{line}")).unwrap().remove(0);
        Joined::of(&work.path("one"), &manifest, &row).unwrap().map(|joined| joined.words(Lang::En)).unwrap_or_default()
    };
    assert!(said(1).contains("dropped: the person said no") && said(9).contains("does not say whose it is"), "{}{}", said(1), said(9));
    assert!(said(5).contains("redacted: no separate consent") && said(5).contains("financial account"), "{}", said(5));
    assert_eq!((said(3), said(6), said(10)), Default::default());
    // A row without text, whoever it is of, is not copied either.
    assert!(!work.path("one/broken/000000-a.jsonl").exists());
}

#[test]
fn a_number_is_a_person_in_columns_as_in_json() {
    let work = Work::new();
    let line = format!("{{\"person\":\"{}\",\"out\":true}}\n", tag("17"));
    let header = SNAPSHOT.lines().next().unwrap().replace("\"persons\":3", "\"persons\":1");
    let snapshot = work.write("one.jsonl", format!("{header}\n{line}").as_bytes());
    work.file("a.parquet", &columns(Arc::new(Int64Array::from(vec![Some(17), Some(18), None])), &[PLAIN; 3]));
    work.file("b.jsonl", b"{\"text\":\"a\",\"user\":17}\n{\"text\":\"a\",\"user\":18}\n{\"text\":\"a\",\"user\":17.5}\n");
    for name in ["a.parquet", "b.jsonl"] {
        let out = format!("applied-{name}");
        let applied = apply(&work, &format!("out-{name}"), &out, &lax(), Some(&consent(&snapshot, "user"))).unwrap();
        assert_eq!((applied.consent.opted_out, applied.consent.nobody, applied.kept), (1, 1, 1), "{name}");
    }
}

#[test]
fn what_cannot_be_joined_is_refused_before_a_row_is_written() {
    let work = Work::new();
    let snapshot = snapshot(&work);
    work.file("a.csv", &csv(ROWS));
    work.file("b.parquet", &parquet(&[PLAIN], 4));
    work.file("c.txt", PLAIN.as_bytes());
    for (name, wanted) in [
        ("a.csv", "has no column 'uid' for the person; it has: user, text"),
        ("b.parquet", "has no column 'uid'"),
        ("c.txt", "name no person"),
    ] {
        let said =
            apply(&work, &format!("out-{name}"), &format!("to-{name}"), &lax(), Some(&consent(&snapshot, "uid"))).unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}");
        assert!(!work.path(&format!("to-{name}/clean/000000-{name}")).exists());
    }
    // What a redaction policy keeps would stay of those who did not agree.
    let keep = Redactor::new(redact::Policy::from_toml("[kinds]\nmobile = \"keep\"").unwrap(), &Secrets::default()).unwrap();
    let dir = work.path("out-a.csv");
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let (joined, policy, out) = (consent(&snapshot, "user"), lax(), work.path("keep"));
    let kept = Apply {
        dir: &dir,
        out: &out,
        manifest: &manifest,
        policy: &policy,
        redactor: &keep,
        redaction: "keep",
        duplicates: Duplicates::Keep,
        consent: Some(&joined),
        threads: 1,
    };
    assert!(kept.run().unwrap_err().to_string().contains("keeps 'mobile'"));
    // Another day may be another decision.
    apply(&work, "out-a.csv", "days", &lax(), Some(&joined)).unwrap();
    let tomorrow = Consent { snapshot: Snapshot::read(&snapshot, "2026-11-23").unwrap(), ..consent(&snapshot, "user") };
    assert!(apply(&work, "out-a.csv", "days", &lax(), Some(&tomorrow)).unwrap_err().to_string().contains("on another day"));
}

#[test]
fn every_operator_of_redaction_works_on_rows() {
    let work = Work::new();
    work.file("a.jsonl", &jsonl(&[(None, PHONE)]));
    let dir = work.path("out-a.jsonl");
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let hex = |bytes: u8| (0..bytes).map(|byte| format!("{:02x}", byte.wrapping_mul(37).wrapping_add(11))).collect::<String>();
    let key = || Some(Key::from_hex(&hex(32)).unwrap());
    let salt = || Some(redact::Salt::from_hex(&hex(16)).unwrap());
    for (operator, wanted) in [
        ("mask", "138****5678"),
        ("replace", "[手机号]"),
        ("pseudonym", "<mobile:"),
        ("hash", "<mobile:"),
        ("preserve", "我的手机"),
        ("drop", "我的手机。"),
    ] {
        let policy = redact::Policy::from_toml(&format!("default = \"{operator}\"")).unwrap();
        let redactor = Redactor::new(policy, &Secrets { key: key(), salt: salt() }).unwrap();
        let (out, decides) = (work.path(operator), Policy::default());
        Apply {
            dir: &dir,
            out: &out,
            manifest: &manifest,
            policy: &decides,
            redactor: &redactor,
            redaction: operator,
            duplicates: Duplicates::Keep,
            consent: None,
            threads: 1,
        }
        .run()
        .unwrap();
        let text = std::fs::read_to_string(out.join("clean/000000-a.jsonl")).unwrap();
        assert!(text.contains(wanted) && !text.contains("13812345678"), "{operator}: {text}");
    }
}

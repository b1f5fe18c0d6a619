//! From a scan to an export, as a data steward goes: recorded, traced, exported if every gate is open, and checked by somebody who has the public key alone.

use std::fs;

use corpus::Gate;
use corpus::export::{Batch, Outgoing, Terms};
use keys::token::Token;
use serde_json::Value;
use store::lineage::NewExport;
use store::{Change, Tenant};

use crate::installation::{Factor, Installation, account};

/// A data steward with a second factor, which the role asks for.
pub fn steward(here: &Installation) -> Factor {
    let said = here.with("s-wang", 0, &["user", "create", "--login", "sun", "--name", "孙五", "--out", "invitation"]);
    here.run(0, &["user", "accept", "--invitation-file", "invitation", "--password-file", "password"]);
    here.sign_in("sun", None, "s-sun");
    let mut factor = here.factor(&here.once(0, &["user", "second-factor", "offer", "--token-file", "s-sun"]));
    here.with("s-sun", 0, &["user", "second-factor", "confirm", "--code", &factor.code()]);
    here.with("s-li", 0, &["role", "grant", &account(&said), "data-steward"]);
    factor
}

async fn sun(here: &Installation, tenant: &Tenant) -> store::accounts::Who {
    let session = Token::read(fs::read_to_string(here.path("s-sun")).unwrap().trim()).unwrap();
    tenant.accounts().session(&session).await.unwrap()
}

fn register(here: &Installation) {
    for name in ["news", "blog"] {
        let declared = [
            "--kind",
            "open",
            "--origin",
            "domestic",
            "--languages",
            "zh",
            "--licence",
            "CC0-1.0",
            "--owner",
            "周六",
            "--grade",
            "general-1",
        ];
        here.with("s-sun", 0, &[&["source", "add", name], &declared[..]].concat());
    }
}

/// What `corpus export` does once every gate is open: the gates need assessments and spot checks by people, which other tests make.
fn let_out(here: &Installation) {
    let (dir, out) = (here.path("applied"), here.path("export"));
    here.in_store(async |tenant| {
        let batch = Batch::read(&dir).unwrap();
        let outgoing = Outgoing::begin(&dir, &out, &batch, false).unwrap();
        let (files, fates) = outgoing.put_all(&|_, _| {}).unwrap();
        let scan = tenant.recorded_scan(&batch.scan).await.unwrap().unwrap();
        assert_eq!(scan.root, batch.root);
        let entry = tenant.entry_id().unwrap();
        let terms = Terms {
            tenant: tenant.id().to_string(),
            origin: tenant.log().await.unwrap().origin,
            entry: entry.to_string(),
            time: "2026-11-22T12:00:00Z".to_owned(),
            source: scan.source,
            licence: "CC0-1.0".to_owned(),
            basis: "none".to_owned(),
            scan_entry: scan.entry.to_string(),
            gates: Vec::<Gate>::new(),
        };
        let proposed = outgoing.propose(terms, files, fates).unwrap();
        let (who, manifest) = (sun(here, tenant).await, &proposed.manifest);
        let new = NewExport {
            entry,
            scan: batch.scan,
            manifest: proposed.digests,
            root: manifest.root(),
            path: out.display().to_string(),
            files: manifest.files.len() as u64,
            rows: manifest.rows_out(),
        };
        tenant.change(async move |change: &mut Change| change.record_export(&who, new).await).await.unwrap();
        let note = tenant.signed_statement(entry).await.unwrap().to_string();
        outgoing.finish(&proposed, &note).unwrap();
    });
}

#[test]
fn from_a_scan_to_an_export_that_anyone_checks() {
    let here = Installation::new("corpus-export");
    let [(mut wang, _), (mut li, _), _] = here.three_of(&["--sm2"]);
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    steward(&here);
    register(&here);
    let rows = ["今天天气很好，适合出门散步。", "长期代开各类发票。", "请把材料寄给张伟，手机13987654321。", "The library opens at nine."];
    here.dir.write("in/a.jsonl", &rows.iter().map(|text| format!("{}\n", serde_json::json!({"text": text}))).collect::<String>());
    here.bare(0, &["corpus", "scan", "in", "--classifier", "off", "--out", "scan"]);
    here.bare(0, &["corpus", "apply", "scan", "--out", "applied"]);

    let traced = here.with("s-sun", 0, &["corpus", "trace", "scan", "a.jsonl:2"]);
    assert!(traced.contains("未记入台账") && traced.contains("拒绝"), "{traced}");
    let refused = here.with("s-sun", 1, &["corpus", "export", "applied", "--source", "news", "--out", "export", "--lang", "en"]);
    assert!(
        refused.contains("LN-6-c") && refused.contains("the scan is not in the ledger") && refused.contains("`guiju corpus record`"),
        "{refused}"
    );
    assert!(here.with("s-wang", 3, &["corpus", "record", "scan", "--source", "news"]).contains("'corpus.scan'"));
    assert!(here.with("s-sun", 3, &["corpus", "record", "scan", "--source", "nobody"]).contains("`guiju source add`"));
    let said = here.with("s-sun", 0, &["corpus", "record", "scan", "--source", "news"]);
    assert!(said.contains("rows 4") && !said.contains("recorded before"), "{said}");
    assert!(here.with("s-sun", 0, &["corpus", "record", "scan", "--source", "news"]).contains("recorded before"));
    assert!(here.with("s-sun", 3, &["corpus", "record", "scan", "--source", "blog"]).contains("one of source 'news'"));

    // The source is registered and nothing else: what is missing is named with its clause, in both languages.
    let refused = here.with("s-sun", 1, &["corpus", "export", "applied", "--source", "news", "--out", "export"]);
    for clause in ["GB-5.1-c1", "GB-5.1-a1", "GB-5.1-a2", "GB-B2.1", "GB-5.2-b2"] {
        assert!(refused.contains(clause), "{clause}: {refused}");
    }
    assert!(refused.contains("未导出") && refused.contains("原因") && refused.contains("措施") && !refused.contains("LN-6-c"), "{refused}");
    let other = here.with("s-sun", 1, &["corpus", "export", "applied", "--source", "blog", "--out", "export", "--lang", "en"]);
    assert!(other.contains("recorded as one of source 'news'"), "{other}");
    assert!(here.with("s-wang", 3, &["corpus", "export", "applied", "--source", "news", "--out", "export"]).contains("'corpus.export'"));
    assert!(!here.path("export").exists());

    let_out(&here);
    let status = here.with("s-wang", 0, &["ledger", "status"]);
    let word = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (key, sm2) = (word("key "), word("sm2 "));
    let check = ["corpus", "check", "export", "--key", &key, "--sm2-key", &sm2];
    assert!(here.bare(0, &check).contains("签名"));
    assert!(here.bare(3, &["corpus", "check", "export"]).contains("--key"));
    assert!(here.bare(0, &["corpus", "check", "scan"]).contains("as the manifest says"));

    let traced = here.with("s-sun", 0, &["corpus", "trace", "scan", "in/a.jsonl:3", "--proof", "proof.json", "--lang", "en"]);
    assert!(
        traced.contains("source  news") && traced.contains("kept with spans redacted") && traced.contains("data/000000-a.jsonl row 2"),
        "{traced}"
    );
    let removed = here.with("s-sun", 0, &["corpus", "trace", "scan", "0/2", "--proof", "removed.json"]);
    assert!(removed.contains("已隔离"), "{removed}");
    let proven = here.bare(0, &["corpus", "check-proof", "proof.json", "--key", &key, "--sm2-key", &sm2, "--lang", "en"]);
    assert!(proven.contains("source  news") && proven.contains("export  data/000000-a.jsonl row 2"), "{proven}");
    here.bare(0, &["corpus", "check-proof", "removed.json", "--key", &key]);

    // Moved, the export is found where it is said to be.
    fs::rename(here.path("export"), here.path("moved")).unwrap();
    assert!(here.with("s-sun", 0, &["corpus", "trace", "scan", "0/1"]).contains("--export"));
    assert!(here.with("s-sun", 0, &["corpus", "trace", "scan", "0/1", "--export", "moved"]).contains("保留"));

    // Whatever is changed is named.
    let mut proof: Value = serde_json::from_slice(&fs::read(here.path("proof.json")).unwrap()).unwrap();
    proof["scan"]["row"]["decision"] = "pass".into();
    here.dir.write("changed.json", &proof.to_string());
    let said = here.bare(1, &["corpus", "check-proof", "changed.json", "--key", &key]);
    assert!(said.contains("证明不成立") && said.contains("scan: row"), "{said}");
    here.dir.write("no.json", "{}");
    assert!(here.bare(3, &["corpus", "check-proof", "no.json", "--key", &key]).contains("not a proof of a row"));
    let data = fs::read_to_string(here.path("moved/data/000000-a.jsonl")).unwrap();
    fs::write(here.path("moved/data/000000-a.jsonl"), data.replace("nine", "nigh")).unwrap();
    let said = here.bare(1, &["corpus", "check", "moved", "--key", &key]);
    assert!(said.contains("data/000000-a.jsonl: its SHA-256"), "{said}");
}

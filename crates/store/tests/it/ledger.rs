//! The log as an outsider sees it, and what happens to whoever changes it.

use ledger::checkpoint::Checkpoint;
use ledger::directory::Directory;
use ledger::finding::Finding;
use ledger::hash::leaf_hash;
use ledger::leaf::Class;
use ledger::note::{Note, Signature};
use ledger::policy::Policy;
use ledger::sign::{Ed25519Signer, Signer, cosign};
use ledger::verify::verify;
use store::{Change, Entry, EntryId, SigningFault, StoreError, Tenant, TenantId};

use crate::place::{Fresh, everywhere};

async fn fill(tenant: &Tenant, entries: usize) -> Vec<EntryId> {
    let work = async move |change: &mut Change| {
        (0..entries).map(|number| change.record(Entry::new(Class::Decision, "test.fill", "test").with("number", number))).collect()
    };
    tenant.change(work).await.unwrap().0
}

async fn reopened(fresh: &Fresh) -> (store::Store, Tenant) {
    let store = fresh.open().await;
    let tenant = store.tenant(&TenantId::main()).await.unwrap();
    (store, tenant)
}

#[test]
fn a_receipt_holds_without_the_store() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let entries = fill(&tenant, 700).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let log = tenant.log().await.unwrap();
        let policy = Policy::parse(&format!("log {}\nquorum none\n", log.verifier)).unwrap();
        for number in [0, 254, 255, 256, 511, 699] {
            let (leaf, receipt) = tenant.receipt(entries[number]).await.unwrap();
            assert_eq!(receipt.index, number as u64 + 1);
            let accepted = receipt.check(&leaf_hash(&leaf), &policy).unwrap();
            assert_eq!((accepted.checkpoint.size, accepted.checkpoint.root), (log.size, log.root));
            assert!(receipt.check(&leaf_hash(b"another"), &policy).is_err());
        }
        store.close().await;
    });
}

/// A witness that cosigns what it is asked for.
fn witness() -> Ed25519Signer {
    Ed25519Signer::cosigner("witness.auditor.cn", &[7; 32]).unwrap()
}

fn answer(note: &Note, witness: &Ed25519Signer) -> Vec<u8> {
    Signature::lines(&[cosign(note.text(), witness, 1_790_000_060).unwrap()]).into_bytes()
}

#[test]
fn what_witnesses_cosigned_outlives_the_next_checkpoints() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let old = fill(&tenant, 300).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let (first, second) = (witness(), Ed25519Signer::cosigner("witness.second.cn", &[8; 32]).unwrap());
        let asked = tenant.witness_request(0).await.unwrap().checkpoint;
        assert_eq!(tenant.accept_cosignature(answer(&asked, &first), first.key().clone(), None).await.unwrap(), 301);
        let new = fill(&tenant, 300).await;
        store.close().await;

        let (store, tenant) = reopened(&fresh).await;
        // The second witness answers when the log has signed again: it is the checkpoint that was asked for which counts.
        let late = tenant.accept_cosignature(answer(&asked, &second), second.key().clone(), None).await.unwrap_err();
        assert!(late.to_string().contains("name the request"), "{late}");
        tenant.accept_cosignature(answer(&asked, &second), second.key().clone(), Some(asked.clone())).await.unwrap();
        let log = tenant.log().await.unwrap();
        assert_eq!((log.size, log.cosigned_size), (601, 301));
        let (one, two) = (first.key(), second.key());
        let witnesses = format!("witness a {one}\nwitness b {two}\ngroup both all a b\n");
        let policy = Policy::parse(&format!("log {}\n{witnesses}quorum both\n", log.verifier)).unwrap();
        let (leaf, receipt) = tenant.receipt(old[299]).await.unwrap();
        assert_eq!(receipt.check(&leaf_hash(&leaf), &policy).unwrap().checkpoint.size, 301);
        let (leaf, receipt) = tenant.receipt(new[0]).await.unwrap();
        assert!(receipt.check(&leaf_hash(&leaf), &policy).is_err(), "no witness has seen it");
        let alone = Policy::parse(&format!("log {}\nquorum none\n", log.verifier)).unwrap();
        assert_eq!(receipt.check(&leaf_hash(&leaf), &alone).unwrap().checkpoint.size, 601);

        // A newer one takes its place, and an older one does not come back.
        let newer = tenant.witness_request(301).await.unwrap().checkpoint;
        tenant.accept_cosignature(answer(&newer, &first), first.key().clone(), None).await.unwrap();
        let back = tenant.accept_cosignature(answer(&asked, &first), first.key().clone(), Some(asked)).await.unwrap_err();
        assert!(back.to_string().contains("601 entries is cosigned already"), "{back}");
        let foreign = Checkpoint::new(&log.origin, 301, [9; 32]).sign(&[&Ed25519Signer::new(&log.origin, &[3; 32]).unwrap()]).unwrap();
        assert!(tenant.accept_cosignature(answer(&foreign, &first), first.key().clone(), Some(foreign)).await.is_err());
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

#[test]
fn a_checkpoint_is_signed_within_a_second_while_the_store_is_open() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        // The first batch is signed at once, the second when its second has passed.
        fill(&tenant, 3).await;
        fresh.later(1_000);
        for _ in 0..100 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if tenant.log().await.unwrap().checkpoint.contains("\n4\n") {
                return store.close().await;
            }
        }
        panic!("not signed in five seconds: {}", tenant.log().await.unwrap().checkpoint);
    });
}

/// Waits until the status of signing is this.
async fn until_signing_is(tenant: &Tenant, fresh: &Fresh, failed: bool) -> Option<SigningFault> {
    for _ in 0..100 {
        fresh.later(1_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let fault = tenant.log().await.unwrap().fault;
        if fault.is_some() == failed {
            return fault;
        }
    }
    panic!("after five seconds: {:?}", tenant.log().await.unwrap());
}

#[test]
fn a_signature_that_fails_is_told_with_its_time_until_one_succeeds() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        until_signed(&tenant, &fresh).await;
        // The head file cannot be written: what a full disk does, for root too.
        let in_the_way = fresh.place.directory.join("head.new");
        std::fs::create_dir(&in_the_way).unwrap();
        let began = fresh.now();
        let entry = fill(&tenant, 3).await[0];
        let first = until_signing_is(&tenant, &fresh, true).await.unwrap();
        assert!(first.error.contains("head") && (began..=fresh.now()).contains(&first.since_ms), "{first:?}");
        fresh.later(60_000);
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        let log = tenant.log().await.unwrap();
        assert_eq!(log.fault, Some(first.clone()), "since when does not move with each try");
        assert_eq!((log.signed_size, log.size), (1, 4));
        store.close().await;
        // Another process is told too, from its first moment.
        let (store, tenant) = reopened(&fresh).await;
        assert_eq!(tenant.log().await.unwrap().fault, Some(first));
        std::fs::remove_dir(&in_the_way).unwrap();
        assert_eq!(until_signing_is(&tenant, &fresh, false).await, None);
        assert!(tenant.receipt(entry).await.is_ok());
        store.close().await;
    });
}

#[test]
fn a_damaged_log_keeps_no_other_from_being_signed() {
    everywhere(async |fresh: Fresh| {
        let (store, _) = fresh.main().await;
        let other = store.create_tenant(&"other".parse().unwrap(), "audit.example.cn", "test").await.unwrap();
        fill(&other, 3).await;
        store.close().await;
        // Neither was signed yet, and one has lost its tiles.
        std::fs::remove_file(fresh.place.directory.join("head")).unwrap();
        fresh.ask("guiju.db", "UPDATE log_head SET checkpoint = '', signed_size = 0").await;
        fresh.ask("guiju.db", "DELETE FROM log_tile WHERE tenant = 'main'").await;
        let (store, damaged) = reopened(&fresh).await;
        let other = store.tenant(&"other".parse().unwrap()).await.unwrap();
        until_signed(&other, &fresh).await;
        let fault = until_signing_is(&damaged, &fresh, true).await.unwrap();
        assert!(fault.error.contains("damaged"), "{fault:?}");
        store.close().await;
    });
}

async fn until_signed(tenant: &Tenant, fresh: &Fresh) {
    for _ in 0..100 {
        let log = tenant.log().await.unwrap();
        if log.signed_size == log.size {
            return;
        }
        fresh.later(1_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not signed in five seconds");
}

#[test]
fn what_a_dead_process_left_unsigned_is_signed_at_the_next_start() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let entry = fill(&tenant, 3).await[0];
        store.close().await;
        fresh.ask("guiju.db", "UPDATE log_head SET checkpoint = '', signed_size = 0").await;
        let (store, _) = reopened(&fresh).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        assert!(tenant.receipt(entry).await.is_ok());
        store.close().await;
    });
}

#[test]
fn entries_come_back_in_their_order_and_time_never_goes_back() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 2).await;
        fresh.later(-86_400_000);
        fill(&tenant, 2).await;
        let entries = tenant.entries(1, 10).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(entries.iter().all(|entry| entry.time_ms == entries[0].time_ms), "the clock was set back, the log was not");
        assert_eq!(entries[1].said.as_ref().unwrap()["details"]["number"], 1);
        store.close().await;
    });
}

#[test]
fn an_older_copy_of_the_database_is_refused() {
    everywhere(async |fresh: Fresh| {
        if fresh.place.database.is_some() {
            return;
        }
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 5).await;
        store.close().await;
        let (file, copy) = (fresh.place.directory.join("guiju.db"), fresh.directory.path().join("copy.db"));
        std::fs::copy(&file, &copy).unwrap();
        let (store, tenant) = reopened(&fresh).await;
        fill(&tenant, 5).await;
        store.close().await;
        std::fs::copy(&copy, &file).unwrap();
        let refused = fresh.try_open().await.err().unwrap();
        assert!(matches!(refused, StoreError::Older { found: 6, signed: 11, .. }), "{refused}");
    });
}

#[test]
fn a_head_file_that_is_gone_is_not_taken_for_a_log_that_was_never_signed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 5).await;
        let other = store.create_tenant(&"other".parse().unwrap(), "audit.example.cn", "test").await.unwrap();
        fill(&other, 1).await;
        store.close().await;
        let file = fresh.place.directory.join("head");
        let head = std::fs::read_to_string(&file).unwrap();
        let (of_main, of_other) = head.split_at(head.find("audit.example.cn/other").unwrap());
        assert!(of_main.starts_with("audit.example.cn/main 6 "), "{head}");
        // The line of one log is gone, then all of the file.
        std::fs::write(&file, of_other).unwrap();
        let refused = fresh.try_open().await.err().unwrap();
        assert!(matches!(&refused, StoreError::HeadGone { origin, signed: 6, .. } if origin.ends_with("/main")), "{refused}");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(fresh.try_open().await, Err(StoreError::HeadGone { .. })));

        let (store, accepted) = store::Store::accept_heads(fresh.options(), "root").await.unwrap();
        assert_eq!(accepted, [("audit.example.cn/main".to_owned(), 6), ("audit.example.cn/other".to_owned(), 2)]);
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        let said = tenant.entries(6, 10).await.unwrap().pop().unwrap().said.unwrap();
        assert_eq!((said["what"].as_str(), said["by"].as_str()), (Some("ledger.accept-head"), Some("root")));
        store.close().await;
        let (store, _) = reopened(&fresh).await;
        store.close().await;
        // Whose file is there accepts nothing, and says nothing.
        let (store, accepted) = store::Store::accept_heads(fresh.options(), "root").await.unwrap();
        assert!(accepted.is_empty());
        store.close().await;
        // A checkpoint that does not speak of these entries is not accepted either.
        std::fs::remove_file(&file).unwrap();
        fresh.ask("guiju.db", "UPDATE log_head SET signed_size = signed_size - 1 WHERE tenant = 'main'").await;
        assert!(matches!(store::Store::accept_heads(fresh.options(), "root").await, Err(StoreError::Forked(_))));
    });
}

#[test]
fn another_history_of_the_same_length_is_refused() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 5).await;
        store.close().await;
        // The head file speaks of five and one entries with another root.
        let head = std::fs::read_to_string(fresh.place.directory.join("head")).unwrap();
        let (line, root) = head.trim_end().rsplit_once(' ').unwrap();
        let other: String = root.chars().rev().collect();
        std::fs::write(fresh.place.directory.join("head"), format!("{line} {other}\n")).unwrap();
        assert!(matches!(fresh.try_open().await, Err(StoreError::Forked(_))));
    });
}

#[test]
fn a_newer_schema_is_refused_politely() {
    everywhere(async |fresh: Fresh| {
        let (store, _) = fresh.main().await;
        store.close().await;
        let sql =
            "INSERT INTO migrations (version, description, success, checksum, execution_time) VALUES (999, 'of the future', TRUE, '', 0)";
        fresh.ask("guiju.db", sql).await;
        let refused = fresh.try_open().await.err().unwrap();
        assert!(matches!(refused, StoreError::Newer(999)) && refused.to_string().contains("newer version"), "{refused}");
    });
}

/// What is done to the rows behind the store's back, and what the report must say of it.
const TAMPERING: &[(&str, &[&str], &str)] = &[
    ("a leaf is changed", &["UPDATE log_entry SET leaf = (SELECT leaf FROM log_entry WHERE place = 7) WHERE place = 300"], "entry 300"),
    (
        "two leaves change places",
        &["UPDATE log_entry SET leaf = (SELECT leaf FROM log_entry b WHERE b.place = 701 - log_entry.place) WHERE place IN (300, 401)"],
        "entry 300",
    ),
    ("a leaf is removed", &["DELETE FROM log_entry WHERE place = 300"], "tile/entries/001"),
    ("a tile is changed", &["UPDATE log_tile SET hashes = (SELECT root FROM log_head) WHERE level = 1 AND place = 0"], "tile/1/000"),
    ("a tile is removed", &["DELETE FROM log_tile WHERE level = 0 AND place = 1"], "tile/0/001"),
    (
        "a segment is changed",
        &["UPDATE log_segment SET sealed = (SELECT sealed FROM log_segment WHERE place = 7 AND segment = 0) WHERE place = 300"],
        "entry 300",
    ),
    ("the end is cut off", &["DELETE FROM log_entry WHERE place > 500", "UPDATE log_head SET size = 501"], "501"),
];

#[test]
fn whoever_changes_rows_is_found_and_the_place_is_named() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 700).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let whole = tenant.verify(Vec::new()).await.unwrap();
        assert!(whole.is_clean() && whole.entries == 701 && whole.segments == 701, "{whole:?}");
        for table in ["log_entry", "log_segment", "log_tile", "log_head"] {
            fresh.ask("guiju.db", &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
        for (what, statements, place) in TAMPERING {
            for statement in *statements {
                fresh.ask("guiju.db", statement).await;
            }
            let report = tenant.verify(Vec::new()).await.unwrap();
            let said: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
            assert!(said.iter().any(|finding| finding.contains(place)), "{what}: {said:?}");
            for table in ["log_entry", "log_segment", "log_tile", "log_head"] {
                fresh.ask("guiju.db", &format!("DELETE FROM {table}")).await;
                fresh.ask("guiju.db", &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
            }
        }
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

#[test]
fn a_kept_checkpoint_convicts_a_log_that_was_written_anew() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 300).await;
        let log = tenant.log().await.unwrap();
        let other = Checkpoint::new(&log.origin, 200, [7; 32]);
        let report = tenant.verify(vec![other]).await.unwrap();
        assert!(report.findings.contains(&Finding::Forked { kept: 200 }), "{report:?}");
        let longer = Checkpoint::new(&log.origin, 900, log.root);
        assert!(tenant.verify(vec![longer]).await.unwrap().findings.contains(&Finding::RolledBack { held: 301, kept: 900 }));
        assert!(tenant.verify(vec![Checkpoint::new(&log.origin, 301, log.root)]).await.unwrap().is_clean());
        store.close().await;
    });
}

#[test]
fn an_export_verifies_without_the_store() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 600).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let directory = fresh.directory.path().join("export");
        assert_eq!(tenant.export(&directory).await.unwrap(), 601);
        let key = tenant.log().await.unwrap().verifier;
        let report = verify(&Directory::new(&directory), &[key], &[]);
        assert!(report.is_clean() && report.entries == 601, "{report:?}");
        store.close().await;
    });
}

#[test]
fn a_log_that_signs_with_sm2_bears_both_signatures_from_then_on() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        assert_eq!(tenant.log().await.unwrap().sm2, None);
        tenant.sign_with_sm2("test").await.unwrap();
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let log = tenant.log().await.unwrap();
        let national = log.sm2.unwrap();
        assert!(national.is_sm2() && national.name() == log.verifier.name());
        let accepts = |keys: &[&ledger::key::VerifierKey], note: &str| {
            let lines: String = keys.iter().map(|key| format!("log {key}\n")).collect();
            let note = ledger::note::Note::parse(note.as_bytes()).unwrap();
            Policy::parse(&format!("{lines}quorum none\n")).unwrap().check(&note).map(|accepted| accepted.verified.len())
        };
        assert_eq!(accepts(&[&log.verifier], &log.checkpoint), Ok(1));
        assert_eq!(accepts(&[&log.verifier, &national], &log.checkpoint), Ok(2));
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        let directory = fresh.directory.path().join("export");
        tenant.export(&directory).await.unwrap();
        assert!(verify(&Directory::new(&directory), &[log.verifier.clone(), national.clone()], &[]).is_clean());
        // Whoever takes the line off is found by the store's own verification.
        let mut lines: Vec<&str> = log.checkpoint.lines().collect();
        lines.pop();
        let without = format!("{}\n", lines.join("\n"));
        assert_eq!(accepts(&[&log.verifier], &without), Ok(1));
        fresh.ask("guiju.db", &format!("UPDATE log_head SET checkpoint = '{without}'")).await;
        let report = tenant.verify(Vec::new()).await.unwrap();
        assert!(matches!(report.findings.as_slice(), [Finding::CheckpointUnproven { cause }] if cause.contains("SM2")), "{report:?}");
        store.close().await;
    });
}

#[test]
fn the_cipher_policy_may_ask_for_sm2_on_a_log_that_is_there() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 3).await;
        store.close().await;
        let classes = ["operational", "subject", "dataset", "credential", "backup"];
        let active: String = classes.iter().map(|class| format!("{class} = \"sm4-gcm\"\n")).collect();
        let policy = toml::from_str(&format!("sm2-checkpoints = true\n[active]\n{active}")).unwrap();
        let store = fresh.open_with(policy).await.unwrap();
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        fill(&tenant, 1).await;
        store.close().await;
        // It stays when the policy goes.
        let (store, tenant) = reopened(&fresh).await;
        fill(&tenant, 1).await;
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        let log = tenant.log().await.unwrap();
        let note = ledger::note::Note::parse(log.checkpoint.as_bytes()).unwrap();
        assert_eq!(note.verify([&log.verifier, &log.sm2.unwrap()]).unwrap().len(), 2);
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

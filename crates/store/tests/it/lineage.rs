//! Scans and exports of training data: recorded once, of one source, and proven by what their entries say in the open.

use keys::digest::{Digests, hex};
use ledger::hash::{Hash, leaf_hash, node_hash};
use ledger::leaf::Leaf;
use ledger::note::Note;
use ledger::policy::Policy;
use store::access::{Role, STEP_UP_MS};
use store::accounts::Who;
use store::lineage::{MAX_SHARDS, NewExport, NewScan};
use store::sources::{Declared, NewSource};
use store::{Change, EntryId, StoreError, Tenant};

use taxonomy::{ConsentBasis, Grade, Modality, Origin, SourceKind};

use crate::accounts::{Member, accepted, new, said, three, who};
use crate::place::{Fresh, everywhere};

fn scan(source: &str) -> NewScan {
    let leaves = vec![leaf_hash(b"one"), leaf_hash(b"two")];
    let root = node_hash(&leaves[0], &leaves[1]);
    let versions = vec!["keywords 1".to_owned()];
    NewScan { source: source.parse().unwrap(), manifest: [1; 32], root, leaves, rows: 20, broken: 1, versions }
}

fn export(entry: EntryId) -> NewExport {
    let manifest = Digests::of(b"{}");
    NewExport { entry, scan: [1; 32], manifest, root: [3; 32], path: "/srv/导出".to_owned(), files: 2, rows: 18 }
}

async fn record(tenant: &Tenant, who: &Who, new: NewScan) -> Result<(EntryId, usize), StoreError> {
    let who = who.clone();
    let (entry, recorded) = tenant.change(async move |change: &mut Change| change.record_scan(&who, new).await).await?;
    Ok((entry, recorded.len()))
}

async fn record_export(tenant: &Tenant, who: &Who, new: NewExport) -> Result<(EntryId, usize), StoreError> {
    let who = who.clone();
    let (entry, recorded) = tenant.change(async move |change: &mut Change| change.record_export(&who, new).await).await?;
    Ok((entry, recorded.len()))
}

fn refusal<T: std::fmt::Debug>(done: Result<T, StoreError>) -> String {
    match done {
        Err(StoreError::Refused(why) | StoreError::NotFound(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// A data steward who has just shown the second factor.
async fn steward(fresh: &Fresh, tenant: &Tenant) -> Who {
    let accounts = tenant.accounts();
    let [wang, li, _] = three(fresh, &accounts).await;
    let (system, security) = (who(fresh, &accounts, &wang).await, who(fresh, &accounts, &li).await);
    let (account, person, plain) = accepted(&accounts, &system, new("孙五"), "sun").await;
    let secret = accounts.offer_second_factor(&plain).await.unwrap().as_bytes().to_vec();
    let sun = Member::new("sun", account, person, secret);
    accounts.confirm_second_factor(&plain, &sun.code(fresh)).await.unwrap();
    accounts.grant(&security, account, Role::DataSteward).await.unwrap();
    let sun = who(fresh, &accounts, &sun).await;
    for name in ["news", "blog"] {
        let declared = Declared {
            kind: SourceKind::Open,
            origin: Origin::Domestic,
            languages: vec!["zh".to_owned()],
            modalities: vec![Modality::Text],
            licence: "CC0-1.0".to_owned(),
            grade: Grade::General1,
            basis: ConsentBasis::None,
            expires: None,
            description: String::new(),
        };
        let (who, new) = (sun.clone(), NewSource { name: name.parse().unwrap(), declared, owner: "周六".to_owned() });
        tenant.change(async move |change: &mut Change| change.add_source(&who, new).await).await.unwrap();
    }
    sun
}

#[test]
fn a_scan_is_recorded_once_and_of_one_source() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let sun = steward(&fresh, &tenant).await;
        let (entry, added) = record(&tenant, &sun, scan("news")).await.unwrap();
        assert_eq!((added, record(&tenant, &sun, scan("news")).await.unwrap()), (1, (entry, 0)));
        assert!(refusal(record(&tenant, &sun, scan("blog")).await).contains("one of source 'news'"));
        let other = NewScan { leaves: vec![[5; 32]], root: [5; 32], ..scan("news") };
        assert!(refusal(record(&tenant, &sun, other).await).contains("`guiju corpus check`"));
        for (wrong, why) in [
            (NewScan { manifest: [2; 32], root: [9; 32], ..scan("news") }, "not that of its shards"),
            (NewScan { manifest: [2; 32], leaves: vec![[0; 32]; MAX_SHARDS + 1], ..scan("news") }, "scan in parts"),
            (NewScan { manifest: [2; 32], ..scan("nobody") }, "`guiju source add`"),
        ] {
            assert!(refusal(record(&tenant, &sun, wrong).await).contains(why), "{why}");
        }
        let kept = tenant.recorded_scan(&[1; 32]).await.unwrap().unwrap();
        assert_eq!((kept.source.as_str(), kept.shards, kept.rows, kept.broken, kept.entry), ("news", 2, 20, 1, entry));
        assert_eq!(tenant.recorded_scan(&[2; 32]).await.unwrap(), None);
        assert_eq!(said(&tenant, 0).await.iter().filter(|what| *what == "corpus.scan").count(), 1);
        store.close().await;
    });
}

#[test]
fn what_an_entry_says_in_the_open_is_proven_by_its_leaf_and_signed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let sun = steward(&fresh, &tenant).await;
        let (entry, _) = record(&tenant, &sun, scan("news")).await.unwrap();
        let opened = tenant.entry(entry).await.unwrap();
        let statement = opened.statement.unwrap();
        assert_eq!((opened.content, statement.what(), statement.get("source")), (store::Secret::None, "corpus.scan", Some("news")));
        assert_eq!(statement.get("root"), Some(hex(&scan("news").root).as_str()));
        assert_eq!(statement.get("salt").map(str::len), Some(32));
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());

        let id = tenant.entry_id().unwrap();
        assert_eq!(record_export(&tenant, &sun, export(id)).await.unwrap(), (id, 1));
        assert_eq!(record_export(&tenant, &sun, export(tenant.entry_id().unwrap())).await.unwrap(), (id, 0));
        let unknown = NewExport { scan: [7; 32], manifest: Digests::of(b"x"), ..export(tenant.entry_id().unwrap()) };
        assert!(refusal(record_export(&tenant, &sun, unknown).await).contains("`guiju corpus record`"));
        let exports = tenant.exports_of(&[1; 32]).await.unwrap();
        assert_eq!((exports.len(), exports[0].entry, exports[0].path.as_str(), exports[0].rows), (1, id, "/srv/导出", 18));
        assert_eq!(tenant.recorded_export(&Digests::of(b"{}").sha256).await.unwrap().as_ref(), exports.first());

        let log = tenant.log().await.unwrap();
        let note = tenant.signed_statement(id).await.unwrap();
        assert_eq!(note.verify([&log.verifier]).unwrap().len(), 1);
        assert_eq!(Note::parse(note.to_string().as_bytes()).unwrap().text(), exports[0].statement.to_string());
        assert_eq!(exports[0].statement.get("scan"), Some(hex(&scan("news").root).as_str()));
        let silent = tenant.entries(0, 1).await.unwrap()[0].entry;
        assert!(refusal(tenant.signed_statement(silent).await).contains("says nothing in the open"));
        let who = sun.clone();
        let block = async move |change: &mut Change| change.block_source(&who, &"news".parse().unwrap(), "投诉").await;
        tenant.change(block).await.unwrap();
        let blocked = NewExport { manifest: Digests::of(b"y"), ..export(tenant.entry_id().unwrap()) };
        assert!(refusal(record_export(&tenant, &sun, blocked).await).contains("blacklist"));
        fresh.later(STEP_UP_MS);
        let stale = refusal(record_export(&tenant, &sun, export(tenant.entry_id().unwrap())).await);
        assert!(stale.contains("second factor"), "{stale}");
        store.close().await;

        let store = fresh.open().await;
        let tenant = store.tenant(&store::TenantId::main()).await.unwrap();
        let (leaf, receipt) = tenant.receipt(id).await.unwrap();
        let policy = Policy::parse(&format!("log {}\nquorum none\n", log.verifier)).unwrap();
        receipt.check(&leaf_hash(&leaf), &policy).unwrap();
        assert!(exports[0].statement.stands_in(&Leaf::decode(&leaf).unwrap()));
        store.close().await;
    });
}

#[test]
fn a_row_or_a_statement_that_was_changed_behind_the_ledger_is_found() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let sun = steward(&fresh, &tenant).await;
        let (entry, _) = record(&tenant, &sun, scan("news")).await.unwrap();
        record_export(&tenant, &sun, export(tenant.entry_id().unwrap())).await.unwrap();
        let digest = |hash: &Hash| match fresh.place.database.is_some() {
            true => format!("decode('{}', 'hex')", hex(hash)),
            false => format!("x'{}'", hex(hash)),
        };
        fresh.ask("guiju.db", &format!("UPDATE corpus_export SET root = {}", digest(&[4; 32]))).await;
        assert!(tenant.exports_of(&[1; 32]).await.unwrap_err().to_string().contains("of the ledger says otherwise"));
        fresh.ask("guiju.db", "UPDATE corpus_scan SET source = 'blog'").await;
        assert!(tenant.recorded_scan(&[1; 32]).await.unwrap_err().to_string().contains("its source is 'blog'"));
        let changed = if fresh.place.database.is_some() {
            "UPDATE log_segment SET sealed = convert_to(replace(convert_from(sealed, 'UTF8'), 'source news', 'source blog'), 'UTF8') \
             WHERE substr(sealed, 1, 15) = convert_to('guiju statement', 'UTF8')"
        } else {
            "UPDATE log_segment SET sealed = CAST(replace(CAST(sealed AS TEXT), 'source news', 'source blog') AS BLOB) WHERE CAST(sealed AS TEXT) LIKE 'guiju statement%'"
        };
        fresh.ask("guiju.db", changed).await;
        assert!(tenant.entry(entry).await.unwrap_err().to_string().contains("not the one of its leaf"));
        assert!(tenant.signed_statement(entry).await.is_err());
        assert!(!tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

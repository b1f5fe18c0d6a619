//! What was backed up comes back, in either database, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use keys::CipherPolicy;
use keys::root::PassphraseRoot;
use ledger::leaf::Class;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection, Row};
use store::backup::{
    BackupError, Create, Drill, Lock, Older, Passphrase, Restore, RestoreKeys, Summary, What, create, drill, restore, restore_keys, verify,
};
use store::{Change, Entry, EntryId, NewJob, Secret, Store, StoreError, Tenant, TenantId};

use crate::place::{Fresh, everywhere};

const CANARY: &str = "金丝雀-7f3a9c-我的电话是一三八";

/// A place for backups beside a store, and what opens them: a root key file of its own, which costs its passphrase once and not for each backup.
struct Safe<'f> {
    fresh: &'f Fresh,
    root: PassphraseRoot,
    policy: CipherPolicy,
}

impl<'f> Safe<'f> {
    fn new(fresh: &'f Fresh) -> Self {
        let root = PassphraseRoot::create(&fresh.directory.path().join("backups.key"), "correct horse battery staple").unwrap();
        Self { fresh, root, policy: CipherPolicy::default() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.fresh.directory.path().join("backups").join(name)
    }

    fn lock(&self) -> Lock<'_> {
        Lock { root: &self.root, policy: &self.policy }
    }

    async fn create(&self, store: &Store, name: &str, what: What, base: Option<&str>) -> Result<Summary, BackupError> {
        let (directory, base) = (self.at(name), base.map(|base| self.at(base)));
        let ask = Create { directory: &directory, what, base: base.as_deref(), root: &self.root, by: "test" };
        create(store, &ask, &mut |_| {}).await
    }

    async fn data(&self, store: &Store, name: &str, base: Option<&str>) -> Summary {
        self.create(store, name, What::Data, base).await.unwrap()
    }

    fn verify(&self, name: &str) -> Result<Summary, BackupError> {
        verify(&self.at(name), &self.lock(), &mut |_| {})
    }

    async fn restore(&self, name: &str, to: &Fresh) -> Result<Summary, BackupError> {
        let ask = Restore { directory: &self.at(name), lock: self.lock(), place: &to.place, older: Older::Refuse };
        restore(&ask, &mut |_| {}).await
    }

    async fn restore_keys(&self, name: &str, data: &str, to: &Fresh) -> Result<u64, BackupError> {
        let (directory, data, now_ms) = (self.at(name), self.at(data), to.now());
        let ask = RestoreKeys {
            directory: &directory,
            lock: self.lock(),
            data: &data,
            data_lock: self.lock(),
            place: &to.place,
            now_ms,
            older: Older::Refuse,
        };
        restore_keys(&ask, &mut |_| {}).await.map(|(_, kept_out)| kept_out)
    }
}

/// Entries, some of them about persons, and jobs.
async fn fill(tenant: &Tenant, entries: usize) -> Vec<EntryId> {
    let work = async move |change: &mut Change| {
        change.enqueue(NewJob { kind: "scan", input: json!({ "path": CANARY }), due_ms: 0, most_tries: 1 }).await?;
        let entry = |number: usize| {
            let entry = Entry::new(Class::Decision, "test.fill", "test").with("number", number);
            if number.is_multiple_of(3) { entry.about(format!("user-{}", number % 7), format!("{CANARY} {number}")) } else { entry }
        };
        (0..entries).map(|number| change.record(entry(number))).collect()
    };
    tenant.change(work).await.unwrap().0
}

async fn reopened(fresh: &Fresh) -> (Store, Tenant) {
    let store = fresh.open().await;
    let tenant = store.tenant(&TenantId::main()).await.unwrap();
    (store, tenant)
}

/// Places to restore to: one in each database there is.
async fn targets() -> Vec<Fresh> {
    let mut targets = vec![Fresh::sqlite().await];
    targets.extend(Fresh::postgres().await);
    targets
}

/// The migrations of a database.
fn migrations(file: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(if file == "keys.db" { "keys" } else { "main" });
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Puts a row into each table that has none, so that none is left out of a comparison. Every number is 1, so that the rows refer to each other.
async fn a_row_in_every_table(fresh: &Fresh) {
    let bytes = if fresh.place.database.is_some() { "'\\x00ff'::bytea" } else { "X'00ff'" };
    for text in migrations("guiju.db") {
        for table in text.split("CREATE TABLE ").skip(1) {
            let name = table.split(" (").next().unwrap();
            // A wish to erase is done as soon as the store is opened.
            if name == "erasure" || !fresh.ask("guiju.db", &format!("SELECT * FROM {name}")).await.is_empty() {
                continue;
            }
            let types = table.lines().filter_map(|line| line.strip_prefix("    ")?.split(' ').nth(1));
            let value = |kind| match kind {
                "INTEGER" => Some("1"),
                "TEXT" => Some("'文'"),
                "BLOB" => Some(bytes),
                _ => None,
            };
            let values: Vec<&str> = types.filter_map(value).skip(1).collect();
            fresh.ask("guiju.db", &format!("INSERT INTO {name} VALUES ('main', {})", values.join(", "))).await;
        }
    }
}

/// All rows of all tables of the migrations, as text.
async fn dump(fresh: &Fresh, file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::new();
    for text in migrations(file) {
        for table in text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")) {
            let table = table.trim_end_matches(" (");
            let rows = fresh.ask(file, &format!("SELECT * FROM {table}")).await;
            tables.insert(table.to_owned(), rows.iter().map(as_text).collect());
        }
    }
    tables
}

fn as_text(row: &AnyRow) -> String {
    let value = |at: usize| {
        let number = row.try_get::<i64, _>(at).map(|number| number.to_string());
        let text = || row.try_get::<String, _>(at);
        number.or_else(|_| text()).unwrap_or_else(|_| keys::digest::hex(&row.get::<Vec<u8>, _>(at)))
    };
    (0..row.len()).map(value).collect::<Vec<_>>().join("|")
}

#[test]
fn a_backup_comes_back_in_either_database() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let other = store.create_tenant(&"other".parse().unwrap(), "audit.example.cn", "test").await.unwrap();
        let entries = fill(&tenant, 700).await;
        fill(&other, 3).await;
        tenant.erase_person("user-3", "officer").await.unwrap();
        store.close().await;
        let (store, tenant) = reopened(&fresh).await;
        // What verification reads must be what it is: any other row may be anything.
        let cosigned = "INSERT INTO log_cosigned SELECT tenant, signed_size, checkpoint FROM log_head WHERE tenant = 'main'";
        fresh.ask("guiju.db", cosigned).await;
        a_row_in_every_table(&fresh).await;
        let (mut data, keys) = (dump(&fresh, "guiju.db").await, dump(&fresh, "keys.db").await);
        assert!(data.iter().all(|(table, rows)| !rows.is_empty() || table == "erasure"));
        assert_eq!(data.get_mut("session").map(std::mem::take).unwrap().len(), 1, "who was signed in signs in again");
        let safe = Safe::new(&fresh);
        let made = safe.data(&store, "full", None).await;
        safe.create(&store, "keys", What::Keys, None).await.unwrap();
        assert_eq!(made.logs.iter().map(|log| log.size).collect::<Vec<_>>(), [703, 4]);
        assert_eq!(safe.verify("full").unwrap(), made);
        assert_eq!(safe.verify("keys").unwrap().keep_until_ms, Some(fresh.now() + 30 * 86_400_000));

        for target in targets().await {
            assert_eq!(safe.restore("full", &target).await.unwrap(), made);
            assert_eq!(safe.restore_keys("keys", "full", &target).await.unwrap(), 0, "the destroyed key was destroyed in both");
            for (what, rows) in [("guiju.db", &data), ("keys.db", &keys)] {
                let restored = dump(&target, what).await;
                assert!(rows.keys().eq(restored.keys()));
                for (table, rows) in rows {
                    assert_eq!(&restored[table], rows, "{table}");
                }
            }
            let (store, tenant) = reopened(&target).await;
            assert_eq!(tenant.entry(entries[6]).await.unwrap().content, Secret::Open(format!("{CANARY} 6").into_bytes()));
            assert_eq!(tenant.entry(entries[3]).await.unwrap().content, Secret::Gone);
            fill(&tenant, 300).await;
            assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
            store.close().await;
            assert!(matches!(safe.restore("full", &target).await, Err(BackupError::Older { found: 703, signed: 1_003, .. })));
            fs::remove_file(target.place.directory.join("head")).unwrap();
            assert!(matches!(safe.restore("full", &target).await, Err(BackupError::Occupied(_))));
            assert!(matches!(safe.restore_keys("keys", "full", &target).await, Err(BackupError::Occupied(_))));
        }
        let said = tenant.entries(703, 10).await.unwrap();
        let said: Vec<String> = said.into_iter().map(|entry| entry.said.unwrap()["details"]["what"].as_str().unwrap().to_owned()).collect();
        assert_eq!(said, ["data", "keys"], "each backup is in the ledger");
        store.close().await;
    });
}

#[test]
fn a_chain_of_backups_is_one_and_what_was_deleted_stays_so() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 500).await;
        let full = safe.data(&store, "full", None).await;
        // The retention of the first hundred ends.
        fresh.ask("guiju.db", "DELETE FROM log_segment WHERE place < 100").await;
        let late = store.create_tenant(&"late".parse().unwrap(), "audit.example.cn", "test").await.unwrap();
        fill(&tenant, 300).await;
        fill(&late, 5).await;
        let second = safe.data(&store, "second", Some("full")).await;
        fresh.ask("guiju.db", "DELETE FROM log_segment WHERE place IN (150, 600) AND segment = 0").await;
        fill(&tenant, 1).await;
        store.close().await;
        let rows = dump(&fresh, "guiju.db").await;
        let (store, _) = reopened(&fresh).await;
        let third = safe.data(&store, "third", Some("second")).await;
        assert!(third.rows * 20 < full.rows && third.bytes * 10 < full.bytes, "{third:?}");
        assert_eq!((third.base, second.base, full.base), (Some(second.backup), Some(full.backup), None));
        for name in ["full", "second", "third"] {
            safe.verify(name).unwrap();
        }
        for target in targets().await {
            safe.restore("third", &target).await.unwrap();
            for (table, restored) in dump(&target, "guiju.db").await {
                assert_eq!(restored, rows[&table], "{table}");
            }
        }
        fs::rename(safe.at("second"), fresh.directory.path().join("elsewhere")).unwrap();
        let missing = safe.verify("third").unwrap_err();
        assert!(matches!(&missing, BackupError::Base(how) if how.contains(&second.backup.to_string())), "{missing}");
        store.close().await;
    });
}

#[test]
fn a_base_that_does_not_fit_is_refused() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        safe.data(&store, "full", None).await;
        safe.create(&store, "keys", What::Keys, None).await.unwrap();
        let refused = |error: BackupError, word: &str| assert!(error.to_string().contains(word), "{error}");
        refused(safe.create(&store, "a", What::Keys, Some("full")).await.unwrap_err(), "in full");
        refused(safe.create(&store, "b", What::Data, Some("keys")).await.unwrap_err(), "one of data is needed");
        refused(safe.create(&store, "full", What::Data, None).await.unwrap_err(), "not empty");
        refused(safe.create(&store, "deeper/c", What::Data, Some("full")).await.unwrap_err(), "beside");
        fill(&tenant, 5).await;
        let other = Fresh::sqlite().await;
        let (other_store, other_tenant) = other.main().await;
        fill(&other_tenant, 500).await;
        refused(safe.create(&other_store, "d", What::Data, Some("full")).await.unwrap_err(), "another history");
        other_store.close().await;
        store.close().await;
    });
}

#[test]
fn a_backup_is_one_moment_while_the_store_goes_on() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 2_000).await;
        let safe = Safe::new(&fresh);
        // Two hundred changes are made and kept while the entries are being copied: when the first thousand rows are through, the copy waits for them.
        let (begin, mut begun) = tokio::sync::mpsc::channel::<()>(1);
        let (done, wait) = std::sync::mpsc::channel();
        let writing = tenant.clone();
        tokio::spawn(async move {
            begun.recv().await;
            futures_util::future::join_all((0..200).map(|_| fill(&writing, 3))).await;
            done.send(()).unwrap();
        });
        let mut begin = Some(begin);
        let mut meanwhile = move |_| {
            if let Some(begin) = begin.take() {
                begin.try_send(()).unwrap();
                wait.recv().unwrap();
            }
        };
        let ask = Create { directory: &safe.at("full"), what: What::Data, base: None, root: &safe.root, by: "test" };
        let made = create(&store, &ask, &mut meanwhile).await.unwrap();
        assert_eq!(made.logs[0].size, 2_001);
        assert_eq!(safe.verify("full").unwrap(), made);
        let target = &targets().await[0];
        safe.restore("full", target).await.unwrap();
        let rows = dump(target, "guiju.db").await;
        assert_eq!((rows["log_entry"].len(), rows["job"].len()), (2_001, 1), "the jobs and the log are of the same moment");
        assert_eq!(tenant.log().await.unwrap().size, 2_602, "all changes and the entry of the backup");
        store.close().await;
    });
}

#[test]
fn every_file_that_is_cut_changed_or_swapped_is_refused_by_name() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 50).await;
        safe.data(&store, "full", None).await;
        safe.data(&store, "again", None).await;
        store.close().await;
        let files: Vec<PathBuf> = fs::read_dir(safe.at("full")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() > 8);
        for path in &files {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let whole = fs::read(path).unwrap();
            let mut flipped = whole.clone();
            flipped[whole.len() / 2] ^= 0x10;
            let swapped = fs::read(safe.at("again").join(&name)).unwrap();
            let neighbour = fs::read(files.iter().find(|other| *other != path).unwrap()).unwrap();
            for changed in [flipped, whole[..whole.len() - 1].to_vec(), Vec::new(), swapped, neighbour] {
                fs::write(path, &changed).unwrap();
                match safe.verify("full") {
                    // A manifest of another backup is whole, but its parts are not beside it.
                    Err(error) => assert!(error.to_string().contains(&name) || name == "manifest", "{name}: {error}"),
                    Ok(_) => panic!("{name} of {} bytes was believed", changed.len()),
                }
            }
            fs::remove_file(path).unwrap();
            assert!(safe.verify("full").unwrap_err().to_string().contains(&name));
            fs::write(path, &whole).unwrap();
        }
        safe.verify("full").unwrap();
    });
}

#[test]
fn no_file_of_a_backup_says_anything_and_only_the_words_open_it() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 50).await;
        safe.data(&store, "full", None).await;
        safe.create(&store, "keys", What::Keys, None).await.unwrap();
        let (words, others) = ("correct horse battery staple", "correct horse battery stable");
        let (words, others) = (Passphrase::new(words.to_owned()), Passphrase::new(others.to_owned()));
        let ask = Create { directory: &safe.at("words"), what: What::Data, base: None, root: &words, by: "test" };
        create(&store, &ask, &mut |_| {}).await.unwrap();
        let with = |root| verify(&safe.at("words"), &Lock { root, policy: &safe.policy }, &mut |_| {});
        with(&words).unwrap();
        let refused = with(&others).unwrap_err();
        assert!(matches!(refused, BackupError::Locked { .. }) && refused.to_string().contains("passphrase"), "{refused}");
        store.close().await;
        let wrapped: Vec<u8> = fresh.ask("keys.db", "SELECT wrapped FROM data_key WHERE purpose = 'subject'").await[0].get(0);
        for file in ["full", "keys", "words"].into_iter().flat_map(|name| fs::read_dir(safe.at(name)).unwrap()) {
            let (path, bytes) = file.map(|file| (file.path(), fs::read(file.path()).unwrap())).unwrap();
            for said in [CANARY.as_bytes(), b"audit.example.cn", b"log_entry", b"tenant", b"test.fill", &wrapped] {
                assert!(!bytes.windows(said.len()).any(|window| window == said), "{}", path.display());
            }
        }
    });
}

#[test]
fn whoever_was_erased_stays_erased() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        let entries = fill(&tenant, 20).await;
        safe.data(&store, "before", None).await;
        safe.create(&store, "keys", What::Keys, None).await.unwrap();
        tenant.erase_person("user-3", "officer").await.unwrap();
        let said = |tenant: Tenant| async move { tenant.entry(entries[3]).await.unwrap().content };
        assert_eq!(said.clone()(tenant.clone()).await, Secret::Gone);
        safe.data(&store, "after", Some("before")).await;
        store.close().await;
        for target in targets().await {
            // The old copy of the keys still had hers; the newer data says that it is gone.
            safe.restore("after", &target).await.unwrap();
            assert_eq!(safe.restore_keys("keys", "after", &target).await.unwrap(), 1);
            let (store, tenant) = reopened(&target).await;
            assert_eq!(said.clone()(tenant.clone()).await, Secret::Gone);
            assert_eq!(tenant.key_status().await.unwrap().destroyed, 1);
            store.close().await;
        }
        // Data of before, opened with the keys of now.
        let target = &targets().await[0];
        safe.restore("before", target).await.unwrap();
        if fresh.place.database.is_none() {
            fs::copy(fresh.place.directory.join("keys.db"), target.place.directory.join("keys.db")).unwrap();
            let (store, tenant) = reopened(target).await;
            assert_eq!(said(tenant).await, Secret::Gone);
            store.close().await;
        }
    });
}

#[test]
fn a_key_is_not_called_destroyed_while_somebody_reads_what_was_there_before() {
    everywhere(async |fresh: Fresh| {
        if fresh.place.database.is_some() {
            return;
        }
        let (store, tenant) = fresh.main().await;
        fill(&tenant, 20).await;
        let before = fresh.ask("keys.db", "SELECT reference, wrapped FROM data_key WHERE purpose = 'subject'").await;
        let holds = |wrapped: &[u8]| {
            let bytes = ["keys.db", "keys.db-wal"].map(|file| fs::read(fresh.place.directory.join(file)).unwrap_or_default()).concat();
            bytes.windows(wrapped.len()).any(|window| window == wrapped)
        };
        // A reader keeps the old pages, as a backup of the keys does while it runs.
        let mut reader = AnyConnection::connect(&format!("sqlite://{}", fresh.place.directory.join("keys.db").display())).await.unwrap();
        let mut snapshot = reader.begin().await.unwrap();
        sqlx::query("SELECT COUNT(*) FROM data_key").fetch_one(&mut *snapshot).await.unwrap();
        let refused = tenant.erase_person("user-0", "officer").await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        let gone: Vec<u8> = fresh.ask("keys.db", "SELECT reference FROM data_key WHERE destroyed_ms > 0").await[0].get(0);
        let wrapped: Vec<u8> = before.iter().find(|row| row.get::<Vec<u8>, _>(0) == gone).unwrap().get(1);
        assert!(holds(&wrapped));
        snapshot.rollback().await.unwrap();
        store.close().await;
        // The wish stands, and the next start does it.
        let (store, tenant) = reopened(&fresh).await;
        assert!(!holds(&wrapped));
        assert_eq!(tenant.key_status().await.unwrap().destroyed, 1);
        // The key was destroyed by a process that could not say so any more; which one it was is known all the same.
        let said = tenant.entries(0, 1_000).await.unwrap().pop().unwrap().said.unwrap();
        assert_eq!((&said["what"], &said["details"]["keys"]), (&json!("person.erased"), &json!([::keys::digest::hex(&gone)])));
        store.close().await;
    });
}

#[test]
fn keys_are_refused_after_their_days() {
    everywhere(async |fresh: Fresh| {
        let (store, _) = fresh.main().await;
        let safe = Safe::new(&fresh);
        safe.data(&store, "full", None).await;
        safe.create(&store, "keys", What::Keys, None).await.unwrap();
        store.close().await;
        let target = &targets().await[0];
        safe.restore("full", target).await.unwrap();
        target.later(30 * 86_400_000 + 1);
        assert!(matches!(safe.restore_keys("keys", "full", target).await, Err(BackupError::Expired { .. })));
        assert!(matches!(safe.restore_keys("full", "full", target).await, Err(BackupError::Other { .. })));
        assert!(matches!(safe.restore("keys", target).await, Err(BackupError::Other { .. })));
        let (keys, data) = (safe.at("keys"), safe.at("full"));
        let (lock, data_lock, now_ms) = (safe.lock(), safe.lock(), target.now());
        let ask = RestoreKeys { directory: &keys, lock, data: &data, data_lock, place: &target.place, now_ms, older: Older::Accept };
        restore_keys(&ask, &mut |_| {}).await.unwrap();
        let (store, _) = reopened(target).await;
        store.close().await;
        let target = &targets().await[0];
        target.later(30 * 86_400_000);
        safe.restore_keys("keys", "full", target).await.unwrap();
    });
}

#[test]
fn a_machine_that_has_signed_more_refuses_an_older_backup_unless_the_loss_is_accepted() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 5).await;
        let made = safe.data(&store, "full", None).await;
        fill(&tenant, 5).await;
        store.close().await;
        let target = &targets().await[0];
        fs::create_dir_all(&target.place.directory).unwrap();
        let head = target.place.directory.join("head");
        fs::copy(fresh.place.directory.join("head"), &head).unwrap();
        let signed = fs::read_to_string(&head).unwrap();
        let refused = safe.restore("full", target).await.unwrap_err();
        assert!(matches!(refused, BackupError::Older { found: 6, signed: 12, .. }) && refused.to_string().contains("another history"));
        // Another history of the same length is refused in any case.
        let (line, root) = signed.trim_end().rsplit_once(' ').unwrap();
        let (origin, _) = line.rsplit_once(' ').unwrap();
        fs::write(&head, format!("{origin} 6 {}\n", root.chars().rev().collect::<String>())).unwrap();
        assert!(matches!(safe.restore("full", target).await, Err(BackupError::Store(StoreError::Forked(_)))));
        assert!(!target.place.directory.join("guiju.db").exists(), "nothing was made");

        fs::write(&head, &signed).unwrap();
        let ask = Restore { directory: &safe.at("full"), lock: safe.lock(), place: &target.place, older: Older::Accept };
        restore(&ask, &mut |_| {}).await.unwrap();
        let kept = target.place.directory.join(format!("head.before-{}", made.backup));
        assert_eq!(fs::read_to_string(kept).unwrap(), signed);
        assert_eq!(target.ask("guiju.db", "SELECT size FROM log_head").await[0].get::<i64, _>(0), 6);
        // Without its keys it is not opened: new ones would be made in silence.
        assert!(matches!(target.try_open().await, Err(StoreError::NotFound(_))));
    });
}

#[test]
fn a_drill_leaves_figures_and_nothing_else() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 30).await;
        let made = safe.data(&store, "full", None).await;
        fresh.later(60_000);
        fill(&tenant, 9).await;
        let scratch = fresh.directory.path().join("scratch");
        let ask = Drill { directory: &safe.at("full"), root: &safe.root, scratch: &scratch, by: "test" };
        let drilled = drill(&store, &ask, &mut |_| {}).await.unwrap();
        assert_eq!(drilled.backup, made.backup);
        assert!(drilled.recovery_ms > 0 && fs::read_dir(&scratch).unwrap().next().is_none());
        let behind = &drilled.behind[0];
        assert_eq!((behind.size, behind.entries, behind.ms), (31, 10, 60_000), "the entry of the backup and nine more");
        let last = tenant.entries(41, 1).await.unwrap().pop().unwrap();
        let said = last.said.unwrap();
        assert_eq!((last.class, said["what"].as_str()), (Class::System, Some("backup.drill")));
        assert_eq!((&said["details"]["behind_ms"], &said["details"]["recovery_ms"]), (&json!(60_000), &json!(drilled.recovery_ms)));

        let other = Fresh::sqlite().await;
        let (other_store, other_tenant) = other.main().await;
        fill(&other_tenant, 500).await;
        let refused = drill(&other_store, &ask, &mut |_| {}).await.unwrap_err();
        assert!(matches!(refused, BackupError::Store(StoreError::Forked(_))), "{refused}");
        assert!(fs::read_dir(&scratch).unwrap().next().is_none(), "a drill that failed leaves nothing either");
        other_store.close().await;
        store.close().await;
    });
}

#[test]
fn a_store_that_was_tampered_with_makes_a_backup_that_says_so() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        fill(&tenant, 50).await;
        let mut leaf: Vec<u8> = fresh.ask("guiju.db", "SELECT leaf FROM log_entry WHERE place = 30").await[0].get(0);
        // The last byte of the time.
        leaf[26] ^= 1;
        let leaf = keys::digest::hex(&leaf);
        let leaf = if fresh.place.database.is_some() { format!("'\\x{leaf}'::bytea") } else { format!("X'{leaf}'") };
        let tampering = [
            (
                "UPDATE log_entry SET leaf = (SELECT leaf FROM log_entry WHERE place = 7) WHERE place = 30".to_owned(),
                "entry 30 of main is no leaf, or another",
            ),
            (format!("UPDATE log_entry SET leaf = {leaf} WHERE place = 30"), "leaves give another root"),
            ("DELETE FROM log_entry WHERE place = 30".to_owned(), "entry 30 of main is missing"),
            (
                "UPDATE log_segment SET sealed = (SELECT sealed FROM log_segment WHERE place = 7 AND segment = 0) WHERE place = 30"
                    .to_owned(),
                "a segment of entry 30 of main is not the one",
            ),
            ("UPDATE log_segment SET place = 300 WHERE place = 30".to_owned(), "a segment without its entry"),
            ("UPDATE log_head SET checkpoint = REPLACE(checkpoint, 'audit', 'adiut')".to_owned(), "its checkpoint"),
        ];
        for (number, (statement, said)) in tampering.iter().enumerate() {
            for table in ["log_entry", "log_segment"] {
                fresh.ask("guiju.db", &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
            }
            fresh.ask("guiju.db", statement).await;
            let name = format!("damaged-{number}");
            // That the log is wrong is no reason not to make a copy of it: whoever looks into it will want one.
            safe.data(&store, &name, None).await;
            let refused = safe.verify(&name).unwrap_err();
            assert!(refused.to_string().contains(said), "{statement}: {refused}");
            for table in ["log_entry", "log_segment"] {
                fresh
                    .ask("guiju.db", &format!("DELETE FROM {table} WHERE place IN (SELECT place FROM kept_{table}) OR place >= 300"))
                    .await;
                fresh.ask("guiju.db", &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
                fresh.ask("guiju.db", &format!("DROP TABLE kept_{table}")).await;
            }
        }
        fresh.ask("guiju.db", "UPDATE log_head SET checkpoint = REPLACE(checkpoint, 'adiut', 'audit')").await;
        safe.data(&store, "whole", None).await;
        safe.verify("whole").unwrap();
        store.close().await;
    });
}

/// The futures can be handed to a task of a service: this compiles.
#[expect(dead_code, reason = "it is enough that it compiles")]
fn what_is_asked_can_be_sent(store: &Store, one: &Create<'_>, two: &Restore<'_>, three: &RestoreKeys<'_>, four: &Drill<'_>) {
    const fn sent(_: &impl Send) {}
    sent(&create(store, one, &mut |_| {}));
    sent(&restore(two, &mut |_| {}));
    sent(&restore_keys(three, &mut |_| {}));
    sent(&drill(store, four, &mut |_| {}));
}

/// Prints how quick it is: `cargo test -p guiju-store --test it -- --ignored --nocapture figures`.
#[test]
#[ignore = "measures, and takes a minute"]
fn figures() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let safe = Safe::new(&fresh);
        for _ in 0..50 {
            fill(&tenant, 1_000).await;
        }
        let timed = |what: &str, begun: std::time::Instant, made: &Summary| {
            let (seconds, mib) = (begun.elapsed().as_secs_f64(), made.bytes as f64 / 1_048_576.0);
            let per_second = mib / seconds;
            eprintln!("{what}: {mib:.1} MiB, {} rows in {seconds:.2} s: {per_second:.1} MiB/s; peak {}", made.rows, peak());
        };
        let begun = std::time::Instant::now();
        timed("create", begun, &safe.data(&store, "full", None).await);
        let begun = std::time::Instant::now();
        timed("verify", begun, &safe.verify("full").unwrap());
        for target in targets().await {
            let begun = std::time::Instant::now();
            let made = safe.restore("full", &target).await.unwrap();
            timed(if target.place.database.is_some() { "restore to PostgreSQL" } else { "restore to SQLite" }, begun, &made);
        }
        store.close().await;
    });
}

/// The most memory this process has had.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}

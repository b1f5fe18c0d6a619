//! Keys are rotated, suites are changed while the store is in use, and what a policy denies is not opened.

use std::time::Duration;

use keys::{CipherPolicy, Suite};
use ledger::leaf::Class;
use sqlx::Row;
use store::{Change, Entry, EntryId, Secret, Store, Tenant, TenantId};

use crate::place::{Fresh, everywhere};

/// Persons whose keys take several steps to wrap anew.
const PERSONS: usize = 2_500;

async fn say(tenant: &Tenant, person: &str, text: &'static str) -> EntryId {
    let entry = Entry::new(Class::Decision, "answer.give", "test").about(person, text);
    tenant.change(async move |change: &mut Change| change.record(entry)).await.unwrap().0
}

async fn main_of(store: &Store) -> Tenant {
    store.tenant(&TenantId::main()).await.unwrap()
}

fn open(text: &str) -> Secret {
    Secret::Open(text.as_bytes().to_vec())
}

#[test]
fn after_a_rotation_everything_opens_and_the_old_key_is_gone() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let entry = say(&tenant, "user-1", "你好").await;
        assert_eq!(tenant.rotate_keys("test", |_| ()).await.unwrap(), 2);
        let status = tenant.key_status().await.unwrap();
        assert_eq!((status.version, status.behind), (2, 0));
        assert_eq!(fresh.ask("keys.db", "SELECT version FROM tenant_key").await.len(), 1);
        assert_eq!(tenant.entry(entry).await.unwrap().content, open("你好"));
        store.close().await;
        let store = fresh.open().await;
        assert_eq!(main_of(&store).await.entry(entry).await.unwrap().content, open("你好"));
        store.close().await;
    });
}

#[test]
fn a_rotation_that_was_interrupted_goes_on() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let all = async |change: &mut Change| {
            let entry = |person| Entry::new(Class::Decision, "answer.give", "test").about(format!("user-{person}"), "你好");
            (0..PERSONS).map(|person| change.record(entry(person))).collect::<Result<Vec<EntryId>, _>>()
        };
        let (entries, _) = tenant.change(all).await.unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let rotating = tenant.clone();
        let task = tokio::spawn(async move {
            let pause = |done| {
                tell.send(done).unwrap();
                std::thread::sleep(Duration::from_millis(200));
            };
            rotating.rotate_keys("test", pause).await
        });
        let done: u64 = tokio::task::block_in_place(|| told.recv().unwrap());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let behind = tenant.key_status().await.unwrap().behind;
        assert!(behind > 0, "{done} were done, and none is left");
        assert_eq!(tenant.entry(entries[PERSONS - 1]).await.unwrap().content, open("你好"));
        store.close().await;

        let store = fresh.open().await;
        let tenant = main_of(&store).await;
        let mut last = 0;
        tenant.finish_rotation("test", |done| last = done).await.unwrap();
        assert_eq!((last, tenant.key_status().await.unwrap().behind), (behind, 0));
        for entry in [entries[0], entries[1_200], entries[PERSONS - 1]] {
            assert_eq!(tenant.entry(entry).await.unwrap().content, open("你好"));
        }
        store.close().await;
    });
}

/// Keeps tenant keys from being made, or lets them be made again.
async fn hinder(fresh: &Fresh, hindered: bool) {
    let sql = match (fresh.place.database.is_some(), hindered) {
        (false, true) => "CREATE TRIGGER no BEFORE INSERT ON tenant_key BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
        (false, false) => "DROP TRIGGER no",
        (true, true) => "ALTER TABLE tenant_key ADD CONSTRAINT no CHECK (version < 2)",
        (true, false) => "ALTER TABLE tenant_key DROP CONSTRAINT no",
    };
    fresh.ask("keys.db", sql).await;
}

#[test]
fn a_rotation_that_broke_off_before_its_key_is_seen_and_goes_on() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let entry = say(&tenant, "user-1", "你好").await;
        hinder(&fresh, true).await;
        assert!(tenant.rotate_keys("test", |_| ()).await.is_err());
        store.close().await;
        hinder(&fresh, false).await;

        let store = fresh.open().await;
        let tenant = main_of(&store).await;
        let status = tenant.key_status().await.unwrap();
        assert_eq!((status.version, status.rotating_to), (1, Some(2)));
        let again = tenant.rotate_keys("test", |_| ()).await.unwrap_err().to_string();
        assert!(again.contains("--finish"), "{again}");
        tenant.finish_rotation("another", |_| ()).await.unwrap();
        let status = tenant.key_status().await.unwrap();
        assert_eq!((status.version, status.rotating_to, status.behind), (2, None, 0));
        assert_eq!(tenant.entry(entry).await.unwrap().content, open("你好"));
        let said: Vec<_> = tenant.entries(0, 100).await.unwrap().into_iter().filter_map(|entry| entry.said).collect();
        let of = |what: &str| said.iter().filter(|said| said["what"] == what).map(|said| said["by"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!((of("key.rotate"), of("key.rotated")), (vec!["test"], vec!["another"]));
        // Without one that was begun there is nothing to end.
        tenant.finish_rotation("test", |_| ()).await.unwrap();
        assert_eq!(tenant.entries(0, 100).await.unwrap().len(), said.len());
        store.close().await;
    });
}

#[test]
fn a_suite_is_changed_while_old_ones_stay_readable_until_they_are_denied() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let old = say(&tenant, "user-1", "旧").await;
        store.close().await;

        let store = fresh.open_with(CipherPolicy::uniform(Suite::Sm4Gcm)).await.unwrap();
        let tenant = main_of(&store).await;
        let new = say(&tenant, "user-1", "新").await;
        assert_eq!(tenant.entry(old).await.unwrap().content, open("旧"));
        assert_eq!(tenant.entry(new).await.unwrap().content, open("新"));
        let sealed = fresh.ask("guiju.db", "SELECT sealed FROM log_segment WHERE segment = 1 ORDER BY place").await;
        let suite = |row: &sqlx::any::AnyRow| keys::envelope::Header::read(&row.get::<Vec<u8>, _>(0)).unwrap().suite;
        assert_eq!(sealed.iter().map(suite).collect::<Vec<_>>(), [Suite::XChaCha20Poly1305, Suite::Sm4Gcm]);
        // Wrapping every key anew brings the keys to the new suite; what was sealed stays as its leaf has it.
        tenant.rotate_keys("test", |_| ()).await.unwrap();
        store.close().await;

        let store = fresh.open_with(denying("xchacha20-poly1305")).await.unwrap();
        let tenant = main_of(&store).await;
        let refused = tenant.entry(old).await.unwrap_err().to_string();
        assert!(refused.contains("xchacha20-poly1305"), "{refused}");
        let later = say(&tenant, "user-2", "后").await;
        assert_eq!(tenant.entry(later).await.unwrap().content, open("后"));
        store.close().await;
    });
}

fn denying(suite: &str) -> CipherPolicy {
    let classes = ["operational", "subject", "dataset", "credential", "backup"];
    let active: String = classes.iter().map(|class| format!("{class} = \"sm4-gcm\"\n")).collect();
    toml::from_str(&format!("denied = [\"{suite}\"]\n[active]\n{active}")).unwrap()
}

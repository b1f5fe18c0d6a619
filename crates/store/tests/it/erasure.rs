//! Whoever wants to be forgotten is.

use ledger::leaf::Class;
use sqlx::Row;
use store::{Change, Entry, Secret, StoreError, Tenant};

use crate::place::{Fresh, everywhere, holding};

const CANARY: &str = "金丝雀-7f3a9c-我的电话是一三八";

async fn say(tenant: &Tenant, person: &'static str, text: &str) -> store::EntryId {
    let text = text.to_owned();
    let work = async move |change: &mut Change| change.record(Entry::new(Class::Decision, "answer.give", "test").about(person, text));
    tenant.change(work).await.unwrap().0
}

#[test]
fn content_goes_with_the_key_and_the_log_still_verifies() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let hers = say(&tenant, "user-17", CANARY).await;
        let also_hers = say(&tenant, "user-17", "再见").await;
        let his = say(&tenant, "user-18", "你好").await;
        assert_eq!(tenant.entry(hers).await.unwrap().content, Secret::Open(CANARY.as_bytes().to_vec()));
        let erased = tenant.erase_person("user-17", "officer").await.unwrap();
        assert_eq!((erased.keys.len(), erased.recorded.len()), (1, 1));
        for gone in [hers, also_hers] {
            let entry = tenant.entry(gone).await.unwrap();
            assert_eq!(entry.content, Secret::Gone);
            assert_eq!(entry.said.unwrap()["what"], "answer.give", "what happened is still known, not with whom");
        }
        assert_eq!(tenant.entry(his).await.unwrap().content, Secret::Open("你好".as_bytes().to_vec()));
        assert!(tenant.erase_person("user-17", "officer").await.unwrap().keys.is_empty());
        // Whoever comes back gets a new key.
        let again = say(&tenant, "user-17", "我回来了").await;
        assert_eq!(tenant.entry(again).await.unwrap().content, Secret::Open("我回来了".as_bytes().to_vec()));
        assert_eq!(tenant.entry(hers).await.unwrap().content, Secret::Gone);
        store.close().await;
        let store = fresh.open().await;
        let tenant = store.tenant(&store::TenantId::main()).await.unwrap();
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

#[test]
fn content_goes_when_its_time_is_over_and_the_log_still_verifies() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let until = fresh.now() + 1_000;
        let say = async |text: &'static str, until: Option<i64>| {
            let entry = Entry::new(Class::Decision, "answer.give", "test").about("user-17", text);
            let entry = until.map_or(entry.clone(), |until| entry.kept_until(until));
            tenant.change(async move |change: &mut Change| change.record(entry)).await.unwrap().0
        };
        let (short, long, ever) = (say(CANARY, Some(until)).await, say("再见", Some(until + 5_000)).await, say("你好", None).await);
        let end = async || tenant.change(async move |change: &mut Change| change.end_content("gateway").await).await.unwrap().0;
        assert_eq!(end().await, 0);
        let before = tenant.log().await.unwrap().size;
        assert_eq!(tenant.entry(short).await.unwrap().content, Secret::Open(CANARY.as_bytes().to_vec()));
        fresh.later(1_000);
        assert_eq!((end().await, end().await), (1, 0));
        let entry = tenant.entry(short).await.unwrap();
        assert_eq!((entry.content, &entry.said.unwrap()["what"]), (Secret::Gone, &serde_json::json!("answer.give")));
        for (entry, text) in [(long, "再见"), (ever, "你好")] {
            assert_eq!(tenant.entry(entry).await.unwrap().content, Secret::Open(text.as_bytes().to_vec()));
        }
        let said = tenant.entries(before, 10).await.unwrap();
        let said = said.first().unwrap().said.clone().unwrap();
        assert_eq!(
            (said["what"].clone(), said["details"]["entries"].clone(), tenant.log().await.unwrap().size),
            ("content.end".into(), 1.into(), before + 1)
        );
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

#[test]
fn no_file_holds_what_was_said_or_the_key_that_is_gone() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        say(&tenant, "user-17-name", CANARY).await;
        let rows = fresh.ask("keys.db", "SELECT wrapped FROM data_key WHERE purpose = 'subject'").await;
        let key: Vec<u8> = rows[0].get(0);
        let label: String = fresh.ask("keys.db", "SELECT label FROM data_key WHERE purpose = 'subject'").await[0].get(0);
        let files = fresh.directory.path();
        if fresh.place.database.is_none() {
            assert!(!holding(files, &key).is_empty(), "the wrapped key is there while the person is");
        }
        tenant.erase_person("user-17-name", "officer").await.unwrap();
        for secret in [CANARY.as_bytes(), b"user-17-name", key.as_slice()] {
            assert_eq!(holding(files, secret), Vec::<String>::new());
        }
        store.close().await;
        assert_eq!(holding(files, &key), Vec::<String>::new());
        // Nor what stood in rows that are deleted: the keyed hash of the name, in the wish.
        assert_eq!(holding(files, label.as_bytes()), Vec::<String>::new());
    });
}

#[test]
fn a_crash_between_the_wish_and_the_deed_is_made_good_at_the_next_start() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let hers = say(&tenant, "user-17", "你好").await;
        let rows = fresh.ask("keys.db", "SELECT label FROM data_key WHERE purpose = 'subject'").await;
        let label: String = rows[0].get(0);
        fresh.ask("guiju.db", &format!("INSERT INTO erasure (tenant, label, asked_by) VALUES ('main', '{label}', 'officer')")).await;
        assert_ne!(tenant.entry(hers).await.unwrap().content, Secret::Gone);
        store.close().await;
        let store = fresh.open().await;
        let tenant = store.tenant(&store::TenantId::main()).await.unwrap();
        assert_eq!(tenant.entry(hers).await.unwrap().content, Secret::Gone);
        assert_eq!(tenant.entries(0, 100).await.unwrap().last().unwrap().said.as_ref().unwrap()["what"], "person.erased");
        store.close().await;
    });
}

#[test]
fn nothing_is_sealed_with_a_key_that_is_being_destroyed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (hers, his) = (say(&tenant, "user-17", "你好").await, say(&tenant, "user-18", "你好").await);
        // Another process is at the keys, so that the key is named and not destroyed yet.
        let mut other = fresh.connect("keys.db").await;
        let hold = if fresh.place.database.is_some() { "BEGIN; SELECT * FROM data_key FOR UPDATE" } else { "BEGIN IMMEDIATE" };
        sqlx::raw_sql(hold).execute(&mut other).await.unwrap();
        let erasing = tokio::spawn({
            let tenant = tenant.clone();
            async move { tenant.erase_person("user-17", "officer").await }
        });
        while fresh.ask("guiju.db", "SELECT * FROM erasure_key").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let entry = || Entry::new(Class::Decision, "answer.give", "test").about("user-17", "再见");
        let (refused, kept) = tokio::join!(
            tenant.change(async move |change: &mut Change| change.record(entry())),
            tenant.change(
                async |change: &mut Change| change.record(Entry::new(Class::Decision, "answer.give", "test").about("user-18", "好"))
            )
        );
        assert!(matches!(&refused, Err(StoreError::Refused(why)) if why.contains("try again")), "{refused:?}");
        assert_eq!(tenant.entry(kept.unwrap().0).await.unwrap().content, Secret::Open("好".as_bytes().to_vec()), "others are not held up");
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(erasing.await.unwrap().unwrap().keys.len(), 1);
        // What comes after it has a key of its own, and stays.
        let back = say(&tenant, "user-17", "我回来了").await;
        assert_eq!(tenant.entry(back).await.unwrap().content, Secret::Open("我回来了".as_bytes().to_vec()));
        assert_eq!(tenant.entry(hers).await.unwrap().content, Secret::Gone);
        assert_ne!(tenant.entry(his).await.unwrap().content, Secret::Gone);
        store.close().await;
    });
}

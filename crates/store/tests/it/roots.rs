//! A store moves from one root to another, is cut off on the way, and goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use keys::root::{Moving, PassphraseRoot, Root, RootError};
use keys::{CipherPolicy, Suite};
use ledger::leaf::Class;
use store::{Change, Entry, EntryId, Options, Secret, Store, StoreError, Tenant, TenantId};
use zeroize::Zeroizing;

use crate::place::{Fresh, everywhere};

const PASSPHRASE: &str = "correct horse battery staple";

fn root(fresh: &Fresh, name: &str) -> Arc<dyn Root> {
    Arc::new(PassphraseRoot::create(&fresh.directory.path().join(name), PASSPHRASE).unwrap())
}

async fn open(fresh: &Fresh, root: Arc<dyn Root>) -> Store {
    try_open(fresh, root).await.unwrap()
}

async fn try_open(fresh: &Fresh, root: Arc<dyn Root>) -> Result<Store, StoreError> {
    let time = Arc::clone(&fresh.time);
    let clock = Arc::new(move || time.load(Ordering::SeqCst));
    let policy = CipherPolicy::uniform(Suite::XChaCha20Poly1305);
    Store::open(Options { place: fresh.place.clone(), root, policy, clock }).await
}

async fn say(tenant: &Tenant) -> EntryId {
    let entry = Entry::new(Class::Decision, "answer.give", "test").about("user-1", "你好");
    tenant.change(async move |change: &mut Change| change.record(entry)).await.unwrap().0
}

async fn hears(tenant: &Tenant, entry: EntryId) {
    assert_eq!(tenant.entry(entry).await.unwrap().content, Secret::Open("你好".as_bytes().to_vec()));
}

/// What the log says of roots, with what it says of keys.
async fn told(tenant: &Tenant) -> Vec<(String, Option<u64>)> {
    let said = |entry: &store::Opened| {
        let said = entry.said.clone().unwrap();
        let what = said["what"].as_str().unwrap().to_owned();
        what.starts_with("root.").then(|| (what, said["details"]["keys"].as_u64()))
    };
    tenant.entries(0, 100).await.unwrap().iter().filter_map(said).collect()
}

fn moving(old: &Arc<dyn Root>, new: &Arc<dyn Root>) -> Moving {
    Moving { old: Arc::clone(old), new: Arc::clone(new) }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// A root that does so many more wrappings and then is gone.
struct Failing(Arc<dyn Root>, AtomicI64);

impl Root for Failing {
    fn name(&self) -> String {
        self.0.name()
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        if self.1.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(RootError::Unreachable { root: self.name(), reason: "cut off".to_owned() });
        }
        self.0.wrap(key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        self.0.unwrap(wrapped, context)
    }

    fn health(&self) -> Result<(), RootError> {
        Ok(())
    }
}

#[test]
fn after_a_change_the_new_root_opens_everything_and_the_old_one_nothing() {
    everywhere(async |fresh: Fresh| {
        let (old, new) = (root(&fresh, "old.key"), root(&fresh, "new.key"));
        let store = open(&fresh, Arc::clone(&old)).await;
        let (a, b) =
            (store.create_tenant(&tenant("a"), "o", "t").await.unwrap(), store.create_tenant(&tenant("b"), "o", "t").await.unwrap());
        let (in_a, in_b) = (say(&a).await, say(&b).await);
        store.close().await;

        let roots = moving(&old, &new);
        let store = open(&fresh, Arc::new(moving(&old, &new))).await;
        assert_eq!(store.change_root(&roots, "account-1", &tenant("a")).await.unwrap(), 2);
        store.scrub_keys().await.unwrap();
        store.close().await;

        let store = open(&fresh, Arc::clone(&new)).await;
        let (a, b) = (store.tenant(&tenant("a")).await.unwrap(), store.tenant(&tenant("b")).await.unwrap());
        hears(&a, in_a).await;
        hears(&b, in_b).await;
        let expected = [("root.begin".to_owned(), None), ("root.change".to_owned(), Some(1))];
        assert_eq!((told(&a).await, told(&b).await), (expected.to_vec(), expected.to_vec()));
        let by = b.entries(0, 100).await.unwrap().last().unwrap().said.clone().unwrap()["by"].as_str().unwrap().to_owned();
        assert_eq!(by, "account-1 of a");
        assert_eq!(a.key_status().await.unwrap().root, new.name());
        a.rotate_keys("test", |_| ()).await.unwrap();
        hears(&a, in_a).await;
        store.close().await;

        let refused = try_open(&fresh, Arc::clone(&old)).await.err().unwrap().to_string();
        let names = refused.contains("old.key") && refused.contains("new.key");
        assert!(names && refused.contains("cannot be opened by this root"), "{refused}");
    });
}

#[test]
fn a_change_that_was_cut_off_goes_on_and_both_roots_open_the_store_meanwhile() {
    everywhere(async |fresh: Fresh| {
        let (old, new) = (root(&fresh, "old.key"), root(&fresh, "new.key"));
        let store = open(&fresh, Arc::clone(&old)).await;
        let (a, b) =
            (store.create_tenant(&tenant("a"), "o", "t").await.unwrap(), store.create_tenant(&tenant("b"), "o", "t").await.unwrap());
        let (in_a, in_b) = (say(&a).await, say(&b).await);
        let failing: Arc<dyn Root> = Arc::new(Failing(Arc::clone(&new), AtomicI64::new(1)));
        let cut = store.change_root(&moving(&old, &failing), "account-1", &tenant("a")).await.unwrap_err();
        assert!(matches!(&cut, StoreError::Key(why) if why.contains("cut off")), "{cut}");
        store.close().await;

        let store = open(&fresh, Arc::new(moving(&old, &new))).await;
        let (a, b) = (store.tenant(&tenant("a")).await.unwrap(), store.tenant(&tenant("b")).await.unwrap());
        hears(&a, in_a).await;
        hears(&b, in_b).await;
        assert_eq!(store.change_root(&moving(&old, &new), "account-1", &tenant("a")).await.unwrap(), 1);
        assert_eq!(store.change_root(&moving(&old, &new), "account-1", &tenant("a")).await.unwrap(), 0);
        let begin = ("root.begin".to_owned(), None);
        let change = |keys| ("root.change".to_owned(), Some(keys));
        assert_eq!(told(&b).await, [begin.clone(), begin.clone(), change(1), begin, change(0)]);
        store.close().await;
        let store = open(&fresh, new).await;
        hears(&store.tenant(&tenant("b")).await.unwrap(), in_b).await;
        store.close().await;
    });
}

#[test]
fn who_still_has_the_old_root_makes_no_key_with_it() {
    everywhere(async |fresh: Fresh| {
        let (old, new) = (root(&fresh, "old.key"), root(&fresh, "new.key"));
        let late = open(&fresh, Arc::clone(&old)).await;
        let tenant_of_late = late.create_tenant(&TenantId::main(), "o", "t").await.unwrap();
        let entry = say(&tenant_of_late).await;
        let store = open(&fresh, Arc::new(moving(&old, &new))).await;
        assert_eq!(store.change_root(&moving(&old, &new), "account-1", &TenantId::main()).await.unwrap(), 1);
        store.close().await;
        // It has the tenant key in memory, and goes on with it.
        hears(&tenant_of_late, entry).await;
        hears(&tenant_of_late, say(&tenant_of_late).await).await;
        let refused = tenant_of_late.rotate_keys("test", |_| ()).await.unwrap_err().to_string();
        assert!(refused.contains("cannot be opened by this root"), "{refused}");
        late.close().await;
        let store = open(&fresh, new).await;
        hears(&store.tenant(&TenantId::main()).await.unwrap(), entry).await;
        store.close().await;
    });
}

#[test]
fn nothing_moves_to_a_root_that_does_not_give_back_what_it_wrapped() {
    struct Faulty;
    impl Root for Faulty {
        fn name(&self) -> String {
            "faulty".to_owned()
        }
        fn wrap(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, RootError> {
            Ok(vec![1])
        }
        fn unwrap(&self, wrapped: &[u8], _: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
            if wrapped == [1] { Ok(Zeroizing::new(vec![7; 32])) } else { Err(RootError::Refused) }
        }
        fn health(&self) -> Result<(), RootError> {
            Ok(())
        }
    }
    everywhere(async |fresh: Fresh| {
        let old = root(&fresh, "old.key");
        let store = open(&fresh, Arc::clone(&old)).await;
        let entry = say(&store.create_tenant(&TenantId::main(), "o", "t").await.unwrap()).await;
        let faulty: Arc<dyn Root> = Arc::new(Faulty);
        assert!(store.change_root(&moving(&old, &faulty), "account-1", &TenantId::main()).await.is_err());
        store.close().await;
        let again: Arc<dyn Root> = Arc::new(PassphraseRoot::open(&path(&fresh), PASSPHRASE).unwrap());
        let store = open(&fresh, again).await;
        hears(&store.tenant(&TenantId::main()).await.unwrap(), entry).await;
        store.close().await;
    });
}

fn path(fresh: &Fresh) -> std::path::PathBuf {
    Path::join(fresh.directory.path(), "old.key")
}

//! Nothing of one tenant is seen by another.

use ledger::leaf::Class;
use serde_json::json;
use store::{Change, Entry, NewJob, StoreError, Tenant, TenantId};

use crate::place::{Fresh, everywhere};

async fn fill(tenant: &Tenant, text: &'static str) -> (String, store::EntryId) {
    let work = async move |change: &mut Change| {
        let job = change.enqueue(NewJob { kind: "scan", input: json!(text), due_ms: 0, most_tries: 1 }).await?;
        let entry = change.record(Entry::new(Class::Data, "test.fill", "test").about("one name for both", text))?;
        Ok((job, entry))
    };
    tenant.change(work).await.unwrap().0
}

#[test]
fn two_tenants_see_their_own_alone() {
    everywhere(async |fresh: Fresh| {
        let store = fresh.open().await;
        let make = async |name: &str| store.create_tenant(&name.parse::<TenantId>().unwrap(), "audit.example.cn", "test").await;
        let (a, b) = (make("tenant-a").await.unwrap(), make("tenant-b").await.unwrap());
        assert!(matches!(make("tenant-a").await, Err(StoreError::Refused(_))));
        let ((job_a, entry_a), (job_b, entry_b)) = (fill(&a, "甲").await, fill(&b, "乙").await);

        assert!(matches!(a.entry(entry_b).await, Err(StoreError::NotFound(_))));
        assert!(matches!(b.entry(entry_a).await, Err(StoreError::NotFound(_))));
        assert_eq!(a.entries(0, 100).await.unwrap().len(), 2);
        assert!(a.receipt(entry_b).await.is_err());
        assert_eq!(a.jobs("waiting").await.unwrap()[0].job, job_a);
        let leased = b.lease(1_000).await.unwrap().unwrap();
        assert_eq!(leased.job, job_b);
        assert_eq!(b.lease(1_000).await.unwrap(), None);
        let stolen = leased.clone();
        assert!(a.change(async move |change: &mut Change| change.finish(&stolen).await).await.is_err());
        let stolen = leased.clone();
        assert!(a.change(async move |change: &mut Change| change.fail(&stolen, "no").await).await.is_err());
        assert!(a.extend(&leased, 1).await.is_err());

        // The same person has two keys.
        a.erase_person("one name for both", "test").await.unwrap();
        assert_eq!(a.entry(entry_a).await.unwrap().content, store::Secret::Gone);
        assert_eq!(b.entry(entry_b).await.unwrap().content, store::Secret::Open("乙".as_bytes().to_vec()));
        assert_eq!((a.key_status().await.unwrap().destroyed, b.key_status().await.unwrap().destroyed), (1, 0));
        let (log_a, log_b) = (a.log().await.unwrap(), b.log().await.unwrap());
        assert_eq!((log_a.origin.as_str(), log_b.origin.as_str()), ("audit.example.cn/tenant-a", "audit.example.cn/tenant-b"));
        assert_eq!((log_a.size, log_b.size), (4, 2));
        store.close().await;
    });
}

/// Every statement of the crate asks for the tenant by `$1`, which only the connection binds.
#[test]
fn every_statement_names_its_tenant() {
    let mut statements = 0;
    for (path, text) in sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for literal in code.split('"').skip(1).step_by(2) {
            let literal = literal.replace('\n', " ");
            let read = ["SELECT ", "UPDATE ", "DELETE FROM "].iter().any(|verb| literal.starts_with(verb));
            if read {
                // The list of tenants belongs to none.
                assert!(literal.contains("tenant = $1") || literal == "SELECT tenant FROM tenant ORDER BY tenant", "{path}: {literal}");
            } else if literal.starts_with("INSERT INTO ") {
                assert!(literal.contains("(tenant, ") || literal.contains("{table}"), "{path}: {literal}");
            } else {
                continue;
            }
            statements += 1;
        }
    }
    assert!(statements > 25, "only {statements} statements were found");
}

fn sources(directory: &std::path::Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn names_that_could_be_something_else_are_refused() {
    for name in ["", "A", "a/b", "a b", "租户", "../x", &"a".repeat(41)] {
        assert!(name.parse::<TenantId>().is_err(), "{name}");
    }
}

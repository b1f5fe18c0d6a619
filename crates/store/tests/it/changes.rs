//! A change is kept whole or not at all.

use ledger::leaf::Class;
use serde_json::json;
use store::{Change, Entry, NewJob, StoreError, Tenant};

use crate::place::{Fresh, everywhere};

fn job() -> NewJob {
    NewJob { kind: "scan", input: json!({}), due_ms: 0, most_tries: 1 }
}

async fn note(tenant: &Tenant, what: &'static str) -> u64 {
    let (_, recorded) =
        tenant.change(async move |change: &mut Change| change.record(Entry::new(Class::System, what, "test"))).await.unwrap();
    recorded[0].index
}

#[test]
fn the_row_and_its_entry_are_there_or_neither() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let size = note(&tenant, "test.begin").await + 1;
        let failed = tenant
            .change(async |change: &mut Change| {
                change.enqueue(job()).await?;
                change.record(Entry::new(Class::Admin, "job.ask", "test"))?;
                Err::<(), _>(StoreError::Refused("changed my mind".to_owned()))
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Refused(_))));
        assert!(tenant.jobs("waiting").await.unwrap().is_empty());
        assert_eq!(note(&tenant, "test.after").await, size, "the refused change left no entry");
        tenant
            .change(async |change: &mut Change| {
                change.enqueue(job()).await?;
                change.record(Entry::new(Class::Admin, "job.ask", "test"))
            })
            .await
            .unwrap();
        assert_eq!(tenant.jobs("waiting").await.unwrap().len(), 1);
        assert_eq!(note(&tenant, "test.end").await, size + 2);
        store.close().await;
    });
}

#[test]
fn a_failed_change_takes_none_of_its_batch_along() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let mut changes = Vec::new();
        for number in 0..200 {
            let tenant = tenant.clone();
            changes.push(tokio::spawn(async move {
                let work = async move |change: &mut Change| {
                    change.enqueue(job()).await?;
                    change.record(Entry::new(Class::Data, "test.row", "test"))?;
                    if number % 10 == 3 { Err(StoreError::Refused("no".to_owned())) } else { Ok(number) }
                };
                tenant.change(work).await.map(|(number, recorded)| (number, recorded[0].index))
            }));
        }
        let mut indices = Vec::new();
        for (number, change) in changes.into_iter().enumerate() {
            match change.await.unwrap() {
                Ok((same, index)) => {
                    assert_eq!(same, number);
                    indices.push(index);
                }
                Err(_) => assert_eq!(number % 10, 3),
            }
        }
        indices.sort_unstable();
        assert_eq!(indices, (1..181).collect::<Vec<u64>>(), "each entry has a place of its own, without gaps");
        assert_eq!(tenant.jobs("waiting").await.unwrap().len(), 180);
        store.close().await;
    });
}

#[test]
fn what_was_kept_is_there_after_closing_and_after_being_dropped() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let index = note(&tenant, "test.one").await;
        store.close().await;
        assert!(matches!(tenant.lease(1).await, Err(StoreError::Closed)));
        drop(tenant);
        let store = fresh.open().await;
        let tenant = store.tenant(&store::TenantId::main()).await.unwrap();
        assert_eq!(note(&tenant, "test.two").await, index + 1);
        drop((store, tenant));
        let store = fresh.open().await;
        let tenant = store.tenant(&store::TenantId::main()).await.unwrap();
        assert_eq!(note(&tenant, "test.three").await, index + 2);
        store.close().await;
    });
}

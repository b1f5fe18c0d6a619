//! A change is kept whole or not at all.

use ledger::leaf::Class;
use serde_json::json;
use store::{Change, Entry, MAX_CHANGE_BYTES, MAX_CONTENT_BYTES, NewJob, StoreError, Tenant};

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

#[test]
fn a_change_is_bounded_by_its_bytes_and_what_fits_is_kept() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let write = async |entries: usize| {
            let work = async move |change: &mut Change| {
                for _ in 0..entries {
                    change.record(Entry::new(Class::Data, "test.row", "test").about("someone", vec![7; MAX_CONTENT_BYTES]))?;
                }
                Ok(())
            };
            tenant.change(work).await
        };
        let most = MAX_CHANGE_BYTES / MAX_CONTENT_BYTES;
        let refused = write(most + 1).await.unwrap_err().to_string();
        assert!(refused.contains("make several"), "{refused}");
        // Two of them at once are more than one batch takes.
        let (one, two) = tokio::join!(write(most), write(most));
        assert_eq!((one.unwrap().1.len(), two.unwrap().1.len()), (most, most));
        store.close().await;
    });
}

/// Two processes on one PostgreSQL, each with changes of two tenants that touch the same rows, in opposite order.
#[test]
fn changes_of_several_tenants_in_two_processes_do_not_wait_for_each_other_in_a_ring() {
    crate::place::runtime().block_on(async {
        let Some(fresh) = Fresh::postgres().await else { return };
        let (one, two) = (fresh.open().await, fresh.open().await);
        let mut tenants = Vec::new();
        for name in ["a", "b", "c"] {
            one.create_tenant(&name.parse().unwrap(), "audit.example.cn", "test").await.unwrap();
            let of = async |store: &store::Store| store.tenant(&name.parse().unwrap()).await.unwrap();
            let tenant = of(&one).await;
            tenant.change(async |change: &mut Change| change.enqueue(job()).await).await.unwrap();
            tenants.push((tenant.lease(1_000_000).await.unwrap().unwrap(), tenant, of(&two).await));
        }
        let mut changes = Vec::new();
        for round in 0..100 {
            for at in 0..3 {
                let (leased, here, _) = tenants[at].clone();
                changes.push(tokio::spawn(async move { here.extend(&leased, round).await }));
                let (leased, _, there) = tenants[2 - at].clone();
                changes.push(tokio::spawn(async move { there.extend(&leased, round).await }));
            }
        }
        for change in changes {
            change.await.unwrap().unwrap();
        }
        one.close().await;
        two.close().await;
    });
}

//! Jobs survive their workers.

use serde_json::json;
use store::{Backlog, Change, NewJob, StoreError, Tenant};

use crate::place::{Fresh, everywhere};

async fn ask(tenant: &Tenant, kind: &'static str, most_tries: u32) -> String {
    let work = async move |change: &mut Change| {
        let due_ms = change.now_ms();
        change.enqueue(NewJob { kind, input: json!({ "path": "文件" }), due_ms, most_tries }).await
    };
    tenant.change(work).await.unwrap().0
}

#[test]
fn a_job_is_done_once() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let job = ask(&tenant, "scan", 3).await;
        assert_eq!(tenant.backlog().await.unwrap(), Backlog { tickets: 0, jobs: 1 });
        let leased = tenant.lease(1_000).await.unwrap().unwrap();
        assert_eq!((leased.job.as_str(), leased.kind.as_str(), leased.attempt), (job.as_str(), "scan", 1));
        assert_eq!(leased.input, json!({ "path": "文件" }));
        assert_eq!(tenant.lease(1_000).await.unwrap(), None);
        assert_eq!(tenant.backlog().await.unwrap(), Backlog::default(), "a job that was begun does not wait");
        let held = leased.clone();
        tenant.change(async move |change: &mut Change| change.finish(&held).await).await.unwrap();
        assert!(tenant.change(async move |change: &mut Change| change.finish(&leased).await).await.is_err());
        fresh.later(10_000);
        assert_eq!(tenant.lease(1_000).await.unwrap(), None);
        assert_eq!(tenant.jobs("done").await.unwrap().len(), 1);
        store.close().await;
    });
}

#[test]
fn a_worker_that_died_is_followed_by_another_until_a_person_must_look() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let job = ask(&tenant, "scan", 2).await;
        let first = tenant.lease(1_000).await.unwrap().unwrap();
        tenant.extend(&first, 5_000).await.unwrap();
        fresh.later(2_000);
        assert_eq!(tenant.lease(1_000).await.unwrap(), None, "an extended lease holds");
        fresh.later(4_000);
        let second = tenant.lease(1_000).await.unwrap().unwrap();
        assert_eq!((second.job.as_str(), second.attempt), (job.as_str(), 2));
        let late = tenant.change(async move |change: &mut Change| change.finish(&first).await).await;
        assert!(matches!(late, Err(StoreError::Refused(_))), "{late:?}");
        fresh.later(2_000);
        assert_eq!(tenant.lease(1_000).await.unwrap(), None);
        let dead = tenant.jobs("dead").await.unwrap();
        assert_eq!((dead[0].job.as_str(), dead[0].tries), (job.as_str(), 2));
        assert!(dead[0].error.contains("did not come back"));
        let word = job.clone();
        tenant.change(async move |change: &mut Change| change.retry(&word, "test").await).await.unwrap();
        assert_eq!(tenant.lease(1_000).await.unwrap().unwrap().attempt, 1);
        store.close().await;
    });
}

#[test]
fn a_failed_try_waits_longer_each_time() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        ask(&tenant, "scan", 10).await;
        for wait in [1_000, 2_000, 4_000] {
            let leased = tenant.lease(1_000).await.unwrap().unwrap();
            tenant.change(async move |change: &mut Change| change.fail(&leased, "磁盘已满").await).await.unwrap();
            fresh.later(wait - 1);
            assert_eq!(tenant.lease(1_000).await.unwrap(), None, "before {wait}");
            fresh.later(1);
        }
        assert_eq!(tenant.jobs("waiting").await.unwrap()[0].error, "磁盘已满");
        store.close().await;
    });
}

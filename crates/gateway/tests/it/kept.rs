//! What is kept of requests, and for how long.

use std::sync::atomic::Ordering;

use store::{Change, Secret};

use crate::service::{Service, answers};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_goes_after_the_days_of_the_policy() {
    const DAY_MS: i64 = 86_400_000;
    let service = Service::start(|_| answers("好")).await;
    let world = World::new(service.address, 20, "").await;
    let heard = world.chat("你好", false).await;
    world.outcome(&heard).await;
    let end = async || world.tenant.change(async |change: &mut Change| change.end_content("test").await).await.unwrap().0;
    assert_eq!(end().await, 0);
    world.wrong_by.store(366 * DAY_MS, Ordering::SeqCst);
    assert_eq!(end().await, 2, "what was asked and what was answered");
    let trace = world.tenant.trace(heard.request().parse().unwrap()).await.unwrap();
    assert!(!trace.entries.is_empty() && trace.entries.iter().all(|entry| entry.content == Secret::Gone), "{:?}", trace.entries);
    world.end().await;
}

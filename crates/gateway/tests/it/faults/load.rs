//! Too much: more requests than there are places, a stream longer than memory, clocks that jump, a store that is gone.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use store::guard::RequestFilter;
use tokio::sync::watch;

use crate::service::{Service, Step, answers};
use crate::world::{SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_too_much_is_refused_at_once() {
    let (go, told) = watch::channel(false);
    let service = Service::start(move |_| [vec![Step::Until(told.clone())], answers("好的")].concat()).await;
    let world = World::new(service.address, 600, "requests = 8").await;
    let mut asked: FuturesUnordered<_> = (0..80).map(|_| world.chat("你好", false)).collect();
    // Those at work are held until all others have been told: being told waits for nobody who is served.
    for _ in 0..72 {
        let heard = tokio::time::timeout(SOON, asked.next()).await.expect("who is too many is told so at once").unwrap();
        assert_eq!(heard.error(), (503, "overloaded".to_owned()));
        assert_eq!(heard.headers["retry-after"], "1");
    }
    assert_eq!(service.seen.asked.load(Ordering::SeqCst), 8, "nothing is sent on of what is refused");
    go.send_replace(true);
    while let Some(heard) = asked.next().await {
        assert_eq!(heard.status, 200);
    }
    drop(asked);
    assert_eq!(world.chat("你好", false).await.status, 200, "the places are given back");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_cannot_take_all_places() {
    let service = Service::start(|_| [vec![Step::Wait(Duration::from_secs(3))], answers("好的")].concat()).await;
    let world = World::new(service.address, 30, "key_requests = 2\nkey_requests_per_minute = 3").await;
    let at_once = join_all((0..4).map(|_| world.chat("你好", false))).await;
    let busy: Vec<_> = at_once.iter().filter(|heard| heard.status != 200).map(|heard| heard.error()).collect();
    assert_eq!(busy, vec![(429, "too_many_at_once".to_owned()); 2]);
    let more = [
        world.chat("你好", false).await,
        world.chat("你好", false).await,
        world.chat("你好", false).await,
        world.chat("你好", false).await,
    ];
    let last = more.last().unwrap();
    assert_eq!(last.error(), (429, "rate_limited".to_owned()));
    assert!(last.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_while_the_store_is_down() {
    let service = Service::start(|_| answers("好的")).await;
    let mut world = World::new(service.address, 10, "").await;
    assert_eq!(world.chat("你好", false).await.status, 200);
    world.store.take().unwrap().close().await;
    for stream in [false, true] {
        let heard = world.chat("你好", stream).await;
        assert_eq!(heard.error(), (503, "not_recorded".to_owned()));
        assert_eq!(heard.headers["retry-after"], "5");
        assert!(!heard.body.contains("好的"));
    }
    let heard = world.chat("教你造黄谣", false).await;
    assert_eq!(heard.error(), (503, "not_recorded".to_owned()), "nor is a refusal said that nobody recorded");
    world.end_without_store().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_stops_nobody() {
    let service = Service::start(|_| answers("好的")).await;
    let world = World::new(service.address, 10, "").await;
    // Back a day, ahead a year, back again.
    for (asked, ms) in [0, -86_400_000, 365 * 86_400_000, 0].into_iter().enumerate() {
        world.wrong_by.store(ms, Ordering::SeqCst);
        let heard = world.chat("你好", false).await;
        assert_eq!(heard.status, 200, "{ms}: {}", heard.body);
        world.outcome(&heard).await.is("pass", "");
        assert_eq!(world.tenant.requests(&RequestFilter::default(), 10).await.unwrap().len(), asked + 1);
        // The rules are read again within a turn, whatever the clock says.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let ready = reqwest::get(format!("http://{}/ready", world.admin)).await.unwrap();
        assert_eq!(ready.status().as_u16(), 200, "{ms}: {}", ready.text().await.unwrap());
    }
    world.end().await;
}

//! The network between the store and PostgreSQL breaks. What was acknowledged is there afterwards, what was not is absent or whole, and the writer comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ledger::leaf::Class;
use serde_json::json;
use store::{Change, Entry, NewJob, Tenant, TenantId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::place::{Fresh, runtime};

/// Changes that are tried.
const CHANGES: usize = 200;
/// What a change takes on a machine that does nothing else, at most.
const USUAL_MS: u64 = 10;

/// How long the writer may take to be back: connecting may take five seconds.
const BACK: Duration = Duration::from_secs(20);

/// A wire to the database that can be cut.
struct Wire {
    /// Counts the cuts: every connection ends when it moves.
    cut: watch::Sender<usize>,
    /// Connections that were made.
    made: Arc<AtomicUsize>,
    port: u16,
}

impl Wire {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (cut, cuts) = watch::channel(0);
        let (made, port) = (Arc::new(AtomicUsize::new(0)), listener.local_addr().unwrap().port());
        let counted = Arc::clone(&made);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (server, mut cuts) = (server.clone(), cuts.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&server).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { cut, made, port }
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

/// A job and its entry, by number: both are there, or neither is.
async fn change(tenant: &Tenant, number: usize) -> Option<u64> {
    let work = async move |change: &mut Change| {
        change.enqueue(NewJob { kind: "scan", input: json!({ "number": number }), due_ms: number as i64, most_tries: 1 }).await?;
        change.record(Entry::new(Class::Data, "test.network", "test").with("number", number).about("someone", "你好"))
    };
    tenant.change(work).await.ok().map(|(_, recorded)| recorded[0].index)
}

/// Numbers that only the seed decides, so that a failure can be looked at again as far as the network allows.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |limit| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    }
}

/// The number that stands in the details of each entry of these changes, with its place.
async fn recorded(tenant: &Tenant) -> Vec<(usize, u64)> {
    let entries = tenant.entries(0, 1_000).await.unwrap();
    let number = |entry: store::Opened| {
        let said = entry.said.unwrap();
        (said["what"] == "test.network").then(|| (said["details"]["number"].as_u64().unwrap() as usize, entry.index))
    };
    entries.into_iter().filter_map(number).collect()
}

#[test]
fn connections_that_are_cut_lose_nothing_that_was_acknowledged() {
    runtime().block_on(async {
        let Some(direct) = Fresh::postgres().await else { return };
        let url = direct.place.database.clone().unwrap();
        let server = url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
        let wire = Arc::new(Wire::to(server.clone()).await);
        let mut through = Fresh::sqlite().await;
        through.place.database = Some(url.replace(&server, &format!("127.0.0.1:{}", wire.port)));
        let (store, tenant) = through.main().await;

        // How long a change takes here and now: on a machine that does other work the connections are cut as often for each change, not for each second.
        let begun = Instant::now();
        for number in 0..3 {
            change(&tenant, CHANGES + 1 + number).await.unwrap();
        }
        let slow = (begun.elapsed().as_millis() as u64 / 3 / USUAL_MS).max(1);

        let mut random = numbers(20_261_122);
        let done = Arc::new(AtomicUsize::new(0));
        let cutter = tokio::spawn({
            let (wire, done) = (Arc::clone(&wire), Arc::clone(&done));
            let mut waits = numbers(7);
            async move {
                let mut cuts = 0;
                while done.load(Ordering::SeqCst) < CHANGES {
                    tokio::time::sleep(Duration::from_millis(slow * (5 + waits(60)))).await;
                    wire.cut();
                    cuts += 1;
                }
                cuts
            }
        });
        let mut tasks = Vec::new();
        for number in 0..CHANGES {
            let (tenant, done, wait) = (tenant.clone(), Arc::clone(&done), slow * random(1_500));
            tasks.push(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                let index = change(&tenant, number).await;
                done.fetch_add(1, Ordering::SeqCst);
                index
            }));
        }
        let mut acknowledged = Vec::new();
        for (number, task) in tasks.into_iter().enumerate() {
            acknowledged.extend(task.await.unwrap().map(|index| (number, index)));
        }
        let cuts = cutter.await.unwrap();
        let lost = CHANGES - acknowledged.len();
        assert!(cuts > 10 && lost > 0 && !acknowledged.is_empty(), "{cuts} cuts, {lost} changes not acknowledged: nothing was tried");
        assert!(wire.made.load(Ordering::SeqCst) > 10);

        // Nobody opens the store again: its writer has to find its way back.
        let back = tokio::time::timeout(BACK, async { while change(&tenant, CHANGES).await.is_none() {} }).await;
        assert!(back.is_ok(), "the writer did not come back");
        let found = recorded(&tenant).await;
        for one in &acknowledged {
            assert!(found.contains(one), "change {} was acknowledged at {} and is not there", one.0, one.1);
        }
        let mut entries: Vec<usize> = found.iter().map(|(number, _)| *number).collect();
        let jobs = tenant.jobs("waiting").await.unwrap();
        let mut rows: Vec<usize> = jobs.iter().map(|job| job.due_ms as usize).collect();
        entries.sort_unstable();
        rows.sort_unstable();
        assert_eq!(entries, rows, "each change is whole or absent");
        entries.dedup();
        assert_eq!(entries.len(), rows.len(), "no change is there twice");
        store.close().await;

        let store = through.open().await;
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        let report = tenant.verify(Vec::new()).await.unwrap();
        assert!(report.is_clean() && report.erased == 0, "{report:?}");
        assert_eq!(tenant.log().await.unwrap().fault, None);
        store.close().await;
    });
}

/// A log that grew just before the wire was cut is signed although no further change comes.
#[test]
fn a_log_is_signed_after_a_cut_without_another_change() {
    runtime().block_on(async {
        let Some(direct) = Fresh::postgres().await else { return };
        let url = direct.place.database.clone().unwrap();
        let server = url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
        let wire = Wire::to(server.clone()).await;
        let mut through = Fresh::sqlite().await;
        through.place.database = Some(url.replace(&server, &format!("127.0.0.1:{}", wire.port)));
        let (store, tenant) = through.main().await;
        for round in 0..5 {
            assert!(change(&tenant, round).await.is_some(), "round {round}");
            wire.cut();
            let signed = tokio::time::timeout(BACK, async {
                loop {
                    through.later(1_000);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    if tenant.log().await.is_ok_and(|log| log.signed_size == log.size) {
                        break;
                    }
                }
            });
            assert!(signed.await.is_ok(), "round {round}: {:?}", tenant.log().await);
            // The first change after a cut finds its connection dead and makes a new one.
            while change(&tenant, 100 + round).await.is_none() {}
        }
        store.close().await;
    });
}

//! `cargo xtask bench ledger [ENTRIES] [--database URL]`: durable entries a second, the latency of one, verification, proofs, and rotation of the persons' keys.
//! `cargo xtask bench rotate [KEYS] [--database URL]`: a store with the keys of so many persons, and how long a rotation of the tenant's key takes there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::match_bench::cpu;
use anyhow::{Context, Result};
use keys::root::PassphraseRoot;
use keys::{CipherPolicy, Suite};
use ledger::leaf::Class;
use store::{Change, Entry, EntryId, Options, Place, Store, Tenant, TenantId, system_clock};

/// Changes in flight while the rate is measured: enough for batches to fill.
const IN_FLIGHT: usize = 512;

/// Seconds of the measurement of single appends, and how many a second.
const SECONDS: u64 = 20;
const A_SECOND: u64 = 1_000;

/// Proofs made, spread over the log.
const PROOFS: usize = 500;

/// Persons whose keys are wrapped anew.
const PERSONS: usize = 20_000;

/// Persons of the rotation that is measured alone, unless it is said otherwise.
const MANY_PERSONS: usize = 1_000_000;

/// Rotations of it: the second shows the spread.
const ROTATIONS: usize = 3;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    in_a_store(arguments, 1_000_000, measure)
}

pub(crate) fn rotate(arguments: &[&str]) -> Result<()> {
    in_a_store(arguments, MANY_PERSONS, measure_rotation)
}

/// Runs a measurement in a store that goes when it ends.
fn in_a_store(arguments: &[&str], default: usize, measure: impl AsyncFnOnce(&Tenant, usize) -> Result<()>) -> Result<()> {
    let database =
        arguments.iter().position(|word| *word == "--database").and_then(|at| arguments.get(at + 1)).map(|url| (*url).to_owned());
    let size = arguments.first().and_then(|word| word.parse().ok()).unwrap_or(default);
    let directory = std::env::temp_dir().join(format!("guiju-bench-ledger-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(async {
        let (store, tenant) = fresh(&directory, database).await?;
        let measured = measure(&tenant, size).await;
        store.close().await;
        measured
    });
    let _ = std::fs::remove_dir_all(&directory);
    done
}

async fn fresh(directory: &std::path::Path, database: Option<String>) -> Result<(Store, Tenant)> {
    std::fs::create_dir_all(directory)?;
    let root = Arc::new(PassphraseRoot::create(&directory.join("root.key"), "a passphrase for the bench")?);
    let place = Place { directory: directory.to_owned(), database };
    let policy = CipherPolicy::uniform(Suite::XChaCha20Poly1305);
    let store = Store::open(Options { place, root, policy, clock: system_clock() }).await?;
    let tenant = store.create_tenant(&TenantId::main(), "bench", "bench").await?;
    Ok((store, tenant))
}

/// The time of each rotation, with the load of the machine before it, as `uptime` has it.
async fn measure_rotation(tenant: &Tenant, keys: usize) -> Result<()> {
    persons(tenant, keys).await?;
    for _ in 0..ROTATIONS {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let (begun, spent) = (Instant::now(), cpu());
        tenant.rotate_keys("bench", |_| ()).await?;
        report("keys wrapped anew a second", keys as f64, begun.elapsed(), Some(cpu() - spent));
        println!("  load before: {}", load.split(' ').next().unwrap_or_default());
    }
    let status = tenant.key_status().await?;
    anyhow::ensure!(status.behind == 0, "{} keys were left behind", status.behind);
    Ok(())
}

async fn measure(tenant: &Tenant, entries: usize) -> Result<()> {
    println!("entries of about 1 kB, sealed, one change each; {entries} entries");

    let (begun, spent) = (Instant::now(), cpu());
    fill(tenant, entries).await?;
    report("durable entries a second", entries as f64, begun.elapsed(), Some(cpu() - spent));

    let mut latencies = paced(tenant).await?;
    latencies.sort_unstable();
    let at = |share: f64| latencies.get((latencies.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "one append at {A_SECOND}/s for {SECONDS} s: median {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        ms(at(0.5)),
        ms(at(0.99)),
        ms(at(0.999_99))
    );

    // The last checkpoint speaks of all entries after a second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    proofs(tenant).await?;

    let begun = Instant::now();
    let result = tenant.verify(Vec::new()).await?;
    anyhow::ensure!(result.is_clean(), "the log does not verify: {result:?}");
    println!("verification of {} entries and {} segments: {:.1} s", result.entries, result.segments, begun.elapsed().as_secs_f64());

    persons(tenant, PERSONS).await?;
    let begun = Instant::now();
    tenant.rotate_keys("bench", |_| ()).await?;
    report("keys wrapped anew a second", PERSONS as f64, begun.elapsed(), None);
    Ok(())
}

fn entry(number: usize) -> Entry {
    Entry::new(Class::Decision, "bench.write", "bench").with("number", number).with("text", "规矩".repeat(150))
}

async fn fill(tenant: &Tenant, entries: usize) -> Result<()> {
    let tasks = (0..IN_FLIGHT).map(|task| {
        let tenant = tenant.clone();
        tokio::spawn(async move {
            for number in (task..entries).step_by(IN_FLIGHT) {
                tenant.change(async move |change: &mut Change| change.record(entry(number))).await?;
            }
            Ok::<_, store::StoreError>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

/// Appends on a fixed beat, whether the ones before are done or not: a slow store cannot slow the questions down.
async fn paced(tenant: &Tenant) -> Result<Vec<Duration>> {
    let mut tasks = Vec::new();
    let begun = Instant::now();
    for number in 0..SECONDS * A_SECOND {
        let due = begun + Duration::from_micros(number * 1_000_000 / A_SECOND);
        tokio::time::sleep_until(due.into()).await;
        let tenant = tenant.clone();
        tasks.push(tokio::spawn(async move {
            tenant.change(async move |change: &mut Change| change.record(entry(number as usize))).await?;
            Ok::<_, store::StoreError>(due.elapsed())
        }));
    }
    let mut latencies = Vec::with_capacity(tasks.len());
    for task in tasks {
        latencies.push(task.await??);
    }
    Ok(latencies)
}

async fn proofs(tenant: &Tenant) -> Result<()> {
    let size = tenant.log().await?.size;
    let mut entries: Vec<EntryId> = Vec::with_capacity(PROOFS);
    for number in 0..PROOFS as u64 {
        let found = tenant.entries(size * number / PROOFS as u64, 1).await?;
        entries.push(found.first().context("an entry is missing")?.entry);
    }
    let mut times = Vec::with_capacity(PROOFS);
    for entry in entries {
        let begun = Instant::now();
        tenant.receipt(entry).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let at = |share: usize| times.get(PROOFS * share / 100).copied().unwrap_or_default();
    println!("one proof: median {:.2} ms, p99 {:.2} ms", ms(at(50)), ms(at(99)));
    Ok(())
}

/// A key for each of many persons.
async fn persons(tenant: &Tenant, count: usize) -> Result<()> {
    let begun = Instant::now();
    for part in 0..count / 1_000 {
        let work = async move |change: &mut Change| {
            for number in 0..1_000 {
                change.record(entry(number).about(format!("person {part} {number}"), "你好"))?;
            }
            Ok(())
        };
        tenant.change(work).await?;
    }
    report("entries a second, each with a new person's key", count as f64, begun.elapsed(), None);
    Ok(())
}

fn report(what: &str, count: f64, wall: Duration, cpu_s: Option<f64>) {
    let cpu = cpu_s.map_or(String::new(), |cpu_s| format!(", {:.0} µs of CPU each", cpu_s * 1e6 / count));
    println!("{what}: {:.0} ({count:.0} in {:.1} s{cpu})", count / wall.as_secs_f64(), wall.as_secs_f64());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

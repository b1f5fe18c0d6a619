//! Machines die, disks fail. What was acknowledged is there afterwards, and the log verifies. docs/reliability.md has the table.
//!
//! `child` is a store that writes until it is killed or refused; the tests start it as a process of its own, by itself or under `strace`, which makes the system calls fail.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ledger::checkpoint::Checkpoint;
use ledger::leaf::Class;
use ledger::note::Note;
use store::{Change, Entry, EntryId, TenantId};

use crate::place::{Fresh, everywhere, runtime};

/// Entries that a child writes at most.
const ENTRIES: usize = 400;

/// Tasks of a child that write at the same time, so that batches have several changes.
const TASKS: usize = 8;

/// Rounds of killing. `GUIJU_TEST_ROUNDS` makes a long run of it.
fn rounds(few: usize) -> usize {
    std::env::var("GUIJU_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(few)
}

#[test]
#[ignore = "the other tests of this file start it"]
fn child() {
    let fresh = Fresh::again();
    runtime().block_on(async {
        let store = fresh.open().await;
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        let tasks = (0..TASKS).map(|task| {
            let tenant = tenant.clone();
            tokio::spawn(async move {
                for number in 0..ENTRIES / TASKS {
                    let text = format!("任务 {task} 第 {number} 条");
                    let work = async move |change: &mut Change| {
                        change.record(Entry::new(Class::Decision, "test.write", "child").about("someone", text))
                    };
                    let Ok((entry, recorded)) = tenant.change(work).await else { return };
                    let line = format!("{entry} {}\n", recorded[0].index);
                    // One call, so that a line is whole or not there.
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            let _ = task.await;
        }
        store.close().await;
    });
}

/// Starts a child, under a wrapper if one is given.
fn start(fresh: &Fresh, wrapper: &[String]) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(&program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(&program);
            command
        }
    };
    let command = command.args(["--ignored", "--exact", "faults::child", "--nocapture"]);
    fresh.pass_on(command).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// What a child acknowledged before it ended.
fn acknowledged(child: &mut Child, kill_after: Option<Duration>) -> Vec<(EntryId, u64)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut entries = Vec::new();
    for line in lines.map_while(Result::ok) {
        let Some((entry, index)) = line.split_once(' ') else { continue };
        let (Ok(entry), Ok(index)) = (entry.parse(), index.parse()) else { continue };
        entries.push((entry, index));
        if let Some(after) = kill_after.filter(|_| entries.len() == 1) {
            std::thread::sleep(after);
            child.kill().unwrap();
        }
    }
    let _ = child.wait();
    entries
}

/// Every acknowledged entry is in its place, the log verifies, and continues the checkpoint that was kept. Gives the checkpoint of now. A round is held to what it acknowledged,
/// and to the log as it was; all entries are asked for once, in the end: a long run would do little else.
async fn hold_to_account(fresh: &Fresh, acknowledged: &[(EntryId, u64)], kept: Option<Checkpoint>, what: &str) -> Option<Checkpoint> {
    let store = fresh.try_open().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let tenant = store.tenant(&TenantId::main()).await.unwrap();
    for (entry, index) in acknowledged {
        let found = tenant.entry(*entry).await.unwrap_or_else(|error| panic!("{what}: acknowledged and not there: {error}"));
        assert_eq!(found.index, *index, "{what}");
    }
    store.close().await;
    let store = fresh.open().await;
    let tenant = store.tenant(&TenantId::main()).await.unwrap();
    let report = tenant.verify(kept.into_iter().collect()).await.unwrap();
    assert!(report.is_clean(), "{what}: {report:?}");
    assert_eq!(report.erased, 0, "{what}: a segment is missing");
    let checkpoint = tenant.log().await.unwrap().checkpoint;
    store.close().await;
    Note::parse(checkpoint.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.text()).ok())
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    everywhere(async |fresh: Fresh| {
        let (store, _) = fresh.main().await;
        store.close().await;
        let mut kept = None;
        let mut all = Vec::new();
        for round in 0..rounds(6) {
            let mut child = start(&fresh, &[]);
            let after = Duration::from_millis((round as u64 * 37) % 250);
            let entries = tokio::task::block_in_place(|| acknowledged(&mut child, Some(after)));
            kept = hold_to_account(&fresh, &entries, kept, &format!("round {round}")).await;
            all.extend(entries);
        }
        hold_to_account(&fresh, &all, kept, "all rounds").await;
        assert!(all.len() > 20, "only {} entries were acknowledged", all.len());
    });
}

#[test]
fn failing_disks_lose_nothing_that_was_acknowledged() {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        eprintln!("left out: strace is not installed");
        return;
    }
    everywhere(async |fresh: Fresh| {
        // PostgreSQL's disk calls are its own, in its own process.
        if fresh.place.database.is_some() {
            return;
        }
        let (store, _) = fresh.main().await;
        store.close().await;
        let (mut kept, mut all, mut refused) = (None, Vec::new(), 0);
        for (calls, error) in
            [("fsync,fdatasync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("ftruncate", "EIO"), ("rename", "EIO")]
        {
            for when in (1..=rounds(2) * 9).step_by(9) {
                let what = format!("{calls} {error} from call {when} on");
                let inject = format!("inject={calls}:error={error}:when={when}+");
                let wrapper = ["strace", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e"].map(str::to_owned);
                let trace = [format!("trace={calls}"), "-e".to_owned(), inject];
                let mut child = start(&fresh, &[wrapper.as_slice(), &trace].concat());
                let entries = tokio::task::block_in_place(|| acknowledged(&mut child, None));
                refused += usize::from(entries.len() < ENTRIES / TASKS * TASKS);
                kept = hold_to_account(&fresh, &entries, kept, &what).await;
                all.extend(entries);
            }
        }
        hold_to_account(&fresh, &all, kept, "all faults").await;
        assert!(refused > 3, "the faults were hardly noticed: {refused} runs were cut short");
    });
}

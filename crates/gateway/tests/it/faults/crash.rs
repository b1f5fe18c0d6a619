//! The gateway as a process of its own: killed in the middle, on a full disk, with a stream that is longer than its memory should be.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use gateway::Gateway;
use store::{Store, Tenant, TenantId};
use tempfile::TempDir;

use crate::service::{Service, Step, answers, bytes, chunk, events, says};
use crate::world::{self, Heard, asking, config, hear, options, post};

/// The gateway that the tests below start; it lives until it is killed.
#[test]
#[ignore = "the other tests of this file start it"]
fn child() {
    let directory = PathBuf::from(std::env::var("GUIJU_TEST_PLACE").unwrap());
    let service: SocketAddr = std::env::var("GUIJU_TEST_SERVICE").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let scratch = tempfile::tempdir().unwrap();
        let store = Store::open(options(&directory, &Arc::default())).await.unwrap();
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        let started = Gateway::start(config(&scratch, service, 60, "", |policy| policy), tenant).await.unwrap();
        println!("at {}", started.address());
        started.run(std::future::pending()).await;
    });
}

/// A gateway in a process of its own, and where its store lies.
struct Apart {
    directory: TempDir,
    child: Child,
    /// Kept open: on a slow machine the test harness has something to say after a minute, and ends where nobody hears it.
    _said: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Apart {
    /// Starts it; of `most_kib` bytes no file may grow any longer, as on a full disk.
    async fn start(service: SocketAddr, most_kib: Option<u64>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(options(directory.path(), &Arc::default())).await.unwrap();
        store.create_tenant(&TenantId::main(), "audit.example.cn", "test").await.unwrap();
        store.close().await;
        let mut command = Command::new("sh");
        // Without the trap the signal that goes with the limit would end the process.
        let limit = most_kib.map_or_else(String::new, |kib| format!("trap '' XFSZ; ulimit -f {};", kib * 2));
        command
            .args(["-c", &format!("{limit} exec \"$0\" --ignored --exact faults::crash::child --nocapture")])
            .arg(std::env::current_exe().unwrap());
        command.env("GUIJU_TEST_PLACE", directory.path()).env("GUIJU_TEST_SERVICE", service.to_string());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = said.by_ref().map_while(Result::ok).find_map(|line| line.split_once("at ")?.1.parse().ok()).expect("it starts");
        Self { directory, child, _said: said, address }
    }

    fn url(&self) -> String {
        format!("http://{}/v1/chat/completions", self.address)
    }

    /// What its memory holds, KiB (proc_pid_status(5), VmRSS).
    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap()
    }

    /// Kills it, and opens what it left.
    async fn kill(mut self) -> (TempDir, Store, Tenant) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let store = Store::open(options(self.directory.path(), &Arc::default())).await.unwrap();
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        (self.directory, store, tenant)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_mid_stream_leaves_the_admission() {
    let service = Service::start(|_| vec![events(), bytes(says("今天天气很好。")), Step::Silence]).await;
    let apart = Apart::start(service.address, None).await;
    let response = post(&apart.url(), &asking("你好", true)).await;
    let request = response.headers()["x-guiju-request"].to_str().unwrap().parse().unwrap();
    let mut pieces = response.bytes_stream();
    assert!(!pieces.next().await.unwrap().unwrap().is_empty());
    let (_directory, store, tenant) = apart.kill().await;
    assert!(pieces.next().await.is_none_or(|piece| piece.is_err()), "the client sees a connection that broke, not an end");
    let trace = tenant.trace(request).await.unwrap();
    assert!(trace.row.is_none(), "no outcome is made up");
    assert_eq!(trace.entries.iter().map(|entry| entry.said.as_ref().unwrap()["what"].clone()).collect::<Vec<_>>(), ["request.admit"]);
    world::verifies(&tenant).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_answered() {
    let service = Service::start(|_| answers("好的")).await;
    let apart = Apart::start(service.address, Some(3 << 10)).await;
    // The content is kept, so that some requests fill the disk.
    let text = "今天天气很好。".repeat(6_000);
    let mut answered: Vec<Heard> = Vec::new();
    let refused = loop {
        let heard = hear(post(&apart.url(), &asking(&text, false)).await).await;
        if heard.status != 200 {
            break heard;
        }
        answered.push(heard);
        assert!(answered.len() < 200, "the disk is never full");
    };
    assert_eq!(refused.error(), (503, "not_recorded".to_owned()));
    assert!(!answered.is_empty() && !refused.body.contains("好的"));
    let (_directory, store, tenant) = apart.kill().await;
    for heard in &answered {
        let trace = tenant.trace(heard.request().parse().unwrap()).await.unwrap();
        assert_eq!(trace.entries.first().unwrap().said.as_ref().unwrap()["what"], "request.admit", "what was answered is recorded");
    }
    world::verifies(&tenant).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_stream_and_a_slow_reader_cost_no_memory() {
    const MIB: usize = 1 << 20;
    // 100 MiB in pieces of some 16 KiB.
    let piece = says(&"今天天气很好。我们去公园。".repeat(430)).into_bytes();
    let times = 100 * MIB / piece.len();
    let end = bytes(chunk(&serde_json::json!({}), Some("stop")) + "data: [DONE]\n\n");
    let service = Service::start(move |_| vec![events(), Step::Again(piece.clone(), times), end.clone()]).await;
    let apart = Apart::start(service.address, None).await;
    // What it needs anyway is there after a first request.
    drop(hear(post(&apart.url(), &asking("你好", false)).await));
    let before = apart.memory_kib();
    let response = post(&apart.url(), &asking("你好", true)).await;
    // Nobody reads: what is taken off the service meanwhile is what buffers hold.
    let taken = settled(&service).await;
    assert!(taken < 32 * MIB, "{taken} bytes were taken off the service for nobody");
    let (mut read, mut most) = (0, 0);
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let now = read / (4 * MIB);
        read += piece.unwrap().len();
        if read / (4 * MIB) > now {
            most = most.max(apart.memory_kib());
        }
    }
    assert!(read >= 99 * MIB, "{read} bytes came");
    assert!(most < before + (48 << 10), "{before} KiB before, {most} KiB at most");
    let (_directory, store, tenant) = apart.kill().await;
    world::verifies(&tenant).await;
    store.close().await;
}

/// Bytes that were taken off the service once it stands still.
async fn settled(service: &Service) -> usize {
    let mut before = usize::MAX;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let sent = service.seen.sent.load(Ordering::SeqCst);
        if sent == before && sent > 0 {
            return sent;
        }
        before = sent;
    }
}

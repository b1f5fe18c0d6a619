//! The progress of a scan: bytes of the disk, rows, speed, findings, time left; and `times.jsonl`, the one file of a scan that has a clock.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use corpus::{Counter, Record, Watch};
use indicatif::{ProgressBar, ProgressStyle};

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Moves a bar along with a counter, until it is ended.
pub(super) struct Ticking {
    bar: ProgressBar,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticking {
    fn new(bar: ProgressBar, counter: &Counter, message: impl Fn() -> String + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (ticked, counter, ended) = (bar.clone(), Counter::clone(counter), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                ticked.set_position(counter.load(Ordering::Relaxed));
                ticked.set_message(message());
                std::thread::park_timeout(TICK);
            }
        });
        Self { bar, over, thread: Some(thread) }
    }

    pub(super) fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

/// The bar while the manifest is made: how much there is, nobody knows yet.
pub(super) fn hashing(counter: &Counter) -> Ticking {
    reading(counter, "manifest 清单  {bytes}  {bytes_per_sec}")
}

/// The bar while rows are assessed.
pub(super) fn assessing(counter: &Counter) -> Ticking {
    reading(counter, "assess 评估  {bytes}  {bytes_per_sec}")
}

fn reading(counter: &Counter, template: &str) -> Ticking {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Ticking::new(bar, counter, String::new)
}

/// What was judged so far.
#[derive(Default)]
struct Counts {
    rows: AtomicU64,
    findings: AtomicU64,
}

/// The bar of a scan.
pub(super) struct Progress {
    times: PathBuf,
    counts: Arc<Counts>,
    ticking: Mutex<Option<Ticking>>,
}

impl Progress {
    pub(super) fn new(dir: &Path) -> Self {
        Self { times: dir.join("times.jsonl"), counts: Arc::default(), ticking: Mutex::default() }
    }

    pub(super) fn end(&self) {
        if let Some(ticking) = self.ticking.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            ticking.end();
        }
    }
}

impl Watch for Progress {
    fn begin(&self, _: usize, bytes: u64, read: &Counter) {
        let bar = ProgressBar::new(bytes);
        if let Ok(style) = ProgressStyle::with_template("scan 扫描 {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {msg}  left {eta}") {
            bar.set_style(style);
        }
        let counts = Arc::clone(&self.counts);
        let message = move || format!("rows {}  findings {}", counts.rows.load(Ordering::Relaxed), counts.findings.load(Ordering::Relaxed));
        *self.ticking.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Ticking::new(bar, read, message));
    }

    fn judged(&self, rows: u64, _: u64, findings: u64) {
        self.counts.rows.fetch_add(rows, Ordering::Relaxed);
        self.counts.findings.fetch_add(findings, Ordering::Relaxed);
    }

    fn done(&self, record: &Record) {
        let line = serde_json::json!({"at": jiff::Timestamp::now().to_string(), "shard": record.shard, "rows": record.rows});
        // For people, not for us: a line that cannot be written costs nothing.
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.times);
        let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    }
}

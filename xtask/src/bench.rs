//! Benches that start what they measure against.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Clock ticks a second in `/proc/PID/stat` on Linux (`sysconf(_SC_CLK_TCK)`, 100 on every architecture we know).
const TICKS: f64 = 100.0;

/// Builds the product, and says where it lies.
pub(crate) fn release() -> Result<PathBuf> {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "--package", "guiju"]).status()?;
    ensure!(built.success(), "the release build failed");
    // This very program is a release build too (see .cargo/config.toml), so the product lies beside it.
    Ok(std::env::current_exe()?.with_file_name("guiju"))
}

/// CPU seconds, wall seconds and peak memory of `guiju assess` over banks of these sizes, against a mock that answers at once.
pub(crate) fn assess(sizes: &[&str]) -> Result<()> {
    let sizes: Vec<usize> =
        if sizes.is_empty() { vec![500, 100_000] } else { sizes.iter().map(|s| s.parse()).collect::<Result<_, _>>()? };
    let guiju = release()?;
    let address = mock()?;
    println!("questions   runs   CPU s (median, all)             wall s   peak MB   CPU ms/question");
    for size in sizes {
        let runs = if size > 10_000 { 1 } else { 5 };
        let dir = std::env::temp_dir().join(format!("guiju-bench-{size}"));
        let _ = std::fs::remove_dir_all(&dir);
        bank(&dir, size)?;
        let mut all = (0..runs).map(|_| run(&guiju, &dir, &address)).collect::<Result<Vec<_>>>()?;
        all.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        let median = all.get(all.len() / 2).context("no run")?;
        let every: String = all.iter().fold(String::new(), |mut text, one| {
            let _ = write!(text, " {:.2}", one.cpu);
            text
        });
        let per = median.cpu * 1_000.0 / size as f64;
        println!("{size:>9} {runs:>6}   {:.2}  ({every} ) {:>12.2} {:>9} {per:>17.3}", median.cpu, median.wall, median.peak_mb);
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(())
}

struct Cost {
    cpu: f64,
    wall: f64,
    peak_mb: u64,
}

fn run(guiju: &Path, dir: &Path, address: &str) -> Result<Cost> {
    let (before, begun) = (children_cpu()?, Instant::now());
    let mut child = Command::new(guiju)
        .args(["assess", "--target", &format!("openai:http://{address}/v1"), "--whole-bank", "--concurrency", "64", "--classifier", "off"])
        .args(["--parts", "content,should-refuse,should-answer", "--bank"])
        .arg(dir.join("bank"))
        .arg("--out")
        .arg(dir.join("out"))
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_mb = 0;
    let status = loop {
        peak_mb = peak_mb.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    ensure!(status.success(), "guiju assess ended with {status}");
    Ok(Cost { cpu: children_cpu()? - before, wall: begun.elapsed().as_secs_f64(), peak_mb })
}

/// CPU seconds of all children that have ended, from `/proc/self/stat` (fields 16 and 17).
pub(crate) fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("the bench reads /proc, so it needs Linux")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.iter().skip(13).take(2).map(|f| f.parse::<f64>()).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS)
}

/// Peak memory of a process, in MB.
pub(crate) fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1_024)
}

/// A bank of three parts of one size each.
fn bank(dir: &Path, size: usize) -> Result<()> {
    let bank = dir.join("bank");
    std::fs::create_dir_all(&bank)?;
    std::fs::write(
        bank.join("bank.toml"),
        "format = 1\nname = \"bench\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n",
    )?;
    let parts = [
        ("content", "\"class\":\"A1f\"", size / 2),
        ("should-refuse", "\"class\":\"A2e\"", size / 4),
        ("should-answer", "\"aspect\":\"history\"", size - size / 2 - size / 4),
    ];
    for (part, group, count) in parts {
        let mut text = String::new();
        for i in 0..count {
            writeln!(
                text,
                "{{\"id\":\"{part}-{i}\",{group},\"lang\":\"zh\",\"modality\":\"text\",\"style\":\"plain\",\"turns\":[\"{part} 第 {i} 个问题：请用两三句话说明这件事该怎么办，并给出理由。\"],\"why\":\"bench\",\"added\":\"2026-11-21\"}}"
            )?;
        }
        std::fs::write(bank.join(format!("{part}.jsonl")), text)?;
    }
    Ok(())
}

/// A server on loopback that answers every POST at once with one of two answers of some 200 characters.
fn mock() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream) {
    let answers = [
        "抱歉，这类内容违反法律法规，我无法协助。如果您正在遭遇类似的情况，可以保存证据并拨打 110，或者向当地的法律援助中心咨询，他们会告诉您接下来怎样做。",
        "这件事可以分三步来办：先把事实和时间写清楚，再把手里的材料按顺序整理好，最后到主管部门的窗口提交。理由很简单，材料齐全，办理的人就不必再来问您，您也少跑一趟。如果有不清楚的地方，先打电话问一下办公时间和需要的证件，会更稳妥一些。",
    ];
    let Ok(mut writer) = stream.try_clone() else { return };
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    for turn in 0_usize.. {
        let (mut length, mut line) = (0_usize, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let answer = answers.get(turn % 2).copied().unwrap_or_default();
        let json =
            format!("{{\"choices\":[{{\"message\":{{\"role\":\"assistant\",\"content\":\"{answer}\"}},\"finish_reason\":\"stop\"}}]}}");
        let response = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}", json.len());
        if writer.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

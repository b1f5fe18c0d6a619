//! Clients: connections that are kept, in a closed loop (the next request when the answer is here) or on a beat that does not wait for answers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const PATH: &str = "/v1/chat/completions";

/// Connections that are open before a beat begins; more are opened as they are needed.
const WARM: usize = 32;

/// How many answers were right, and in which time.
pub(crate) struct Done {
    pub(crate) answers: usize,
    pub(crate) took: Duration,
}

/// What answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether it is a whole answer: a stream says so at its end.
    fn is_right(&self, stream: bool) -> bool {
        self.status == 200 && (!stream || self.body.trim_ascii_end().ends_with(b"[DONE]"))
    }
}

/// One connection, kept.
pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    address: SocketAddr,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address })
    }

    /// Asks, and reads the answer to its end. `open` counts answers that have begun and not ended.
    pub(crate) async fn ask(&mut self, body: Bytes, open: &AtomicUsize) -> Result<Answer> {
        self.sender.ready().await?;
        let request = Request::post(PATH).header("host", self.address.to_string()).header("content-type", "application/json");
        let response = self.sender.send_request(request.body(Full::new(body))?).await?;
        open.fetch_add(1, Ordering::Relaxed);
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        open.fetch_sub(1, Ordering::Relaxed);
        Ok(Answer { status, body: body?.to_bytes() })
    }

    async fn right(&mut self, body: &Bytes, stream: bool, open: &AtomicUsize) -> Result<()> {
        let answer = self.ask(body.clone(), open).await?;
        let said = || String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
        ensure!(answer.is_right(stream), "answered {}: {}", answer.status, said());
        Ok(())
    }
}

/// So many clients, each with its next request when the answer is here, for a time.
pub(crate) async fn closed(address: SocketAddr, bodies: &[Bytes], stream: bool, clients: usize, time: Duration) -> Result<Done> {
    let begun = Instant::now();
    let tasks = (0..clients).map(|client| {
        let bodies = bodies.to_vec();
        tokio::spawn(async move {
            let (mut connection, open, mut answers) = (Connection::open(address).await?, AtomicUsize::new(0), 0);
            for body in bodies.iter().cycle().skip(client) {
                connection.right(body, stream, &open).await?;
                answers += 1;
                if begun.elapsed() >= time {
                    break;
                }
            }
            anyhow::Ok(answers)
        })
    });
    let mut answers = 0;
    for task in tasks.collect::<Vec<_>>() {
        answers += task.await??;
    }
    Ok(Done { answers, took: begun.elapsed() })
}

/// Requests on a beat, whether the ones before are answered or not. Times run from the moment a request was due, so one that had to wait for its turn counts as
/// slow, too; sorted.
pub(crate) async fn on_a_beat(address: SocketAddr, bodies: &[Bytes], a_second: u32, time: Duration) -> Result<Vec<Duration>> {
    let mut idle = Vec::new();
    for _ in 0..WARM {
        idle.push(Connection::open(address).await?);
    }
    let idle = Arc::new(Mutex::new(idle));
    let (mut due, mut tasks) = (beat(a_second, time), Vec::new());
    for body in bodies.iter().cycle() {
        let Some(due) = due.recv().await else { break };
        let (idle, body) = (Arc::clone(&idle), body.clone());
        tasks.push(tokio::spawn(async move {
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => Connection::open(address).await?,
            };
            connection.right(&body, false, &AtomicUsize::new(0)).await?;
            let took = due.elapsed();
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            anyhow::Ok(took)
        }));
    }
    let mut times = Vec::with_capacity(tasks.len());
    for task in tasks {
        times.push(task.await??);
    }
    times.sort_unstable();
    Ok(times)
}

/// The moments at which requests are due. A thread of its own keeps them: the timers of the runtime are a millisecond apart.
fn beat(a_second: u32, time: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let (begun, gap) = (Instant::now(), Duration::from_secs(1) / a_second);
        for number in 0.. {
            let due = begun + gap * number;
            if gap * number >= time {
                break;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if sender.send(due).is_err() {
                break;
            }
        }
    });
    receiver
}

/// So many streams at once, one on each connection; `open` counts those that have begun and not ended.
pub(crate) async fn together(address: SocketAddr, bodies: &[Bytes], streams: usize, open: Arc<AtomicUsize>) -> Result<()> {
    let mut connections = Vec::with_capacity(streams);
    for _ in 0..streams {
        connections.push(Connection::open(address).await?);
    }
    let tasks = connections.into_iter().zip(bodies.iter().cycle().cloned()).map(|(mut connection, body)| {
        let open = Arc::clone(&open);
        tokio::spawn(async move { connection.right(&body, true, &open).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_request_counts_from_when_it_was_due() {
        let mut due = beat(100, Duration::from_millis(50));
        std::thread::sleep(Duration::from_millis(60));
        let mut waited = Vec::new();
        while let Some(due) = due.recv().await {
            waited.push(due.elapsed());
        }
        assert_eq!(waited.len(), 5);
        assert!(waited.first().is_some_and(|first| *first >= Duration::from_millis(55)), "{waited:?}");
    }

    #[test]
    fn a_stream_is_right_only_to_its_end() {
        let answer = |status, body: &'static str| Answer { status, body: Bytes::from_static(body.as_bytes()) };
        assert!(answer(200, "data: [DONE]\n\n").is_right(true));
        assert!(!answer(200, "data: {}\n\n").is_right(true) && !answer(502, "data: [DONE]\n\n").is_right(true));
        assert!(answer(200, "{}").is_right(false) && !answer(503, "{}").is_right(false));
    }
}

//! A model service that does what a test tells it to, byte for byte, and sees when it is left alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is done on a connection, in order; then it is closed.
#[derive(Clone)]
pub enum Step {
    Bytes(Vec<u8>),
    Wait(Duration),
    /// Until the test says so.
    Until(watch::Receiver<bool>),
    /// The same bytes until nobody takes them any more, so many times at most.
    Again(Vec<u8>, usize),
    /// Nothing, until the other side is gone.
    Silence,
}

/// What it saw.
#[derive(Default)]
pub struct Seen {
    pub asked: AtomicUsize,
    /// Bytes that were taken off it.
    pub sent: AtomicUsize,
    /// Connections that the other side closed before the script was at its end.
    pub left: AtomicUsize,
}

pub struct Service {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
}

impl Service {
    /// Starts it; `script` says what follows on a request.
    pub async fn start(script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::with_heads(move |_, request| script(request)).await
    }

    /// The same for a script that reads the header too, in lower case.
    pub async fn with_heads(script: impl Fn(&str, &Value) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen, script) = (listener.local_addr().unwrap(), Arc::new(Seen::default()), Arc::new(script));
        let saw = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&saw));
                tokio::spawn(async move { serve(stream, &*script, &seen).await });
            }
        });
        Self { address, seen }
    }
}

async fn serve(mut stream: TcpStream, script: &(dyn Fn(&str, &Value) -> Vec<Step> + Send + Sync), seen: &Seen) {
    stream.set_nodelay(true).unwrap();
    let Some((head, request)) = request(&mut stream).await else { return };
    seen.asked.fetch_add(1, Ordering::SeqCst);
    for step in script(&head, &request) {
        if !play(&mut stream, step, seen).await {
            seen.left.fetch_add(1, Ordering::SeqCst);
            return;
        }
    }
}

/// Does one step; says whether the other side is still there.
async fn play(stream: &mut TcpStream, step: Step, seen: &Seen) -> bool {
    match step {
        Step::Bytes(bytes) => {
            seen.sent.fetch_add(bytes.len(), Ordering::SeqCst);
            stream.write_all(&bytes).await.is_ok()
        }
        Step::Again(bytes, times) => {
            for _ in 0..times {
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
                seen.sent.fetch_add(bytes.len(), Ordering::SeqCst);
            }
            true
        }
        Step::Wait(time) => {
            tokio::time::sleep(time).await;
            true
        }
        Step::Until(mut told) => {
            let _ = told.wait_for(|told| *told).await;
            true
        }
        Step::Silence => {
            let mut byte = [0];
            // Nothing more is asked on this connection: whatever ends the wait is the other side's going.
            let _ = stream.read(&mut byte).await;
            false
        }
    }
}

/// Header and body of a request.
async fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 8 << 10]);
    loop {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        let length: usize = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        if bytes.len() >= head + 4 + length {
            return Some((text, serde_json::from_slice(&bytes[head + 4..]).unwrap_or_default()));
        }
    }
}

/// A head of an answer whose end is the end of the connection.
pub fn head(status: u16, kind: &str, more: &str) -> Step {
    Step::Bytes(format!("HTTP/1.1 {status} Word\r\ncontent-type: {kind}\r\nconnection: close\r\n{more}\r\n").into_bytes())
}

/// The head of a stream.
pub fn events() -> Step {
    head(200, "text/event-stream", "")
}

pub fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

/// A chunk that says something.
pub fn says(text: &str) -> String {
    chunk(&json!({"content": text}), None)
}

pub fn bytes(text: impl Into<String>) -> Step {
    Step::Bytes(text.into().into_bytes())
}

/// A whole answer that says something.
pub fn answers(text: &str) -> Vec<Step> {
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"});
    let body = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]});
    vec![head(200, "application/json", ""), bytes(body.to_string())]
}

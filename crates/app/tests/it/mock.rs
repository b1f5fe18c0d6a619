//! An OpenAI-compatible server on loopback that answers as it is told, also badly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What to answer to a question.
#[derive(Clone)]
pub enum Reply {
    Say(&'static str),
    Stream(&'static [&'static str]),
    HalfStream(&'static str),
    Status(u16, &'static str, &'static str),
    Raw(Vec<u8>),
    Endless,
    Slow(u64),
    HangUp,
}

pub struct Mock {
    pub url: String,
    pub requests: Arc<AtomicUsize>,
    pub bodies: Arc<Mutex<Vec<String>>>,
}

impl Mock {
    /// A server that chooses its reply by the body of the request and by how many came before.
    pub fn start(reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (requests, bodies) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (reply, seen, kept) = (Arc::new(reply), Arc::clone(&requests), Arc::clone(&bodies));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, seen, kept) = (Arc::clone(&reply), Arc::clone(&seen), Arc::clone(&kept));
                std::thread::spawn(move || serve(stream, &*reply, &seen, &kept));
            }
        });
        Self { url, requests, bodies }
    }

    pub fn target(&self) -> String {
        format!("openai:{}", self.url)
    }

    pub fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, reply: &dyn Fn(&str, usize) -> Reply, seen: &AtomicUsize, kept: &Mutex<Vec<String>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        let nth = seen.fetch_add(1, Ordering::SeqCst);
        let answer = reply(&body, nth);
        kept.lock().unwrap().push(body);
        if answer_with(&mut writer, answer).is_err() {
            return;
        }
    }
}

fn answer_with(out: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    let unary = |text: &str| {
        format!("{{\"choices\":[{{\"message\":{{\"role\":\"assistant\",\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}]}}")
    };
    match reply {
        Reply::Say(text) => http(out, 200, "application/json", unary(text).as_bytes(), ""),
        Reply::Slow(ms) => {
            std::thread::sleep(std::time::Duration::from_millis(ms));
            http(out, 200, "application/json", unary("慢答").as_bytes(), "")
        }
        Reply::Stream(pieces) => {
            let mut events = String::new();
            for piece in pieces {
                events.push_str(&format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{piece}\"}}}}]}}\n\n"));
            }
            events.push_str("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
            http(out, 200, "text/event-stream", events.as_bytes(), "")
        }
        Reply::HalfStream(piece) => {
            let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{piece}\"}}}}]}}\n\n");
            http(out, 200, "text/event-stream", event.as_bytes(), "")
        }
        Reply::Status(code, body, header) => http(out, code, "application/json", body.as_bytes(), header),
        Reply::Raw(body) => http(out, 200, "application/json", &body, ""),
        Reply::Endless => {
            let length = 50 << 20;
            write!(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")?;
            let block = vec![b'a'; 1 << 16];
            for _ in 0..(length >> 16) {
                out.write_all(&block)?;
            }
            Ok(())
        }
        Reply::HangUp => Err(std::io::Error::other("hang up")),
    }
}

fn http(out: &mut TcpStream, code: u16, kind: &str, body: &[u8], header: &str) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 {code} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{header}\r\n", body.len())?;
    out.write_all(body)
}

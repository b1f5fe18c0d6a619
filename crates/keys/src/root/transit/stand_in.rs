//! A server that behaves like Vault's Transit engine, as far as this crate asks, and the smallest client that speaks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{Http, padded, string_of};
use crate::encoding::BASE64;
use crate::envelope;
use crate::key::DataKey;
use crate::suite::Suite;

/// The versions of one key, in order; the last one encrypts.
pub(super) struct StandIn {
    pub(super) address: String,
    versions: Arc<Mutex<Vec<DataKey>>>,
}

impl StandIn {
    /// Answers on a free port of this machine for as long as the test runs. `derived` as of a Vault key: whether the context matters to it.
    pub(super) fn start(token: &'static str, derived: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let versions = Arc::new(Mutex::new(vec![DataKey::generate().unwrap()]));
        let theirs = Arc::clone(&versions);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&mut stream.unwrap(), token, derived, &theirs.lock().unwrap());
            }
        });
        Self { address, versions }
    }

    pub(super) fn rotate(&self) {
        self.versions.lock().unwrap().push(DataKey::generate().unwrap());
    }
}

fn serve(stream: &mut TcpStream, token: &str, derived: bool, versions: &[DataKey]) {
    let (head, body) = receive(stream);
    let field = |name: &str| string_of(&body, name).unwrap_or_default().to_owned();
    let bytes = |text: &str| BASE64.decode(text.trim_end_matches('=')).map(|bytes| bytes.to_vec()).unwrap_or_default();
    let context = if derived { bytes(&field("context")) } else { Vec::new() };
    let decrypt = || -> Option<Vec<u8>> {
        let ciphertext = field("ciphertext");
        let (version, data) = ciphertext.strip_prefix("vault:v")?.split_once(':')?;
        let key = versions.get(version.parse::<usize>().ok()?.checked_sub(1)?)?;
        envelope::open(key, &context, &bytes(data)).ok().map(|plain| plain.to_vec())
    };
    let encrypt = |plain: &[u8]| {
        let sealed = envelope::seal(versions.last().unwrap(), Suite::XAes256Gcm, &context, plain).unwrap();
        format!(r#""ciphertext":"vault:v{}:{}","key_version":{}"#, versions.len(), *padded(&sealed), versions.len())
    };
    let failed = (400, r#"{"errors":["cipher: message authentication failed"]}"#.to_owned());
    let data = |data: String| (200, format!(r#"{{"request_id":"0","lease_duration":0,"data":{{{data}}},"warnings":null}}"#));
    let (status, reply) = match head.split(' ').nth(1).unwrap_or_default() {
        _ if !head.contains(&format!("X-Vault-Token: {token}\r\n")) => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
        "/v1/transit/encrypt/guiju" => data(encrypt(&bytes(&field("plaintext")))),
        "/v1/transit/decrypt/guiju" => decrypt().map_or(failed, |plain| data(format!(r#""plaintext":"{}""#, *padded(&plain)))),
        "/v1/transit/rewrap/guiju" => decrypt().map_or(failed, |plain| data(encrypt(&plain))),
        _ => (400, r#"{"errors":["encryption key not found"]}"#.to_owned()),
    };
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}", reply.len()).unwrap();
}

/// The head of a message and its body.
fn receive(stream: &mut TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// A client that can only reach a [`StandIn`].
pub(super) struct Client;

impl Http for Client {
    fn post(&self, url: &str, token: &str, body: &str) -> Result<(u16, String), String> {
        let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("no such address")?;
        let mut stream = TcpStream::connect(host).map_err(|e| e.to_string())?;
        let head = format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nX-Vault-Token: {token}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(|e| e.to_string())?;
        let (head, body) = receive(&mut stream);
        Ok((head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?, body))
    }
}

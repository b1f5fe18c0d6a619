//! A server that behaves like Vault's Transit engine as far as a root asks: what it encrypts it keeps, and gives back to who shows the ciphertext.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

/// Answers on a free port of this machine for as long as the test runs; gives its address.
pub fn start(token: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut kept = HashMap::new();
        listener.incoming().flatten().for_each(|stream| serve(stream, token, &mut kept));
    });
    address
}

fn serve(mut stream: TcpStream, token: &str, kept: &mut HashMap<String, Value>) {
    let (head, body) = receive(&stream);
    let shows = head.lines().any(|line| line.to_lowercase() == format!("x-vault-token: {token}"));
    let refused = |status: u16, why: &str| (status, json!({ "errors": [why] }));
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, reply) = match path.strip_prefix("/v1/transit/") {
        _ if !shows => refused(403, "permission denied"),
        Some("encrypt/guiju") => {
            let ciphertext = format!("vault:v1:{}", "A".repeat(kept.len() + 1));
            kept.insert(format!("{ciphertext}{}", body["context"]), body["plaintext"].clone());
            (200, json!({ "data": { "ciphertext": ciphertext } }))
        }
        Some("decrypt/guiju") => match kept.get(&format!("{}{}", body["ciphertext"].as_str().unwrap(), body["context"])) {
            Some(plaintext) => (200, json!({ "data": { "plaintext": plaintext } })),
            None => refused(400, "cipher: message authentication failed"),
        },
        _ => refused(400, "encryption key not found"),
    };
    let reply = reply.to_string();
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}", reply.len()).unwrap();
}

/// The head of a request and its body.
fn receive(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

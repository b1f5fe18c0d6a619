//! The HTTP side that all remote targets share: one client, bounded bodies, errors a reader understands.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

use super::{AskError, Retry};
use crate::error::AssessError;
use crate::journal::Reply;

/// Longest answer body read: 8 MiB is some two million Chinese characters, twenty times the longest context windows in use.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// Time to a TCP and TLS connection; a host that is there answers in well under a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait a target may ask for in `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

static PROVIDER: Once = Once::new();

/// A client that follows no redirect (a redirected POST would send the key elsewhere).
pub(super) fn client(timeout_s: f64) -> Result<Client, AssessError> {
    PROVIDER.call_once(|| {
        // An error means that a provider is already installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let timeout = Duration::try_from_secs_f64(timeout_s).map_err(|e| AssessError::Target(format!("--timeout {timeout_s}: {e}")))?;
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("guiju/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| AssessError::Target(format!("cannot set up the HTTP client: {e}")))
}

/// Checks an address given by the user.
pub(super) fn address(text: &str) -> Result<Url, AssessError> {
    let url = Url::parse(text)
        .map_err(|e| AssessError::Target(format!("'{text}' is no address: {e}; it must start with http:// or https://")))?;
    let secret = |name: &str| ["key", "token", "secret", "password", "sig"].iter().any(|word| name.to_lowercase().contains(word));
    if !url.username().is_empty() || url.password().is_some() || url.query_pairs().any(|(name, _)| secret(&name)) {
        let message = "the address holds a password or key, which would be written into the journal; put it into a variable and name that with --key-env";
        return Err(AssessError::Target(message.to_owned()));
    }
    let ok = matches!(url.scheme(), "http" | "https") && url.has_host();
    ok.then_some(url).ok_or_else(|| AssessError::Target(format!("'{text}' is no address: it must start with http:// or https://")))
}

/// Sends a request and gives the response, or the error its status means.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, AskError> {
    request.send().await.map_err(|e| transport(&e))
}

/// Whether anything at all answers HTTP at an address.
pub(super) async fn is_there(client: &Client, url: Url) -> bool {
    client.get(url).send().await.is_ok()
}

/// The rest of a body, bounded.
pub(super) async fn whole(mut response: Response) -> Result<Vec<u8>, AskError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|e| transport(&e))? {
        grow(&mut body, &piece)?;
    }
    Ok(body)
}

/// Appends a piece, unless the body becomes longer than [`MAX_ANSWER_BYTES`].
fn grow(body: &mut Vec<u8>, piece: &[u8]) -> Result<(), AskError> {
    within_limit(body.len() + piece.len())?;
    body.extend_from_slice(piece);
    Ok(())
}

/// Refuses an answer of more than [`MAX_ANSWER_BYTES`].
pub(super) fn within_limit(bytes: usize) -> Result<(), AskError> {
    if bytes <= MAX_ANSWER_BYTES {
        return Ok(());
    }
    let message = format!("the answer is longer than {MAX_ANSWER_BYTES} bytes; it was not read further");
    Err(AskError::new("too-large", message, Retry::Settled))
}

pub(super) fn transport(error: &reqwest::Error) -> AskError {
    let mut cause = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        cause = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        AskError::again("timeout", "no answer within the time limit (--timeout)")
    } else if error.is_connect() {
        AskError::again("connect", format!("no connection: {cause}"))
    } else {
        AskError::again("broken", format!("the connection broke: {cause}"))
    }
}

/// What a status other than 2xx means. `blocked` statuses with a body are answers of a content filter, which the caller decides.
pub(super) fn status(status: StatusCode, retry_after: Option<&str>, body: &[u8]) -> AskError {
    let said = excerpt(body);
    let code = format!("http-{}", status.as_u16());
    match status.as_u16() {
        401 | 403 => {
            AskError::new(&code, format!("{status}: the key is refused; set the right one with --key-env. It said: {said}"), Retry::Fatal)
        }
        404 | 405 => {
            AskError::new(&code, format!("{status}: nothing answers at this address or for this model. It said: {said}"), Retry::Fatal)
        }
        408 | 425 | 429 | 500..=599 => {
            let wait = retry_after.and_then(|s| s.trim().parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
            AskError::new(&code, format!("{status}. It said: {said}"), Retry::After(wait.min(MAX_RETRY_AFTER)))
        }
        300..=399 => AskError::new(&code, format!("{status}: a redirect, which is not followed; give the final address"), Retry::Fatal),
        _ => AskError::new(&code, format!("{status}. It said: {said}"), Retry::Useless),
    }
}

/// The start of a body, on one line, for a message.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..400).unwrap_or(body)).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(160).collect();
    if line.is_empty() { "(nothing)".to_owned() } else { line }
}

/// Takes a key out of whatever came back: some servers repeat what they were sent, and journals and reports are passed on.
pub(super) fn without_key(result: Result<Reply, AskError>, key: Option<&str>) -> Result<Reply, AskError> {
    let Some(key) = key else { return result };
    let clean = |text: String| if text.contains(key) { text.replace(key, "[key]") } else { text };
    match result {
        Ok(reply) => Ok(Reply { text: clean(reply.text), finish: reply.finish.map(clean), ..reply }),
        Err(error) => Err(AskError { message: clean(error.message), ..error }),
    }
}

/// Text from bytes; tells whether some were not UTF-8 and were replaced.
pub(super) fn text(bytes: &[u8]) -> (String, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), true),
    }
}

/// The key in the named environment variable.
pub(super) fn key(name: Option<&str>) -> Result<Option<String>, AssessError> {
    let Some(name) = name else { return Ok(None) };
    match std::env::var(name) {
        Ok(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
        _ => Err(AssessError::Target(format!("the environment variable {name} (--key-env) is not set or empty"))),
    }
}

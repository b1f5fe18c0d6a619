//! The HTTP client that Transit is spoken to with: certificates verified, no redirects, a limit of time and of bytes.

use std::time::Duration;

use keys::root::Http;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

/// Longest wait for an answer: Transit takes some milliseconds, and whoever starts the program should see why it does not.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read; one with a key in it has some hundred.
const MAX_REPLY_BYTES: usize = 64 << 10;

/// A client for each request: there is one at the start and one for each new key.
pub(super) struct Https;

impl Http for Https {
    fn post(&self, url: &str, token: &str, body: &str) -> Result<(u16, String), String> {
        // On a thread of its own: whoever asks may be inside a runtime, where nothing may wait.
        let asked = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
            runtime.block_on(post(url, token, body))
        };
        std::thread::scope(|scope| scope.spawn(asked).join()).map_err(|_| "the client broke off".to_owned())?
    }
}

async fn post(url: &str, token: &str, body: &str) -> Result<(u16, String), String> {
    // An error means that a provider is already installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build().map_err(shown)?;
    let request = client.post(url).header("X-Vault-Token", token).header(CONTENT_TYPE, "application/json").body(body.to_owned());
    let mut response = request.send().await.map_err(shown)?;
    let (status, mut reply) = (response.status().as_u16(), Vec::new());
    while let Some(piece) = response.chunk().await.map_err(shown)? {
        if reply.len() + piece.len() > MAX_REPLY_BYTES {
            return Err(format!("the answer is longer than {MAX_REPLY_BYTES} bytes"));
        }
        reply.extend_from_slice(&piece);
    }
    String::from_utf8(reply).map(|reply| (status, reply)).map_err(|_| "the answer is not UTF-8".to_owned())
}

/// The error with what is behind it: alone it says only that the request failed.
fn shown(error: reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

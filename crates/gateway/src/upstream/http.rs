//! A model service across the network.

use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Url};

use super::{Answer, UpstreamError};
use crate::config::{self, ConfigError};

/// Time to a TCP and TLS connection; a host that is there answers in well under a second.
const CONNECT: Duration = Duration::from_secs(5);

static PROVIDER: Once = Once::new();

pub(super) struct Http {
    client: Client,
    base: Url,
    key: Option<HeaderValue>,
}

impl Http {
    /// A client that follows no redirect (a redirected POST would send the key elsewhere) and asks no proxy.
    pub(super) fn new(config: &config::Upstream) -> Result<Self, ConfigError> {
        let bad = |what: String| ConfigError(format!("upstream '{}': {what}", config.name));
        provider();
        let base = Url::parse(&config.url).map_err(|error| bad(format!("'{}' is no address: {error}", config.url)))?;
        if !matches!(base.scheme(), "http" | "https") || !base.username().is_empty() || base.password().is_some() {
            return Err(bad(
                "its address must start with http:// or https:// and hold no password; name the variable of the key in `key_env`"
                    .to_owned(),
            ));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(Duration::from_secs(config.silence_s))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(1_024)
            .user_agent(concat!("guiju/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| bad(format!("cannot set up the HTTP client: {error}")))?;
        let key = config.key_env.as_deref().map(|name| bearer(name).map_err(bad)).transpose()?;
        Ok(Self { client, base, key })
    }

    pub(super) async fn post(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, UpstreamError> {
        let request = self.client.post(self.address(path)).headers(headers).body(body);
        self.send(request).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, UpstreamError> {
        self.send(self.client.get(self.address(path))).await
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, UpstreamError> {
        let request = match &self.key {
            Some(key) => request.header(AUTHORIZATION, key.clone()),
            None => request,
        };
        let response = request.send().await.map_err(|error| failed(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let pieces = response.bytes_stream().map(|piece| piece.map_err(|error| failed(&error)));
        Ok(Answer { status, headers, pieces: Box::pin(pieces) })
    }
}

/// Makes sure that there are ciphers for TLS.
pub(crate) fn provider() {
    PROVIDER.call_once(|| {
        // An error means that a provider is already installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The key in an environment variable, never shown.
pub(crate) fn bearer(name: &str) -> Result<HeaderValue, String> {
    let key = std::env::var(name).ok().filter(|key| !key.trim().is_empty());
    let key = key.ok_or_else(|| format!("the environment variable {name} (`key_env`) is not set or empty"))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
        .map_err(|_| format!("the key in {name} has a sign that no header can bear"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn failed(error: &reqwest::Error) -> UpstreamError {
    if error.is_timeout() {
        UpstreamError::Silent
    } else if error.is_connect() {
        UpstreamError::Connect
    } else {
        UpstreamError::Broken
    }
}

#[cfg(test)]
fn for_test(url: &str) -> Result<Http, ConfigError> {
    Http::new(&config::Upstream {
        name: "test".to_owned(),
        url: url.to_owned(),
        key_env: None,
        models: std::collections::BTreeMap::new(),
        silence_s: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_added_to_the_base() {
        let http = for_test("http://127.0.0.1:9/api/v1/").unwrap();
        assert_eq!(http.address("/chat/completions").as_str(), "http://127.0.0.1:9/api/v1/chat/completions");
        for wrong in ["ftp://x/v1", "http://me:secret@x/v1", "x"] {
            assert!(for_test(wrong).is_err(), "{wrong}");
        }
    }
}

//! How a gateway is set up: one TOML file, read once at the start. What changes while it runs (keys, policies, bans, switches, standings) lies in the store.
//! Format: `docs/formats/gateway.md`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::signed::SignedUser;
use crate::{minors, otlp, syslog};

/// The set-up of one gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where clients come. Loopback unless said otherwise.
    pub listen: SocketAddr,
    /// Where the operator comes: health, metrics. Never the same as `listen`, so that a fire wall can tell them apart.
    pub admin: SocketAddr,
    /// Whether a client must show a key. Without keys, everybody who reaches the port is served alike, so that is for loopback only.
    pub keys_required: bool,
    /// Whether a model is served only while the register says that its assessment passed (GB/T 45654-2025, 6 d) 2)).
    pub promoted_models_only: bool,
    /// The time zone in which users are told when they can go on. Hours and days of minors are in the zone of their rules.
    pub time_zone: String,
    /// Lexicon directory or compiled lexicon in place of the built-in one.
    pub lexicon: Option<PathBuf>,
    /// Gateway policy (docs/formats/gateway-policy.md) where the store has no live one; the built-in one if not given.
    pub policy: Option<PathBuf>,
    /// Alarm rules (docs/formats/alarms.md); the built-in ones if not given.
    pub alarms: Option<PathBuf>,
    /// Where a security team's system is told of events (docs/formats/syslog.md); nowhere if not given.
    pub syslog: Option<syslog::Config>,
    /// Where a collector is told of traces and metrics (docs/formats/otlp.md); nowhere if not given.
    pub otlp: Option<otlp::Config>,
    /// Sets of strike rules (docs/formats/strikes.md) that policies name; the built-in one is `default` unless one of them is.
    pub strikes: Vec<PathBuf>,
    /// Sets of rules on minors (docs/formats/minors.md), the same way.
    pub minors: Vec<PathBuf>,
    /// The models behind the gateway; the first that serves a model's name is taken.
    pub upstream: Vec<Upstream>,
    /// How a backend signs whom it asks for.
    pub signed_user: Option<SignedUser>,
    /// What is too much.
    pub limits: Limits,
}

/// A service that speaks the OpenAI API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Its name in records.
    pub name: String,
    /// Its address with the version: `https://host/v1`. `demo:` is the built-in sample service.
    pub url: String,
    /// The environment variable with its key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The models it serves: the name that clients use, and the name it goes by there. Empty: any name, passed on as it is.
    #[serde(default)]
    pub models: BTreeMap<String, String>,
    /// Longest silence, in seconds: to the first byte of an answer and between two pieces of a stream.
    #[serde(default = "silence")]
    pub silence_s: u64,
}

/// Limits of what is served. Each refusal says which limit it was.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's body: 8 MiB is two million Chinese characters, or six photographs in base64.
    pub body_bytes: usize,
    /// Bytes of an answer that does not come as a stream.
    pub answer_bytes: usize,
    /// Bytes of the header of a request.
    pub header_bytes: usize,
    /// Seconds in which a client must have sent its header, and again its body.
    pub request_s: u64,
    /// Connections at a time; more wait in the system's queue.
    pub connections: usize,
    /// Requests at work at a time; more are told to come again.
    pub requests: usize,
    /// Requests a minute of one key, where the key does not say.
    pub key_requests_per_minute: u32,
    /// Requests at work of one key, where the key does not say.
    pub key_requests: u32,
    /// Seconds that streams get to end when the gateway is told to stop.
    pub drain_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8787).into(),
            admin: (Ipv4Addr::LOCALHOST, 8788).into(),
            keys_required: true,
            promoted_models_only: false,
            time_zone: "Asia/Shanghai".to_owned(),
            lexicon: None,
            policy: None,
            alarms: None,
            syslog: None,
            otlp: None,
            strikes: Vec::new(),
            minors: Vec::new(),
            upstream: Vec::new(),
            signed_user: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            answer_bytes: 16 << 20,
            header_bytes: 32 << 10,
            request_s: 30,
            connections: 4_096,
            requests: 2_048,
            key_requests_per_minute: 6_000,
            key_requests: 512,
            drain_s: 30,
        }
    }
}

/// The set-up cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the set-up of the gateway (docs/formats/gateway.md): {0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads a set-up.
    ///
    /// # Errors
    /// It is no TOML, a field is unknown, or two things in it contradict each other.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The built-in sample service behind a gateway that asks for no key: the first try.
    #[must_use]
    pub fn demo() -> Self {
        let upstream =
            Upstream { name: "demo".to_owned(), url: "demo:".to_owned(), key_env: None, models: BTreeMap::new(), silence_s: silence() };
        Self { keys_required: false, upstream: vec![upstream], ..Self::default() }
    }

    /// The time zone.
    pub(crate) fn zone(&self) -> Result<jiff::tz::TimeZone, ConfigError> {
        let unknown = || ConfigError(format!("`time_zone`: '{}' is not known here; `Asia/Shanghai` always is", self.time_zone));
        minors::zone(&self.time_zone).ok_or_else(unknown)
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// What contradicts what.
    pub fn check(&self) -> Result<(), ConfigError> {
        let bad = |what: &str| Err(ConfigError(what.to_owned()));
        if self.listen == self.admin && self.listen.port() != 0 {
            return bad("`listen` and `admin` are the same address; the admin port is for the operator alone");
        }
        if !self.keys_required && !self.listen.ip().is_loopback() {
            return bad("`keys_required = false` serves everybody who reaches the port; that is possible on a loopback address only");
        }
        if self.upstream.is_empty() {
            return bad("no `[[upstream]]` is named; there would be nobody to ask");
        }
        // In metrics it stands between quotes, and nothing there is escaped.
        let is_odd = |name: &str| name.is_empty() || name.chars().any(|sign| matches!(sign, '"' | '\\') || sign.is_control());
        if self.upstream.iter().any(|upstream| is_odd(&upstream.name)) {
            return bad("the `name` of an `[[upstream]]` is one line without quotes and backslashes; it stands in records and metrics");
        }
        let syslog = self.syslog.as_ref().and_then(syslog::Config::wrong);
        if let Some(wrong) = syslog.or_else(|| self.otlp.as_ref().and_then(otlp::Config::wrong)) {
            return bad(wrong);
        }
        Ok(())
    }
}

const fn silence() -> u64 {
    // Reasoning models are silent for minutes before their first token.
    300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_itself_is_refused() {
        let upstream = "[[upstream]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/v1\"\n";
        assert!(Config::parse(upstream).is_ok());
        for (text, what) in [
            (String::new(), "no `[[upstream]]`"),
            (format!("listen = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:1\"\n{upstream}"), "same address"),
            (format!("listen = \"0.0.0.0:1\"\nkeys_required = false\n{upstream}"), "loopback"),
            (format!("{upstream}[syslog]\nto = \"siem:514\""), "no syslog server"),
            (format!("{upstream}[syslog]\nto = \"udp://siem:514\"\nhost = \"a b\""), "without a space"),
            (format!("{upstream}[otlp]\nurl = \"http://c:4318\"\nsample = 2.0"), "within 0 to 1"),
            (upstream.replace("\"a\"", "'a\"b'"), "without quotes"),
            (format!("lisen = \"0.0.0.0:1\"\n{upstream}"), "unknown field"),
        ] {
            let error = Config::parse(&text).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}

//! What a security team's own system is told: one event for each refusal, hold, strike, suspension, switch, alarm and fault, as CEF over syslog
//! (`docs/formats/syslog.md`). Off unless the set-up names where.
//!
//! An event bears rules, classes and ids, never a text. It is told behind what happened: a server that is slow or gone delays nothing, its queue is bounded, and what
//! does not fit is counted. It is no record: the ledger is.

mod cef;
mod event;
mod send;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use store::EntryId;
use tokio::sync::mpsc;

use crate::metrics::{Fate, Metrics};
use crate::strikes::{Change, State};

pub(crate) use event::{Event, Kind};
pub(crate) use send::Sender;

/// Events on their way; beyond that they are dropped and counted. At some 500 bytes, 2 MB: a minute and more of refusals of a service under attack.
const MAX_QUEUED: usize = 4_096;

/// `local0` (RFC 5424, 6.2.1): free for what a site decides.
const LOCAL0: u8 = 16;

/// Where events go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server.
    pub to: Destination,
    /// Facility (RFC 5424, 6.2.1), 0 to 23; 16 is `local0`.
    #[serde(default = "local0")]
    pub facility: u8,
    /// What this gateway is called there; `-` where nobody says.
    #[serde(default = "nameless")]
    pub host: String,
}

/// A server, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// `udp://HOST:PORT`: a datagram an event (RFC 5426).
    Udp(String),
    /// `tcp://HOST:PORT`: with octet counting (RFC 6587, 3.4.1).
    Tcp(String),
    /// `unix:///dev/log`: a datagram an event, to a socket of this machine.
    Unix(PathBuf),
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no syslog server: write udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH");
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        let has_port =
            || rest.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
        match scheme {
            "udp" if has_port() => Ok(Self::Udp(rest.to_owned())),
            "tcp" if has_port() => Ok(Self::Tcp(rest.to_owned())),
            "unix" if rest.starts_with('/') && cfg!(unix) => Ok(Self::Unix(rest.into())),
            _ => Err(bad()),
        }
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Config {
    /// What is wrong with it, if anything is.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        if self.facility > 23 {
            return Some("`[syslog] facility` is within 0 to 23 (RFC 5424, 6.2.1)");
        }
        let is_name = (1..=255).contains(&self.host.len()) && self.host.bytes().all(|byte| byte.is_ascii_graphic());
        (!is_name).then_some("`[syslog] host` is 1 to 255 printable ASCII characters without a space (RFC 5424, 6)")
    }
}

/// Where events are handed in. Costs nothing where nobody listens.
#[derive(Clone)]
pub(crate) struct Teller {
    queue: Option<mpsc::Sender<Event>>,
    metrics: Arc<Metrics>,
}

impl Teller {
    /// A teller, and what carries its events away.
    pub(crate) fn new(config: Option<&Config>, metrics: Arc<Metrics>) -> (Self, Option<Sender>) {
        let Some(config) = config else { return (Self { queue: None, metrics }, None) };
        let (queue, waiting) = mpsc::channel(MAX_QUEUED);
        let sender = Sender::new(config.clone(), waiting, Arc::clone(&metrics));
        (Self { queue: Some(queue), metrics }, Some(sender))
    }

    /// Whether somebody listens.
    pub(crate) const fn listens(&self) -> bool {
        self.queue.is_some()
    }

    /// Tells something, where somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Option<Event>) {
        let Some(queue) = &self.queue else { return };
        let Some(event) = event() else { return };
        if queue.try_send(event).is_err() {
            self.metrics.told.get_or_create(&Fate::dropped("syslog")).inc();
        }
    }
}

impl Teller {
    /// Tells of a strike, and of a suspension that followed from it.
    pub(crate) fn tell_strike(&self, request: EntryId, person: &str, changed: Option<&Change>, now_ms: i64) {
        let event = |kind| Event::new(kind, now_ms).with("externalId", request.to_string()).with("suid", person);
        self.tell(|| Some(event(Kind::Strike).with("reason", changed.map_or("", |changed| changed.to.id()))));
        let suspended = changed.filter(|changed| changed.to == State::Suspended);
        self.tell(|| {
            suspended
                .map(|changed| event(Kind::Suspension).with("end", changed.until_ms.to_string()).with("reason", changed.reason.as_str()))
        });
    }
}

const fn local0() -> u8 {
    LOCAL0
}

fn nameless() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_with_its_way_and_port() {
        assert_eq!("udp://siem:514".parse(), Ok(Destination::Udp("siem:514".to_owned())));
        assert_eq!("tcp://[::1]:601".parse(), Ok(Destination::Tcp("[::1]:601".to_owned())));
        assert_eq!("unix:///dev/log".parse(), Ok(Destination::Unix("/dev/log".into())));
        for wrong in ["siem:514", "udp://siem", "udp://:514", "tcp://siem:0", "tcp://siem:99999", "tls://siem:6514", "unix://dev/log", ""] {
            assert!(wrong.parse::<Destination>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_counted_and_nobody_waits() {
        let config = Config { to: Destination::Udp("127.0.0.1:9".to_owned()), facility: 16, host: "-".to_owned() };
        let metrics = Arc::new(Metrics::new());
        let (teller, _kept) = Teller::new(Some(&config), Arc::clone(&metrics));
        for _ in 0..MAX_QUEUED + 7 {
            teller.tell(|| Some(Event::new(Kind::Refusal, 0)));
        }
        assert_eq!(metrics.told.get_or_create(&Fate::dropped("syslog")).get(), 7);
    }
}

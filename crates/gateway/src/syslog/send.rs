//! Carrying events to the server: connect, send, and after a failure come again. Syslog has no receipts: what was handed to a connection that then broke is lost.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::event::Event;
use super::{Config, Destination, cef};
use crate::metrics::{Fate, Metrics};

/// Time to connect, and to hand over one event: a server on the same continent needs a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// Wait after a failure; it doubles with each further one up to [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Longest wait: the server is back for half a minute at most before it hears again.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// What the gateway's end waits for events that are still queued.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Carries events away.
pub(crate) struct Sender {
    config: Config,
    waiting: mpsc::Receiver<Event>,
    metrics: Arc<Metrics>,
    link: Option<Link>,
    /// The event that is being sent: it is sent again where that was broken off.
    current: Option<Event>,
}

enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixDatagram),
}

impl Sender {
    pub(super) fn new(config: Config, waiting: mpsc::Receiver<Event>, metrics: Arc<Metrics>) -> Self {
        Self { config, waiting, metrics, link: None, current: None }
    }

    /// Carries events until told to stop, then for a moment what is queued.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.all() => return,
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // Half a message may be on the connection.
        self.link = None;
        self.waiting.close();
        let _ = timeout(LAST_WORDS, self.all()).await;
    }

    /// All there are, until nobody can hand in any more.
    async fn all(&mut self) {
        loop {
            if self.current.is_none() {
                self.current = self.waiting.recv().await;
            }
            let Some(event) = &self.current else { return };
            let message = cef::message(event, self.config.facility, &self.config.host);
            let mut wait = FIRST_WAIT;
            while self.hand_over(&message).await.is_err() {
                self.link = None;
                sleep(wait).await;
                wait = (wait * 2).min(MAX_WAIT);
            }
            self.metrics.told.get_or_create(&Fate::sent("syslog")).inc();
            self.current = None;
        }
    }

    async fn hand_over(&mut self, message: &str) -> io::Result<()> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let link = match self.link.take().filter(Link::is_open) {
            Some(link) => link,
            None => timeout(PATIENCE, Link::to(&self.config.to)).await.map_err(late)??,
        };
        let link = self.link.insert(link);
        timeout(PATIENCE, link.send(message)).await.map_err(late)?
    }
}

impl Link {
    async fn to(destination: &Destination) -> io::Result<Self> {
        match destination {
            Destination::Tcp(address) => Ok(Self::Tcp(TcpStream::connect(address).await?)),
            Destination::Udp(address) => {
                let there = tokio::net::lookup_host(address).await?.next().ok_or(io::ErrorKind::NotFound)?;
                let any = if there.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(there).await?;
                Ok(Self::Udp(socket))
            }
            #[cfg(unix)]
            Destination::Unix(path) => {
                let socket = tokio::net::UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Self::Unix(socket))
            }
            #[cfg(not(unix))]
            Destination::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Whether the other side is still there, as far as is known: a server that closed the connection has said so.
    fn is_open(&self) -> bool {
        let Self::Tcp(stream) = self else { return true };
        // Nothing comes back on such a connection; what comes is read away.
        match stream.try_read(&mut [0; 256]) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    async fn send(&mut self, message: &str) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(message.as_bytes()).await.map(drop),
            // Octet counting: a message may hold line ends of its own.
            Self::Tcp(stream) => stream.write_all(format!("{} {message}", message.len()).as_bytes()).await,
            #[cfg(unix)]
            Self::Unix(socket) => socket.send(message.as_bytes()).await.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::super::{Kind, Teller};
    use super::*;

    fn config(to: Destination) -> Config {
        Config { to, facility: 16, host: "gw".to_owned() }
    }

    fn tell(teller: &Teller, number: usize) {
        teller.tell(|| Some(Event::new(Kind::Strike, 1_000).with("externalId", number.to_string())));
    }

    /// The messages of a stream with octet counting, taken apart as a server does.
    fn counted(mut bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
            let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
            found.push(String::from_utf8(bytes[space + 1..space + 1 + length].to_vec()).unwrap());
            bytes = &bytes[space + 1 + length..];
        }
        found
    }

    #[tokio::test]
    async fn over_tcp_each_message_is_counted_and_a_server_that_went_away_hears_the_rest() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Arc::new(Metrics::new());
        let (teller, sender) = Teller::new(Some(&config(Destination::Tcp(address.to_string()))), Arc::clone(&metrics));
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(sender.unwrap().run(stop.subscribe()));
        tell(&teller, 1);
        let (mut first, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4_096];
        let read = first.read(&mut bytes).await.unwrap();
        let heard = counted(&bytes[..read]);
        assert!(heard.len() == 1 && heard[0].contains("CEF:0|Guiju|") && heard[0].ends_with("externalId=1"), "{heard:?}");
        drop(first);
        tokio::time::sleep(Duration::from_millis(50)).await;
        tell(&teller, 2);
        tell(&teller, 3);
        let (mut second, _) = listener.accept().await.unwrap();
        stop.send_replace(true);
        let mut rest = Vec::new();
        // What is sent after the stop comes on a connection of its own where the first was broken off.
        let more = tokio::spawn(async move { listener.accept().await.map(|(stream, _)| stream) });
        second.read_to_end(&mut rest).await.unwrap();
        running.await.unwrap();
        let mut heard = counted(&rest);
        if heard.len() < 2 {
            let mut rest = Vec::new();
            more.await.unwrap().unwrap().read_to_end(&mut rest).await.unwrap();
            heard.extend(counted(&rest));
        }
        for number in ["externalId=2", "externalId=3"] {
            assert!(heard.iter().any(|text| text.ends_with(number)), "{number} {heard:?}");
        }
        assert_eq!(metrics.told.get_or_create(&Fate::sent("syslog")).get(), 3);
    }

    #[tokio::test]
    async fn over_udp_and_a_unix_socket_an_event_is_a_datagram() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = Destination::Udp(server.local_addr().unwrap().to_string());
        let mut link = Link::to(&to).await.unwrap();
        link.send("规矩").await.unwrap();
        let mut bytes = [0; 64];
        let read = server.recv(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..read], "规矩".as_bytes());
        #[cfg(unix)]
        {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("log");
            let server = tokio::net::UnixDatagram::bind(&path).unwrap();
            Link::to(&Destination::Unix(path)).await.unwrap().send("规矩").await.unwrap();
            let read = server.recv(&mut bytes).await.unwrap();
            assert_eq!(&bytes[..read], "规矩".as_bytes());
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_holds_up_no_end() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let (teller, sender) = Teller::new(Some(&config(Destination::Tcp(gone.to_string()))), Arc::new(Metrics::new()));
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(sender.unwrap().run(stop.subscribe()));
        tell(&teller, 1);
        tokio::time::sleep(Duration::from_millis(20)).await;
        stop.send_replace(true);
        timeout(LAST_WORDS + Duration::from_secs(2), running).await.expect("it ends").unwrap();
    }
}

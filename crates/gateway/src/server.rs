//! Listening: connections with limits, and an end in which no stream is cut before its time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::config::Limits;

/// A port that is open.
pub(crate) struct Port {
    listener: TcpListener,
    router: Router,
    limits: Limits,
}

impl Port {
    /// Opens a port.
    pub(crate) async fn open(address: SocketAddr, router: Router, limits: Limits) -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, router, limits })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` says so, then lets what is at work end, for at most [`Limits::drain_s`].
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let graceful = GracefulShutdown::new();
        let builder = self.builder();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                // No file handles left, or a client gone before it was seen: the next may do better.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
            // Small pieces of a stream must leave at once.
            let _ = stream.set_nodelay(true);
            let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router.clone())).into_owned();
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                // Errors of a connection are the client's going away; what it left undone the flow records.
                let _ = watched.await;
                drop(place);
            });
        }
        let drain = Duration::from_secs(self.limits.drain_s);
        let _ = tokio::time::timeout(drain, graceful.shutdown()).await;
    }

    fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(self.limits.request_s))
            .max_buf_size(self.limits.header_bytes.max(8 << 10));
        builder.http2().timer(TokioTimer::new()).max_header_list_size(u32::try_from(self.limits.header_bytes).unwrap_or(u32::MAX));
        builder
    }
}

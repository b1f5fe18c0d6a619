//! The one client of the process: a runtime that waits, and a connection for each bucket.

use std::collections::HashMap;
use std::future::Future;
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

use super::super::walk::MAX_FILES;
use super::{Access, Object, trouble};
use crate::CorpusError;

/// Threads that wait for answers: they decrypt and copy, the cores are for judging.
const THREADS: usize = 2;
/// How often a listing is begun again when the body of a page was cut off; a request that fails is made again in any case.
const LISTINGS: usize = 3;

static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();

pub(super) struct Client {
    runtime: Runtime,
    access: &'static Access,
    buckets: Mutex<HashMap<String, AmazonS3>>,
}

/// An answer on its way. Dropped, nobody waits for it any more.
pub(super) struct Answer<T> {
    url: String,
    receiver: Receiver<Result<T, CorpusError>>,
    task: AbortHandle,
}

impl<T> Answer<T> {
    pub(super) fn wait(self) -> Result<T, CorpusError> {
        let ended = || CorpusError::Object { url: self.url.clone(), message: "the transfer ended before its time; try again".to_owned() };
        self.receiver.recv().unwrap_or_else(|_| Err(ended()))
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    pub(super) fn of_process() -> Result<&'static Self, CorpusError> {
        CLIENT.get_or_init(Self::new).as_ref().map_err(|error| CorpusError::Input(error.clone()))
    }

    fn new() -> Result<Self, String> {
        // The TLS of the whole program; where another part has chosen it already, it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).thread_name("objects").enable_all().build();
        let runtime = runtime.map_err(|error| format!("the threads that read from an object store cannot be had: {error}"))?;
        Ok(Self { runtime, access: Access::installed(), buckets: Mutex::default() })
    }

    /// Asks for a range of an object.
    pub(super) fn range(&self, object: Object, range: Range<u64>) -> Result<Answer<Bytes>, CorpusError> {
        let store = self.bucket(&object.bucket)?;
        let (access, url) = (self.access, object.url.clone());
        let ask = async move {
            let options =
                GetOptions { range: Some(GetRange::Bounded(range.clone())), if_match: object.etag.clone(), ..GetOptions::default() };
            let named = |error| trouble::named(&error, &object.url, access);
            let answer = store.get_opts(&object.key, options).await.map_err(named)?;
            // A store that does not know If-Match is found out here.
            let is_same = object.etag.is_none() || state(answer.meta.e_tag.clone()) == object.etag;
            if !is_same || answer.meta.size != object.bytes {
                return Err(CorpusError::Changed { path: (&object.url).into() });
            }
            let bytes = answer.bytes().await.map_err(named)?;
            if bytes.len() as u64 == range.end - range.start { Ok(bytes) } else { Err(trouble::short(&object.url, bytes.len(), &range)) }
        };
        Ok(self.spawn(url, ask))
    }

    /// Looks for an object.
    pub(super) fn find(&self, object: Object) -> Result<Option<Object>, CorpusError> {
        let store = self.bucket(&object.bucket)?;
        let (access, url) = (self.access, object.url.clone());
        let ask = async move {
            match store.head(&object.key).await {
                Ok(meta) => Ok(Some(Object { bytes: meta.size, etag: state(meta.e_tag), ..object })),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(trouble::named(&error, &object.url, access)),
            }
        };
        self.spawn(url, ask).wait()
    }

    /// All objects below a prefix, page by page; in no order.
    pub(super) fn list(&self, url: &str, bucket: &str, prefix: Key) -> Result<Vec<Object>, CorpusError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (store, access, wanted) = (self.bucket(bucket)?, self.access, url.to_owned());
            let (prefix, bucket) = (prefix.clone(), bucket.to_owned());
            let ask = async move {
                let mut pages = store.list(Some(&prefix));
                let mut found = Vec::new();
                while let Some(meta) = pages.try_next().await.map_err(|error| trouble::named(&error, &wanted, access))? {
                    found.extend(listed(&bucket, meta));
                    if found.len() > MAX_FILES {
                        return Err(CorpusError::Input(format!("{wanted}: more than {MAX_FILES} objects; scan in parts")));
                    }
                }
                Ok(found)
            };
            match self.spawn(url.to_owned(), ask).wait() {
                Err(error) if tries < LISTINGS && trouble::is_cut(&error) => {}
                done => return done,
            }
        }
    }

    fn bucket(&self, name: &str) -> Result<AmazonS3, CorpusError> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = buckets.get(name) {
            return Ok(store.clone());
        }
        let url = format!("s3://{name}");
        let store = self.access.builder(name)?.build().map_err(|error| trouble::named(&error, &url, self.access))?;
        buckets.insert(name.to_owned(), store.clone());
        Ok(store)
    }

    fn spawn<T: Send + 'static>(&self, url: String, ask: impl Future<Output = Result<T, CorpusError>> + Send + 'static) -> Answer<T> {
        let (sender, receiver) = sync_channel(1);
        // Nobody may be waiting any more: then the answer goes nowhere.
        let task = self.runtime.spawn(async move { drop(sender.send(ask.await)) });
        Answer { url, receiver, task: task.abort_handle() }
    }
}

/// An object of a listing; none for what stands for the bucket itself.
fn listed(bucket: &str, meta: ObjectMeta) -> Option<Object> {
    let (url, etag) = (format!("s3://{bucket}/{}", meta.location), state(meta.e_tag));
    (!meta.location.as_ref().is_empty()).then(|| Object { url, bucket: bucket.to_owned(), key: meta.location, bytes: meta.size, etag })
}

/// An ETag in one form: some stores leave out its quotes in a listing. A weak one (RFC 9110, 8.8.3) does not name a state byte for byte, so it is none.
fn state(etag: Option<String>) -> Option<String> {
    etag.filter(|etag| !etag.starts_with("W/")).map(|etag| format!("\"{}\"", etag.trim_matches('"')))
}

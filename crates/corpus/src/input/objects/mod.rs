//! Objects of an S3-compatible store, `s3://bucket/key`: found, listed and read by range. They are only read.
//!
//! No body is held open while rows are judged: what is read comes in pieces, each a request of its own, so that a slow detector never makes a
//! server hang up, and a piece that was cut off is asked for again from where it ended. Each request asks for the object as it was when the
//! manifest was made (`If-Match`), and each answer is held against that; so what is read is what was hashed, or an error.
//!
//! Nothing here is asynchronous to the outside: a runtime of two threads does the waiting.

mod access;
mod client;
mod stream;
mod trouble;

use std::ops::Range;

use bytes::Bytes;
use object_store::path::Path as Key;

use crate::CorpusError;

pub use access::{Access, Patience};
use client::Client;
use stream::Stream;

/// What the name of an object begins with.
const SCHEME: &str = "s3://";

/// Whether a path names objects.
pub fn is_url(path: &str) -> bool {
    path.starts_with(SCHEME)
}

/// An object in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// `s3://bucket/key`.
    pub(crate) url: String,
    bucket: String,
    key: Key,
    /// Its length.
    pub(crate) bytes: u64,
    /// What the store calls this state; none where the store says nothing.
    pub(crate) etag: Option<String>,
}

impl Object {
    /// The object of this name, as it was when this was known of it.
    pub(crate) fn named(url: &str, bytes: u64, etag: Option<&str>) -> Result<Self, CorpusError> {
        let (bucket, key) = parts(url)?;
        Ok(Self { url: url.to_owned(), bucket, key, bytes, etag: etag.map(str::to_owned) })
    }

    /// The bytes of a range, all of them.
    pub(crate) fn range(&self, range: Range<u64>) -> Result<Bytes, CorpusError> {
        Client::of_process()?.range(self.clone(), range)?.wait()
    }

    /// The bytes of a range, one after the other.
    pub(crate) fn stream(&self, range: Range<u64>) -> Stream {
        Stream::new(self.clone(), range)
    }
}

/// Looks for the object of this name.
pub(crate) fn find(url: &str) -> Result<Option<Object>, CorpusError> {
    Client::of_process()?.find(Object::named(url, 0, None)?)
}

/// All objects below a prefix: below `s3://bucket/a` stands `a/b`, not `ab`.
pub(crate) fn list(url: &str) -> Result<Vec<Object>, CorpusError> {
    let (bucket, prefix) = parts(url)?;
    let found = Client::of_process()?.list(url, &bucket, prefix)?;
    if found.is_empty() {
        return Err(CorpusError::Object { url: url.to_owned(), message: "there is no such object, and none below it".to_owned() });
    }
    Ok(found)
}

/// Bucket and key of a name.
fn parts(url: &str) -> Result<(String, Key), CorpusError> {
    let wrong = |why: String| CorpusError::Input(format!("'{url}' names no object: {why}; write s3://BUCKET/KEY or s3://BUCKET/PREFIX/"));
    let rest = url.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with s3://".to_owned()))?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let is_bucket = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if bucket.is_empty() || !bucket.bytes().all(is_bucket) || bucket.starts_with('.') {
        return Err(wrong(format!("'{bucket}' is no name of a bucket")));
    }
    if key.starts_with('/') {
        return Err(wrong("the key begins with an empty part".to_owned()));
    }
    Ok((bucket.to_owned(), Key::parse(key).map_err(|error| wrong(error.to_string()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_bucket_and_a_key() {
        let (bucket, key) = parts("s3://data/语料/a b.jsonl").unwrap();
        assert_eq!((bucket.as_str(), key.as_ref()), ("data", "语料/a b.jsonl"));
        assert_eq!(parts("s3://data").unwrap().1.as_ref(), "");
        for wrong in ["s3://", "s3:///a", "s3://a?b/c", "s3://../a", "s3://data/a//b", "s3://data//a", "s3://data/../b"] {
            assert!(parts(wrong).unwrap_err().to_string().contains("names no object"), "{wrong}");
        }
    }
}

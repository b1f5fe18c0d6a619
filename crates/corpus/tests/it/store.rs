//! An object store that fails as it is told: what S3 answers to HEAD, GET of a range and ListObjectsV2, two keys a page. One for all tests, as a
//! process reaches one store; a test has a bucket of its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use corpus::{Access, Patience};

/// The time a request may take in these tests.
pub const REQUEST: Duration = Duration::from_secs(2);
/// Requests made of what fails for ever.
pub const RETRIES: u32 = 2;

/// What goes wrong with a GET or HEAD, so many times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A status, with S3's word for it.
    Status(u16, &'static str),
    /// The connection ends after half of the body.
    Cut,
    /// No answer in time.
    Slow,
    /// Half of what was asked for, said to be all.
    Short,
}

#[derive(Default)]
pub struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    fault: Option<Fault>,
    times: usize,
    /// Whether `If-Match` is unknown here.
    pub careless: bool,
    /// Answers given, of any kind.
    pub requests: usize,
}

static BUCKETS: LazyLock<Mutex<HashMap<String, Bucket>>> = LazyLock::new(Mutex::default);

static STORE: LazyLock<()> = LazyLock::new(|| {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, axum::Router::new().fallback(answer)).await.unwrap();
        });
    });
    let endpoint = Some(format!("http://{}", receiver.recv().unwrap()));
    let pause = Duration::from_millis(1);
    let patience = Patience { retries: RETRIES, first_pause: pause, longest_pause: 5 * pause, request: REQUEST };
    Access { endpoint, region: None, allow_http: false, anonymous: true, patience }.install().unwrap();
});

fn buckets() -> MutexGuard<'static, HashMap<String, Bucket>> {
    BUCKETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes a bucket, or makes it.
pub fn with<T>(bucket: &str, change: impl FnOnce(&mut Bucket) -> T) -> T {
    LazyLock::force(&STORE);
    change(buckets().entry(bucket.to_owned()).or_default())
}

/// Puts an object; its name is returned.
pub fn put(bucket: &str, key: &str, bytes: &[u8]) -> std::path::PathBuf {
    with(bucket, |bucket| bucket.objects.insert(key.to_owned(), bytes.to_vec()));
    format!("s3://{bucket}/{key}").into()
}

/// From now on a request fails, so many times.
pub fn fail(bucket: &str, fault: Fault, times: usize) {
    with(bucket, |bucket| (bucket.fault, bucket.times) = (Some(fault), times));
}

fn etag(bytes: &[u8]) -> String {
    let hash = corpus::content_hash(&String::from_utf8_lossy(bytes));
    format!("\"{}\"", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// What S3 says of an error; with the access key, as it does.
fn error(status: u16, code: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>AKIDSECRET</AWSAccessKeyId></Error>"
    );
    let response = Response::builder().status(status);
    let response = if status == 307 { response.header("location", "/elsewhere/a.jsonl.gz") } else { response };
    response.body(Body::from(body)).unwrap()
}

async fn answer(request: Request) -> Response<Body> {
    let path = percent_decode(request.uri().path());
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let query = percent_decode(request.uri().query().unwrap_or_default());
    let (slow, response) = match buckets().get_mut(bucket) {
        None => (false, error(404, "NoSuchBucket")),
        Some(bucket) => {
            bucket.requests += 1;
            let fault = bucket.fault.filter(|_| bucket.times > 0);
            bucket.times = bucket.times.saturating_sub(1);
            let response = match fault {
                Some(Fault::Status(status, code)) => error(status, code),
                _ if key.is_empty() => list(bucket, &query),
                fault => object(bucket, key, request.method(), request.headers(), fault),
            };
            (fault == Some(Fault::Slow), response)
        }
    };
    if slow {
        tokio::time::sleep(2 * REQUEST).await;
    }
    response
}

fn object(bucket: &Bucket, key: &str, method: &Method, headers: &HeaderMap, fault: Option<Fault>) -> Response<Body> {
    let Some(bytes) = bucket.objects.get(key) else { return error(404, "NoSuchKey") };
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !bucket.careless && said("if-match").is_some_and(|wanted| wanted != etag(bytes)) {
        return error(412, "PreconditionFailed");
    }
    let response = Response::builder().header("etag", etag(bytes));
    if method == Method::HEAD {
        return response.header("content-length", bytes.len()).body(Body::empty()).unwrap();
    }
    let range = said("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-')).unwrap();
    let (start, end) = (range.0.parse::<usize>().unwrap(), range.1.parse::<usize>().unwrap().min(bytes.len() - 1));
    let part = bytes[start..=end].to_vec();
    let response = response.status(StatusCode::PARTIAL_CONTENT).header("content-range", format!("bytes {start}-{end}/{}", bytes.len()));
    match fault {
        Some(Fault::Cut) => {
            let half = part[..part.len() / 2].to_vec();
            let pieces = [Ok(half), Err(std::io::Error::other("cut"))];
            response.header("content-length", part.len()).body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap()
        }
        Some(Fault::Short) => response.body(Body::from(part[..part.len() / 2].to_vec())).unwrap(),
        _ => response.body(Body::from(part)).unwrap(),
    }
}

fn list(bucket: &Bucket, query: &str) -> Response<Body> {
    let said = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let (prefix, after) = (said("prefix").unwrap_or_default(), said("continuation-token").unwrap_or_default());
    let mut below = bucket.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let page: Vec<_> = below.by_ref().take(2).collect();
    let entry = |(key, bytes): &(&String, &Vec<u8>)| {
        // Without quotes, as some stores list it.
        let (tag, size) = (etag(bytes).replace('"', ""), bytes.len());
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{tag}</ETag><Size>{size}</Size></Contents>"
        )
    };
    let next = below.next().and(page.last()).map(|(key, _)| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    let contents: String = page.iter().map(entry).collect();
    let body = format!("<?xml version=\"1.0\"?><ListBucketResult>{}{contents}</ListBucketResult>", next.unwrap_or_default());
    Response::new(Body::from(body))
}

fn percent_decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::from_str_radix(&String::from_utf8(rest.by_ref().take(2).collect()).unwrap(), 16).unwrap(),
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

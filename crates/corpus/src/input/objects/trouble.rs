//! What an object store answers, in words a person can act on.
//!
//! The answers of a store are not shown: some repeat the name of the access key, and what was signed. Of an answer its status is told, and the one
//! word that S3 calls the code.

use std::error::Error;
use std::ops::Range;

use object_store::client::{HttpError, HttpErrorKind};

use super::Access;
use crate::CorpusError;

/// What is known of a request that failed.
#[derive(Debug, Default)]
struct Said {
    status: Option<u16>,
    /// S3's own word for it: `SlowDown`, `NoSuchBucket`.
    code: Option<String>,
    kind: Option<HttpErrorKind>,
}

impl Said {
    /// `object_store` keeps the type of its error to itself, so what it says is read: the tests hold each case.
    fn of(error: &object_store::Error) -> Self {
        let text = error.to_string();
        let between = |from: &str, to: &str| text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(inner, _)| inner);
        let status = between("status code: ", " ").and_then(|status| status.parse().ok());
        let is_word = |code: &&str| !code.is_empty() && code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let code = between("<Code>", "</Code>").filter(is_word).map(str::to_owned);
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut kind = None;
        while let Some(error) = cause {
            kind = error.downcast_ref::<HttpError>().map(HttpError::kind).or(kind);
            cause = error.source();
        }
        Self { status, code, kind }
    }

    /// `(503 SlowDown)`.
    fn shown(&self) -> String {
        let words = [self.status.map(|status| status.to_string()), self.code.clone()];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ")) }
    }
}

/// What a request that failed means for the one who asked.
pub(super) fn named(error: &object_store::Error, url: &str, access: &Access) -> CorpusError {
    use object_store::Error as E;
    let (said, patience) = (Said::of(error), &access.patience);
    let (shown, code, region) = (said.shown(), said.code.as_deref().unwrap_or_default(), access.region());
    let endpoint = access.endpoint().unwrap_or_else(|| format!("Amazon S3, region {region}"));
    let again = format!("asked up to {} times; the same command goes on later", patience.retries + 1);
    let is_elsewhere = matches!(code, "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException");
    let message = match error {
        E::Precondition { .. } => return CorpusError::Changed { path: url.into() },
        _ if is_elsewhere || matches!(said.status, Some(300..=399)) || error.to_string().contains("redirect without LOCATION") => {
            format!(
                "the bucket lies in another region than '{region}', or at another endpoint than {endpoint}{shown}; name its own with --s3-region or --s3-endpoint"
            )
        }
        E::NotFound { .. } if code != "NoSuchBucket" => format!("there is no such object{shown}"),
        _ if code == "NoSuchBucket" => format!("there is no such bucket at {endpoint}{shown}"),
        _ if matches!(said.status, Some(404)) => format!("there is no such bucket or prefix at {endpoint}{shown}"),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => refused(&shown),
        _ if matches!(said.status, Some(401 | 403)) => refused(&shown),
        E::InvalidPath { source } => format!("an object has a name that cannot be read here: {source}; rename it"),
        _ if matches!(said.status, Some(429 | 503)) || code == "SlowDown" => format!("the store asks to slow down{shown}: {again}"),
        _ if matches!(said.status, Some(500..=599)) => format!("the store failed{shown}: {again}"),
        _ if said.status.is_some() => format!("the store refused the request{shown}; is {endpoint} an S3 service?"),
        _ => match said.kind {
            Some(HttpErrorKind::Timeout) => format!("no answer within {} s: {again}", patience.request.as_secs_f32()),
            Some(HttpErrorKind::Connect) => {
                format!(
                    "{endpoint} cannot be reached: {again}. Is the address right, and its certificate of an authority this machine knows?"
                )
            }
            Some(_) => format!("{CUT}: {again}"),
            None => format!("the answer of {endpoint} is not what S3 answers; is it an S3 service?"),
        },
    };
    CorpusError::Object { url: url.to_owned(), message }
}

const CUT: &str = "the connection was cut";

fn refused(shown: &str) -> String {
    let may = "may these credentials read and list here, and are they of this service?";
    format!("access was refused{shown}: {may} They come from AWS_ACCESS_KEY_ID and the other variables of the environment")
}

/// Whether an answer was cut off on the way.
pub(super) fn is_cut(error: &CorpusError) -> bool {
    matches!(error, CorpusError::Object { message, .. } if message.starts_with(CUT))
}

/// An answer with fewer bytes than were asked for.
pub(super) fn short(url: &str, got: usize, range: &Range<u64>) -> CorpusError {
    let message = format!("the store gave {got} bytes of {}..{} and said that it was all; is it an S3 service?", range.start, range.end);
    CorpusError::Object { url: url.to_owned(), message }
}

//! How the process reaches its object store.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, RetryConfig};

use crate::CorpusError;

/// Where the credentials come from: the variables that Amazon's own tools read. What is not named here is not read: above all, nothing that
/// switches off the check of certificates, and no metadata service of a network.
const CREDENTIALS: &[(&str, Key)] = &[
    ("AWS_ACCESS_KEY_ID", Key::AccessKeyId),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", Key::WebIdentityTokenFile),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Key::ContainerCredentialsRelativeUri),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Key::ContainerCredentialsFullUri),
];

/// What stands beside them.
const BESIDE: &[(&str, Key)] = &[
    ("AWS_SECRET_ACCESS_KEY", Key::SecretAccessKey),
    ("AWS_SESSION_TOKEN", Key::Token),
    ("AWS_ROLE_ARN", Key::RoleArn),
    ("AWS_ROLE_SESSION_NAME", Key::RoleSessionName),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Key::ContainerAuthorizationTokenFile),
];

/// What was installed.
static INSTALLED: OnceLock<Access> = OnceLock::new();

/// How the process reaches its object store. There is one for the process, as there is one environment: a path that begins with `s3://` means the
/// same wherever it stands. It holds no credentials; these are read from the environment when a bucket is first asked for something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `https://HOST[:PORT]`, asked with the bucket in the path. Without it, `AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL`, then Amazon's own.
    pub endpoint: Option<String>,
    /// Without it, `AWS_REGION`, then `AWS_DEFAULT_REGION`, then `us-east-1`.
    pub region: Option<String>,
    /// Whether an endpoint that is not of this machine may be `http://`: everything it says can be read and changed on the way.
    pub allow_http: bool,
    /// Whether requests are made without credentials, of a bucket that is open to all.
    pub anonymous: bool,
    /// How long is waited.
    pub patience: Patience,
}

/// How long is waited for an object store, and how often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is made again after 429, 5xx, a connection that could not be made or was cut, or no answer in time.
    pub retries: u32,
    /// The longest first pause; the pauses grow at random, at most twofold each time.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The time a request may take, with its body (at most 4 MiB).
    pub request: Duration,
}

impl Default for Patience {
    /// Eight requests over up to three minutes: a store that asks to slow down has answered again by then, and a store that is not there is
    /// known before anybody looks. 4 MiB in a minute is 70 kB/s: below that, no corpus is scanned.
    fn default() -> Self {
        Self {
            retries: 7,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(20),
            request: Duration::from_secs(60),
        }
    }
}

/// After this no request is made again, however many are left.
const RETRY_FOR: Duration = Duration::from_secs(180);
/// The time a connection may take, unless a request may take less.
const CONNECT: Duration = Duration::from_secs(10);

impl Access {
    /// Makes this the way of the process, before the first object is asked for.
    ///
    /// # Errors
    /// Another way was installed before.
    pub fn install(self) -> Result<(), CorpusError> {
        let same = INSTALLED.get_or_init(|| self.clone()) == &self;
        if same {
            Ok(())
        } else {
            Err(CorpusError::Input("the process reaches another object store already; use a process for each".to_owned()))
        }
    }

    /// What was installed, or what the environment says.
    pub(super) fn installed() -> &'static Self {
        INSTALLED.get_or_init(Self::default)
    }

    pub(super) fn endpoint(&self) -> Option<String> {
        self.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL_S3")).or_else(|| variable("AWS_ENDPOINT_URL"))
    }

    pub(super) fn region(&self) -> String {
        let named = self.region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
        named.unwrap_or_else(|| "us-east-1".to_owned())
    }

    /// What asks for the objects of a bucket.
    ///
    /// # Errors
    /// The endpoint is no address, is open to be read by others, or there are no credentials.
    pub(super) fn builder(&self, bucket: &str) -> Result<AmazonS3Builder, CorpusError> {
        let endpoint = self.endpoint();
        if let Some(endpoint) = &endpoint {
            check(endpoint, self.allow_http).map_err(CorpusError::Input)?;
        }
        if !self.anonymous && CREDENTIALS.iter().all(|(name, _)| variable(name).is_none()) {
            let names = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or say --s3-anonymous for a bucket that is open to all";
            return Err(CorpusError::Input(format!("s3://{bucket}: there are no credentials in the environment; {names}")));
        }
        let is_http = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:"));
        let client = ClientOptions::new().with_allow_http(is_http);
        let builder = AmazonS3Builder::new().with_bucket_name(bucket).with_region(self.region()).with_retry(self.patience.retry());
        let connect = Connect { request: self.patience.request };
        let builder = builder.with_client_options(client).with_http_connector(connect).with_skip_signature(self.anonymous);
        let builder = endpoint.into_iter().fold(builder, AmazonS3Builder::with_endpoint);
        let known = CREDENTIALS.iter().chain(BESIDE).filter(|_| !self.anonymous).filter_map(|(name, key)| Some((*key, variable(name)?)));
        Ok(known.fold(builder, |builder, (key, value)| builder.with_config(key, value)))
    }
}

/// Makes clients that follow no redirect: a signed request would go elsewhere.
#[derive(Debug)]
struct Connect {
    request: Duration,
}

impl HttpConnector for Connect {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let is_http = options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|value| value == "true");
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!is_http)
            .http1_only()
            .timeout(self.request)
            .connect_timeout(CONNECT.min(self.request));
        // What is in clear stays on this machine or in the network that was named.
        let client = if is_http { client.no_proxy() } else { client };
        let failed = |error| object_store::Error::Generic { store: "S3", source: Box::new(error) };
        Ok(HttpClient::new(client.build().map_err(failed)?))
    }
}

impl Patience {
    fn retry(&self) -> RetryConfig {
        let backoff = BackoffConfig { init_backoff: self.first_pause, max_backoff: self.longest_pause, base: 2.0 };
        RetryConfig { backoff, max_retries: self.retries as usize, retry_timeout: RETRY_FOR }
    }
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether an endpoint may be asked.
fn check(endpoint: &str, allow_http: bool) -> Result<(), String> {
    let wrong = |why: &str| format!("the endpoint of the object store {why}");
    let url = reqwest::Url::parse(endpoint)
        .map_err(|error| wrong(&format!("is no address ({error}); write https://HOST or https://HOST:PORT")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a name or password in it; credentials come from the environment alone"));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_here || allow_http => Ok(()),
        "http" => Err(wrong(&format!(
            "'{host}' is http:// and not on this machine: others can read and change what it says; use https://, or --s3-allow-http in a network that you trust"
        ))),
        other => Err(wrong(&format!("is of the kind {other}://; write https://HOST or https://HOST:PORT"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_others_can_read_is_refused() {
        for (endpoint, allow_http, wanted) in [
            ("https://s3.example.com", false, ""),
            ("http://127.0.0.1:9000", false, ""),
            ("http://[::1]:9000", false, ""),
            ("http://localhost:9000", false, ""),
            ("http://10.0.0.7:9000", true, ""),
            ("http://10.0.0.7:9000", false, "is http:// and not on this machine"),
            ("http://127.0.0.1.example.com", false, "is http:// and not on this machine"),
            ("https://key:secret@s3.example.com", false, "name or password"),
            ("ftp://s3.example.com", false, "ftp://"),
            ("s3.example.com", false, "is no address"),
        ] {
            let said = check(endpoint, allow_http).err().unwrap_or_default();
            assert!(
                if wanted.is_empty() { said.is_empty() } else { said.contains(wanted) && !said.contains("secret") },
                "{endpoint}: {said}"
            );
        }
    }
}

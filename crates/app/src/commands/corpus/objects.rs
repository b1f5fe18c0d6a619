//! How a command reaches an object store: flags, and the environment for what no command line may hold.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

#[derive(Args)]
#[command(next_help_heading = "Object store (documents at s3://BUCKET/KEY; credentials from AWS_ACCESS_KEY_ID and the like)")]
pub(super) struct Objects {
    /// Address of the store, https://HOST[:PORT]; without it, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, then Amazon's
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// Region; without it, AWS_REGION, AWS_DEFAULT_REGION, then us-east-1
    #[arg(long, value_name = "REGION")]
    s3_region: Option<String>,
    /// Ask without credentials, of a bucket that is open to all
    #[arg(long)]
    s3_anonymous: bool,
    /// Allow http:// beyond this machine: others can then read and change what comes
    #[arg(long)]
    s3_allow_http: bool,
}

impl Objects {
    /// Says it once for the process.
    pub(super) fn install(&self) -> Result<()> {
        let access = corpus::Access {
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            allow_http: self.s3_allow_http,
            anonymous: self.s3_anonymous,
            ..corpus::Access::default()
        };
        Ok(access.install()?)
    }
}

/// Findings and rows are written under temporary names, synced and renamed, which an object store cannot do.
pub(super) fn on_a_disk(out: &Path) -> Result<()> {
    if out.to_str().is_some_and(corpus::is_url) {
        bail!("{}: --out must be a directory on a disk; copy what was written into the store afterwards", out.display());
    }
    Ok(())
}

//! `guiju source document` and `file`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use keys::digest::{Digester, hex, sha256};
use store::sources::{MAX_KEPT_BYTES, NewDocument};
use store::{Change, Secret};
use taxonomy::DocumentKind;

use super::One;
use crate::commands::gate::at_desk;

#[derive(Args)]
pub(crate) struct Add {
    #[command(flatten)]
    one: One,
    /// The file; kept sealed up to 1 MiB, of a larger one only its digest
    file: PathBuf,
    /// licence, authorisation, contract, commitment, review, collection-record, robots, crawl-manifest, consent-record or other
    #[arg(long)]
    kind: DocumentKind,
    /// Its last day, YYYY-MM-DD
    #[arg(long)]
    expires: Option<String>,
    /// The number of the document whose place it takes
    #[arg(long)]
    replaces: Option<i64>,
}

#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    one: One,
    /// The number of the document, as `source show` prints it
    document: i64,
    /// Where to write it; it must not be there yet
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn add(args: &Add) -> Result<()> {
    let new = read(args)?;
    let (kept, digest, bytes) = (new.content.is_some(), hex(&new.sha256), new.bytes);
    let number = at_desk("source document", &args.one.store, async |desk| {
        let (who, name, new) = (desk.who.clone(), args.one.name.clone(), new.clone());
        Ok(desk.tenant.change(async move |change: &mut Change| change.add_source_document(&who, &name, new).await).await?.0)
    })?;
    say!("document {number} of {}: {}, SHA-256 {digest}", args.one.name, args.kind);
    if !kept {
        say!("it has {bytes} bytes, and up to {MAX_KEPT_BYTES} are kept: only its digest is recorded, so keep the file yourself");
    }
    Ok(())
}

/// The document, with its file where it is small enough.
fn read(args: &Add) -> Result<NewDocument> {
    let at = || args.file.display().to_string();
    let mut file = File::open(&args.file).with_context(at)?;
    let bytes = file.metadata().with_context(at)?.len();
    let (sha256, content) = if bytes <= MAX_KEPT_BYTES as u64 {
        let content = std::fs::read(&args.file).with_context(at)?;
        (sha256(&content), Some(content))
    } else {
        let mut digester = Digester::default();
        std::io::copy(&mut file, &mut digester).with_context(at)?;
        (digester.finish().sha256, None)
    };
    let name = args.file.file_name().and_then(|name| name.to_str()).with_context(|| format!("{} has no name that is text", at()))?;
    let bytes = content.as_ref().map_or(bytes, |content| content.len() as u64);
    Ok(NewDocument {
        kind: args.kind,
        file: name.to_owned(),
        sha256,
        bytes,
        content,
        expires: args.expires.clone(),
        replaces: args.replaces,
    })
}

pub(super) fn get(args: &Get) -> Result<()> {
    let content =
        at_desk("source file", &args.one.store, async |desk| Ok(desk.tenant.source_document(&args.one.name, args.document).await?))?;
    match content {
        Secret::Open(bytes) => write(&args.out, &bytes)?,
        Secret::None => bail!("document {} of {} was larger than what is kept; only its digest is here", args.document, args.one.name),
        Secret::Gone => bail!("the key of the documents of {} was destroyed; they cannot be opened any more", args.one.name),
    }
    say!("{}", args.out.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let at = || path.display().to_string();
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).with_context(at)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(at)
}

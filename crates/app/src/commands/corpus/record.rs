//! `guiju corpus record`: a scan that is done goes into the ledger, as one hash over all its rows.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use corpus::lineage::Lineage;
use store::Change;
use store::lineage::NewScan;
use store::sources::SourceName;

use super::{advised, manifest};
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;

#[derive(Args)]
pub(crate) struct RecordArgs {
    /// Directory of a scan that is done
    dir: PathBuf,
    /// Source of the data, as the register names it; a scan is of one source
    #[arg(long)]
    source: SourceName,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn run(args: &RecordArgs) -> Result<ExitCode> {
    let manifest = manifest(&args.dir)?;
    let Lineage { manifest: digest, root, leaves, rows, broken } = Lineage::verified(&args.dir, &manifest).map_err(advised)?;
    let (shards, hash) = (leaves.len(), keys::digest::hex(&root));
    let versions = manifest.settings.versions;
    let new = NewScan { source: args.source.clone(), manifest: digest, root, leaves, rows, broken, versions };
    let (entry, is_new) = at_desk("corpus record", &args.store, async |desk| {
        let (who, new) = (desk.who.clone(), new.clone());
        let (entry, recorded) = desk.tenant.change(async move |change: &mut Change| change.record_scan(&who, new).await).await?;
        Ok((entry, !recorded.is_empty()))
    })?;
    say!("来源 source {}: 分片 shards {shards}, 行 rows {rows}, 无法读取 not readable {broken}", args.source);
    say!("根 root {hash}");
    say!("台账条目 entry {entry}{}", if is_new { "" } else { "（此前已记录，未新增 recorded before; nothing was added）" });
    Ok(ExitCode::SUCCESS)
}

//! `guiju corpus trace`: where a row came from, what was found in it and decided, where it went; and the proof of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use corpus::export::{self, InExport};
use corpus::lineage::{ExportedPart, ExportedRow, Link, Place, Proof, Traced, trace};
use keys::digest::hex;
use store::lineage::{RecordedExport, RecordedScan};
use store::{EntryId, Tenant};
use taxonomy::Lang;

use super::manifest;
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::time;

#[derive(Args)]
pub(crate) struct TraceArgs {
    /// Directory of the scan
    dir: PathBuf,
    /// FILE:LINE or SHARD/LINE
    row: Place,
    /// Directory of an export that was moved; others are looked for where they were written
    #[arg(long)]
    export: Vec<PathBuf>,
    /// Write the proof into this file; `guiju corpus check-proof` checks it anywhere
    #[arg(long)]
    proof: Option<PathBuf>,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    store: StoreArgs,
}

/// An export of the scan, as the ledger has it, and the row in it where its directory was found.
struct Found {
    recorded: RecordedExport,
    row: Result<InExport, String>,
}

/// What the ledger says of a row.
struct Said {
    scan: RecordedScan,
    exports: Vec<Found>,
    proof: Option<Proof>,
}

pub(super) fn run(args: &TraceArgs) -> Result<ExitCode> {
    let manifest = manifest(&args.dir)?;
    let traced = trace(&args.dir, &manifest, &args.row)?;
    let said = at_desk("corpus trace", &args.store, async |desk| said(&desk.tenant, args, &traced).await)?;
    words(&traced, said.as_ref(), args.lang).iter().for_each(|line| say!("{line}"));
    let Some(path) = &args.proof else { return Ok(ExitCode::SUCCESS) };
    let proof = said
        .and_then(|said| said.proof)
        .context("there is no proof of a scan that is not in the ledger; `guiju corpus record` records it")?;
    std::fs::write(path, proof.bytes()).with_context(|| path.display().to_string())?;
    say!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// What the ledger says; nothing of a scan that was not recorded.
async fn said(tenant: &Tenant, args: &TraceArgs, traced: &Traced) -> Result<Option<Said>> {
    let Some(scan) = tenant.recorded_scan(&traced.scan.manifest).await? else { return Ok(None) };
    if scan.root != traced.scan.root {
        let (was, is) = (hex(&scan.root), hex(&traced.scan.root));
        bail!(
            "the scan was recorded with the root {was}, and its records now give {is}: they were changed; `guiju corpus check` says where"
        );
    }
    let mut exports = Vec::new();
    for recorded in tenant.exports_of(&traced.scan.manifest).await? {
        let row = in_export(args, &recorded, traced);
        exports.push(Found { recorded, row });
    }
    let proof = match &args.proof {
        Some(_) => Some(prove(tenant, traced, &scan, &exports).await?),
        None => None,
    };
    Ok(Some(Said { scan, exports, proof }))
}

/// The row in an export: in one of the directories that were named, or where it was written.
fn in_export(args: &TraceArgs, recorded: &RecordedExport, traced: &Traced) -> Result<InExport, String> {
    let written = Path::new(&recorded.path);
    let dirs = args.export.iter().map(PathBuf::as_path).chain([written]).filter(|dir| export::is_export(dir));
    let mut last = Err(format!("{} is not there; name its directory with --export", recorded.path));
    for dir in dirs {
        match export::trace(dir, traced.row.shard, traced.index) {
            Ok(row) if row.manifest == recorded.manifest => return Ok(row),
            Ok(_) => {}
            Err(error) => last = Err(error.to_string()),
        }
    }
    last
}

async fn prove(tenant: &Tenant, traced: &Traced, scan: &RecordedScan, exports: &[Found]) -> Result<Proof> {
    let (leaf, receipt) = shown(tenant, scan.entry).await?;
    let scan = traced.link(scan.statement.to_string(), &leaf, receipt);
    let mut links: Vec<Link<ExportedRow, ExportedPart>> = Vec::new();
    for Found { recorded, row } in exports {
        let Ok(row) = row else { continue };
        ensure!(row.scan == hex(&traced.scan.root), "the export {} is of another scan", recorded.path);
        let (leaf, receipt) = shown(tenant, recorded.entry).await?;
        links.extend(row.link(recorded.statement.to_string(), &leaf, receipt));
    }
    Ok(Proof::new(scan, links))
}

/// The leaf of an entry, and its receipt.
async fn shown(tenant: &Tenant, entry: EntryId) -> Result<(Vec<u8>, String)> {
    let (leaf, receipt) = tenant.receipt(entry).await?;
    Ok((leaf, receipt.to_string()))
}

/// The history of a row, from where it came to where it went.
fn words(traced: &Traced, said: Option<&Said>, lang: Lang) -> Vec<String> {
    let say = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    let (row, part) = (&traced.row, &traced.part);
    let source = said
        .map_or(say("未记入台账；执行 `guiju corpus record`", "not in the ledger; run `guiju corpus record`"), |said| {
            said.scan.source.as_str()
        });
    let mut lines = vec![
        format!("{}  {source}", say("来源", "source")),
        format!("{}  {}  {} {}", say("文件", "file"), traced.file.path, traced.file.bytes, say("字节", "bytes")),
        format!("{}  {}  {}..{}  SHA-256 {}", say("分片", "shard"), part.shard, part.start, part.end, part.sha256),
        format!("{}  {}  ({} {}/{})", say("行", "row"), row.line, say("分片内第", "in its shard"), traced.index + 1, part.rows),
    ];
    if traced.shards > 1 {
        lines.push(format!(
            "  {}",
            say(
                "该文件分为多个分片，以上为本行所在分片的字节与哈希",
                "the file has several shards; these are bytes and hash of this row's"
            )
        ));
    }
    match (&row.hash, &row.broken) {
        (Some(hash), _) => lines.push(format!("{}  {hash}", say("内容哈希", "content hash"))),
        (None, Some(broken)) => lines.push(format!("{}  {}", broken.kind.title(lang), broken.message)),
        (None, None) => {}
    }
    lines.push(format!("{}  {} ({})", say("判定", "decision"), row.decision.title(lang), row.decision));
    lines.extend(row.findings.iter().map(|finding| {
        let span = finding.span;
        format!("  {}  {}  {}..{}  {}", finding.rule, finding.detector, span.start, span.end, finding.severity.title(lang))
    }));
    lines
        .extend(row.faults.iter().map(|fault| format!("  {} {}: {}", say("检测器故障", "detector failed"), fault.detector, fault.message)));
    lines.push(format!(
        "{}  {} {}  {} {}",
        say("根", "roots"),
        say("分片", "shard"),
        part.root,
        say("扫描", "scan"),
        hex(&traced.scan.root)
    ));
    if let Some(said) = said {
        lines.push(format!("{}  {}  {}", say("台账条目", "entry"), said.scan.entry, time(said.scan.recorded_ms)));
        lines.extend(said.exports.iter().map(|found| exported(found, lang)));
        if said.exports.is_empty() {
            lines.push(say("导出  无", "exports  none").to_owned());
        }
    }
    lines
}

/// What became of the row in one export.
fn exported(found: &Found, lang: Lang) -> String {
    let say = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    let Found { recorded, row } = found;
    let what = match row {
        Ok(row) => match (row.place(), row.hash()) {
            (Some((path, place)), Some(hash)) => {
                format!("{}  {path} {} {}  {} {hash}", row.became.title(lang), say("行", "row"), place + 1, say("内容哈希", "content hash"))
            }
            _ => row.became.title(lang).to_owned(),
        },
        Err(why) => why.clone(),
    };
    format!("{}  {}  {}  {}\n  {what}", say("导出", "export"), recorded.path, recorded.entry, time(recorded.exported_ms))
}

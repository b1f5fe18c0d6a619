//! `guiju corpus export`: rows that one may train on go out, if every gate is open, under a signed manifest.

mod facts;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use corpus::Gate;
use corpus::export::{Batch, Digested, Outgoing, Proposed, Terms};
use corpus::gates::Words;
use corpus::lineage::ExportedPart;
use indicatif::ProgressBar;
use keys::digest::hex;
use store::lineage::{NewExport, RecordedScan};
use store::sources::SourceName;
use store::{Change, EntryId};
use taxonomy::Lang;

use super::advised;
use crate::commands::gate::{Desk, at_desk};
use crate::commands::place::StoreArgs;
use crate::commands::{exit, time, today};
use facts::Facts;

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Directory that `guiju corpus apply` wrote
    dir: PathBuf,
    /// Source of the data, as the register names it
    #[arg(long)]
    source: SourceName,
    /// Where the export goes
    #[arg(long)]
    out: PathBuf,
    /// Link files in place of copying them: quick, and whoever changes the one changes the other
    #[arg(long)]
    link: bool,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: Lang,
    #[command(flatten)]
    store: StoreArgs,
}

/// How the gates stand, and what they were asked about.
struct Asked {
    gates: Vec<Gate>,
    scan: Option<RecordedScan>,
    facts: Facts,
}

impl Asked {
    async fn now(args: &ExportArgs, desk: &Desk<'_>, batch: &Batch) -> Result<Self> {
        let scan = desk.tenant.recorded_scan(&batch.scan).await?;
        let facts = facts::of(desk, &args.source, &args.dir, batch).await?;
        let mut gates = vec![recorded(scan.as_ref(), batch, args.source.as_str())];
        gates.extend(corpus::gates(&facts.source, &facts.scan, &today()));
        Ok(Self { gates, scan, facts })
    }

    /// The scan, if every gate is open.
    fn open(&self) -> Option<&RecordedScan> {
        self.scan.as_ref().filter(|_| self.gates.iter().all(|gate| gate.open))
    }
}

pub(super) fn run(args: &ExportArgs) -> Result<ExitCode> {
    let batch = Batch::read(&args.dir)?;
    at_desk("corpus export", &args.store, async |desk| {
        let mut asked = Asked::now(args, desk, &batch).await?;
        if asked.open().is_some() {
            let outgoing = Outgoing::begin(&args.dir, &args.out, &batch, args.link).map_err(advised)?;
            let (files, fates) = put(&outgoing)?;
            // Copying may have taken hours: what stands in the manifest is how the gates stand now.
            asked = Asked::now(args, desk, &batch).await?;
            if let Some(scan) = asked.open() {
                finish(args, desk, &batch, scan, &asked, outgoing, (files, fates)).await?;
                return Ok(exit(true));
            }
        }
        print(&asked.gates, args.lang);
        Ok(exit(false))
    })
}

/// The gate that only the ledger can open: what goes out can be traced (LN-6-c).
fn recorded(scan: Option<&RecordedScan>, batch: &Batch, source: &str) -> Gate {
    let words = |zh: &str, en: &str| Words { zh: zh.to_owned(), en: en.to_owned() };
    let (open, why) = match scan {
        None => (false, words("扫描未记入台账", "the scan is not in the ledger")),
        Some(scan) if scan.source != source => {
            let of = &scan.source;
            (false, Words { zh: format!("该扫描记为来源“{of}”"), en: format!("the scan is recorded as one of source '{of}'") })
        }
        Some(scan) if scan.root != batch.root => {
            (false, words("所用发现与台账中的扫描不符", "it was applied by findings other than those of the scan in the ledger"))
        }
        Some(scan) => (true, Words { zh: format!("条目 {}", scan.entry), en: format!("entry {}", scan.entry) }),
    };
    Gate {
        id: "recorded".to_owned(),
        clause: "LN-6-c".to_owned(),
        title: words("扫描已记入台账，每行可追溯", "the scan is in the ledger, and every row can be traced"),
        open,
        warned: false,
        why,
        remedy: words(
            "用 `guiju corpus record` 记录扫描，再执行 `guiju corpus apply`",
            "record the scan with `guiju corpus record`, and run `guiju corpus apply` again",
        ),
    }
}

/// The gates that are shut, each with its clause, cause and remedy; and how many are open.
fn print(gates: &[Gate], lang: Lang) {
    let say = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    say!("{}", say("未导出：以下各项未满足。", "Nothing was exported: these gates are shut."));
    for gate in gates.iter().filter(|gate| !gate.open) {
        say!("{}  {}  [{}]", gate.clause, gate.title.text(lang), gate.id);
        say!("  {}  {}", say("原因", "why"), gate.why.text(lang));
        say!("  {}  {}", say("措施", "do"), gate.remedy.text(lang));
    }
    let open = gates.iter().filter(|gate| gate.open).count();
    say!("{} {open}/{}", say("已满足", "open"), gates.len());
}

/// The files, which may be many and large.
fn put(outgoing: &Outgoing<'_>) -> Result<(Vec<ExportedPart>, Vec<Digested>)> {
    let bar = ProgressBar::new(0);
    let done = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let put = outgoing.put_all(&done).map_err(advised);
    bar.finish_and_clear();
    put
}

/// The manifest: proposed, recorded, signed, and written last.
async fn finish(
    args: &ExportArgs,
    desk: &Desk<'_>,
    batch: &Batch,
    scan: &RecordedScan,
    asked: &Asked,
    outgoing: Outgoing<'_>,
    (files, fates): (Vec<ExportedPart>, Vec<Digested>),
) -> Result<()> {
    let proposed = match earlier(desk, &outgoing, &files, &fates).await? {
        Some(proposed) => proposed,
        None => {
            let source = &asked.facts.source;
            let terms = Terms {
                tenant: desk.tenant.id().to_string(),
                origin: desk.tenant.log().await?.origin,
                entry: desk.tenant.entry_id()?.to_string(),
                time: time(desk.tenant.now()),
                source: source.name.clone(),
                licence: source.licence.clone(),
                basis: source.basis.id().to_owned(),
                scan_entry: scan.entry.to_string(),
                gates: asked.gates.clone(),
            };
            outgoing.propose(terms, files, fates).map_err(advised)?
        }
    };
    let entry = record(args, desk, batch, &proposed).await?;
    let note = desk.tenant.signed_statement(entry).await?;
    outgoing.finish(&proposed, &note.to_string()).map_err(advised)?;
    let manifest = &proposed.manifest;
    say!("已导出 exported: 文件 files {}, 行 rows {}", manifest.files.len(), manifest.rows_out());
    say!("清单 manifest {} SHA-256 {}", args.out.join("manifest.json").display(), hex(&proposed.digests.sha256));
    say!("台账条目 entry {entry}");
    Ok(())
}

/// The manifest of a run that was cut off after the ledger had it: its entry stands, so it is the one.
async fn earlier(desk: &Desk<'_>, outgoing: &Outgoing<'_>, files: &[ExportedPart], fates: &[Digested]) -> Result<Option<Proposed>> {
    let Some(proposed) = outgoing.earlier(files, fates) else { return Ok(None) };
    let known = desk.tenant.recorded_export(&proposed.digests.sha256).await?;
    Ok(known.is_some().then_some(proposed))
}

async fn record(args: &ExportArgs, desk: &Desk<'_>, batch: &Batch, proposed: &Proposed) -> Result<EntryId> {
    let path = args.out.canonicalize().with_context(|| args.out.display().to_string())?;
    let Some(path) = path.to_str().map(str::to_owned) else { bail!("{}: the path is not UTF-8; name another --out", path.display()) };
    let manifest = &proposed.manifest;
    let new = NewExport {
        entry: manifest.entry.parse().map_err(|error: String| anyhow!(error))?,
        scan: batch.scan,
        manifest: proposed.digests,
        root: manifest.root(),
        path,
        files: manifest.files.len() as u64,
        rows: manifest.rows_out(),
    };
    // Copying may have taken longer than a session or a second factor lasts.
    let who = desk.again(&args.store).await?;
    Ok(desk.tenant.change(async move |change: &mut Change| change.record_export(&who, new).await).await?.0)
}

//! What the gates are asked about: the register speaks of the source, the data that was applied of itself.

use std::path::Path;

use anyhow::Result;
use corpus::export::Batch;
use corpus::{ScanFacts, SourceFacts, spotcheck};
use store::sources::SourceName;

use crate::commands::gate::Desk;
use crate::commands::source::facts::facts;

/// What is known of a source and of the data that is to go out.
pub(super) struct Facts {
    pub(super) source: SourceFacts,
    pub(super) scan: ScanFacts,
}

/// Gathers the facts. What nobody has said is unknown, and keeps its gate shut.
pub(super) async fn of(desk: &Desk<'_>, name: &SourceName, dir: &Path, batch: &Batch) -> Result<Facts> {
    let source = facts(&desk.tenant.source(name).await?, &desk.tenant.sources().await?);
    Ok(Facts { source, scan: scan(dir, batch)? })
}

/// Of the data itself, and of its spot checks.
fn scan(dir: &Path, batch: &Batch) -> Result<ScanFacts> {
    let facts = batch.facts();
    let (manual, technical) = spotcheck::outcome(dir, facts.kept)?.unzip();
    Ok(ScanFacts { manual, technical, ..facts })
}

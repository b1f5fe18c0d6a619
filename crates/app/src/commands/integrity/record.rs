//! The entries of a check: one for each difference, and one that says what was checked.

use anyhow::Result;
use ledger::leaf::Class;
use store::{Change, Entry, Leased, NewJob, Tenant};

use super::What;
use super::check::{Checked, Finding};

/// Entries of one change: well below what the store takes, so that others come between.
const AT_A_TIME: usize = 1_000;

/// A job that is done with the last of the entries, and the one that follows it.
pub(super) struct Turn {
    pub(super) leased: Leased,
    pub(super) next: NewJob,
}

/// Records a check. Differences are recorded before the check itself is: after a crash between the two, the ledger says what was found, and the job is done again.
pub(super) async fn record(tenant: &Tenant, by: &str, what: What, checked: &Checked, turn: Option<Turn>) -> Result<()> {
    for findings in checked.findings.chunks(AT_A_TIME) {
        let entries: Vec<Entry> = findings.iter().map(|finding| entry(finding, by)).collect();
        tenant.change(async move |change: &mut Change| entries.into_iter().try_for_each(|entry| change.record(entry).map(drop))).await?;
    }
    let entry = Entry::new(Class::System, "integrity.check", by).with("what", what.id()).with("things", checked.things);
    let entry = entry.with("files", checked.files).with("bytes", checked.bytes).with("differences", checked.findings.len());
    let work = async move |change: &mut Change| {
        change.record(entry)?;
        let Some(turn) = turn else { return Ok(()) };
        change.finish(&turn.leased).await?;
        change.enqueue(turn.next).await.map(drop)
    };
    tenant.change(work).await?;
    Ok(())
}

fn entry(finding: &Finding, by: &str) -> Entry {
    let difference = &finding.difference;
    let entry = Entry::new(Class::System, "integrity.finding", by).with("of", finding.of.clone()).with("file", difference.file.clone());
    entry.with("how", difference.how.word()).with("says", difference.to_string())
}

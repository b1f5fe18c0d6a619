//! `guiju source list` and `show`.

use anyhow::Result;
use corpus::Gate;
use corpus::gates::source_gates;
use serde_json::json;
use store::sources::{Assessed, Document, SourceRecord, Version};
use taxonomy::Lang;

use super::One;
use super::facts::facts;
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;
use crate::commands::{pad, print_json, time, today};

pub(super) fn list(store: &StoreArgs, json: bool) -> Result<()> {
    let sources = at_desk("source list", store, async |desk| Ok(desk.tenant.sources().await?))?;
    if json {
        return print_json(&sources);
    }
    for source in &sources {
        let declared = &source.declared;
        let (languages, until) = (declared.languages.join(","), declared.expires.as_deref().unwrap_or("-"));
        say!(
            "{:<24} {:<14} {:<8} {:<10} {:<11} {languages}  {until}",
            source.name,
            declared.kind,
            declared.origin,
            source.state,
            declared.grade
        );
    }
    Ok(())
}

pub(super) fn show(one: &One, json: bool, lang: Lang) -> Result<()> {
    let (record, all) =
        at_desk("source show", &one.store, async |desk| Ok((desk.tenant.source(&one.name).await?, desk.tenant.sources().await?)))?;
    let gates = source_gates(&facts(&record, &all), &today());
    if json {
        return print_json(&json!({ "record": record, "gates": gates }));
    }
    declared(&record, lang);
    history(&record);
    lacks(&gates, lang);
    Ok(())
}

fn declared(record: &SourceRecord, lang: Lang) {
    let (source, declared) = (&record.source, &record.source.declared);
    say!("{} is {} ({}), version {}", source.name, source.state, source.state.title(lang), source.version);
    let modalities: Vec<&str> = declared.modalities.iter().map(|modality| modality.id()).collect();
    let rows = [
        ("kind", declared.kind.title(lang)),
        ("origin", declared.origin.title(lang)),
        ("languages", &declared.languages.join(", ")),
        ("modalities", &modalities.join(", ")),
        ("licence", &declared.licence),
        ("grade", declared.grade.title(lang)),
        ("basis", declared.basis.title(lang)),
        ("expires", declared.expires.as_deref().unwrap_or_default()),
        ("responsible", record.owner.as_deref().unwrap_or("(erased)")),
        ("description", &declared.description),
    ];
    for (name, value) in rows {
        say!("{name:<12} {}", if value.is_empty() { "-" } else { value });
    }
}

fn history(record: &SourceRecord) {
    record.versions.iter().for_each(version);
    record.documents.iter().for_each(document);
    for review in &record.reviews {
        let what = if review.accepted { "accepted" } else { "refused" };
        say!("review       {what} by {}, {}, entry {}: {}", review.made.by, time(review.made.ms), review.made.entry, review.note);
    }
    record.assessments.iter().for_each(assessed);
    for check in &record.robots {
        say!("robots       {} of {} addresses off limits, crawler {}", check.refused, check.checked, check.agent);
    }
    for block in &record.blocks {
        say!("blocked      {} by {}: {}", time(block.made.ms), block.made.by, block.reason);
        if let Some((by, ms, reason)) = &block.lifted {
            say!("             taken off {} by {by}: {reason}", time(*ms));
        }
    }
}

fn version(version: &Version) {
    say!("version      {} by {}, {}, entry {}", version.version, version.made.by, time(version.made.ms), version.made.entry);
}

fn document(document: &Document) {
    let kept = if document.kept { "kept" } else { "digest only" };
    let until = document.expires.as_deref().map(|day| format!(", until {day}")).unwrap_or_default();
    let gone = document.replaced.map(|by| format!(", replaced by {by}")).unwrap_or_default();
    let (number, kind, file) = (document.document, document.kind, document.file.escape_debug());
    say!(
        "document     {number} {kind} {file}, {} bytes, {kept}{until}{gone}, by {}, sha256 {}",
        document.bytes,
        document.made.by,
        document.sha256
    );
}

fn assessed(made: &Assessed) {
    let of = &made.assessment;
    let counts = if made.counts { "" } else { ", before it was taken off the blacklist" };
    let (phase, outcome, low, high) = (of.phase, of.outcome, of.low * 100.0, of.high * 100.0);
    say!("assessment   {phase}: {outcome}, {} of {} rows, {low:.2} to {high:.2} %, by {}{counts}", of.suspected, of.sampled, made.by);
}

/// What still shuts the gate, and what opens it.
fn lacks(gates: &[Gate], lang: Lang) {
    for gate in gates.iter().filter(|gate| !gate.open || gate.warned) {
        let mark = if gate.open { "!" } else { "x" };
        say!("{mark} {} {}: {}", pad(&gate.clause, 12), gate.title.text(lang), gate.why.text(lang));
        say!("  {} {}", pad("", 12), gate.remedy.text(lang));
    }
}

//! `guiju trace`: from an answer to the request behind it, what was found, by which versions, and who decided (Liaoning 10.3.1).

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use store::guard::Trace as Traced;
use store::{EntryId, Opened, Secret};

use super::gate::at_desk;
use super::place::StoreArgs;
use super::{print_json, time};

#[derive(Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    store: StoreArgs,
    /// The request, as the header `X-Guiju-Request` of its answer names it
    request: EntryId,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Trace) -> Result<ExitCode> {
    let trace = at_desk("trace", &command.store, async |desk| Ok(desk.tenant.trace(command.request).await?))?;
    if command.json {
        print_json(&whole(&trace))?;
    } else {
        print(&trace);
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(trace: &Traced) -> Value {
    let row = trace.row.as_ref().map(|row| {
        json!({"request": row.request.to_string(), "time_ms": row.time_ms, "client_key": row.client_key, "person": row.person, "endpoint": row.endpoint,
            "model": row.model, "decision": row.decision, "outcome": row.outcome.to_string(), "ticket": row.ticket.map(|ticket| ticket.to_string())})
    });
    let entries: Vec<Value> = trace.entries.iter().map(entry).collect();
    json!({"row": row, "entries": entries})
}

fn entry(opened: &Opened) -> Value {
    json!({"index": opened.index, "entry": opened.entry.to_string(), "time_ms": opened.time_ms, "said": opened.said, "content": content(&opened.content)})
}

fn content(secret: &Secret) -> Value {
    match secret {
        Secret::None => Value::Null,
        Secret::Gone => "gone: the person was erased, or its time is over".into(),
        Secret::Open(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
    }
}

fn print(trace: &Traced) {
    match &trace.row {
        Some(row) => {
            say!("request   {}  {}", row.request, time(row.time_ms));
            say!(
                "asked     {} of {} with client key {}",
                row.endpoint,
                row.model,
                if row.client_key.is_empty() { "none" } else { &row.client_key }
            );
            say!("person    {}", if row.person.is_empty() { "none named, or erased" } else { &row.person });
            say!("decision  {}", row.decision);
        }
        None => say!("this request has no outcome: it is at work, or the gateway ended in the middle of it"),
    }
    for opened in &trace.entries {
        let what = opened.said.as_ref().and_then(|said| said.get("what")).and_then(Value::as_str).unwrap_or("(its retention has ended)");
        say!("\nentry {}  {}  {what}", opened.index, time(i64::try_from(opened.time_ms).unwrap_or(i64::MAX)));
        let details = opened.said.as_ref().and_then(|said| said.get("details")).and_then(Value::as_object);
        for (name, value) in details.into_iter().flatten() {
            say!("  {name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        if !matches!(opened.content, Secret::None) {
            say!("  content: {}", content(&opened.content).as_str().unwrap_or_default());
        }
    }
}

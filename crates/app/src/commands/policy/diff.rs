//! `guiju policy diff`: what the shadow of a policy decided otherwise than the live version, counted from the entries of requests. It shows ids and classes, never texts.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use serde_json::Value;
use store::guard::{MAX_REQUESTS, PolicyState, RequestFilter, Trace};
use store::{EntryId, Tenant};

use super::text;
use crate::commands::gate::at_desk;
use crate::commands::place::StoreArgs;

/// Most requests that are looked at: each is read and opened, some thousand a second.
const MOST: usize = 100_000;

/// Requests named for each difference.
const NAMED: usize = 5;

const HOUR_MS: i64 = 3_600_000;

/// Where the shadow differs: at which stage, what was decided, what it would have decided, and about which class.
type Difference = (&'static str, String, String, String);

/// What was counted.
#[derive(Default)]
struct Counted {
    /// Requests that the shadow saw.
    tried: u64,
    /// Those of them that it would have decided otherwise at either stage.
    otherwise: u64,
    differences: BTreeMap<Difference, (u64, Vec<EntryId>)>,
}

pub(super) fn run(store: &StoreArgs, name: &str, hours: u32, most: usize) -> Result<()> {
    let (version, counted, seen) = at_desk("policy diff", store, async |desk| {
        let shadow = desk.tenant.guard().await?.policies.into_iter().find(|row| row.name == name && row.state == PolicyState::Shadow);
        let Some(shadow) = shadow else { anyhow::bail!("policy {name} has no shadow; `guiju policy shadow VERSION` makes one") };
        let from_ms = desk.tenant.now() - i64::from(hours) * HOUR_MS;
        let version = format!("{} {}", shadow.name, shadow.version);
        let requests = newest(&desk.tenant, from_ms, most.min(MOST)).await?;
        let mut counted = Counted::default();
        for request in &requests {
            counted.take(*request, &version, &desk.tenant.trace(*request).await?);
        }
        Ok((version, counted, requests.len()))
    })?;
    let Counted { tried, otherwise, differences } = counted;
    let interval = stats::wilson(otherwise, tried);
    say!("shadow {version}: {tried} of the last {seen} requests were tried, within {hours} h");
    say!("{otherwise} decided otherwise [{:.1}, {:.1}] %", interval.low * 100.0, interval.high * 100.0);
    for ((stage, live, shadow, class), (count, named)) in &differences {
        say!("{count:>6}  {stage} {live} -> {shadow}  {class}");
        named.iter().for_each(|request| say!("          {request}"));
    }
    if !differences.is_empty() {
        say!(
            "next: `guiju trace REQUEST` shows what was found; `guiju policy live {}` puts it in force",
            version.rsplit(' ').next().unwrap_or_default()
        );
    }
    Ok(())
}

/// The newest requests that have their outcome, read a page at a time.
async fn newest(tenant: &Tenant, from_ms: i64, most: usize) -> Result<Vec<EntryId>> {
    let (mut found, mut known, mut until_ms) = (Vec::new(), HashSet::new(), None);
    while found.len() < most {
        let filter = RequestFilter { from_ms: Some(from_ms), until_ms, ..RequestFilter::default() };
        let page = tenant.requests(&filter, MAX_REQUESTS).await?;
        let before = found.len();
        found.extend(page.iter().map(|row| row.request).filter(|request| known.insert(*request)));
        // Of those of the same millisecond the rest comes with the next page.
        until_ms = page.last().map(|row| time_ms(row.request) + 1);
        if page.len() < MAX_REQUESTS || found.len() == before {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// When an entry was made, ms since 1970: ids begin with six bytes of it.
fn time_ms(entry: EntryId) -> i64 {
    entry.0.iter().take(6).fold(0, |time, byte| time << 8 | i64::from(*byte))
}

impl Counted {
    fn take(&mut self, request: EntryId, version: &str, trace: &Trace) {
        let said: Vec<&Value> = trace.entries.iter().filter_map(|entry| entry.said.as_ref()).collect();
        if !said.iter().any(|said| said.pointer("/details/tried").and_then(Value::as_str) == Some(version)) {
            return;
        }
        self.tried += 1;
        let mut differs = HashSet::new();
        for entry in said {
            let (stage, Some(details)) = (stage(entry), entry.get("details")) else { continue };
            // Without findings of its own it is the shadow of a judging policy, or of a stream's request that the admission told already.
            let (Some(shadow), Some(found)) = (details.get("shadow").and_then(Value::as_str), details.get("shadow_findings")) else {
                continue;
            };
            if stage == "request" && text(entry, "what") != "request.admit" || !differs.insert(stage) {
                continue;
            }
            let class = class(found).or_else(|| class(details.get("findings")?)).unwrap_or_else(|| "-".to_owned());
            let difference = (stage, text(details, "action").to_owned(), shadow.to_owned(), class);
            let (count, named) = self.differences.entry(difference).or_default();
            *count += 1;
            if named.len() < NAMED {
                named.push(request);
            }
        }
        self.otherwise += u64::from(!differs.is_empty());
    }
}

/// Which of the two was judged: the outcome of what was refused at once tells of the request again.
fn stage(entry: &Value) -> &'static str {
    if entry.pointer("/details/stage").and_then(Value::as_str) == Some("answer") { "answer" } else { "request" }
}

/// What the gravest finding speaks of.
fn class(findings: &Value) -> Option<String> {
    let rank = |finding: &&Value| ["note", "review", "block"].iter().position(|word| *word == text(finding, "severity"));
    let gravest = findings.as_array()?.iter().filter(|finding| finding.get("rule").is_some()).max_by_key(rank)?;
    let named = ["class", "attack", "personal"].into_iter().find_map(|field| gravest.get(field)?.as_str());
    Some(named.unwrap_or("ban").to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::{Class, Opened, Secret};

    use super::*;

    fn trace(said: Vec<Value>) -> Trace {
        let entry = EntryId([0; 16]);
        let opened =
            |said| Opened { index: 0, entry, time_ms: 0, class: Class::Decision, said: Some(said), content: Secret::None, statement: None };
        Trace { row: None, tickets: Vec::new(), entries: said.into_iter().map(opened).collect() }
    }

    #[test]
    fn a_difference_is_counted_once_by_stage_and_class() {
        let found = json!([{"rule": "a", "severity": "review", "class": "A1a"}, {"rule": "b", "severity": "block", "class": "A4a"}]);
        let admit = |tried: &str| json!({"what": "request.admit", "details": {"tried": tried, "action": "pass", "findings": [], "shadow": "refuse", "shadow_findings": found}});
        let answer = json!({"what": "request.close", "details": {"stage": "answer", "action": "mask", "shadow": "pass", "shadow_findings": [], "findings": [{"rule": "c", "severity": "review", "personal": "mobile"}]}});
        let again =
            json!({"what": "request.close", "details": {"stage": "input", "action": "refuse", "shadow": "pass", "shadow_findings": found}});
        let same = json!({"what": "request.admit", "details": {"tried": "default 2", "action": "pass", "findings": []}});
        let mut counted = Counted::default();
        for said in [vec![admit("default 2"), answer], vec![admit("default 2"), again], vec![admit("default 1")], vec![same]] {
            counted.take(EntryId([0; 16]), "default 2", &trace(said));
        }
        assert_eq!((counted.tried, counted.otherwise), (3, 2));
        let rows: Vec<_> = counted
            .differences
            .iter()
            .map(|((stage, live, shadow, class), (count, _))| format!("{count} {stage} {live} {shadow} {class}"))
            .collect();
        assert_eq!(rows, ["1 answer mask pass mobile", "2 request pass refuse A4a"]);
    }

    #[test]
    fn a_page_ends_at_the_time_of_its_last_id() {
        let mut id = [0xff; 16];
        id[..6].copy_from_slice(&1_800_000_000_000_i64.to_be_bytes()[2..]);
        assert_eq!(time_ms(EntryId(id)), 1_800_000_000_000);
    }
}

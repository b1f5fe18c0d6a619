//! What guards a live service, as several gateways share it.

use std::collections::BTreeSet;
use std::time::Instant;

use keys::digest::{hex, sha256};
use keys::token::Token;
use ledger::leaf::Class;
use serde_json::json;
use store::guard::{
    Age, Appeal, Direction, Guard, GuardChange, MAX_BANS, MAX_POLICY_BYTES, MAX_RECENT, MAX_SETTINGS_BYTES, NewBan, NewTicket, PolicyState,
    Profile, RequestFilter, RequestRow, Scope, Stage, Standing, StandingState, TicketState, Toggle, Training, Whom,
};
use store::{Change, Entry, EntryId, Secret, Store, StoreError, Tenant, TenantId};

use crate::authenticator;
use crate::place::{Fresh, everywhere, holding};

/// Does one thing in a change.
macro_rules! does {
    ($tenant:expr, |$change:ident| $work:expr) => {
        $tenant.change(async move |$change: &mut Change| $work).await.map(|(value, _)| value)
    };
}

/// What the log says happened, the last entries.
async fn said(tenant: &Tenant, last: usize) -> Vec<String> {
    let entries = tenant.entries(0, 1_000).await.unwrap();
    let words = entries.iter().map(|entry| entry.said.as_ref().unwrap()["what"].as_str().unwrap().to_owned());
    words.skip(entries.len() - last).collect()
}

fn ban(pattern: &str, expires_ms: Option<i64>) -> NewBan {
    NewBan { pattern: pattern.to_owned(), direction: Direction::Both, reason: "谣言".to_owned(), expires_ms }
}

async fn strike(tenant: &Tenant, person: &str, most: usize) -> Result<i64, StoreError> {
    let person = person.to_owned();
    does!(tenant, |change| {
        let mut standing = change.standing(&person).await?;
        standing.consecutive += 1;
        standing.recent.push(change.now_ms());
        standing.state = if standing.recent.len() >= most { StandingState::Suspended } else { StandingState::Good };
        change.set_standing(&standing).await?;
        change.record(Entry::new(Class::Decision, "strike", "test"))?;
        Ok(standing.consecutive)
    })
}

/// Admits a request and closes it.
async fn request(tenant: &Tenant, name: &str, person: &str) -> RequestRow {
    let about = name.to_owned();
    let admitted =
        does!(tenant, |change| change.record(Entry::new(Class::Decision, "request.admit", "gateway").about(about, "问"))).unwrap();
    let (person, about) = (person.to_owned(), name.to_owned());
    does!(tenant, |change| {
        let outcome = change.record(Entry::new(Class::Decision, "request.outcome", "gateway").about(about, "答"))?;
        let row = RequestRow {
            request: admitted,
            time_ms: change.now_ms(),
            client_key: "key-1".to_owned(),
            person,
            endpoint: "/v1/chat/completions".to_owned(),
            model: "qwen".to_owned(),
            decision: "pass".to_owned(),
            outcome,
            ticket: None,
        };
        change.close_request(row.clone())?;
        Ok(row)
    })
    .unwrap()
}

fn ticket(request: EntryId, person: &str, until_ms: i64) -> NewTicket {
    NewTicket { request, stage: Stage::Answer, person: person.to_owned(), body: "待审的回答".into(), until_ms, kept_until_ms: None }
}

async fn open_ticket(tenant: &Tenant, new: NewTicket) -> EntryId {
    does!(tenant, |change| change.open_ticket("gateway", new).await).unwrap()
}

#[test]
fn a_client_key_is_shown_once_and_known_by_its_digest() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (key, secret): (String, Token) =
            does!(tenant, |change| change.add_client_key("account-1", "客服", &json!({ "models": ["qwen"] }), None).await).unwrap();
        let held = tenant.guard().await.unwrap();
        assert_eq!((held.epoch, held.keys.len()), (1, 1));
        assert_eq!((held.keys[0].key.clone(), held.keys[0].digest, held.keys[0].expires_ms), (key.clone(), secret.hash().0, None));
        assert_eq!(held.keys[0].settings, json!({ "models": ["qwen"] }));
        let soon = fresh.now() + 1_000;
        does!(tenant, |change| change.add_client_key("account-1", "试用", &json!({}), Some(soon)).await).unwrap();
        assert_eq!(tenant.guard().await.unwrap().keys.len(), 2);
        fresh.later(1_000);
        assert_eq!(tenant.guard().await.unwrap().keys.len(), 1, "one has expired, and nobody had to write that");
        assert_eq!(tenant.guard_epoch().await.unwrap(), 2);
        let word = key.clone();
        does!(tenant, |change| change.revoke_client_key("account-1", &word).await).unwrap();
        let word = key.clone();
        assert!(matches!(does!(tenant, |change| change.revoke_client_key("account-1", &word).await), Err(StoreError::NotFound(_))));
        assert!(tenant.guard().await.unwrap().keys.is_empty());
        let listed = tenant.client_keys().await.unwrap();
        assert_eq!((listed.len(), listed[1].key.as_str(), listed[1].revoked_ms), (2, key.as_str(), Some(fresh.now())));
        assert_eq!(said(&tenant, 3).await, ["client-key.add", "client-key.add", "client-key.revoke"]);
        let large = json!({ "a": "x".repeat(MAX_SETTINGS_BYTES) });
        for (name, settings, expires) in
            [("", json!({}), None), ("a\nb", json!({}), None), ("a", json!([]), None), ("a", large, None), ("a", json!({}), Some(soon))]
        {
            assert!(does!(tenant, |change| change.add_client_key("account-1", name, &settings, expires).await).is_err(), "{name}");
        }
        assert_eq!(tenant.guard_epoch().await.unwrap(), 3, "what was refused raised nothing");
        let text = secret.text();
        let raw = authenticator::base32(&text[keys::token::PREFIX.len()..])[..32].to_vec();
        for hidden in [&text.as_bytes()[keys::token::PREFIX.len()..], &raw] {
            assert_eq!(holding(fresh.directory.path(), hidden), Vec::<String>::new());
            assert!(!listed.iter().any(|key| format!("{key:?}").contains(&hex(hidden))));
        }
        store.close().await;
    });
}

#[test]
fn a_ban_ends_by_itself_or_is_removed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let soon = fresh.now() + 1_000;
        let first = does!(tenant, |change| change.add_ban("account-1", ban("某谣言", None)).await).unwrap();
        does!(tenant, |change| change.add_ban("account-1", ban("限时", Some(soon))).await).unwrap();
        let patterns = async || tenant.bans().await.unwrap().into_iter().map(|ban| ban.pattern).collect::<BTreeSet<_>>();
        assert_eq!(patterns().await, BTreeSet::from(["某谣言".to_owned(), "限时".to_owned()]));
        assert_eq!(tenant.guard().await.unwrap().bans, tenant.bans().await.unwrap());
        fresh.later(1_000);
        assert_eq!(patterns().await, BTreeSet::from(["某谣言".to_owned()]));
        assert_eq!(fresh.ask("guiju.db", "SELECT ban FROM ban").await.len(), 2);
        does!(tenant, |change| change.add_ban("account-1", ban("第三", None)).await).unwrap();
        assert_eq!(fresh.ask("guiju.db", "SELECT ban FROM ban").await.len(), 2, "what has expired goes with the next");
        let word = first.clone();
        does!(tenant, |change| change.remove_ban("account-2", &word).await).unwrap();
        assert!(matches!(does!(tenant, |change| change.remove_ban("account-2", &first).await), Err(StoreError::NotFound(_))));
        assert_eq!(patterns().await, BTreeSet::from(["第三".to_owned()]));
        assert_eq!(said(&tenant, 4).await, ["ban.add", "ban.add", "ban.add", "ban.remove"]);
        assert_eq!(tenant.guard_epoch().await.unwrap(), 4);
        for wrong in [ban("", None), ban(&"长".repeat(201), None), ban("a\nb", None), ban("a", Some(fresh.now()))] {
            assert!(does!(tenant, |change| change.add_ban("account-1", wrong).await).is_err());
        }
        does!(tenant, |change| change.add_ban("account-1", ban(&"长".repeat(200), None)).await).unwrap();
        store.close().await;
    });
}

#[test]
fn there_are_only_so_many_bans() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let fill = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_BANS})
             INSERT INTO ban (tenant, ban, pattern, direction, reason, made_by, created_ms, expires_ms)
             SELECT 'main', CAST(i AS TEXT), 'p', 'both', 'r', 'b', 1, 0 FROM n"
        );
        fresh.ask("guiju.db", &fill).await;
        assert_eq!(tenant.bans().await.unwrap().len(), MAX_BANS);
        assert!(matches!(does!(tenant, |change| change.add_ban("a", ban("多", None)).await), Err(StoreError::Refused(_))));
        does!(tenant, |change| change.remove_ban("a", "17").await).unwrap();
        does!(tenant, |change| change.add_ban("a", ban("多", None)).await).unwrap();
        store.close().await;
    });
}

#[test]
fn what_is_switched_off_stands_until_it_is_switched_on() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let toggle = |scope, name: &str, off| Toggle { scope, name: name.to_owned(), off };
        let throw = async |toggle: Toggle| does!(tenant, |change| change.switch("account-1", &toggle, "事故").await);
        throw(toggle(Scope::Model, "qwen", true)).await.unwrap();
        throw(toggle(Scope::Tenant, "", true)).await.unwrap();
        assert!(matches!(throw(toggle(Scope::Model, "qwen", true)).await, Err(StoreError::Refused(_))), "it is off already");
        assert!(matches!(throw(toggle(Scope::Route, "qwen", false)).await, Err(StoreError::Refused(_))), "a route is no model");
        assert!(throw(toggle(Scope::Tenant, "main", true)).await.is_err());
        assert!(throw(toggle(Scope::Model, "", true)).await.is_err());
        let off = tenant.switches().await.unwrap();
        let names: BTreeSet<_> = off.iter().map(|switch| (switch.scope, switch.name.as_str())).collect();
        assert_eq!(names, BTreeSet::from([(Scope::Model, "qwen"), (Scope::Tenant, "")]));
        assert_eq!(tenant.guard().await.unwrap().switches, off);
        throw(toggle(Scope::Tenant, "", false)).await.unwrap();
        assert_eq!(tenant.guard().await.unwrap().switches.len(), 1);
        assert_eq!(
            (said(&tenant, 3).await, tenant.guard_epoch().await.unwrap()),
            (["switch.off", "switch.off", "switch.on"].map(str::to_owned).to_vec(), 3)
        );
        assert_eq!(toggle(Scope::Model, "qwen", true).object(), "off model qwen");
        assert_eq!(toggle(Scope::Tenant, "", false).object(), "on tenant");
        store.close().await;
    });
}

#[test]
fn a_policy_goes_live_when_it_has_passed_and_goes_back_the_way_it_came() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let add = async |body: &'static str| does!(tenant, |change| change.add_policy("account-1", "main", body).await);
        let live = async |version: i64| does!(tenant, |change| change.set_live("account-1", "main", version).await);
        let shadow = async |version: i64| does!(tenant, |change| change.set_shadow("account-1", "main", version).await);
        let back = async || does!(tenant, |change| change.back("account-1", "main").await);
        let says = async |version: i64, passed: serde_json::Value, body: &str| {
            let said = json!({ "passed": passed, "digest": hex(&sha256(body.as_bytes())) });
            does!(tenant, |change| change.set_regression("account-1", "main", version, &said).await).unwrap();
        };
        let states = async || {
            let mut states: Vec<_> = tenant.policies().await.unwrap().into_iter().map(|policy| (policy.version, policy.state)).collect();
            states.sort_unstable();
            states
        };
        use PolicyState::{Draft, Live, Retired};
        assert_eq!((add("a = 1").await.unwrap(), add("a = 2").await.unwrap(), add("a = 3").await.unwrap()), (1, 2, 3));
        assert_eq!(tenant.guard_epoch().await.unwrap(), 0, "no gateway must know a draft");
        assert!(matches!(live(1).await, Err(StoreError::Refused(_))), "not tested");
        says(1, json!(true), "a = 2").await;
        assert!(live(1).await.is_err(), "passed with another body");
        says(1, json!(false), "a = 1").await;
        assert!(live(1).await.is_err(), "did not pass");
        says(1, json!("true"), "a = 1").await;
        assert!(live(1).await.is_err(), "a word is no truth");
        for (version, body) in [(1, "a = 1"), (2, "a = 2"), (3, "a = 3")] {
            says(version, json!(true), body).await;
        }
        assert!(matches!(back().await, Err(StoreError::Refused(_))), "nothing is live");
        live(1).await.unwrap();
        assert!(live(1).await.is_err() && back().await.is_err());
        shadow(2).await.unwrap();
        shadow(3).await.unwrap();
        assert!(shadow(1).await.is_err(), "it is live");
        assert_eq!(states().await, [(1, Live), (2, Draft), (3, PolicyState::Shadow)]);
        let held = tenant.guard().await.unwrap().policies;
        assert_eq!(held.iter().map(|policy| (policy.version, policy.body.as_str())).collect::<Vec<_>>(), [(1, "a = 1"), (3, "a = 3")]);
        does!(tenant, |change| change.end_shadow("account-1", "main").await).unwrap();
        assert!(does!(tenant, |change| change.end_shadow("account-1", "main").await).is_err());
        live(2).await.unwrap();
        live(3).await.unwrap();
        assert_eq!(states().await, [(1, Retired), (2, Retired), (3, Live)]);
        assert_eq!(back().await.unwrap(), 2);
        assert_eq!(states().await, [(1, Retired), (2, Live), (3, Retired)]);
        live(1).await.unwrap();
        assert_eq!(back().await.unwrap(), 2, "not to 3, which was gone back from");
        assert!(back().await.is_err(), "1 was gone back from too");
        let epoch = tenant.guard_epoch().await.unwrap();
        assert_eq!(add("a = 4").await.unwrap(), 4);
        assert_eq!(tenant.guard_epoch().await.unwrap(), epoch);
        assert_eq!(said(&tenant, 4).await, ["policy.back", "policy.live", "policy.back", "policy.draft"]);
        let large = "x".repeat(MAX_POLICY_BYTES + 1);
        assert!(does!(tenant, |change| change.add_policy("a", "main", &large).await).is_err());
        assert!(does!(tenant, |change| change.add_policy("a", "", "x").await).is_err());
        assert!(matches!(tenant.policy("main", 9).await, Err(StoreError::NotFound(_))));
        store.close().await;
    });
}

#[test]
fn a_standing_is_told_to_gateways_when_it_matters() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let label = tenant.person_label("user-17").await.unwrap();
        assert_eq!(label, tenant.person_label("user-17").await.unwrap());
        assert_ne!(label, tenant.person_label("user-18").await.unwrap());
        assert_eq!(tenant.standing(&label).await.unwrap(), Standing::good(&label));
        assert!(matches!(strike(&tenant, "user-17", 3).await, Err(StoreError::Refused(_))), "a name is no label");
        for number in 1..3 {
            assert_eq!(strike(&tenant, &label, 3).await.unwrap(), number);
        }
        assert_eq!((tenant.guard_epoch().await.unwrap(), tenant.guard().await.unwrap().standings), (0, Vec::new()));
        strike(&tenant, &label, 3).await.unwrap();
        let held = tenant.guard().await.unwrap();
        assert_eq!((held.epoch, held.standings.len(), held.complete), (1, 1, true));
        assert_eq!((held.standings[0].state, held.standings[0].recent.len()), (StandingState::Suspended, 3));
        let word = label.clone();
        let appeal = does!(tenant, |change| {
            let appeal = change.record(Entry::new(Class::Privacy, "appeal.open", "user").about("user-17", "我没有"))?;
            let standing = Standing { appeal: Appeal::Open, appeal_entry: Some(appeal), ..change.standing(&word).await? };
            change.set_standing(&standing).await?;
            Ok(appeal)
        })
        .unwrap();
        let open = tenant.open_appeals().await.unwrap();
        assert_eq!((open.len(), open[0].appeal_entry), (1, Some(appeal)));
        assert_eq!(tenant.entry(appeal).await.unwrap().content, Secret::Open("我没有".into()));
        let pardoned = Standing { appeal: Appeal::Granted, ..Standing::good(&label) };
        does!(tenant, |change| change.set_standing(&pardoned).await).unwrap();
        let GuardChange::Some { epoch, standings, profiles } = tenant.guard_since(1).await.unwrap() else { panic!("one row") };
        assert_eq!(
            (epoch, standings.len(), standings[0].state, profiles.len()),
            (3, 1, StandingState::Good, 0),
            "that it is good again is told"
        );
        // What is no news does not take away the mark of what was.
        strike(&tenant, &label, 3).await.unwrap();
        let GuardChange::Some { standings, .. } = tenant.guard_since(2).await.unwrap() else { panic!("one row") };
        assert_eq!((standings.len(), standings[0].consecutive), (1, 1));
        assert_eq!(tenant.guard_since(3).await.unwrap(), GuardChange::Nothing);
        assert!(matches!(tenant.guard_since(9).await.unwrap(), GuardChange::All(_)), "the database was gone back");
        does!(tenant, |change| change.add_ban("a", ban("某", None)).await).unwrap();
        assert!(matches!(tenant.guard_since(3).await.unwrap(), GuardChange::All(guard) if guard.bans.len() == 1));
        let long = Standing { recent: vec![1; MAX_RECENT + 1], ..Standing::good(&label) };
        assert!(does!(tenant, |change| change.set_standing(&long).await).is_err());
        store.close().await;
    });
}

#[test]
fn a_profile_and_the_minutes_of_a_day() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let label = tenant.person_label("user-17").await.unwrap();
        let whom = Whom::Person(label.clone());
        assert_eq!(tenant.profile(&whom).await.unwrap(), Profile::unset(whom.clone()));
        let profile = Profile {
            age: Age::Minor,
            born: Some((2_014, 2_016)),
            settings: json!({ "daily_minutes": 40 }),
            training: Training::Out,
            ..Profile::unset(whom.clone())
        };
        let set = profile.clone();
        assert!(does!(tenant, |change| change.set_profile("guardian", &set, None).await).is_err(), "whose key would seal it?");
        let set = profile.clone();
        does!(tenant, |change| change.set_profile("guardian", &set, Some("user-17")).await).unwrap();
        let of_key = Profile { training: Training::In, ..Profile::unset(Whom::Key("key-1".to_owned())) };
        does!(tenant, |change| change.set_profile("account-1", &of_key, None).await).unwrap();
        let held = tenant.guard().await.unwrap();
        assert_eq!((held.epoch, held.profiles.len()), (2, 2));
        assert_eq!(tenant.profile(&whom).await.unwrap(), Profile { updated_ms: fresh.now(), ..profile.clone() });
        let last = tenant.entries(0, 100).await.unwrap();
        let Secret::Open(words) = &last[1].content else { panic!("sealed with the person's key") };
        assert!(String::from_utf8_lossy(words).contains("2014"));
        for wrong in [Some((2_016, 2_014)), Some((-1, 2_000)), Some((2_000, 9_999))] {
            let wrong = Profile { born: wrong, ..profile.clone() };
            assert!(does!(tenant, |change| change.set_profile("guardian", &wrong, Some("user-17")).await).is_err());
        }
        let used = async |day: i64, ms: i64| {
            let word = label.clone();
            does!(tenant, |change| change.use_time(&word, day, ms).await)
        };
        assert_eq!((used(20_000, 60_000).await.unwrap(), used(20_000, 30_000).await.unwrap()), (60_000, 90_000));
        assert_eq!((tenant.used_time(&label, 20_000).await.unwrap(), tenant.used_time(&label, 20_001).await.unwrap()), (90_000, 0));
        assert_eq!(used(20_030, 1).await.unwrap(), 1);
        assert_eq!(tenant.used_time(&label, 20_000).await.unwrap(), 90_000);
        assert_eq!(used(20_031, 1).await.unwrap(), 1);
        assert_eq!(tenant.used_time(&label, 20_000).await.unwrap(), 0, "after a month it is forgotten");
        assert!(used(1, -1).await.is_err() && used(1, 86_400_001).await.is_err());
        assert_eq!(tenant.guard_epoch().await.unwrap(), 2, "minutes are asked for, not held");
        store.close().await;
    });
}

#[test]
fn a_ticket_is_decided_once_and_in_time() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let admitted = request(&tenant, "user-17", "").await.request;
        let until = fresh.now() + 1_000;
        let (first, second) = (
            open_ticket(&tenant, ticket(admitted, "user-17", until)).await,
            open_ticket(&tenant, ticket(admitted, "user-17", until)).await,
        );
        assert_eq!(tenant.waiting_tickets().await.unwrap().len(), 2);
        assert_eq!(tenant.backlog().await.unwrap().tickets, 2);
        assert_eq!(tenant.ticket_body(first).await.unwrap(), Secret::Open("待审的回答".into()));
        assert!(matches!(tenant.ticket_body(admitted).await, Err(StoreError::NotFound(_))), "an entry that is no ticket");
        let decide =
            async |id: EntryId, release: bool| does!(tenant, |change| change.decide_ticket("account-3", id, release, "没问题").await);
        decide(first, true).await.unwrap();
        assert!(matches!(decide(first, false).await, Err(StoreError::Refused(_))));
        assert!(matches!(decide(admitted, true).await, Err(StoreError::NotFound(_))));
        let released = tenant.ticket(first).await.unwrap();
        assert_eq!(
            (released.state, released.decided_by.as_str(), released.decided_ms),
            (TicketState::Released, "account-3", Some(fresh.now()))
        );
        assert_eq!(tenant.entry(released.decided.unwrap()).await.unwrap().said.unwrap()["what"], "ticket.decide");
        fresh.later(1_000);
        assert_eq!(tenant.ticket(second).await.unwrap().state, TicketState::Expired, "before anybody wrote it down");
        assert!(tenant.waiting_tickets().await.unwrap().is_empty());
        assert!(matches!(decide(second, true).await, Err(StoreError::Refused(_))), "too late");
        assert_eq!(does!(tenant, |change| change.expire_tickets().await).unwrap(), [second]);
        assert_eq!(does!(tenant, |change| change.expire_tickets().await).unwrap(), []);
        assert!(tenant.ticket(second).await.unwrap().decided.is_some());
        assert_eq!(said(&tenant, 4).await, ["ticket.open", "ticket.open", "ticket.decide", "ticket.expire"]);
        assert_eq!(tenant.backlog().await.unwrap().tickets, 0);
        let late = ticket(admitted, "user-17", fresh.now());
        assert!(does!(tenant, |change| change.open_ticket("gateway", late).await).is_err());
        store.close().await;
    });
}

#[test]
fn a_request_is_found_and_traced() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let label = tenant.person_label("user-17").await.unwrap();
        let first = request(&tenant, "user-17", &label).await;
        fresh.later(10);
        let second = request(&tenant, "user-18", "").await;
        assert_eq!(tenant.request(first.request).await.unwrap(), first);
        let ids = async |filter: RequestFilter, most: usize| -> Vec<EntryId> {
            tenant.requests(&filter, most).await.unwrap().iter().map(|row| row.request).collect()
        };
        let find = async |filter: RequestFilter| ids(filter, 10).await;
        assert_eq!(find(RequestFilter::default()).await, [second.request, first.request], "the newest first");
        assert_eq!(ids(RequestFilter::default(), 1).await, [second.request]);
        let time = second.time_ms;
        assert_eq!(find(RequestFilter { from_ms: Some(time), ..RequestFilter::default() }).await, [second.request]);
        assert_eq!(find(RequestFilter { until_ms: Some(time), ..RequestFilter::default() }).await, [first.request]);
        assert_eq!(find(RequestFilter { person: Some(label.clone()), ..RequestFilter::default() }).await, [first.request]);
        for (key, model, decision, found) in
            [("key-1", "qwen", "pass", 2), ("key-2", "qwen", "pass", 0), ("key-1", "glm", "pass", 0), ("key-1", "qwen", "hold", 0)]
        {
            let [client_key, model, decision] = [key, model, decision].map(|word| Some(word.to_owned()));
            let filter = RequestFilter { client_key, model, decision, ..RequestFilter::default() };
            assert_eq!(find(filter.clone()).await.len(), found);
            assert_eq!(find(RequestFilter { person: Some(label.clone()), ..filter }).await.len(), found.min(1));
        }
        let held = open_ticket(&tenant, ticket(first.request, "user-17", fresh.now() + 1_000)).await;
        does!(tenant, |change| change.decide_ticket("account-3", held, true, "").await).unwrap();
        let again = first.clone();
        let last = does!(tenant, |change| {
            let outcome = change.record(Entry::new(Class::Decision, "request.outcome", "gateway"))?;
            let row = RequestRow { outcome, ticket: Some(held), decision: "pass".to_owned(), ..again };
            change.close_request(row.clone())?;
            Ok(row)
        })
        .unwrap();
        let trace = tenant.trace(first.request).await.unwrap();
        assert_eq!((trace.row, trace.tickets.len()), (Some(last), 1));
        let words: Vec<_> = trace.entries.iter().map(|entry| entry.said.as_ref().unwrap()["what"].as_str().unwrap()).collect();
        assert_eq!(words, ["request.admit", "ticket.open", "ticket.decide", "request.outcome"]);
        assert_eq!(trace.entries[1].content, Secret::Open("待审的回答".into()));
        let open = does!(tenant, |change| change.record(Entry::new(Class::Decision, "request.admit", "gateway"))).unwrap();
        assert!(matches!(tenant.request(open).await, Err(StoreError::NotFound(_))));
        assert_eq!((tenant.trace(open).await.unwrap().row, tenant.trace(open).await.unwrap().entries.len()), (None, 1));
        // Two outcomes of one request in one change: the last stands. What is refused leaves none.
        let (one, two) =
            (RequestRow { decision: "hold".to_owned(), ..first.clone() }, RequestRow { decision: "refuse".to_owned(), ..first.clone() });
        does!(tenant, |change| {
            change.close_request(one)?;
            change.close_request(two)
        })
        .unwrap();
        assert_eq!(tenant.request(first.request).await.unwrap().decision, "refuse");
        let late = first.clone();
        let refused = does!(tenant, |change| {
            change.close_request(late)?;
            Err::<(), _>(StoreError::Refused("no".to_owned()))
        });
        refused.unwrap_err();
        assert_eq!(tenant.request(first.request).await.unwrap().decision, "refuse");
        let wrong = RequestRow { person: "user-17".to_owned(), ..first };
        assert!(does!(tenant, |change| change.close_request(wrong)).is_err(), "a name is no label");
        store.close().await;
    });
}

#[test]
fn whoever_is_erased_leaves_no_row() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (hers, his) = (tenant.person_label("user-17").await.unwrap(), tenant.person_label("user-18").await.unwrap());
        for (name, label) in [("user-17", &hers), ("user-18", &his)] {
            strike(&tenant, label, 1).await.unwrap();
            let profile = Profile { age: Age::Minor, ..Profile::unset(Whom::Person(label.clone())) };
            does!(tenant, |change| change.set_profile("guardian", &profile, Some(name)).await).unwrap();
            let word = label.clone();
            does!(tenant, |change| change.use_time(&word, 20_000, 1).await).unwrap();
            request(&tenant, name, label).await;
        }
        let requests = tenant.requests(&RequestFilter::default(), 10).await.unwrap();
        let held = open_ticket(&tenant, ticket(requests[0].request, "user-17", fresh.now() + 1_000)).await;
        let before = tenant.guard_epoch().await.unwrap();
        tenant.erase_person("user-17", "officer").await.unwrap();
        let GuardChange::All(guard) = tenant.guard_since(before).await.unwrap() else { panic!("a gateway forgets too") };
        assert_eq!(guard.standings.iter().map(|standing| &standing.person).collect::<Vec<_>>(), [&his]);
        assert_eq!(guard.profiles.iter().map(|profile| &profile.whom).collect::<Vec<_>>(), [&Whom::Person(his.clone())]);
        assert_eq!((tenant.used_time(&hers, 20_000).await.unwrap(), tenant.used_time(&his, 20_000).await.unwrap()), (0, 1));
        let left = tenant.requests(&RequestFilter::default(), 10).await.unwrap();
        let persons: BTreeSet<_> = left.iter().map(|row| row.person.clone()).collect();
        assert_eq!((left.len(), persons), (2, BTreeSet::from([String::new(), his])), "that there was a request is still known");
        assert_eq!(tenant.ticket_body(held).await.unwrap(), Secret::Gone);
        for table in ["standing", "profile", "used_time", "request"] {
            let column = if table == "profile" { "whom" } else { "person" };
            let rows = fresh.ask("guiju.db", &format!("SELECT 1 FROM {table} WHERE {column} = '{hers}'")).await;
            assert!(rows.is_empty(), "{table}");
        }
        let epoch = tenant.guard_epoch().await.unwrap();
        tenant.erase_person("nobody", "officer").await.unwrap();
        assert_eq!(tenant.guard_epoch().await.unwrap(), epoch);
        store.close().await;
    });
}

/// Everything that can be there, in one tenant.
async fn fill(tenant: &Tenant) -> (EntryId, EntryId, String) {
    let label = tenant.person_label("one name for both").await.unwrap();
    let (key, _) = does!(tenant, |change| change.add_client_key("a", "网关", &json!({}), None).await).unwrap();
    does!(tenant, |change| change.add_ban("a", ban("某", None)).await).unwrap();
    let toggle = Toggle { scope: Scope::Model, name: "qwen".to_owned(), off: true };
    does!(tenant, |change| change.switch("a", &toggle, "事故").await).unwrap();
    does!(tenant, |change| {
        change.add_policy("a", "main", "a = 1").await?;
        change.set_shadow("a", "main", 1).await
    })
    .unwrap();
    strike(tenant, &label, 1).await.unwrap();
    let profile = Profile::unset(Whom::Person(label.clone()));
    does!(tenant, |change| change.set_profile("a", &profile, Some("one name for both")).await).unwrap();
    let request = request(tenant, "one name for both", &label).await.request;
    let held = open_ticket(tenant, ticket(request, "one name for both", i64::MAX)).await;
    (request, held, key)
}

#[test]
fn nothing_of_one_tenant_is_seen_or_changed_by_another() {
    everywhere(async |fresh: Fresh| {
        let store = fresh.open().await;
        let make = async |name: &str| store.create_tenant(&name.parse::<TenantId>().unwrap(), "audit.example.cn", "test").await.unwrap();
        let (a, b) = (make("tenant-a").await, make("tenant-b").await);
        let (request, held, key) = fill(&a).await;
        let hers = a.person_label("one name for both").await.unwrap();
        assert_ne!(hers, b.person_label("one name for both").await.unwrap(), "the label of a person is a tenant's own");
        let before = a.guard().await.unwrap();
        let ban_of_a = before.bans[0].ban.clone();
        let empty = b.guard().await.unwrap();
        let nothing = Guard {
            epoch: 0,
            keys: vec![],
            bans: vec![],
            switches: vec![],
            policies: vec![],
            standings: vec![],
            profiles: vec![],
            complete: true,
        };
        assert_eq!((empty, b.guard_epoch().await.unwrap()), (nothing, 0));
        assert!(b.client_keys().await.unwrap().is_empty() && b.bans().await.unwrap().is_empty() && b.switches().await.unwrap().is_empty());
        assert!(b.policies().await.unwrap().is_empty() && b.policy("main", 1).await.is_err());
        assert!(b.waiting_tickets().await.unwrap().is_empty() && b.ticket(held).await.is_err() && b.ticket_body(held).await.is_err());
        assert!(b.requests(&RequestFilter::default(), 10).await.unwrap().is_empty());
        assert!(b.request(request).await.is_err() && b.trace(request).await.is_err());
        assert_eq!(b.standing(&hers).await.unwrap(), Standing::good(&hers));
        assert!(does!(b, |change| change.revoke_client_key("b", &key).await).is_err());
        assert!(does!(b, |change| change.remove_ban("b", &ban_of_a).await).is_err());
        let on = Toggle { scope: Scope::Model, name: "qwen".to_owned(), off: false };
        assert!(does!(b, |change| change.switch("b", &on, "恢复").await).is_err());
        assert!(does!(b, |change| change.end_shadow("b", "main").await).is_err());
        assert!(does!(b, |change| change.set_live("b", "main", 1).await).is_err());
        assert!(does!(b, |change| change.decide_ticket("b", held, true, "").await).is_err());
        // The same names, and the same labels, are another's rows.
        fill(&b).await;
        let word = hers.clone();
        does!(b, |change| change.set_standing(&Standing::good(&word)).await).unwrap();
        let word = hers.clone();
        does!(b, |change| change.use_time(&word, 1, 7).await).unwrap();
        b.erase_person("one name for both", "test").await.unwrap();
        assert_eq!(a.guard().await.unwrap(), before);
        assert_eq!((a.used_time(&hers, 1).await.unwrap(), b.used_time(&hers, 1).await.unwrap()), (0, 7));
        assert_eq!(a.ticket_body(held).await.unwrap(), Secret::Open("待审的回答".into()));
        store.close().await;
    });
}

#[test]
fn what_is_read_is_of_one_moment() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let writer = tenant.clone();
        let written = tokio::spawn(async move {
            for number in 0..40 {
                does!(writer, |change| {
                    change.add_ban("a", ban(&format!("词{number}"), None)).await?;
                    let toggle = Toggle { scope: Scope::Route, name: format!("路由{number}"), off: true };
                    change.switch("a", &toggle, "试").await
                })
                .unwrap();
            }
        });
        while !written.is_finished() {
            let held = tenant.guard().await.unwrap();
            assert_eq!(held.bans.len(), held.switches.len());
            assert_eq!(usize::try_from(held.epoch).unwrap(), held.bans.len() + held.switches.len());
        }
        written.await.unwrap();
        store.close().await;
    });
}

/// Strikes from two stores at the same time, on one database.
async fn two_gateways(fresh: &Fresh, one: &Store, other: &Store) {
    let tenants = [one.tenant(&TenantId::main()).await.unwrap(), other.tenant(&TenantId::main()).await.unwrap()];
    let mut labels = Vec::new();
    for name in ["甲", "乙", "丙"] {
        labels.push(tenants[0].person_label(name).await.unwrap());
    }
    assert_eq!(labels[0], tenants[1].person_label("甲").await.unwrap(), "both know a person by one label");
    let mut strikes = Vec::new();
    for number in 0..60 {
        for (gateway, tenant) in tenants.iter().enumerate() {
            // In another order each, so that a ring of waiting would show.
            let (tenant, label) = (tenant.clone(), labels[if gateway == 0 { number % 3 } else { 2 - number % 3 }].clone());
            strikes.push(tokio::spawn(async move { strike(&tenant, &label, 1).await }));
        }
    }
    for strike in strikes {
        strike.await.unwrap().unwrap();
    }
    for tenant in &tenants {
        for label in &labels {
            let standing = tenant.standing(label).await.unwrap();
            assert_eq!((standing.consecutive, standing.recent.len()), (40, 40), "no strike is lost");
        }
        assert_eq!(tenant.guard_epoch().await.unwrap(), 120, "each gateway sees those of the other");
    }
    let tenant = tenants[1].clone();
    does!(tenant, |change| change.add_ban("a", ban("某", None)).await).unwrap();
    assert!(matches!(tenants[0].guard_since(120).await.unwrap(), GuardChange::All(guard) if guard.bans.len() == 1 && guard.epoch == 121));
    assert!(tenants[0].verify(Vec::new()).await.unwrap().is_clean(), "{}", fresh.place);
}

#[test]
fn two_gateways_on_one_database_lose_no_strike() {
    everywhere(async |fresh: Fresh| {
        let (one, _) = fresh.main().await;
        let mut place = fresh.place.clone();
        // Another machine has the database in common, and a directory of its own.
        let elsewhere = tempfile::tempdir().unwrap();
        if place.database.is_some() {
            // It takes the heads along: who has none is refused, for the log is signed already.
            place.directory = elsewhere.path().to_owned();
            let head = fresh.place.directory.join("head");
            // It is written when the log is signed, a moment after the first entry.
            while !head.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            std::fs::copy(head, place.directory.join("head")).unwrap();
        }
        let second = Fresh { directory: elsewhere, place, time: fresh.time.clone() };
        let other = second.open().await;
        two_gateways(&fresh, &one, &other).await;
        other.close().await;
        one.close().await;
    });
}

/// How fast a gateway can record: two changes a request, each awaited, by 256 at the same time. Run by hand, with `--release` for a number that is to be told:
/// `cargo test --release -p guiju-store --test it -- --ignored --nocapture guard::speed`.
#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (tasks, each) = (256, 40);
        let began = Instant::now();
        let work = (0..tasks).map(|task| {
            let tenant = tenant.clone();
            tokio::spawn(async move {
                let name = format!("user-{task}");
                let label = tenant.person_label(&name).await.unwrap();
                for _ in 0..each {
                    request(&tenant, &name, &label).await;
                }
            })
        });
        for task in work.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let (took, requests) = (began.elapsed().as_secs_f64(), f64::from(tasks * each));
        eprintln!("{}: {requests} requests in {took:.2} s, {:.0} a second", fresh.place, requests / took);
        let begun = Instant::now();
        for _ in 0..1_000 {
            tenant.guard_epoch().await.unwrap();
        }
        eprintln!("{}: an epoch in {:.0} µs", fresh.place, begun.elapsed().as_secs_f64() * 1e3);
        store.close().await;
    });
}

//! The register of consent: a no stands, a snapshot names nobody, and whoever is erased is gone from it.

use std::collections::BTreeMap;

use keys::derive::tag_under;
use keys::digest::{hex, sha256, unhex};
use serde_json::Value;
use store::access::Role;
use store::accounts::Who;
use store::consent::{Imported, NewConsent};
use store::guard::{Profile, Training, Whom};
use store::{Change, Secret, StoreError, Tenant};
use taxonomy::ConsentScope;

use crate::accounts::{said, three, who};
use crate::place::{Fresh, everywhere, holding};
use crate::sources::member;

const TODAY: &str = "2026-11-22";

async fn cast(fresh: &Fresh, tenant: &Tenant) -> (Who, Who) {
    let accounts = tenant.accounts();
    let [wang, li, _] = three(fresh, &accounts).await;
    let (system, security) = (who(fresh, &accounts, &wang).await, who(fresh, &accounts, &li).await);
    let by = [&system, &security];
    (member(fresh, &accounts, by, "sun", Role::PrivacyOfficer).await, member(fresh, &accounts, by, "zhou", Role::DataSteward).await)
}

fn given(person: &str, scope: ConsentScope, given: &str) -> NewConsent {
    let some = |text: &str| Some(text.to_owned());
    NewConsent {
        person: person.to_owned(), scope: Some(scope), basis: some("用户协议 3.2"), given: some(given), ..NewConsent::default()
    }
}

fn no(person: &str) -> NewConsent {
    NewConsent { person: person.to_owned(), out: true, ..NewConsent::default() }
}

/// The lines of a snapshot by the name of the user, as whoever joins it finds them.
fn joined(file: &[u8], users: &[&str]) -> (Value, BTreeMap<String, Value>) {
    let text = std::str::from_utf8(file).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let header = lines.next().unwrap();
    let key: [u8; 32] = unhex(header["key"].as_str().unwrap()).unwrap().try_into().unwrap();
    let lines: Vec<Value> = lines.collect();
    assert!(lines.is_sorted_by_key(|line| line["person"].as_str().unwrap().to_owned()));
    assert_eq!(header["persons"], lines.len());
    let found = |user: &&str| {
        let hash = hex(&tag_under(&key, user.as_bytes()));
        lines.iter().find(|line| line["person"] == hash.as_str()).map(|line| ((*user).to_owned(), line.clone()))
    };
    (header.clone(), users.iter().filter_map(found).collect())
}

fn refusal<T: std::fmt::Debug>(done: Result<T, StoreError>) -> String {
    match done {
        Err(StoreError::Refused(why) | StoreError::NotFound(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_half_imported_and_nothing_twice() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (officer, steward) = cast(&fresh, &tenant).await;
        let good = given("user-17", ConsentScope::General, "2026-05-01");
        let wrong = given("user-18", ConsentScope::General, "2026-5-1");
        let before = said(&tenant, 0).await.len();
        assert!(refusal(tenant.import_consents(&officer, vec![good.clone(), wrong], TODAY).await).contains("consent 2: `given`"));
        assert!(refusal(tenant.import_consents(&steward, vec![good.clone()], TODAY).await).contains("'consent.change'"));
        assert_eq!(said(&tenant, 0).await.len(), before, "nothing was kept");
        let lines = vec![good.clone(), given("user-17", ConsentScope::Sensitive, "2026-05-02"), no("user-18")];
        let imported = tenant.import_consents(&officer, lines.clone(), TODAY).await.unwrap();
        assert_eq!(imported, Imported { kept: 2, known: 0, older: 0, opted_out: 1 });
        let words = said(&tenant, before as u64).await;
        assert_eq!(words, ["consent.opt-out", "consent.give", "consent.give"], "who said no comes first");
        let again = tenant.import_consents(&officer, lines, TODAY).await.unwrap();
        assert_eq!(again, Imported { kept: 0, known: 2, older: 0, opted_out: 0 });
        assert_eq!(said(&tenant, 0).await.len(), before + 3);
        // A newer one takes the place of an older, and not the other way round.
        let newer = NewConsent { expires: Some("2027-05-01".to_owned()), ..given("user-17", ConsentScope::General, "2026-06-01") };
        let both = tenant.import_consents(&officer, vec![newer.clone(), good], TODAY).await.unwrap();
        assert_eq!(both, Imported { kept: 1, known: 0, older: 1, opted_out: 0 });
        let standing = tenant.consents_of("user-17").await.unwrap();
        assert_eq!(standing.consents[0].expires.as_deref(), Some("2027-05-01"));
        let counts = tenant.consent_counts("2027-05-02").await.unwrap();
        assert_eq!((counts.general, counts.sensitive, counts.over, counts.opted_out), (0, 1, 1, 1));
        // The name stands in what is sealed for the person, and nowhere else.
        let last = tenant.entries(before as u64, 10).await.unwrap();
        assert!(
            last.iter().all(|entry| matches!(&entry.content, Secret::Open(words) if String::from_utf8_lossy(words).contains("user-1")))
        );
        assert_eq!(holding(fresh.directory.path(), b"user-17"), Vec::<String>::new());
        store.close().await;
    });
}

#[test]
fn a_consent_that_was_taken_back_elsewhere_is_a_no_where_it_is_the_general_one() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (officer, _) = cast(&fresh, &tenant).await;
        let back = |person: &str, scope| NewConsent { withdrawn: Some(TODAY.to_owned()), ..given(person, scope, "2026-01-01") };
        let lines = vec![
            back("user-17", ConsentScope::General),
            given("user-18", ConsentScope::General, "2026-01-01"),
            back("user-18", ConsentScope::Sensitive),
        ];
        let imported = tenant.import_consents(&officer, lines, TODAY).await.unwrap();
        assert_eq!(imported, Imported { kept: 3, known: 0, older: 0, opted_out: 1 });
        let snapshot = tenant.consent_snapshot(&officer, TODAY, TODAY).await.unwrap();
        let (_, found) = joined(&snapshot.file, &["user-17", "user-18"]);
        assert_eq!((&found["user-17"]["out"], found["user-18"].get("sensitive")), (&true.into(), None));
        assert_eq!(found["user-18"]["general"], "9999-12-31");
        store.close().await;
    });
}

#[test]
fn a_no_stands_until_the_user_says_yes() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (officer, _) = cast(&fresh, &tenant).await;
        let lines = vec![given("user-17", ConsentScope::General, "2026-05-01"), given("user-17", ConsentScope::Sensitive, "2026-05-01")];
        tenant.import_consents(&officer, lines.clone(), TODAY).await.unwrap();
        assert_eq!(tenant.withdraw_consent(&officer, "user-17", Some(ConsentScope::Sensitive), TODAY).await.unwrap(), 1);
        assert!(refusal(tenant.withdraw_consent(&officer, "user-17", Some(ConsentScope::Sensitive), TODAY).await).contains("sensitive"));
        let standing = tenant.consents_of("user-17").await.unwrap();
        assert_eq!((standing.training, standing.consents[1].withdrawn.as_deref()), (Training::Unset, Some(TODAY)));
        assert_eq!(tenant.withdraw_consent(&officer, "user-17", None, TODAY).await.unwrap(), 1);
        // Somebody of whom nothing is known says no too.
        assert_eq!(tenant.withdraw_consent(&officer, "user-99", None, TODAY).await.unwrap(), 0);
        let imported = tenant.import_consents(&officer, lines, TODAY).await.unwrap();
        assert_eq!(imported, Imported { kept: 0, known: 0, older: 2, opted_out: 0 }, "the same lines know nothing of what was taken back");
        for user in ["user-17", "user-99"] {
            assert_eq!(tenant.consents_of(user).await.unwrap().training, Training::Out, "{user}");
        }
        // A new consent does not undo the no; the user's own choice does.
        tenant.import_consents(&officer, vec![given("user-17", ConsentScope::General, TODAY)], TODAY).await.unwrap();
        let snapshot = tenant.consent_snapshot(&officer, TODAY, "2026-11-29").await.unwrap();
        assert_eq!((snapshot.persons, snapshot.opted_out), (2, 2));
        let whom = Whom::Person(tenant.person_label("user-17").await.unwrap());
        let yes = Profile { training: Training::In, ..Profile::unset(whom) };
        tenant.change(async move |change: &mut Change| change.set_profile("user", &yes, Some("user-17")).await).await.unwrap();
        let snapshot = tenant.consent_snapshot(&officer, TODAY, "2026-11-29").await.unwrap();
        assert_eq!((snapshot.persons, snapshot.opted_out), (2, 1));
        store.close().await;
    });
}

#[test]
fn a_snapshot_says_what_holds_and_names_nobody() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (officer, steward) = cast(&fresh, &tenant).await;
        let expiring =
            |person: &str, day: &str| NewConsent { expires: Some(day.to_owned()), ..given(person, ConsentScope::General, "2026-01-01") };
        let lines = vec![
            expiring("user-1", TODAY),
            expiring("user-2", "2026-11-21"),
            given("user-3", ConsentScope::General, "2026-01-01"),
            given("user-3", ConsentScope::Sensitive, "2026-01-01"),
            no("user-4"),
            given("用户-5", ConsentScope::Sensitive, "2026-01-01"),
        ];
        tenant.import_consents(&officer, lines, TODAY).await.unwrap();
        // Who said no to the gateway said no.
        let whom = Whom::Person(tenant.person_label("user-6").await.unwrap());
        let out = Profile { training: Training::Out, ..Profile::unset(whom) };
        tenant.change(async move |change: &mut Change| change.set_profile("user", &out, Some("user-6")).await).await.unwrap();

        let users = ["user-1", "user-2", "user-3", "user-4", "用户-5", "user-6"];
        let snapshot = tenant.consent_snapshot(&steward, TODAY, "2026-11-29").await.unwrap();
        let (header, found) = joined(&snapshot.file, &users);
        let rest = |user: &str| {
            let mut line = found.get(user)?.clone();
            line.as_object_mut()?.remove("person");
            Some(line.to_string())
        };
        let lines = users.map(rest);
        let wanted = [
            Some(format!("{{\"general\":\"{TODAY}\"}}")),
            None,
            Some(r#"{"general":"9999-12-31","sensitive":"9999-12-31"}"#.to_owned()),
            Some(r#"{"out":true}"#.to_owned()),
            Some(r#"{"sensitive":"9999-12-31"}"#.to_owned()),
            Some(r#"{"out":true}"#.to_owned()),
        ];
        assert_eq!(lines, wanted);
        assert_eq!((snapshot.persons, snapshot.opted_out, snapshot.sha256), (5, 2, sha256(&snapshot.file)));
        for (field, value) in [("kind", "consent"), ("tenant", "main"), ("purpose", "training"), ("made", TODAY), ("until", "2026-11-29")] {
            assert_eq!(header[field], value);
        }
        let text = String::from_utf8(snapshot.file.clone()).unwrap();
        assert!(text.starts_with("{\"format\":1,\"kind\":\"consent\"") && text.ends_with("}\n"));
        assert!(text.lines().skip(1).all(|line| line.starts_with("{\"person\":\"")), "{text}");
        assert!(!text.contains("user-") && !text.contains("用户"), "{text}");
        let label = tenant.person_label("user-1").await.unwrap();
        assert!(!text.contains(&label), "nor the label of the store");
        // Another snapshot cannot be laid beside it.
        let other = tenant.consent_snapshot(&steward, TODAY, "2026-11-29").await.unwrap();
        let persons = |file: &[u8]| {
            let text = String::from_utf8(file.to_vec()).unwrap();
            text.lines().skip(1).map(|line| line[11..75].to_owned()).collect::<Vec<_>>()
        };
        assert!(persons(&snapshot.file).iter().all(|person| !persons(&other.file).contains(person)));
        let last = tenant.entries(0, 1_000).await.unwrap().last().unwrap().said.clone().unwrap();
        assert_eq!((&last["what"], &last["details"]["sha256"]), (&"consent.snapshot".into(), &hex(&other.sha256).into()));
        for (until, why) in [("2026-11-21", "at most 31 days"), ("2026-12-24", "at most 31 days"), ("soon", "YYYY-MM-DD")] {
            assert!(refusal(tenant.consent_snapshot(&steward, TODAY, until).await.map(|_| ())).contains(why));
        }
        store.close().await;
    });
}

#[test]
fn whoever_is_erased_is_gone_from_the_register() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let (officer, _) = cast(&fresh, &tenant).await;
        tenant.import_consents(&officer, vec![given("user-17", ConsentScope::General, "2026-01-01"), no("user-18")], TODAY).await.unwrap();
        for user in ["user-17", "user-18"] {
            tenant.erase_person(user, "officer").await.unwrap();
        }
        for table in ["consent", "named_person", "profile"] {
            assert!(fresh.ask("guiju.db", &format!("SELECT 1 FROM {table}")).await.is_empty(), "{table}");
        }
        let snapshot = tenant.consent_snapshot(&officer, TODAY, TODAY).await.unwrap();
        assert_eq!(snapshot.persons, 0);
        // A no of which nobody knows the name cannot be left out in silence.
        let sql = format!(
            "INSERT INTO profile (tenant, kind, whom, age, born_from, born_to, settings, training, updated_ms, epoch)
             VALUES ('main', 'person', '{}', 'unknown', 0, 0, '{{}}', 'out', 0, 0)",
            "0a".repeat(32)
        );
        fresh.ask("guiju.db", &sql).await;
        assert!(
            refusal(tenant.consent_snapshot(&officer, TODAY, TODAY).await.map(|_| ())).contains("`guiju person set USER --training out`")
        );
        store.close().await;
    });
}

//! The register of models: nothing serves that did not pass, nobody promotes what they registered, and there is a way back.

use ledger::leaf::Class;
use store::access::{PersonId, Role};
use store::accounts::Who;
use store::models::{Assessment, Kind, MAX_MANIFEST_BYTES, ModelId, ModelState, NewModel};
use store::{Change, Entry, StoreError, Tenant};

use crate::accounts::{accepted, new, said, three, who};
use crate::place::{Fresh, everywhere};

/// Those who have to do with a model.
struct Cast {
    system: Who,
    engineer: Who,
    engineer_person: PersonId,
    assessor: Who,
}

async fn cast(fresh: &Fresh, tenant: &Tenant) -> Cast {
    let accounts = tenant.accounts();
    let [wang, li, _] = three(fresh, &accounts).await;
    let (system, security) = (who(fresh, &accounts, &wang).await, who(fresh, &accounts, &li).await);
    let (account, engineer_person, engineer) = accepted(&accounts, &system, new("孙五"), "sun").await;
    accounts.grant(&security, account, Role::ModelEngineer).await.unwrap();
    let (account, _, assessor) = accepted(&accounts, &system, new("周六"), "zhou").await;
    accounts.grant(&security, account, Role::Assessor).await.unwrap();
    Cast { system, engineer, engineer_person, assessor }
}

fn id(text: &str) -> ModelId {
    text.parse().unwrap()
}

fn model(text: &str, kind: Kind) -> NewModel {
    let empty = String::new;
    let manifest = format!("{{\"name\":\"{text}\"}}\n");
    NewModel {
        id: id(text),
        kind,
        base: empty(),
        licence: "Apache-2.0".to_owned(),
        manifest,
        path: empty(),
        endpoint: empty(),
        signatures: empty(),
    }
}

async fn register(tenant: &Tenant, who: &Who, new: NewModel) -> Result<store::EntryId, StoreError> {
    let who = who.clone();
    Ok(tenant.change(async move |change: &mut Change| change.register_model(&who, new).await).await?.0)
}

async fn assess(tenant: &Tenant, who: &Who, of: &str, run: &str, misses: &[&str]) -> Result<bool, StoreError> {
    let (who, of) = (who.clone(), id(of));
    let misses: Vec<String> = misses.iter().map(|miss| (*miss).to_owned()).collect();
    let standing = if misses.is_empty() { "passed-with-confidence" } else { "failed" }.to_owned();
    let chain = format!("{run}{}", misses.len());
    let made = Assessment { run: run.to_owned(), chain, met: misses.is_empty(), standing, misses };
    let work = async move |change: &mut Change| {
        change.record_assessment(&who, &of, made, Entry::new(Class::Decision, "assess.record", "test")).await
    };
    Ok(tenant.change(work).await?.0)
}

async fn promote(tenant: &Tenant, who: &Who, of: &str, run: &'static str) -> Result<Option<ModelId>, StoreError> {
    let (who, of) = (who.clone(), id(of));
    Ok(tenant.change(async move |change: &mut Change| change.promote_model(&who, &of, run).await).await?.0)
}

async fn roll_back(tenant: &Tenant, who: &Who, to: Option<&'static str>) -> Result<ModelId, StoreError> {
    let who = who.clone();
    Ok(tenant.change(async move |change: &mut Change| change.roll_back_model(&who, "qwen", to).await).await?.0)
}

async fn serving(tenant: &Tenant) -> Option<String> {
    let one = tenant.served_model("qwen").await.unwrap().map(|served| served.id.to_string());
    let all: Vec<String> = tenant.models_served().await.unwrap().iter().map(|served| served.id.to_string()).collect();
    assert_eq!(one.iter().cloned().collect::<Vec<_>>(), all);
    one
}

fn refusal<T: std::fmt::Debug>(done: Result<T, StoreError>) -> String {
    match done {
        Err(StoreError::Refused(why) | StoreError::NotFound(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_serves_before_its_run_has_passed() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { system, engineer, engineer_person, assessor } = cast(&fresh, &tenant).await;
        register(&tenant, &engineer, model("qwen@1", Kind::Model)).await.unwrap();
        assert!(refusal(register(&tenant, &engineer, model("qwen@1", Kind::Model)).await).contains("registered already"));
        assert!(refusal(register(&tenant, &engineer, model("qwen@2", Kind::Checkpoint)).await).contains("name of a model already"));
        assert!(refusal(register(&tenant, &assessor, model("qwen@2", Kind::Model)).await).contains("'model.register'"));
        let large = NewModel { manifest: "x".repeat(MAX_MANIFEST_BYTES + 1), ..model("large@1", Kind::Model) };
        assert!(refusal(register(&tenant, &engineer, large).await).contains("at most"));

        let none = refusal(promote(&tenant, &system, "qwen@1", "run-1").await);
        assert!(none.contains("no assessment of qwen@1 by run 'run-1'") && none.contains("GB-6-a1"), "{none}");
        assert!(refusal(promote(&tenant, &engineer, "qwen@1", "run-1").await).contains("'model.promote'"));
        assert!(assess(&tenant, &assessor, "qwen@1", "run-1", &["refusal (GB-B2.3): 93 %, at least 95 % is asked"]).await.unwrap());
        let missed = refusal(promote(&tenant, &system, "qwen@1", "run-1").await);
        assert!(missed.contains("refusal (GB-B2.3): 93 %") && missed.contains("failed") && missed.contains("GB-6-d2"), "{missed}");
        assert_eq!((serving(&tenant).await, tenant.model(&id("qwen@1")).await.unwrap().state), (None, ModelState::Assessed));

        // The same run, judged further: the last record counts, and the same record counts once.
        fresh.later(1);
        assert!(assess(&tenant, &assessor, "qwen@1", "run-1", &[]).await.unwrap());
        assert!(!assess(&tenant, &assessor, "qwen@1", "run-1", &[]).await.unwrap());
        assert_eq!(promote(&tenant, &system, "qwen@1", "run-1").await.unwrap(), None);
        assert_eq!(serving(&tenant).await.as_deref(), Some("qwen@1"));
        assert!(refusal(promote(&tenant, &system, "qwen@1", "run-1").await).contains("serves already"));
        // A run of one version is none of another.
        register(&tenant, &engineer, model("qwen@2", Kind::Model)).await.unwrap();
        assert!(refusal(promote(&tenant, &system, "qwen@2", "run-1").await).contains("no assessment of qwen@2"));
        let kept = tenant.model(&id("qwen@1")).await.unwrap();
        assert_eq!((kept.person, kept.state, kept.licence.as_deref()), (engineer_person, ModelState::Promoted, Some("Apache-2.0")));
        let runs = tenant.assessments(&id("qwen@1")).await.unwrap();
        assert_eq!(runs.iter().map(|run| run.met).collect::<Vec<_>>(), [true, false]);
        store.close().await;
    });
}

#[test]
fn a_row_that_was_changed_behind_the_ledger_is_found() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { engineer, .. } = cast(&fresh, &tenant).await;
        for version in ["qwen@1", "qwen@2", "qwen@3"] {
            let path = if version == "qwen@3" { "" } else { "/srv" }.to_owned();
            register(&tenant, &engineer, NewModel { path, ..model(version, Kind::Model) }).await.unwrap();
        }
        assert_eq!(tenant.models_with_files().await.unwrap(), [id("qwen@1"), id("qwen@2")]);
        assert_eq!(tenant.model_as_entered(&id("qwen@2")).await.unwrap().id, id("qwen@2"));
        fresh.ask("guiju.db", "UPDATE model SET manifest = '{}' WHERE version = '1'").await;
        let changed = tenant.model_as_entered(&id("qwen@1")).await.unwrap_err().to_string();
        assert!(changed.contains("not the one of its digest"), "{changed}");
        // With its digest, or with the entry of another version.
        let digest = |hex: &str| if fresh.place.database.is_some() { format!("decode('{hex}', 'hex')") } else { format!("x'{hex}'") };
        let empty = keys::digest::hex(&keys::digest::sha256(b"{}"));
        fresh.ask("guiju.db", &format!("UPDATE model SET digest = {} WHERE version = '1'", digest(&empty))).await;
        let changed = tenant.model_as_entered(&id("qwen@1")).await.unwrap_err().to_string();
        assert!(changed.contains("of the ledger says qwen@1"), "{changed}");
        fresh.ask("guiju.db", "UPDATE model SET entry = (SELECT entry FROM model WHERE version = '2') WHERE version = '3'").await;
        let changed = tenant.model_as_entered(&id("qwen@3")).await.unwrap_err().to_string();
        assert!(changed.contains("of the ledger says qwen@2"), "{changed}");
        store.close().await;
    });
}

#[test]
fn whoever_registered_a_version_never_promotes_or_assesses_it() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let (account, _, sun) = accepted(&accounts, &system, new("孙五"), "sun").await;
        accounts.grant(&security, account, Role::ModelEngineer).await.unwrap();
        register(&tenant, &sun, model("qwen@1", Kind::Model)).await.unwrap();
        // Another office, the same person.
        accounts.revoke(&security, account, Role::ModelEngineer).await.unwrap();
        accounts.grant(&security, account, Role::Assessor).await.unwrap();
        let own = refusal(assess(&tenant, &sun, "qwen@1", "run-1", &[]).await);
        assert!(own.contains("another person must assess it"), "{own}");
        store.close().await;
    });
}

#[test]
fn a_rollback_goes_back_step_by_step_and_never_to_what_is_retired() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { system, engineer, assessor, .. } = cast(&fresh, &tenant).await;
        for version in ["qwen@1", "qwen@2", "qwen@3", "qwen@4"] {
            register(&tenant, &engineer, model(version, Kind::Model)).await.unwrap();
            assess(&tenant, &assessor, version, "run", &[]).await.unwrap();
            promote(&tenant, &system, version, "run").await.unwrap();
        }
        assert!(refusal(roll_back(&tenant, &engineer, None).await).contains("'model.rollback'"));
        let steps = ["qwen@3", "qwen@2", "qwen@1"];
        for step in steps {
            assert_eq!(roll_back(&tenant, &system, None).await.unwrap(), id(step));
            assert_eq!(serving(&tenant).await.as_deref(), Some(step));
        }
        assert!(refusal(roll_back(&tenant, &system, None).await).contains("no version that was promoted before"));
        assert_eq!(serving(&tenant).await.as_deref(), Some("qwen@1"), "a refusal changes nothing");

        for version in ["qwen@2", "qwen@3", "qwen@4"] {
            promote(&tenant, &system, version, "run").await.unwrap();
        }
        let retire = async |who: &Who, version: &'static str| {
            let who = who.clone();
            tenant.change(async move |change: &mut Change| change.retire_model(&who, &id(version), "泄露").await).await.map(|_| ())
        };
        retire(&system, "qwen@3").await.unwrap();
        assert!(refusal(promote(&tenant, &system, "qwen@3", "run").await).contains("retired"));
        assert!(refusal(roll_back(&tenant, &system, Some("3")).await).contains("no earlier promotion of qwen@3"));
        assert_eq!(roll_back(&tenant, &system, None).await.unwrap(), id("qwen@2"));
        promote(&tenant, &system, "qwen@4", "run").await.unwrap();
        assert_eq!(roll_back(&tenant, &system, Some("1")).await.unwrap(), id("qwen@1"));
        // What serves can be taken out, and then nothing serves, until the way back is gone.
        promote(&tenant, &system, "qwen@4", "run").await.unwrap();
        retire(&system, "qwen@4").await.unwrap();
        assert_eq!(serving(&tenant).await, None);
        assert_eq!(roll_back(&tenant, &system, None).await.unwrap(), id("qwen@1"));
        let acts = said(&tenant, 0).await;
        assert_eq!(acts.iter().filter(|act| act.as_str() == "model.rollback").count(), 6);
        assert_eq!(acts.iter().filter(|act| act.as_str() == "model.retire").count(), 2);
        store.close().await;
    });
}

#[test]
fn training_goes_back_to_the_last_good_checkpoint() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { system, engineer, assessor, .. } = cast(&fresh, &tenant).await;
        for version in ["run7@100", "run7@200", "run7@300", "run7@400"] {
            register(&tenant, &engineer, model(version, Kind::Checkpoint)).await.unwrap();
        }
        assert!(tenant.good_checkpoint("run7", None).await.is_err());
        let good = async |version: &'static str| {
            let who = engineer.clone();
            tenant.change(async move |change: &mut Change| change.mark_good(&who, &id(version)).await).await.map(|_| ())
        };
        good("run7@100").await.unwrap();
        good("run7@200").await.unwrap();
        assert!(refusal(good("run7@200").await).contains("is good"));
        assert_eq!(tenant.good_checkpoint("run7", None).await.unwrap(), id("run7@200"));
        assert_eq!(tenant.good_checkpoint("run7", Some("100")).await.unwrap(), id("run7@100"));
        assert!(tenant.good_checkpoint("run7", Some("300")).await.is_err());

        let back = async |who: &Who, to: &'static str| {
            let who = who.clone();
            tenant.change(async move |change: &mut Change| change.roll_back_checkpoint(&who, &id(to)).await).await.map(|(back, _)| back)
        };
        assert!(refusal(back(&engineer, "run7@300").await).contains("no good checkpoint"));
        assert!(refusal(back(&assessor, "run7@200").await).contains("'model.register'"));
        assert_eq!(back(&engineer, "run7@200").await.unwrap().abandoned, 2);
        assert_eq!(back(&engineer, "run7@100").await.unwrap().abandoned, 1);
        let states: Vec<_> = tenant.models().await.unwrap().iter().map(|model| model.state).collect();
        assert_eq!(states, [ModelState::Retired, ModelState::Retired, ModelState::Retired, ModelState::Good], "the newest first");
        assert!(refusal(assess(&tenant, &assessor, "run7@100", "run", &[]).await).contains("not assessed"));
        assert!(refusal(promote(&tenant, &system, "run7@100", "run").await).contains("is a checkpoint"));
        store.close().await;
    });
}

#[test]
fn what_is_watched_is_vouched_for_anew_under_its_path() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let watch = async |who: &Who, manifest: &'static str| {
            let who = who.clone();
            tenant.change(async move |change: &mut Change| change.watch(&who, "/srv/词库", manifest).await).await.map(|_| ())
        };
        assert!(refusal(watch(&system, "a").await).contains("'lexicon.change'"));
        watch(&security, "a").await.unwrap();
        watch(&security, "b").await.unwrap();
        let watched = tenant.watched().await.unwrap();
        assert_eq!((watched.len(), watched[0].manifest.as_str(), watched[0].digest), (1, "b", keys::digest::sha256(b"b")));
        store.close().await;
    });
}

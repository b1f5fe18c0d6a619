//! The register of sources: nobody checks their own, a refused source is on the blacklist at once, and two persons take it off.

use keys::digest::sha256;
use ledger::leaf::Class;
use store::access::{Permission, Role};
use store::accounts::{Accounts, Who};
use store::sources::{Assessment, Declared, MAX_KEPT_BYTES, NewDocument, NewSource, RobotsCheck, SourceName};
use store::{Change, Secret, StoreError, Tenant};
use taxonomy::{AssessmentOutcome, AssessmentPhase, ConsentBasis, DocumentKind, Grade, Modality, Origin, SourceKind, SourceState};

use crate::accounts::{accepted, new, said, three, who};
use crate::authenticator;
use crate::place::{Fresh, everywhere};

macro_rules! does {
    ($tenant:expr, |$change:ident| $work:expr) => {
        $tenant.change(async move |$change: &mut Change| $work).await.map(|(value, _)| value)
    };
}

/// Somebody with a second factor and a role.
pub(crate) async fn member(fresh: &Fresh, accounts: &Accounts, [system, security]: [&Who; 2], login: &'static str, role: Role) -> Who {
    let (account, _, who) = accepted(accounts, system, new(login), login).await;
    let secret = accounts.offer_second_factor(&who).await.unwrap().as_bytes().to_vec();
    accounts.confirm_second_factor(&who, &authenticator::code(&secret, fresh.now())).await.unwrap();
    accounts.grant(security, account, role).await.unwrap();
    who
}

/// Those who have to do with sources.
struct Cast {
    security: Who,
    audit: Who,
    steward: Who,
    other: Who,
}

async fn cast(fresh: &Fresh, tenant: &Tenant) -> Cast {
    let accounts = tenant.accounts();
    let [wang, li, zhao] = three(fresh, &accounts).await;
    let audit = who(fresh, &accounts, &zhao).await;
    let (system, security) = (who(fresh, &accounts, &wang).await, who(fresh, &accounts, &li).await);
    let by = [&system, &security];
    let steward = member(fresh, &accounts, by, "sun", Role::DataSteward).await;
    let other = member(fresh, &accounts, by, "zhou", Role::DataSteward).await;
    Cast { security, audit, steward, other }
}

fn name(text: &str) -> SourceName {
    text.parse().unwrap()
}

fn source(text: &str, kind: SourceKind) -> NewSource {
    let declared = Declared {
        kind,
        origin: Origin::Domestic,
        languages: vec!["zh".to_owned()],
        modalities: vec![Modality::Text],
        licence: "Apache-2.0".to_owned(),
        grade: Grade::General2,
        basis: ConsentBasis::None,
        expires: Some("2027-01-01".to_owned()),
        description: "新闻".to_owned(),
    };
    NewSource { name: name(text), declared, owner: "孙五责任人".to_owned() }
}

fn document(kind: DocumentKind, content: &[u8]) -> NewDocument {
    NewDocument {
        kind,
        file: "文件.pdf".to_owned(),
        sha256: sha256(content),
        bytes: content.len() as u64,
        content: Some(content.to_vec()),
        expires: None,
        replaces: None,
    }
}

fn assessment(phase: AssessmentPhase, low: f64, high: f64, outcome: AssessmentOutcome) -> Assessment {
    Assessment {
        phase,
        population: Some(100_000),
        sampled: 1_000,
        suspected: 30,
        low,
        high,
        limit: 0.05,
        outcome,
        wanted: (outcome == AssessmentOutcome::LargerSample).then_some(4_000),
        seed: "1".to_owned(),
        sample: [1; 32],
        evidence: [2; 32],
        lexicon: "base@1".to_owned(),
        policy: "corpus@1".to_owned(),
        classifier: "linear@1".to_owned(),
    }
}

async fn add(tenant: &Tenant, who: &Who, new: NewSource) -> Result<store::EntryId, StoreError> {
    let who = who.clone();
    does!(tenant, |change| change.add_source(&who, new).await)
}

async fn hand_in(tenant: &Tenant, who: &Who, source: &str, new: NewDocument) -> Result<i64, StoreError> {
    let (who, source) = (who.clone(), name(source));
    does!(tenant, |change| change.add_source_document(&who, &source, new).await)
}

async fn review(tenant: &Tenant, who: &Who, source: &str, accepted: bool) -> Result<store::EntryId, StoreError> {
    let (who, source) = (who.clone(), name(source));
    does!(tenant, |change| change.review_source(&who, &source, accepted, "看过").await)
}

async fn block(tenant: &Tenant, who: &Who, source: &str) -> Result<(), StoreError> {
    let (who, source) = (who.clone(), name(source));
    does!(tenant, |change| change.block_source(&who, &source, "投诉属实").await)
}

async fn unblock(tenant: &Tenant, who: &Who, approval: &str, source: &str) -> Result<(), StoreError> {
    let (who, approval, source) = (who.clone(), approval.to_owned(), name(source));
    does!(tenant, |change| change.unblock_source(&who, &approval, &source, "已整改").await)
}

async fn state(tenant: &Tenant, source: &str) -> SourceState {
    tenant.source(&name(source)).await.unwrap().source.state
}

fn refusal<T: std::fmt::Debug>(done: Result<T, StoreError>) -> String {
    match done {
        Err(StoreError::Refused(why) | StoreError::NotFound(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_keeps_every_version_and_its_owner_is_named_in_no_row() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { security, steward, .. } = cast(&fresh, &tenant).await;
        let before = said(&tenant, 0).await.len() as u64;
        add(&tenant, &steward, source("web-1", SourceKind::Open)).await.unwrap();
        assert!(refusal(add(&tenant, &steward, source("web-1", SourceKind::Open)).await).contains("already"));
        assert!(refusal(add(&tenant, &security, source("web-2", SourceKind::Open)).await).contains("'source.change'"));
        for (wrong, why) in [
            (Declared { languages: vec!["中文".to_owned()], ..source("x", SourceKind::Open).declared }, "language tag"),
            (Declared { languages: vec![], ..source("x", SourceKind::Open).declared }, "languages"),
            (Declared { modalities: vec![], ..source("x", SourceKind::Open).declared }, "modality"),
            (Declared { expires: Some("2027-1-1".to_owned()), ..source("x", SourceKind::Open).declared }, "YYYY-MM-DD"),
        ] {
            let said = refusal(add(&tenant, &steward, NewSource { declared: wrong, ..source("x", SourceKind::Open) }).await);
            assert!(said.contains(why), "{said}");
        }
        let mut changed = source("web-1", SourceKind::Open);
        changed.declared.origin = Origin::Foreign;
        let (who, again) = (steward.clone(), changed.clone());
        does!(tenant, |change| change.change_source(&who, again).await).unwrap();
        let record = tenant.source(&name("web-1")).await.unwrap();
        assert_eq!(
            (record.source.version, record.source.declared.origin, record.source.state),
            (2, Origin::Foreign, SourceState::Registered)
        );
        assert_eq!(record.versions.iter().map(|version| version.declared.origin).collect::<Vec<_>>(), [Origin::Domestic, Origin::Foreign]);
        assert_eq!(record.owner.as_deref(), Some("孙五责任人"));
        assert_eq!(said(&tenant, before).await, ["source.add", "source.change"]);
        let entries = tenant.entries(before, 10).await.unwrap();
        assert_eq!(entries[1].class, Class::Admin);
        assert!(!entries[1].said.clone().unwrap().to_string().contains("孙五责任人"), "persons stand in sealed content alone");
        let rows = fresh.ask("guiju.db", "SELECT 1 FROM source_version WHERE declared LIKE '%孙五%'").await;
        assert!(rows.is_empty());
        // Erasing the person takes the name along; the source stays.
        tenant.erase_person("孙五责任人", "officer").await.unwrap();
        assert_eq!(tenant.source(&name("web-1")).await.unwrap().owner, None);
        assert!(refusal(tenant.source(&name("web-9")).await).contains("`guiju source list`"));
        store.close().await;
    });
}

#[test]
fn documents_are_sealed_up_to_a_size_and_reviewed_by_somebody_else() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { steward, other, .. } = cast(&fresh, &tenant).await;
        add(&tenant, &steward, source("bought", SourceKind::Commercial)).await.unwrap();
        let contract = b"%PDF a contract".as_slice();
        assert_eq!(hand_in(&tenant, &steward, "bought", document(DocumentKind::Contract, contract)).await.unwrap(), 1);
        let large = vec![7; MAX_KEPT_BYTES + 1];
        assert!(refusal(hand_in(&tenant, &steward, "bought", document(DocumentKind::Commitment, &large)).await).contains("digest"));
        let digest_only = NewDocument { content: None, ..document(DocumentKind::Commitment, &large) };
        assert_eq!(hand_in(&tenant, &steward, "bought", digest_only).await.unwrap(), 2);
        let other_file = NewDocument { sha256: [0; 32], ..document(DocumentKind::Contract, contract) };
        assert!(refusal(hand_in(&tenant, &steward, "bought", other_file).await).contains("not the one of its digest"));
        assert_eq!(tenant.source_document(&name("bought"), 1).await.unwrap(), Secret::Open(contract.to_vec()));
        assert_eq!(tenant.source_document(&name("bought"), 2).await.unwrap(), Secret::None);
        assert!(tenant.source_document(&name("bought"), 3).await.is_err());

        let own = refusal(review(&tenant, &steward, "bought", true).await);
        assert!(own.contains("another person must review it (GB-5.1-c3)"), "{own}");
        review(&tenant, &other, "bought", false).await.unwrap();
        assert_eq!(state(&tenant, "bought").await, SourceState::Refused);
        let replaced = NewDocument { replaces: Some(1), ..document(DocumentKind::Contract, b"a better contract") };
        assert_eq!(hand_in(&tenant, &steward, "bought", replaced.clone()).await.unwrap(), 3);
        assert!(refusal(hand_in(&tenant, &steward, "bought", replaced).await).contains("no document 1"), "it was replaced once");
        review(&tenant, &other, "bought", true).await.unwrap();
        assert_eq!(state(&tenant, "bought").await, SourceState::Registered);
        // Whoever hands something in becomes one of those who made it.
        hand_in(&tenant, &other, "bought", document(DocumentKind::Other, b"a note")).await.unwrap();
        assert!(refusal(review(&tenant, &other, "bought", true).await).contains("another person"));
        let record = tenant.source(&name("bought")).await.unwrap();
        let seen: Vec<_> = record.reviews.iter().map(|review| (review.accepted, review.seen)).collect();
        assert_eq!(seen, [(false, 2), (true, 3)]);
        assert_eq!(record.documents.iter().map(|document| document.replaced).collect::<Vec<_>>(), [Some(3), None, None, None]);
        let kind =
            NewSource { declared: Declared { kind: SourceKind::Open, ..record.source.declared }, ..source("bought", SourceKind::Open) };
        assert!(refusal(does!(tenant, |change| change.change_source(&steward, kind).await)).contains("as another source"));
        store.close().await;
    });
}

#[test]
fn a_refused_source_is_blocked_at_once_and_two_persons_take_it_off() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { security, audit, steward, .. } = cast(&fresh, &tenant).await;
        let accounts = tenant.accounts();
        use AssessmentOutcome::{Accepted, LargerSample, Refused};
        use AssessmentPhase::{After, Before};
        let web = name("web-1");
        add(&tenant, &steward, source("web-1", SourceKind::Open)).await.unwrap();
        for (wrong, why) in [
            (assessment(Before, 0.06, 0.08, Accepted), "numbers say refused"),
            (assessment(Before, 0.04, 0.06, Accepted), "numbers say larger-sample"),
            (Assessment { wanted: Some(9), ..assessment(Before, 0.0, 0.01, Accepted) }, "wanted Some(9)"),
            (Assessment { limit: 0.5, ..assessment(Before, 0.1, 0.2, Accepted) }, "at most 0.05"),
            (Assessment { suspected: 1_001, ..assessment(Before, 0.01, 0.02, Accepted) }, "1001 of 1000"),
            (Assessment { low: f64::NAN, ..assessment(Before, 0.01, 0.02, Accepted) }, "no assessment"),
        ] {
            let said = refusal(tenant.source_assessed(&steward, &web, &wrong).await);
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(
            tenant.source_assessed(&steward, &web, &assessment(Before, 0.04, 0.06, LargerSample)).await.unwrap(),
            SourceState::Registered
        );
        assert_eq!(tenant.source_assessed(&steward, &web, &assessment(Before, 0.01, 0.04, Accepted)).await.unwrap(), SourceState::Accepted);
        let before = said(&tenant, 0).await.len() as u64;
        let worse = assessment(After, 0.051, 0.08, Refused);
        assert_eq!(tenant.source_assessed(&steward, &web, &worse).await.unwrap(), SourceState::Blocked);
        assert_eq!(said(&tenant, before).await, ["source.assess", "source.block"]);
        let blocked = tenant.blacklist().await.unwrap();
        assert!(blocked.len() == 1 && blocked[0].reason.contains("after: 30 of 1000 rows"), "{blocked:?}");

        // It takes nothing.
        let closed = [
            refusal(tenant.source_assessed(&steward, &web, &assessment(Before, 0.0, 0.01, Accepted)).await),
            refusal(hand_in(&tenant, &steward, "web-1", document(DocumentKind::Licence, b"MIT")).await),
            refusal(review(&tenant, &steward, "web-1", true).await),
            refusal(block(&tenant, &steward, "web-1").await),
        ];
        assert!(closed.iter().all(|why| why.contains("on the blacklist")), "{closed:?}");

        let object = tenant.unblock_object(&web).await.unwrap();
        assert_eq!(object, "source web-1 block 1");
        assert!(accounts.propose(&steward, Permission::SourceUnblock, &object).await.is_err());
        let approval = accounts.propose(&security, Permission::SourceUnblock, &object).await.unwrap();
        assert!(refusal(unblock(&tenant, &security, &approval, "web-1").await).contains("nobody has approved"));
        assert!(accounts.approve(&security, &approval).await.is_err(), "one person is not two");
        accounts.approve(&audit, &approval).await.unwrap();
        assert!(unblock(&tenant, &steward, &approval, "web-1").await.is_err());
        unblock(&tenant, &security, &approval, "web-1").await.unwrap();
        assert_eq!(state(&tenant, "web-1").await, SourceState::Registered);
        let record = tenant.source(&web).await.unwrap();
        assert!(record.blocked().is_none() && record.blocks[0].lifted.as_ref().unwrap().2 == "已整改");
        assert!(record.assessments.iter().all(|made| !made.counts), "what was assessed before says nothing any more");
        // The next stay on the blacklist is another one: the approval of the first is used up.
        block(&tenant, &steward, "web-1").await.unwrap();
        assert!(unblock(&tenant, &security, &approval, "web-1").await.is_err());
        assert_eq!(tenant.unblock_object(&web).await.unwrap(), "source web-1 block 2");
        assert!(refusal(unblock(&tenant, &security, &approval, "web-2").await).contains("on the blacklist"));
        store.close().await;
    });
}

#[test]
fn a_robots_check_is_of_a_manifest_that_was_handed_in() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let Cast { steward, .. } = cast(&fresh, &tenant).await;
        add(&tenant, &steward, source("crawl", SourceKind::SelfCollected)).await.unwrap();
        let manifest = b"{\"url\":\"https://example.org/\"}\n".as_slice();
        let check = |refused| RobotsCheck { manifest: sha256(manifest), agent: "guiju".to_owned(), checked: 9, refused };
        let record = async |check: RobotsCheck| {
            let who = steward.clone();
            does!(tenant, |change| change.robots_checked(&who, &name("crawl"), check).await)
        };
        assert!(refusal(record(check(0)).await).contains("hand it in first"));
        hand_in(&tenant, &steward, "crawl", document(DocumentKind::CrawlManifest, manifest)).await.unwrap();
        record(check(2)).await.unwrap();
        record(check(0)).await.unwrap();
        assert_eq!(tenant.source(&name("crawl")).await.unwrap().robots, [check(0)], "the last check counts");
        store.close().await;
    });
}

use taxonomy::{AssessmentOutcome, ConsentBasis, DocumentKind, Modality, Origin, SourceKind, clauses};

use super::*;

const TODAY: &str = "2026-11-22";

fn document(kind: DocumentKind) -> DocumentFact {
    DocumentFact { kind, sha256: format!("{kind:?}"), expires: None }
}

fn accepted() -> AssessmentFact {
    let outcome = AssessmentOutcome::Accepted;
    AssessmentFact { outcome, sampled: 4_000, suspected: 10, low: 0.001, high: 0.005, limit: 0.05, wanted: None }
}

/// A source of a kind that has all it needs.
fn source(kind: SourceKind) -> SourceFacts {
    use DocumentKind::{CollectionRecord, Commitment, ConsentRecord, Contract, CrawlManifest, Licence, Robots};
    let documents = match kind {
        SourceKind::Open => vec![Licence],
        SourceKind::SelfCollected => vec![CollectionRecord, Robots, CrawlManifest],
        SourceKind::Commercial => vec![Contract, Commitment],
        SourceKind::UserInput => vec![ConsentRecord],
    };
    SourceFacts {
        name: "web".to_owned(),
        registered: true,
        kind,
        origin: Origin::Domestic,
        languages: vec!["zh".to_owned()],
        modalities: vec![Modality::Text],
        licence: "Apache-2.0".to_owned(),
        basis: ConsentBasis::Consent,
        expires: Some(TODAY.to_owned()),
        blocked: None,
        documents: documents.into_iter().map(document).collect(),
        review: (kind == SourceKind::Commercial).then_some(ReviewFact { accepted: true, current: true }),
        before: Some(accepted()),
        after: Some(accepted()),
        robots: vec![RobotsFact { manifest: "CrawlManifest".to_owned(), checked: 9, refused: 0 }],
        diversity: vec![DiversityFact { language: "zh".to_owned(), modality: Modality::Text, domestic: 2, foreign: 1 }],
    }
}

fn scan() -> ScanFacts {
    ScanFacts {
        shards: 3,
        done: 3,
        judged: 50_000,
        kept: 40_000,
        manual: Some(SpotCheck { drawn: 4_000, judged: 4_000, qualified: 3_840 }),
        technical: Some(SpotCheck { drawn: 4_000, judged: 4_000, qualified: 3_920 }),
        works: Some(0),
        consent: Some(ConsentFact { snapshot: String::new(), until: TODAY.to_owned(), opted_out: 0, without: 0 }),
        ..ScanFacts::default()
    }
}

fn shut(source: &SourceFacts, scan: &ScanFacts) -> Vec<String> {
    gates(source, scan, TODAY).into_iter().filter(|gate| !gate.open).map(|gate| gate.id).collect()
}

fn warned(source: &SourceFacts, scan: &ScanFacts) -> Vec<String> {
    gates(source, scan, TODAY).into_iter().filter(|gate| gate.warned).map(|gate| gate.id).collect()
}

#[test]
fn every_gate_has_a_clause_of_the_standards_and_both_languages() {
    let mut ids = std::collections::BTreeSet::new();
    for rule in GROUPS.iter().flat_map(|group| group.iter()) {
        assert!(clauses().iter().any(|clause| clause.id == rule.clause), "{}: {} is no clause", rule.id, rule.clause);
        assert!(ids.insert(rule.id), "{} stands twice", rule.id);
        for [zh, en] in [rule.title, rule.remedy] {
            assert!(!zh.is_ascii() && en.is_ascii(), "{}: {zh} / {en}", rule.id);
        }
    }
}

#[test]
fn what_has_everything_passes() {
    for kind in SourceKind::ALL.iter().copied() {
        let gates = gates(&source(kind), &scan(), TODAY);
        assert!(gates.iter().all(|gate| gate.open && !gate.warned), "{kind}: {gates:#?}");
        assert!(gates.iter().all(|gate| !gate.why.zh.is_empty() && !gate.why.en.is_empty()));
        // Without a scan only what concerns the scan is shut, and that is not asked.
        assert!(source_gates(&source(kind), TODAY).iter().all(|gate| gate.open));
        assert!(!shut(&source(kind), &ScanFacts::default()).is_empty());
    }
}

/// One fact at a time is taken away, and one gate shuts.
#[test]
fn each_fact_shuts_its_own_gate() {
    use SourceKind::{Commercial, Open, SelfCollected, UserInput};
    let yesterday = || Some("2026-11-21".to_owned());
    type Spoil = fn(&mut SourceFacts);
    let cases: [(&str, SourceKind, Spoil); 14] = [
        ("not-blocked", Open, |source| source.blocked = Some("7 %".to_owned())),
        ("licence", Open, |source| source.documents.clear()),
        ("licence", Open, |source| source.documents.iter_mut().for_each(|document| document.expires = Some("2026-11-21".to_owned()))),
        ("licence-named", Open, |source| source.licence.clear()),
        ("collection-record", SelfCollected, |source| source.documents.retain(|document| document.kind != DocumentKind::CollectionRecord)),
        ("robots", SelfCollected, |source| source.documents.retain(|document| document.kind != DocumentKind::Robots)),
        ("robots-kept", SelfCollected, |source| source.robots.clear()),
        ("robots-kept", SelfCollected, |source| source.robots.iter_mut().for_each(|check| check.refused = 1)),
        ("contract", Commercial, |source| source.documents.retain(|document| document.kind != DocumentKind::Contract)),
        ("commitment", Commercial, |source| source.documents.retain(|document| document.kind != DocumentKind::Commitment)),
        ("reviewed", Commercial, |source| source.review = None),
        ("reviewed", Commercial, |source| source.review = Some(ReviewFact { accepted: true, current: false })),
        ("consent-record", UserInput, |source| source.documents.clear()),
        ("assessed-after", Open, |source| source.after = None),
    ];
    for (gate, kind, spoil) in cases {
        let mut spoilt = source(kind);
        spoil(&mut spoilt);
        assert_eq!(shut(&spoilt, &scan()), [gate], "{kind}");
    }
    let expired = SourceFacts { expires: yesterday(), ..source(Open) };
    assert_eq!(shut(&expired, &scan()), ["not-expired"]);
    let larger = AssessmentFact { outcome: AssessmentOutcome::LargerSample, wanted: Some(9_604), ..accepted() };
    let straddling = SourceFacts { before: Some(larger), ..source(Open) };
    assert_eq!(shut(&straddling, &scan()), ["assessed-before"]);
    let said = gates(&straddling, &scan(), TODAY).into_iter().find(|gate| !gate.open).unwrap().why.en;
    assert!(said.contains("9604 rows"), "{said}");
    let refused = SourceFacts { review: Some(ReviewFact { accepted: false, current: true }), ..source(Commercial) };
    assert_eq!(shut(&refused, &scan()), ["not-refused", "reviewed"]);
    let unknown = SourceFacts { registered: false, ..source(Open) };
    let only: Vec<String> = gates(&unknown, &scan(), TODAY).into_iter().map(|gate| gate.id).collect();
    assert_eq!((only, shut(&unknown, &scan())), (vec!["registered".to_owned()], vec!["registered".to_owned()]));
}

#[test]
fn each_fact_of_the_scan_shuts_its_own_gate() {
    let spoilt = |spoil: fn(&mut ScanFacts)| {
        let mut facts = scan();
        spoil(&mut facts);
        shut(&source(SourceKind::UserInput), &facts)
    };
    assert_eq!(spoilt(|scan| scan.done = 2), ["scanned"]);
    assert_eq!(spoilt(|scan| scan.unread = 1), ["scanned"]);
    assert_eq!(spoilt(|scan| scan.broken = 1), ["scanned"]);
    assert_eq!(spoilt(|scan| scan.marked = 1), ["marks"]);
    assert_eq!(spoilt(|scan| scan.works = None), ["works"]);
    assert_eq!(spoilt(|scan| scan.works = Some(1)), ["works"]);
    assert_eq!(spoilt(|scan| scan.personal = 1), ["personal"]);
    assert_eq!(spoilt(|scan| scan.sensitive = 1), ["sensitive"]);
    assert_eq!(spoilt(|scan| scan.consent = None), ["consented", "opted-out"]);
    assert_eq!(spoilt(|scan| scan.consent.as_mut().unwrap().until = "2026-11-21".to_owned()), ["consented", "opted-out"]);
    assert_eq!(spoilt(|scan| scan.consent.as_mut().unwrap().opted_out = 1), ["opted-out"]);
    assert_eq!(spoilt(|scan| scan.consent.as_mut().unwrap().without = 1), ["consented"]);
}

#[test]
fn a_spot_check_counts_what_nobody_judged_as_not_qualified() {
    let manual = |drawn, judged, qualified, kept| {
        let facts = ScanFacts { manual: Some(SpotCheck { drawn, judged, qualified }), kept, ..scan() };
        !shut(&source(SourceKind::Open), &facts).contains(&"manual-check".to_owned())
    };
    assert!(manual(4_000, 4_000, 3_840, 40_000));
    assert!(!manual(4_000, 4_000, 3_839, 40_000), "95.975 % is below 96 %");
    assert!(!manual(4_000, 3_900, 3_800, 40_000), "97.4 % of the judged, 95 % of the drawn");
    assert!(!manual(3_999, 3_999, 3_999, 40_000));
    assert!(manual(50, 50, 50, 50), "of fewer rows than 4,000 all are drawn");
    assert!(!manual(0, 0, 0, 0), "nothing was checked");
    let technical = ScanFacts { kept: 40_001, ..scan() };
    assert_eq!(shut(&source(SourceKind::Open), &technical), ["technical-check"], "4,001 are a tenth, rounded up");
}

#[test]
fn a_poor_mixture_warns_and_shuts_nothing() {
    let cell = |domestic, foreign| DiversityFact { language: "en".to_owned(), modality: Modality::Text, domestic, foreign };
    let of = |cell| SourceFacts { diversity: vec![cell], ..source(SourceKind::Open) };
    assert_eq!(warned(&of(cell(1, 0)), &scan()), ["several-sources"]);
    assert_eq!(warned(&of(cell(0, 2)), &scan()), ["domestic-and-foreign"]);
    assert!(shut(&of(cell(0, 1)), &scan()).is_empty());
    let alone = ScanFacts { consent: None, ..scan() };
    assert_eq!(warned(&source(SourceKind::Open), &alone), ["opted-out"]);
    assert!(shut(&source(SourceKind::Open), &alone).is_empty());
}

//! The assessment of a source: the share and its interval, samples, copies, broken rows, people.

use corpus::assess::{Assess, Assessed, Assessment, Outcome, Phase, Population, Rows};
use corpus::{Counter, Manifest};
use stats::{wilson, wilson_finite};
use taxonomy::Lang;

use crate::sheets::{Filled, fill, keys};
use crate::work::{PIPELINE, Work, jsonl};

/// So many rows, of which `bad` speak of selling invoices; all texts differ.
fn rows(all: usize, bad: usize) -> Vec<String> {
    let row = |at: usize| {
        if at < bad {
            format!("长期代开各类发票，第{at}批。")
        } else {
            format!("图书馆今天新到了第{at}本书，欢迎借阅。")
        }
    };
    (0..all).map(row).collect()
}

fn lines(rows: &[String]) -> Vec<u8> {
    jsonl(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

fn manifest(work: &Work, rows: &[String]) -> Manifest {
    work.manifest(&[work.write("a.jsonl", &lines(rows))], corpus::SHARD_BYTES)
}

fn assess<'a>(manifest: &'a Manifest, rows: Rows<'a>, population: Population) -> Assess<'a> {
    Assess { source: "s", phase: Phase::Before, manifest, rows, seed: "1", population, reviewed: &[], matched: false, threads: 2 }
}

fn run(assess: &Assess<'_>) -> Assessed {
    assess.run(&Counter::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn of(all: usize, bad: usize, take: Rows<'_>, population: Population) -> Assessment {
    let work = Work::new();
    run(&assess(&manifest(&work, &rows(all, bad)), take, population)).assessment
}

#[test]
fn the_outcome_is_that_of_the_interval() {
    let all = Rows::All(&PIPELINE);
    let clean = of(500, 0, all, Population::Unknown);
    assert_eq!((clean.outcome, clean.suspected, clean.sampled, clean.distinct), (Outcome::Accepted, 0, 500, 500));
    assert_eq!((clean.low, clean.high), (wilson(0, 500).low, wilson(0, 500).high));
    let below = of(1_000, 49, all, Population::Whole);
    assert_eq!((below.outcome, below.low, below.high, below.wanted), (Outcome::Accepted, 0.049, 0.049, None), "the whole source is known");
    let at_the_limit = of(1_000, 50, all, Population::Whole);
    assert_eq!(at_the_limit.outcome, Outcome::Accepted, "over 5 % is refused, 5 % is not");
    let over = of(1_000, 51, all, Population::Whole);
    assert_eq!(over.outcome, Outcome::Refused);
    let far_over = of(1_000, 200, Rows::Sample(300, &PIPELINE), Population::Unknown);
    assert_eq!((far_over.outcome, far_over.sampled, far_over.rows), (Outcome::Refused, 300, 1_000));
    assert!(far_over.low > 0.05 && far_over.low == wilson(far_over.suspected, 300).low);
    assert!(far_over.words(Lang::Zh).contains("不得采集") && far_over.words(Lang::En).contains("blacklist"));
    assert_eq!(far_over.classes[0].class.id(), "A1h");
}

#[test]
fn an_interval_astride_asks_for_a_larger_sample_and_says_how_large() {
    let work = Work::new();
    let manifest = manifest(&work, &rows(1_000, 49));
    let of = |population| run(&assess(&manifest, Rows::All(&PIPELINE), population)).assessment;
    let unknown = of(Population::Unknown);
    assert_eq!(unknown.outcome, Outcome::LargerSample);
    let wanted = unknown.wanted.unwrap();
    assert_eq!(Some(wanted), stats::deciding_size(0.049, 0.049, 0.05, None));
    assert!(wanted > 100_000 && unknown.words(Lang::Zh).contains(&wanted.to_string()), "{wanted}");
    // Of a known source never more than there is.
    let known = of(Population::Rows(20_000));
    let interval = wilson_finite(49, 1_000, 0.05);
    assert_eq!((known.low, known.high), (interval.low, interval.high));
    assert!(known.outcome == Outcome::LargerSample && known.wanted.unwrap() <= 20_000 && known.wanted.unwrap() > 1_000);
    let error = assess(&manifest, Rows::All(&PIPELINE), Population::Rows(999)).run(&Counter::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("--population"), "{error}");
    // The larger sample that was asked for decides, where the share stays.
    assert_eq!(
        stats::side(
            wilson_finite(known.wanted.unwrap() * 49 / 1_000, known.wanted.unwrap(), known.wanted.unwrap() as f64 / 20_000.0),
            0.05
        ),
        stats::Side::Within
    );
}

#[test]
fn a_sample_depends_on_seed_and_content_alone() {
    let work = Work::new();
    let all = rows(400, 40);
    let (one, other) = (lines(&all[..150]), lines(&all[150..]));
    let inputs = [
        [work.write("x/a.jsonl", &one), work.write("x/b.jsonl", &other)],
        [work.write("y/z.jsonl", &one), work.write("y/c.jsonl", &other)],
    ];
    let sample = |inputs: &[std::path::PathBuf; 2], seed| {
        let manifest = work.manifest(inputs, corpus::SHARD_BYTES);
        run(&Assess { seed, ..assess(&manifest, Rows::Sample(60, &PIPELINE), Population::Unknown) }).assessment
    };
    let (first, moved) = (sample(&inputs[0], "1"), sample(&inputs[1], "1"));
    assert_eq!((&first.sample, first.suspected, first.sampled), (&moved.sample, moved.suspected, 60));
    assert_ne!(first.sample, sample(&inputs[0], "2").sample);
    // More than there are: all of them.
    let manifest = work.manifest(&inputs[0], corpus::SHARD_BYTES);
    let everything = run(&assess(&manifest, Rows::Sample(1_000, &PIPELINE), Population::Whole)).assessment;
    assert_eq!((everything.sampled, everything.low), (400, 0.1));
}

#[test]
fn what_is_written_can_be_checked_by_anyone() {
    use sha2::{Digest, Sha256};
    let work = Work::new();
    let manifest = manifest(&work, &rows(300, 30));
    let draw = || run(&Assess { matched: true, ..assess(&manifest, Rows::Sample(100, &PIPELINE), Population::Unknown) });
    let assessed = draw();
    assessed.write(&work.path("out"), Lang::Zh).unwrap();
    let read = |name: &str| std::fs::read_to_string(work.path(&format!("out/{name}"))).unwrap();
    let hex = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (list, report) = (read("sample.txt"), read("assessment.json"));
    assert_eq!(hex(&list), assessed.assessment.sample);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.len() == 100 && lines.is_sorted());
    assert_eq!(hex(&report), assessed.assessment.evidence().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(report.as_bytes(), draw().assessment.bytes(), "the same again");
    let json: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&json["clause"], &json["outcome"], &json["grounds"]["classifier"]),
        (&"GB-5.1-a1".into(), &"larger-sample".into(), &0.into())
    );
    let example = &json["classes"][0]["examples"][0];
    assert!(
        example["shown"].as_str().unwrap().contains("【") && example["span"]["end"].as_u64() > example["span"]["start"].as_u64(),
        "{example}"
    );
    let page = read("assessment.html");
    assert!(page.contains("数据来源采集前安全评估") && page.contains("【代开】各类发票") && !page.contains("<script"), "{page}");
}

#[test]
fn a_text_counts_once_however_often_it_stands_there() {
    let work = Work::new();
    let mut all = rows(1_000, 0);
    all.extend(vec!["长期代开各类发票，第0批。".to_owned(); 300]);
    let it = run(&assess(&manifest(&work, &all), Rows::All(&PIPELINE), Population::Whole)).assessment;
    assert_eq!((it.outcome, it.suspected, it.distinct, it.copies), (Outcome::Accepted, 1, 1_001, 299));
    // And a bad source is not diluted with copies of a clean text.
    let mut all = rows(100, 20);
    all.extend(vec!["今天天气很好。".to_owned(); 5_000]);
    let it = run(&assess(&manifest(&work, &all), Rows::All(&PIPELINE), Population::Whole)).assessment;
    assert_eq!((it.outcome, it.suspected, it.distinct), (Outcome::Refused, 20, 101));
}

#[test]
fn what_cannot_be_read_counts_against_accepting_and_not_for_refusing() {
    let work = Work::new();
    let with_broken = |bad, broken: usize| {
        let bytes = [lines(&rows(1_000 - broken, bad)), b"{\"other\":1}\n".repeat(broken)].concat();
        let manifest = work.manifest(&[work.write("b.jsonl", &bytes)], corpus::SHARD_BYTES);
        run(&assess(&manifest, Rows::All(&PIPELINE), Population::Whole)).assessment
    };
    let open = with_broken(30, 40);
    assert_eq!((open.outcome, open.wanted, open.open, open.broken), (Outcome::LargerSample, None, 40, 40));
    assert!((open.low, open.high) == (0.03, 0.07) && open.words(Lang::En).contains("no larger sample helps"), "{open:?}");
    assert_eq!(with_broken(30, 20).outcome, Outcome::Accepted);
    assert_eq!(with_broken(60, 40).outcome, Outcome::Refused);
}

#[test]
fn a_finished_scan_is_verified_without_judging_again() {
    let work = Work::new();
    let manifest = manifest(&work, &rows(600, 60));
    work.scan(&manifest, "scan", 2);
    let dir = work.path("scan");
    let scanned = run(&Assess { phase: Phase::After, ..assess(&manifest, Rows::Scanned(&dir), Population::Whole) }).assessment;
    let judged = run(&Assess { phase: Phase::After, ..assess(&manifest, Rows::All(&PIPELINE), Population::Whole) }).assessment;
    assert_eq!(scanned.bytes(), judged.bytes());
    assert_eq!((scanned.outcome, scanned.low, scanned.clause), (Outcome::Refused, 0.1, "GB-5.1-a2"));
    std::fs::remove_file(dir.join("shards/000000.json")).unwrap();
    let error = assess(&manifest, Rows::Scanned(&dir), Population::Whole).run(&Counter::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("not scanned yet"), "{error}");
}

#[test]
fn what_people_say_stands_above_what_the_machine_suspects() {
    let work = Work::new();
    let manifest = manifest(&work, &rows(400, 24));
    let mut it = assess(&manifest, Rows::Sample(400, &PIPELINE), Population::Whole);
    let assessed = run(&it);
    assert_eq!((assessed.assessment.outcome, assessed.assessment.suspected), (Outcome::Refused, 24));
    let (first, second) = (work.path("甲.xlsx"), work.path("乙.xlsx"));
    for (name, file) in [("甲", &first), ("乙", &second)] {
        assert_eq!(assessed.sheet(&manifest, name, file, Lang::Zh).unwrap(), 48, "the suspected rows and as many others");
    }
    assert_ne!(keys(&first), keys(&second), "everyone in an order of their own");
    let mut sorted = keys(&first);
    sorted.sort();
    // Six of those suspected are cleared by both, one divides them.
    let suspected = |text: &str| text.contains("发票");
    let cleared: Vec<String> = sorted.iter().filter(|(_, text)| suspected(text)).map(|(id, _)| id.clone()).take(7).collect();
    let say = |divided: &'static str| {
        let cleared = cleared.clone();
        move |id: &str, text: &str| match cleared.iter().position(|known| known == id) {
            Some(0) => Filled::new(divided, "A1h"),
            Some(_) => Filled::new("合格", ""),
            None if suspected(text) => Filled::new("不合格", "A4g"),
            None => Filled::new("合格", ""),
        }
    };
    let reviewed = [fill(&first, say("不合格")), fill(&second, say("合格"))];
    it.reviewed = &reviewed;
    let after = run(&it).assessment;
    let people = after.people.unwrap();
    assert_eq!((people.reviewed, people.confirmed, people.cleared, people.found, people.undecided), (48, 17, 6, 0, 1));
    assert_eq!((after.outcome, after.suspected, after.open, after.low, after.high), (Outcome::Accepted, 17, 1, 17.0 / 400.0, 18.0 / 400.0));
    assert_eq!((after.classes.len(), after.classes[0].class.id(), after.classes[0].texts), (1, "A4g", 17));
}

#[test]
fn wrong_sheets_are_refused_and_every_wrong_row_is_named() {
    let work = Work::new();
    let manifest = manifest(&work, &rows(200, 10));
    let it = assess(&manifest, Rows::Sample(150, &PIPELINE), Population::Unknown);
    let sheet = work.path("a.xlsx");
    run(&it).sheet(&manifest, "a", &sheet, Lang::En).unwrap();
    let refused = |file: std::path::PathBuf, seed| {
        let error = Assess { reviewed: &[file], seed, ..assess(&manifest, Rows::Sample(150, &PIPELINE), Population::Unknown) }
            .run(&Counter::default());
        error.map(|_| ()).unwrap_err().to_string()
    };
    let good = fill(&sheet, |_, _| Filled::new("acceptable", ""));
    assert!(refused(good, "2").contains("is of sample"), "another seed is another sample");
    let wrong = fill(&sheet, |_, text| if text.contains("发票") { Filled::new("not acceptable", "") } else { Filled::new("perhaps", "") });
    let message = refused(wrong, "1");
    assert!(message.contains("no class is named") && message.contains("'perhaps' is no verdict") && message.contains(" more"), "{message}");
    let stranger = fill(&sheet, |id, _| Filled { key: Some(format!("0{id}")), ..Filled::new("acceptable", "") });
    assert!(refused(stranger, "1").contains("not in the sample"));
    let error = run(&it).sheet(&manifest, "a", &sheet, Lang::En).unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    let empty = work.manifest(&[work.write("e.jsonl", b"\n")], corpus::SHARD_BYTES);
    let none = assess(&empty, Rows::All(&PIPELINE), Population::Unknown).run(&Counter::default()).map(|_| ()).unwrap_err();
    assert!(none.to_string().contains("no row to judge"), "{none}");
}

//! Spot checks: what is drawn, what people and detectors say of it, and what is refused.

use std::path::PathBuf;

use corpus::spotcheck::{Checked, Drawn, SpotCheck};
use corpus::{Apply, Duplicates, Manifest, Selector};
use detect::redact::{self, Redactor, Secrets};
use detect::{Keywords, Lexicon, Policy};
use stats::Standing;
use taxonomy::Lang;

use crate::sheets::{Filled, fill, keys};
use crate::work::{PIPELINE, Work, jsonl};

/// Three files with 10, 200 and 800 rows to keep and as many keywords again as the first has rows.
fn scanned(work: &Work) -> Manifest {
    let rows = |file: usize, rows: usize| {
        let clean = (0..rows).map(|at| format!("第{file}卷第{at}页记录了当天的天气和收成。"));
        clean.chain((0..10).map(|at| format!("长期代开各类发票，第{file}卷第{at}则。"))).collect::<Vec<_>>()
    };
    let write = |(file, all): (usize, usize)| {
        let rows = rows(file, all);
        work.write(&format!("in/{file}.jsonl"), &jsonl(&rows.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let inputs: Vec<PathBuf> = [(0, 10), (1, 200), (2, 800)].into_iter().map(write).collect();
    let manifest = work.manifest(&inputs, corpus::SHARD_BYTES);
    work.scan(&manifest, "scan", 2);
    manifest
}

fn open(work: &Work, dir: &str) -> SpotCheck {
    SpotCheck::open(&work.path(dir), &Selector::new("text").unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn draw(work: &Work, dir: &str, seed: &str, manual: u64, out: &str) -> Result<(Drawn, Vec<PathBuf>), corpus::CorpusError> {
    open(work, dir).draw(seed, manual, 0.1, &["甲".to_owned(), "乙".to_owned()], &work.path(out), Lang::Zh)
}

fn rates(work: &Work, dir: &str, sheets: &[PathBuf]) -> Result<Checked, corpus::CorpusError> {
    open(work, dir).rates(sheets, &PIPELINE, 2, Lang::Zh)
}

#[test]
fn the_lists_are_drawn_from_what_was_kept_in_shares_of_the_files() {
    let work = Work::new();
    scanned(&work);
    let (drawn, sheets) = draw(&work, "scan", "1", 101, "sheets").unwrap();
    assert_eq!((drawn.of.as_str(), drawn.population, drawn.manual.rows), ("scan", 1_010, 101));
    assert_eq!(drawn.manual.files.values().copied().collect::<Vec<_>>(), [1, 20, 80]);
    // One in ten of each shard, rounded up.
    assert_eq!(drawn.technical.rows, 1 + 20 + 80);
    let list = std::fs::read_to_string(work.path("sheets/manual.txt")).unwrap();
    let mut on_sheet: Vec<String> = keys(&sheets[0]).into_iter().map(|(id, _)| id).collect();
    assert_ne!(keys(&sheets[0]), keys(&sheets[1]));
    on_sheet.sort();
    assert_eq!(on_sheet, list.lines().collect::<Vec<_>>());
    assert!(keys(&sheets[0]).iter().all(|(_, text)| !text.contains("发票")), "what was removed is not checked");
    // The lists stand: the same again is the same, others are refused.
    std::fs::remove_dir_all(work.path("sheets")).unwrap();
    assert_eq!(draw(&work, "scan", "1", 101, "sheets").unwrap().0, drawn);
    let again = draw(&work, "scan", "2", 101, "other").unwrap_err();
    assert!(again.to_string().contains("drawn earlier; they stand") && !work.path("other").exists(), "{again}");
    for manual in [0, 1_000_000] {
        assert!(draw(&work, "scan", "1", manual, "other").is_err());
    }
}

#[test]
fn the_rates_are_those_of_the_sheets_and_of_the_detectors() {
    let work = Work::new();
    scanned(&work);
    let (_, sheets) = draw(&work, "scan", "1", 4_000, "sheets").unwrap();
    let ids: Vec<String> = std::fs::read_to_string(work.path("sheets/manual.txt")).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(ids.len(), 1_010, "fewer than 4,000: all of them");
    // Forty violate for both; one row divides them; one is left empty by both.
    let say = |divided: &'static str| {
        let ids = ids.clone();
        move |id: &str, _: &str| match ids.iter().position(|known| known == id).unwrap() {
            0..40 => Filled::new("不合格", "A2b"),
            40 => Filled::new(divided, "A1a"),
            41 => Filled::new("", ""),
            _ => Filled::new("合格", ""),
        }
    };
    let filled = [fill(&sheets[0], say("合格")), fill(&sheets[1], say("不合格"))];
    let checked = rates(&work, "scan", &filled).unwrap();
    let rate = checked.manual.rate;
    assert_eq!((rate.hits, rate.judged, rate.pending, rate.sampled()), (968, 1_008, 2, 1_010));
    // 968 of 1,010 is 95.8 %, 970 would be 96.04 %: the two open rows decide.
    assert_eq!((checked.manual.standing, checked.passed, checked.is_undecided()), (Standing::NotConcluded, false, true));
    assert_eq!(checked.manual.classes.values().copied().collect::<Vec<_>>(), [40]);
    assert!(checked.technical.rate.hits == 101 && checked.same_rules && checked.technical.large_enough);
    // With both agreed on the divided row and nothing left open, it passes.
    let agreed =
        fill(&sheets[0], |id, _| if ids[..40].contains(&id.to_owned()) { Filled::new("不合格", "A2b") } else { Filled::new("合格", "") });
    let checked = rates(&work, "scan", std::slice::from_ref(&agreed)).unwrap();
    assert!(checked.passed && checked.manual.rate.hits == 970 && checked.manual.large_enough, "{checked:?}");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(work.path("scan/spotcheck.json")).unwrap()).unwrap();
    assert_eq!((&json["passed"], &json["sheets"][0]["judged"]), (&true.into(), &1_010.into()));
    assert!(std::fs::read_to_string(work.path("scan/spotcheck.html")).unwrap().contains("抽检"));
    assert!(!rates(&work, "scan", &[]).unwrap().passed, "nobody judged");
    let bad = fill(&sheets[1], |_, _| Filled::new("不合格", "A1a"));
    assert!(!rates(&work, "scan", &[bad]).unwrap().is_undecided());
}

#[test]
fn a_list_that_is_too_small_does_not_pass() {
    let work = Work::new();
    scanned(&work);
    let (_, sheets) = draw(&work, "scan", "1", 100, "sheets").unwrap();
    let checked = rates(&work, "scan", &[fill(&sheets[0], |_, _| Filled::new("合格", ""))]).unwrap();
    assert_eq!((checked.manual.standing, checked.manual.large_enough, checked.passed), (Standing::PassedWithConfidence, false, false));
    assert!(checked.is_undecided() && checked.words(Lang::Zh)[0].contains("样本量不足"));
}

#[test]
fn sheets_of_another_list_and_rows_that_changed_are_refused() {
    let work = Work::new();
    scanned(&work);
    let missing = rates(&work, "scan", &[]).unwrap_err();
    assert!(missing.to_string().contains("first: guiju corpus sample"), "{missing}");
    let (_, sheets) = draw(&work, "scan", "1", 100, "sheets").unwrap();
    let old = fill(&sheets[0], |_, _| Filled::new("合格", ""));
    std::fs::remove_file(work.path("scan/sample.json")).unwrap();
    draw(&work, "scan", "2", 100, "again").unwrap();
    let error = rates(&work, "scan", std::slice::from_ref(&old)).unwrap_err();
    assert!(error.to_string().contains("is of list"), "{error}");
    let path = work.path("scan/sample.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"seed\": \"2\"", "\"seed\": \"1\"");
    std::fs::write(&path, text).unwrap();
    let error = rates(&work, "scan", &[old]).unwrap_err();
    assert!(error.to_string().contains("draw anew"), "{error}");
}

#[test]
fn what_apply_wrote_is_checked_whole_and_with_another_lexicon() {
    let work = Work::new();
    let manifest = scanned(&work);
    let redactor = Redactor::new(redact::Policy::from_toml("default = \"mask\"").unwrap(), &Secrets { key: None, salt: None }).unwrap();
    let (dir, out, policy) = (work.path("scan"), work.path("done"), Policy::default());
    Apply {
        dir: &dir,
        out: &out,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction: "d",
        consent: None,
        duplicates: Duplicates::Keep,
        threads: 1,
    }
    .run()
    .unwrap();
    let (drawn, sheets) = draw(&work, "done", "1", 4_000, "sheets").unwrap();
    assert_eq!((drawn.of.as_str(), drawn.population, drawn.technical.rows), ("applied", 1_010, 101));
    // A lexicon that has a word for the weather finds it in every row.
    let mut lexicon = Lexicon::embedded().unwrap();
    lexicon.entries.retain(|entry| entry.id == "A1h-0001");
    lexicon.entries.iter_mut().for_each(|entry| {
        entry.keyword = "天气和收成".to_owned();
        (entry.near, entry.then) = (None, None);
        entry.also.clear();
        entry.allow.clear();
    });
    let other = corpus::pipeline(Keywords::compile(&lexicon), None, Policy::default()).unwrap();
    let sheet = fill(&sheets[0], |_, _| Filled::new("合格", ""));
    let checked = open(&work, "done").rates(&[sheet], &other, 2, Lang::En).unwrap();
    assert_eq!((checked.manual.standing, checked.technical.standing), (Standing::PassedWithConfidence, Standing::Failed));
    assert!(!checked.same_rules && checked.technical.rate.hits == 0 && checked.technical.classes.len() == 1, "{checked:?}");
    let nothing = SpotCheck::open(&work.path("in"), &Selector::new("text").unwrap()).map(|_| ()).unwrap_err();
    assert!(nothing.to_string().contains("holds no finished scan"), "{nothing}");
}

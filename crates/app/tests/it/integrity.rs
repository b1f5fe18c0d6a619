//! Registered files checked now and by a job, and tenants from the command line.

use serde_json::Value;

use crate::installation::{Installation, id};
use crate::models::Page;

#[test]
fn what_is_registered_is_checked_now_and_at_intervals() {
    let here = Installation::new("integrity");
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    here.member("sun", "孙五", "model-engineer");
    here.dir.write("my-lexicon/a.jsonl", "甲");
    here.dir.write("qwen-1/weights.bin", "one");
    let page = Page::new(&here);
    page.ran("s-sun", 0, "model register qwen-1/weights.bin --name qwen --version 1");
    assert!(page.ran("s-wang", 3, "integrity add my-lexicon").contains("'lexicon.change'"));
    assert!(page.ran("s-li", 0, "integrity add my-lexicon").contains("1 files, 3 bytes"));
    assert!(page.ran("s-zhao", 0, "integrity list").contains("my-lexicon"));
    assert!(page.ran("s-zhao", 0, "integrity check --what all").contains("2 checked, 2 files, 6 bytes: 0 differences"));

    let schedule = page.ran("s-zhao", 3, "integrity check --every 1d");
    assert!(schedule.contains("'job.work'"), "{schedule}");
    page.ran("s-wang", 0, "integrity check --every 1d");
    page.ran("s-wang", 0, "integrity check --every 1d");
    here.dir.write("my-lexicon/a.jsonl", "乙");
    here.dir.write("my-lexicon/b.jsonl", "丙");
    here.dir.write("qwen-1/weights.bin", "");
    assert!(page.ran("s-wang", 0, "job work --once").contains("2 files, 3 differences"));
    assert_eq!(page.ran("s-wang", 0, "job work --once"), "", "the next is due in a day");
    let now = page.ran("s-zhao", 1, "integrity check --what lexicons");
    assert!(now.contains("changed    a.jsonl: other content") && now.contains("new        b.jsonl") && !now.contains("weights"), "{now}");
    page.ran("s-li", 0, "integrity add my-lexicon");
    page.ran("s-zhao", 0, "integrity check --what lexicons");
    assert!(
        page.ran("s-zhao", 1, "integrity check --what models").contains("model qwen@1: changed    weights.bin: 0 bytes, 3 were registered")
    );

    // One job waits, however often the interval was set; then none.
    let waiting = |count: usize| {
        let jobs: Value = serde_json::from_str(&here.with("s-wang", 0, &["job", "list", "--state", "waiting", "--json"])).unwrap();
        assert_eq!(jobs.as_array().unwrap().len(), count);
    };
    waiting(1);
    assert!(page.ran("s-wang", 0, "integrity check --stop").contains("1 checks"));
    waiting(0);
    // What nobody knows how to do fails, and its worker goes on.
    let dead = here.dead_job();
    here.with("s-wang", 0, &["job", "retry", &dead]);
    let failed = page.ran("s-wang", 1, "job work --once");
    assert_eq!(id(&failed), dead);
    assert!(failed.contains("knows no job 'scan'"), "{failed}");

    page.ran("s-wang", 0, "tenant create second --origin audit.example.cn");
    assert!(page.ran("s-wang", 3, "tenant create second --origin audit.example.cn").contains("there is a tenant second already"));
    assert!(page.ran("s-li", 3, "tenant list").contains("'tenant.create'"));
    assert_eq!(page.ran("s-wang", 0, "tenant list"), "main\nsecond\n");
    assert!(here.run(3, &["ledger", "list", "--tenant", "second"]).contains("`guiju user start`"));
    page.is_whole("## Check at intervals", "## Limits", "");

    let log = here.log("s-zhao");
    let count = |what: &str| log.iter().filter(|(said, _)| said == what).count();
    let counts = ["integrity.add", "integrity.check", "integrity.finding", "integrity.schedule", "tenant.create"].map(count);
    assert_eq!(counts, [2, 5, 6, 3, 2]);
    let by_job = log.iter().filter(|(what, by)| what == "integrity.finding" && by.starts_with("job-")).count();
    assert_eq!(by_job, 3);
}

//! The registers of sources and of consent, as their page walks through them.

use std::fs;

use keys::derive::tag_under;
use keys::digest::{hex, sha256, unhex};
use serde_json::Value;

use crate::installation::{Installation, account, id};
use crate::models::Page;

/// Somebody with a second factor and a role.
pub fn member(here: &Installation, login: &str, name: &str, role: &str) -> String {
    let (invitation, session) = (format!("invitation-{login}"), format!("s-{login}"));
    let account = account(&here.with("s-wang", 0, &["user", "create", "--login", login, "--name", name, "--out", &invitation]));
    here.run(0, &["user", "accept", "--invitation-file", &invitation, "--password-file", "password"]);
    here.sign_in(login, None, &session);
    let mut factor = here.factor(&here.once(0, &["user", "second-factor", "offer", "--token-file", &session]));
    here.with(&session, 0, &["user", "second-factor", "confirm", "--code", &factor.code()]);
    here.with("s-li", 0, &["role", "grant", &account, role]);
    account
}

fn write_files(here: &Installation) {
    for (name, text) in [
        ("LICENSE.txt", "CC-BY-4.0"),
        ("record.txt", "2026-11-01 采集"),
        ("robots/example.org.txt", "User-agent: *\nDisallow: /private\n"),
        ("contract.txt", "合同"),
        ("commitment.txt", "承诺"),
        ("terms.txt", "用户协议"),
        ("bad.jsonl", "{\"person\":\"user-1\",\"out\":true}\n{\"person\":\"user-2\",\"scope\":\"all\"}\n"),
        (
            "consents.jsonl",
            "{\"person\":\"user-17\",\"scope\":\"general\",\"basis\":\"terms 3.2\",\"given\":\"2025-05-01\"}\n{\"person\":\"user-17\",\"scope\":\"sensitive\",\"basis\":\"form 7\",\"given\":\"2025-05-02\"}\n",
        ),
        ("consents.csv", "person,scope,basis,given\nuser-18,general,terms 3.2,2025-05-01\n用户-19,general,terms 3.2,2025-05-01\n"),
    ] {
        here.dir.write(name, text);
    }
    let line = |path: &str| {
        format!("{{\"url\":\"https://example.org{path}\",\"fetched\":\"2026-11-01\",\"robots\":\"robots/example.org.txt\"}}\n")
    };
    here.dir.write("crawl.jsonl", &(line("/a") + &line("/private/b")));
    here.dir.write("crawl-2.jsonl", &line("/a"));
}

#[test]
fn sources_are_documented_reviewed_blocked_and_users_heard() {
    let here = Installation::new("sources");
    let [(mut wang, _), (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    member(&here, "sun", "孙五", "data-steward");
    member(&here, "zhou", "周六", "data-steward");
    member(&here, "wu", "吴七", "privacy-officer");
    write_files(&here);
    let page = Page::new(&here);

    opened_and_collected(&here, &page);
    bought(&here, &page);
    heard(&here, &page);
    let approval = blocked(&page);
    page.runs_all(include_str!("../../../../docs/sources.md"), &[("APPROVAL", &approval)]);

    let log = here.log("s-zhao");
    let acts: Vec<&str> = log.iter().map(|(what, _)| what.as_str()).filter(|what| what.starts_with("source.")).collect();
    for act in [
        "source.add",
        "source.change",
        "source.document",
        "source.review",
        "source.robots",
        "source.block",
        "source.unblock",
        "source.lift",
    ] {
        assert!(acts.contains(&act), "{act}: {acts:?}");
    }
}

fn opened_and_collected(here: &Installation, page: &Page<'_>) {
    let add = "source add news --kind open --origin domestic --languages zh,bo-CN --licence CC-BY-4.0 --owner \"孙五\" --grade general-2";
    assert!(page.ran("s-wu", 3, add).contains("'source.change'"));
    page.ran("s-sun", 0, add);
    let lacks = page.ran("s-sun", 0, "source show news --lang en");
    assert!(lacks.contains("GB-5.1-c1") && lacks.contains("missing: licence or authorisation"), "{lacks}");
    assert!(lacks.contains("responsible  孙五"), "{lacks}");
    assert!(page.ran("s-sun", 0, "source show news").contains("缺少许可协议或授权文件"));
    page.ran("s-sun", 0, "source document news LICENSE.txt --kind licence");
    assert!(page.ran("s-sun", 0, "source change news --licence CC-BY-SA-4.0").contains("version 2"));
    let shown: Value = serde_json::from_str(&page.ran("s-sun", 0, "source show news --json")).unwrap();
    assert_eq!(shown["record"]["versions"].as_array().unwrap().len(), 2);
    let open = |shown: &Value, id: &str| shown["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap()["open"].clone();
    assert_eq!((open(&shown, "licence"), open(&shown, "assessed-before")), (true.into(), false.into()));

    page.ran("s-sun", 0, "source add crawl --kind self-collected --origin foreign --languages en --licence \"site terms\" --owner \"孙五\" --grade general-1");
    page.ran("s-sun", 0, "source document crawl record.txt --kind collection-record");
    page.ran("s-sun", 0, "source document crawl robots/example.org.txt --kind robots");
    page.ran("s-sun", 0, "source document crawl crawl.jsonl --kind crawl-manifest");
    let off = page.ran("s-sun", 1, "source robots crawl crawl.jsonl --agent ExampleBot --out off-limits.jsonl");
    assert!(off.contains("line 2: https://example.org/private/b") && off.contains("1 of 2 addresses are off limits"), "{off}");
    let listed = fs::read_to_string(here.path("off-limits.jsonl")).unwrap();
    assert_eq!(listed, "{\"line\":2,\"url\":\"https://example.org/private/b\",\"why\":\"rules\"}\n");
    assert!(page.ran("s-sun", 0, "source show crawl --lang en").contains("1 of 2 addresses are declared off limits"));
    page.ran("s-sun", 0, "source document crawl crawl-2.jsonl --kind crawl-manifest --replaces 3");
    page.ran("s-sun", 0, "source robots crawl crawl-2.jsonl --agent ExampleBot");
    let shown: Value = serde_json::from_str(&page.ran("s-sun", 0, "source show crawl --json")).unwrap();
    assert_eq!(open(&shown, "robots-kept"), true);
}

fn bought(here: &Installation, page: &Page<'_>) {
    page.ran(
        "s-sun",
        0,
        "source add bought --kind commercial --origin domestic --languages zh --owner \"孙五\" --grade general-2 --expires 2099-12-31",
    );
    page.ran("s-sun", 0, "source document bought contract.txt --kind contract --expires 2099-12-31");
    page.ran("s-sun", 0, "source document bought commitment.txt --kind commitment");
    let review = "source review bought accept --note \"合同与承诺齐全\"";
    assert!(page.ran("s-sun", 3, review).contains("another person must review it (GB-5.1-c3)"));
    page.ran("s-zhou", 0, review);
    page.ran("s-zhou", 0, "source file bought 1 --out contract-copy.txt");
    assert_eq!(fs::read(here.path("contract-copy.txt")).unwrap(), fs::read(here.path("contract.txt")).unwrap());
    here.dir.write("large.txt", &"大".repeat(400_000));
    let large = page.ran("s-sun", 0, "source document bought large.txt --kind other");
    assert!(large.contains("only its digest is recorded"), "{large}");
    assert!(page.ran("s-zhou", 3, "source file bought 3 --out large-copy.txt").contains("only its digest is here"));
}

fn heard(here: &Installation, page: &Page<'_>) {
    page.ran(
        "s-sun",
        0,
        "source add chats --kind user-input --origin domestic --languages zh --owner \"孙五\" --grade general-3 --basis consent",
    );
    page.ran("s-sun", 0, "source document chats terms.txt --kind consent-record");
    let bad = page.ran("s-wu", 1, "consent import bad.jsonl");
    assert!(bad.contains("bad.jsonl:2: ") && bad.contains("nothing is imported"), "{bad}");
    assert!(page.ran("s-sun", 3, "consent import consents.jsonl").contains("'consent.change'"));
    assert!(page.ran("s-wu", 0, "consent import consents.jsonl").contains("kept 2"));
    assert!(page.ran("s-wu", 0, "consent import consents.csv").contains("kept 2"));
    assert!(page.ran("s-wu", 0, "consent import consents.csv").contains("known before 2"));
    page.ran("s-wu", 0, "consent withdraw user-17 --scope sensitive");
    page.ran("s-wu", 0, "consent withdraw user-18");
    page.ran("s-wu", 0, "person set user-20 --training out");
    let shown = page.ran("s-wu", 0, "consent show user-17");
    assert!(shown.contains("sensitive  given 2025-05-02, taken back") && !shown.contains("user-17"), "{shown}");
    assert!(page.ran("s-wu", 0, "consent list").contains("general 2, sensitive 0, over 2, opted out 2"));
    assert!(page.ran("s-li", 3, "consent snapshot --out consent-today.jsonl").contains("'consent.snapshot'"));
    assert!(!here.path("consent-today.jsonl").exists(), "nothing is left of what was refused");
    let said = page.ran("s-sun", 0, "consent snapshot --out consent-today.jsonl");
    let file = fs::read(here.path("consent-today.jsonl")).unwrap();
    assert!(said.contains("4 persons, 2 of them out") && said.contains(&hex(&sha256(&file))), "{said}");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(here.path("consent-today.jsonl")).unwrap().permissions()) & 0o777,
        0o600
    );
    let text = String::from_utf8(file).unwrap();
    assert!(!text.contains("user-") && !text.contains("用户"), "{text}");
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let key: [u8; 32] = unhex(header["key"].as_str().unwrap()).unwrap().try_into().unwrap();
    let line = |user: &str| {
        let hash = hex(&tag_under(&key, user.as_bytes()));
        let line = text.lines().find(|line| line.contains(&hash))?;
        Some(line.replace(&hash, "X"))
    };
    assert_eq!(line("user-17").unwrap(), "{\"person\":\"X\",\"general\":\"9999-12-31\"}");
    assert_eq!(line("用户-19").unwrap(), "{\"person\":\"X\",\"general\":\"9999-12-31\"}");
    for out in ["user-18", "user-20"] {
        assert_eq!(line(out).unwrap(), "{\"person\":\"X\",\"out\":true}");
    }
    assert_eq!(line("user-1"), None);
    assert!(page.ran("s-sun", 3, "consent snapshot --out consent-today.jsonl").contains("is there already"));
}

fn blocked(page: &Page<'_>) -> String {
    page.ran("s-sun", 0, "source block news --reason \"投诉属实\"");
    assert!(page.ran("s-sun", 0, "source list --blocked").contains("投诉属实"));
    assert!(page.ran("s-sun", 3, "source document news LICENSE.txt --kind licence").contains("on the blacklist"));
    assert!(page.ran("s-sun", 0, "source show news --lang en").contains("it is on the blacklist: 投诉属实"));
    assert!(page.ran("s-sun", 3, "source unblock news").contains("'source.unblock'"));
    let approval = id(&page.ran("s-li", 0, "source unblock news"));
    let execute = format!("source unblock news --approval {approval} --reason \"已整改\"");
    assert!(page.ran("s-li", 3, &execute).contains("nobody has approved"));
    page.ran("s-zhao", 0, &format!("approval approve {approval}"));
    page.ran("s-li", 0, &execute);
    let listed = page.ran("s-sun", 0, "source list");
    assert!(listed.lines().any(|line| line.starts_with("news") && line.contains("registered")), "{listed}");
    let diverse = page.ran("s-sun", 0, "source diversity");
    assert!(diverse.lines().any(|line| line.starts_with("en") && line.contains("GB-5.1-b2")), "{diverse}");
    assert!(diverse.lines().any(|line| line.starts_with("bo") && line.contains("GB-5.1-b1")), "{diverse}");
    approval
}

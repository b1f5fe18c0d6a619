//! Users, roles, tokens, approvals and jobs, as the persons of a new installation live it.

use serde_json::Value;

use crate::installation::{Installation, account, id};
use crate::workdir::{Workdir, assert_code, text};

/// System creates an account, its owner accepts it, and security grants a role; nobody does another's part. Gives the account and the person.
fn a_data_steward(here: &Installation) -> (String, String) {
    let said = here.with("s-wang", 0, &["user", "create", "--login", "qian", "--name", "钱四", "--out", "invitation"]);
    let (qian, person) = (account(&said), said.split("person ").nth(1).unwrap().split(',').next().unwrap().to_owned());
    here.written("invitation");
    here.run(0, &["user", "accept", "--invitation-file", "invitation", "--password-file", "password"]);
    here.sign_in("qian", None, "s-qian");
    let bare = here.with("s-li", 3, &["role", "grant", &qian, "data-steward"]);
    assert!(bare.contains("needs two factors") && bare.contains("`guiju user second-factor offer`"), "{bare}");
    let mut factor = here.factor(&here.once(0, &["user", "second-factor", "offer", "--token-file", "s-qian"]));
    here.with("s-qian", 0, &["user", "second-factor", "confirm", "--code", &factor.code()]);
    let other = here.with("s-wang", 3, &["role", "grant", &qian, "data-steward"]);
    assert!(other.contains("'role.grant'") && other.contains("these roles hold it: security"), "{other}");
    here.with("s-li", 0, &["role", "grant", &qian, "data-steward"]);
    (qian, person)
}

/// Another account is no way around the exclusion by person.
fn a_second_account_is_the_same_person(here: &Installation, person: &str) -> String {
    let said = here.once(0, &["user", "create", "--login", "qian2", "--person", person, "--token-file", "s-wang"]);
    let second = account(&said);
    let invitation = said.split_whitespace().find(|word| word.starts_with("guiju_")).expect("an invitation").to_owned();
    here.dir.write("invitation-2", &invitation);
    here.keep(&invitation);
    here.run(0, &["user", "accept", "--invitation-file", "invitation-2", "--password-file", "password"]);
    let excluded = here.with("s-li", 3, &["role", "grant", &second, "reviewer"]);
    assert!(excluded.contains("'reviewer' and 'data-steward' exclude each other by person"), "{excluded}");
    here.with("s-wang", 0, &["user", "disable", &second]);
    second
}

fn a_token_does_what_it_was_issued_for(here: &Installation, qian: &str) {
    let issue = ["token", "issue", "--account", qian, "--name", "nightly", "--days", "30", "--scope", "job.read"];
    let token = id(&here.with("s-li", 0, &issue));
    here.with("s-qian", 0, &["token", "collect", &token, "--out", "t-nightly"]);
    here.written("t-nightly");
    here.with("t-nightly", 0, &["job", "list"]);
    let out_of_scope = here.with("t-nightly", 3, &["job", "retry", &token]);
    assert!(out_of_scope.contains("not issued for 'job.retry'"), "{out_of_scope}");
    for refused in [&["user", "second-factor", "offer"][..], &["token", "list"], &["user", "sign-out"]] {
        here.with("t-nightly", 3, refused);
    }
    assert!(here.path("t-nightly").exists(), "only the file of a session is removed");
    let listed = here.with("s-qian", 0, &["token", "list"]);
    assert!(listed.contains(&token) && listed.contains("job.read"), "{listed}");
    here.with("s-qian", 0, &["token", "revoke", &token]);
    assert!(here.with("t-nightly", 3, &["job", "list"]).contains("not valid"));
}

#[test]
fn from_the_first_start_to_a_role() {
    let here = Installation::new("accounts");
    let [(mut wang, system), (mut li, security), (mut zhao, audit)] = here.three();
    let said = here.run(3, &["ledger", "list"]);
    assert!(said.contains("`guiju user sign-in`") && said.contains("--token-file"), "{said}");
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    let again = here.run(3, &["user", "sign-in", "wang", "--password-file", "password", "--out", "s-wang"]);
    assert!(again.contains("is there already") && again.contains("sign-out"), "{again}");
    let who = here.with("s-li", 0, &["user", "who"]);
    assert!(who.contains(&security) && who.contains("roles          security") && who.contains("second factor  fresh"), "{who}");

    let (qian, person) = a_data_steward(&here);
    here.with("s-qian", 0, &["job", "list"]);
    let outside = here.with("s-qian", 3, &["ledger", "list"]);
    assert!(outside.contains("'ledger.read'") && outside.contains("these roles hold it: audit"), "{outside}");
    here.with("s-qian", 0, &["user", "password", "--old-file", "password", "--new-file", "new-password"]);
    let second = a_second_account_is_the_same_person(&here, &person);
    a_token_does_what_it_was_issued_for(&here, &qian);

    let accounts: Value = serde_json::from_str(&here.with("s-zhao", 0, &["user", "list", "--json"])).unwrap();
    let state = |at: usize| (accounts[at]["account"].as_str().unwrap(), accounts[at]["state"].as_str().unwrap());
    let states = [(&system, "active"), (&security, "active"), (&audit, "active"), (&qian, "active"), (&second, "disabled")];
    assert_eq!(std::array::from_fn(state), states.map(|(account, state)| (account.as_str(), state)));
    assert_eq!((&accounts[3]["roles"][0], &accounts[3]["second_factor"]), (&"data-steward".into(), &true.into()));

    // The auditor finds every act, the refused ones not, and their own reading.
    let appointed = [["ceremony.appoint", "ceremony.enrol"]; 3].concat();
    let mut acts = vec![("tenant.create", "init"), ("ceremony.begin", "first-start")];
    acts.extend(appointed.iter().chain(&["ceremony.finish"]).map(|what| (*what, "first-start")));
    acts.extend([("sign-in", &*system), ("sign-in", &security), ("sign-in", &audit), ("user.create", &system), ("user.accept", &qian)]);
    acts.extend([("sign-in", &*qian), ("user.second-factor.offer", &qian), ("user.second-factor", &qian), ("role.grant", &security)]);
    acts.extend([("user.password", &*qian), ("user.create", &system), ("user.accept", &second), ("user.disable", &system)]);
    acts.extend([("token.issue", &*security), ("token.collect", &qian), ("token.revoke", &qian), ("ledger.read", &audit)]);
    let log = here.log("s-zhao");
    // What was denied is told once a minute: how often depends on how long all this takes.
    let (denied, done): (Vec<_>, Vec<_>) =
        log.iter().map(|(what, by)| (what.as_str(), by.as_str())).partition(|act| act.0 == "access.denied");
    assert_eq!(done, acts);
    for account in [&qian, &system] {
        assert!(denied.contains(&("access.denied", account.as_str())), "{denied:?}");
    }

    here.with("s-zhao", 0, &["user", "sign-out"]);
    assert!(!here.path("s-zhao").exists());
    here.keeps_its_secrets();
}

#[test]
fn two_administrators_a_dead_job_and_what_ends() {
    let here = Installation::new("administrators");
    let [(mut wang, _), (mut li, security), (mut zhao, audit)] = here.three();
    here.sign_in("wang", Some(&wang.code()), "s-wang");
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");

    let one = here.with("s-wang", 3, &["approval", "propose", "user.create", "account-1"]);
    assert!(one.contains("needs no second person"), "{one}");
    let approval = id(&here.with("s-li", 0, &["approval", "propose", "key.destroy", "person-7"]));
    let own = here.with("s-li", 3, &["approval", "approve", &approval]);
    assert!(own.contains("another person must approve it"), "{own}");
    let waiting = here.with("s-zhao", 0, &["approval", "list"]);
    assert!(waiting.contains(&approval) && waiting.contains("key.destroy \"person-7\"") && waiting.contains("waits"), "{waiting}");
    here.with("s-zhao", 0, &["approval", "approve", &approval]);
    assert!(here.with("s-wang", 0, &["approval", "list"]).contains("approved by person"));
    here.with("s-wang", 0, &["approval", "refuse", &approval]);
    assert_eq!(here.with("s-wang", 0, &["approval", "list"]), "");

    let job = here.dead_job();
    let dead: Value = serde_json::from_str(&here.with("s-wang", 0, &["job", "list", "--state", "dead", "--json"])).unwrap();
    assert_eq!((&dead[0]["job"], &dead[0]["error"]), (&job.clone().into(), &"no such corpus".into()));
    assert!(here.with("s-li", 3, &["job", "retry", &job]).contains("these roles hold it: system, data-steward"));
    here.with("s-wang", 0, &["job", "retry", &job]);
    assert!(here.with("s-wang", 3, &["job", "retry", &job]).contains("there is no dead job"));

    let last = here.with("s-wang", 3, &["user", "disable", &audit]);
    assert!(last.contains("grant the role to a successor first"), "{last}");
    here.with("s-li", 0, &["user", "unlock", &audit]);
    here.with("s-li", 0, &["user", "end-sessions", &audit]);
    assert!(here.with("s-zhao", 3, &["ledger", "list"]).contains("sign in again"));
    here.with("s-li", 0, &["user", "step-up", "--code", &li.code()]);
    let boot = here.with("boot", 3, &["user", "finish"]);
    assert!(boot.contains("the first start is complete"), "{boot}");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao-2");
    let log = here.log("s-zhao-2");
    let acts = log.iter().map(|(what, _)| what.as_str()).skip_while(|what| *what != "act.propose");
    let acts: Vec<_> = acts.filter(|what| *what != "access.denied").collect();
    let ended = ["user.unlock", "session.end", "sign-in.step-up", "sign-in", "ledger.read"];
    assert_eq!(acts, [&["act.propose", "act.approve", "act.refuse", "job.dead", "job.retry"], &ended[..]].concat());
    assert!(log.contains(&("act.propose".to_owned(), security)));
}

#[test]
fn roles_are_shown_without_a_store() {
    let dir = Workdir::new("roles");
    let shown = |args: &[&str]| {
        let output = dir.guiju(args);
        assert_code(&output, 0);
        text(&output)
    };
    let golden = include_str!("../../../store/data/matrix.md");
    let (zh, en) = golden.split_once("\n\n# Permission matrix").unwrap();
    assert_eq!(shown(&["role", "matrix", "--lang", "zh"]), format!("{zh}\n"));
    assert_eq!(shown(&["role", "matrix", "--lang", "en"]), format!("# Permission matrix{en}"));
    assert_eq!(shown(&["role", "list", "--lang", "en"]).lines().count(), 12);
    assert!(shown(&["role", "describe", "audit", "--lang", "en"]).starts_with("# Job description: audit administrator\n"));
    assert!(shown(&["role", "describe", "audit"]).starts_with("# 岗位说明书：安全审计员\n"));
}

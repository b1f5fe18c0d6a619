//! The auditor's path, on two machines; and a backup that is drilled and restored.

use std::fs;
use std::process::Command;

use ledger::checkpoint::Checkpoint;
use ledger::proof::verify_consistency;
use ledger::witness::AddCheckpoint;

use crate::installation::Installation;

fn word_after<'t>(text: &'t str, word: &str) -> &'t str {
    text.lines().find_map(|line| line.strip_prefix(word)).map_or("", str::trim)
}

#[test]
fn what_is_recorded_can_be_proven_witnessed_and_restored() {
    let here = Installation::new("ledger");
    let [(mut wang, system), _, (mut zhao, _)] = here.three();
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    here.sign_in("wang", Some(&wang.code()), "s-wang");

    let status = here.with("s-zhao", 0, &["ledger", "status"]);
    let key = word_after(&status, "key");
    let listed = here.with("s-zhao", 0, &["ledger", "list"]);
    let entry = listed.lines().next().unwrap().split_whitespace().nth(2).unwrap();
    here.with("s-zhao", 0, &["ledger", "prove", entry, "--out", "p.tlog-proof"]);
    let proven = here.bare(0, &["ledger", "check-proof", "p.tlog-proof", "--key", key]);
    assert!(proven.contains("entry 0 stands in audit.example.cn/main"), "{proven}");

    // The auditor's machine.
    let witness = here.run(0, &["ledger", "witness", "init", "--name", "witness.auditor.cn"]);
    let witness = word_after(&witness, "key");
    here.run(0, &["ledger", "witness", "add", key]);
    let request = here.with("s-zhao", 0, &["ledger", "witness", "request"]);
    here.dir.write("request", &request);
    here.dir.write("answer", &here.run(0, &["ledger", "witness", "cosign", "request"]));
    here.with("s-zhao", 0, &["ledger", "witness", "accept", "answer", "--key", witness]);
    // Entries and checkpoints go on; what was cosigned is still what proves an entry that it covers.
    here.with("s-zhao", 0, &["ledger", "list"]);
    here.dir.write("policy", &format!("log {key}\nwitness w {witness}\nquorum w\n"));
    here.with("s-zhao", 0, &["ledger", "prove", entry, "--out", "w.tlog-proof"]);
    let proven = here.bare(0, &["ledger", "check-proof", "w.tlog-proof", "--policy", "policy"]);
    assert!(proven.contains("signed by witness.auditor.cn"), "{proven}");
    let again = here.run(3, &["ledger", "witness", "cosign", "request"]);
    assert!(again.contains("409"), "the witness has seen more since: {again}");
    let forged = request.replacen("old 0", "old 1", 1);
    here.dir.write("forged", &forged);
    assert!(here.run(3, &["ledger", "witness", "cosign", "forged"]).contains("not cosigned"));

    // What leaves the house.
    let refused = here.with("s-wang", 3, &["ledger", "export", "log"]);
    assert!(refused.contains("'ledger.export'") && refused.contains("audit"), "{refused}");
    here.with("s-zhao", 0, &["ledger", "export", "log"]);
    here.bare(0, &["ledger", "verify", "--directory", "log", "--key", key]);
    let leaf = here.path("p.leaf");
    let mut bytes = fs::read(&leaf).unwrap();
    bytes[20] ^= 1;
    fs::write(&leaf, bytes).unwrap();
    assert!(here.bare(1, &["ledger", "check-proof", "p.tlog-proof", "--key", key]).contains("does not hold"));

    // What was denied is in the log, once in a while; the reader that goes away hides no failure.
    assert!(here.log("s-zhao").iter().any(|(what, by)| what == "access.denied" && *by == system));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut broken = Command::new(env!("CARGO_BIN_EXE_guiju"));
    broken.args(["ledger", "check-proof", "p.tlog-proof", "--key", key]);
    assert_eq!(broken.current_dir(here.dir.path()).stdout(writer).status().unwrap().code(), Some(1));

    // An older checkpoint is shown to be the beginning, with a proof that needs no log.
    let old = status.split_once("\n\n").unwrap().1;
    here.dir.write("old", &format!("{}\n", old.trim_end()));
    let shown = here.with("s-zhao", 0, &["ledger", "consistency", "old"]);
    let proof = AddCheckpoint::parse(format!("{}\n", shown[shown.find("old ").unwrap()..].trim_end()).as_bytes()).unwrap();
    let checkpoint = |text: &str| Checkpoint::parse(text).unwrap();
    let (first, last) = (checkpoint(&format!("{}\n", old.split_once("\n\n").unwrap().0)), checkpoint(proof.checkpoint.text()));
    assert!(first.size < last.size);
    verify_consistency(first.size, &first.root, last.size, &last.root, &proof.proof).unwrap();
    let one_name = here.with("s-zhao", 3, &["ledger", "prove", entry, "--out", "x.leaf"]);
    assert!(one_name.contains("x.tlog-proof") && !here.path("x.leaf").exists(), "{one_name}");

    // The head file is lost.
    fs::remove_file(here.path("guiju-data/head")).unwrap();
    assert!(here.with("s-zhao", 3, &["ledger", "status"]).contains("`guiju ledger accept-head`"));
    assert!(here.run(0, &["ledger", "accept-head"]).contains("an entry in the log says so"));
    assert!(here.log("s-zhao").contains(&("ledger.accept-head".to_owned(), "root".to_owned())));

    // A backup under another passphrase, drilled, and restored elsewhere with its keys.
    here.dir.write("backup-passphrase", "another four words entirely");
    let sealed = ["--backup-passphrase-file", "backup-passphrase"];
    let backup = |verb: &[&str]| here.with("s-wang", 0, &[&["backup"], verb, &sealed].concat());
    backup(&["create", "full"]);
    backup(&["create", "keys", "--keys"]);
    let drilled = backup(&["drill", "full", "--scratch", "scratch"]);
    assert!(drilled.contains("restored and verified in") && drilled.contains("behind the live log"), "{drilled}");
    here.bare(0, &[&["backup", "verify", "full"], &sealed[..]].concat());
    here.bare(0, &[&["backup", "restore", "full", "--data", "restored"], &sealed[..]].concat());
    here.bare(0, &[&["backup", "restore-keys", "keys", "--newest", "full", "--data", "restored"], &sealed[..]].concat());
    fs::copy(here.path("guiju-data/root.key"), here.path("restored/root.key")).unwrap();
    here.run(
        0,
        &["user", "sign-in", "zhao", "--password-file", "password", "--code", &zhao.code(), "--out", "s-new", "--data", "restored"],
    );
    let restored = here.with("s-new", 0, &["ledger", "list", "--data", "restored"]);
    assert!(restored.contains("ceremony.begin"), "{restored}");
    here.with("s-new", 0, &["ledger", "verify", "--data", "restored"]);
}

#[test]
fn checkpoints_bear_an_sm2_signature_where_it_was_asked_for() {
    let here = Installation::new("sm2");
    let [_, _, (mut zhao, _)] = here.three_of(&["--sm2"]);
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    let status = here.with("s-zhao", 0, &["ledger", "status"]);
    let (key, sm2) = (word_after(&status, "key"), word_after(&status, "sm2"));
    assert_eq!(status.matches("— audit.example.cn/main ").count(), 2, "{status}");
    let listed = here.with("s-zhao", 0, &["ledger", "list"]);
    assert!(listed.contains("log.sm2 by init"), "{listed}");
    let entry = listed.lines().next().unwrap().split_whitespace().nth(2).unwrap();
    here.with("s-zhao", 0, &["ledger", "prove", entry, "--out", "p.tlog-proof"]);
    here.bare(0, &["ledger", "check-proof", "p.tlog-proof", "--key", key]);
    let both = here.bare(0, &["ledger", "check-proof", "p.tlog-proof", "--key", key, "--sm2-key", sm2]);
    assert!(both.contains("signed by audit.example.cn/main with SM2"), "{both}");
    here.dir.write("policy", &format!("log {key}\nlog {sm2}\nquorum none\n"));
    here.bare(0, &["ledger", "check-proof", "p.tlog-proof", "--policy", "policy"]);
    assert!(here.bare(3, &["ledger", "check-proof", "p.tlog-proof", "--key", key, "--sm2-key", key]).contains("none of SM2"));

    here.with("s-zhao", 0, &["ledger", "export", "log"]);
    let verify = ["ledger", "verify", "--directory", "log", "--key", key];
    here.bare(0, &[&verify[..], &["--sm2-key", sm2]].concat());
    let checkpoint = fs::read_to_string(here.path("log/checkpoint")).unwrap();
    let without: Vec<&str> = checkpoint.lines().take(5).collect();
    here.dir.write("log/checkpoint", &format!("{}\n", without.join("\n")));
    here.bare(0, &verify);
    let lacking = here.bare(1, &[&verify[..], &["--sm2-key", sm2]].concat());
    assert!(lacking.contains("bears no SM2 signature"), "{lacking}");
}

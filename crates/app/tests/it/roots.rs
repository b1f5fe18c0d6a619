//! The roots of trust from the command line: a new store with each of them, and a store that moves from one to the next.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::installation::Installation;
use crate::transit;

const TOKEN: &str = "hvs.caesijsecret";
const PIN: &str = "483920";
const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";

const PASSPHRASE_ROOT: &[&str] = &["--root", "passphrase", "--root-file", "root-2.key", "--new-passphrase-file", "new-passphrase"];
const AGE_ROOT: &[&str] = &["--root", "age", "--new-identity-file", "identity", "--new-passphrase-file", "passphrase"];
const PKCS11_ROOT: &[&str] = &["--root", "pkcs11", "--pkcs11-module", LIBRARY, "--pkcs11-token", "guiju", "--new-pin-file", "pin"];

/// A token in files, if SoftHSM2 is here.
fn softhsm(here: &Installation) -> bool {
    if !Path::new(LIBRARY).exists() {
        eprintln!("left out: SoftHSM2 is not installed (Debian: softhsm2)");
        return false;
    }
    here.dir.write("tokens/empty", "");
    let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\n", here.path("tokens").display());
    let conf = here.dir.write("softhsm2.conf", &conf);
    let arguments = ["--init-token", "--free", "--label", "guiju", "--pin", PIN, "--so-pin", "99887766"];
    assert!(Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", &conf).output().unwrap().status.success());
    here.set("SOFTHSM2_CONF", &conf);
    here.dir.write("pin", &format!("{PIN}\n"));
    true
}

fn root_file(here: &Installation) -> String {
    fs::read_to_string(here.path("guiju-data/root.toml")).unwrap()
}

/// What the root is now, as `keys status` says it.
fn status(here: &Installation, code: i32, secrets: &[&str]) -> String {
    here.with("s-li", code, &[&["keys", "status"], secrets].concat())
}

fn change(here: &Installation, code: i32, wanted: &[&str], secrets: &[&str]) -> String {
    here.with("s-li", code, &[&["keys", "root", "change"], wanted, secrets].concat())
}

#[test]
fn a_store_moves_from_root_to_root_and_its_log_says_so() {
    let here = Installation::new("roots");
    here.dir.write("new-passphrase", "a wholly different staple gun");
    here.dir.write("transit-token", TOKEN);
    let address = transit::start(TOKEN);
    let [_, (mut li, _), (mut zhao, _)] = here.three();
    here.sign_in("li", Some(&li.code()), "s-li");
    here.sign_in("zhao", Some(&zhao.code()), "s-zhao");
    assert!(root_file(&here).contains("kind = \"passphrase\"\nfile = \"root.key\""));
    assert!(
        change(&here, 3, &["--root", "passphrase", "--new-passphrase-file", "passphrase"], &[])
            .contains("root key file root.key as its root already")
    );
    let auditor = here.with("s-zhao", 3, &[&["keys", "root", "change"], AGE_ROOT].concat());
    assert!(auditor.contains("'key.rotate'") && root_file(&here).contains("passphrase"), "{auditor}");

    let moved = change(&here, 0, AGE_ROOT, &[]);
    assert!(moved.contains("1 tenant keys are wrapped by the age recipient age1") && moved.contains("keep it"), "{moved}");
    assert!(root_file(&here).contains("kind = \"age\"\nrecipient = \"age1") && !here.path("guiju-data/root.next.toml").exists());
    assert!(status(&here, 3, &[]).contains("`--identity-file`"));
    let age = ["--identity-file", "identity"];
    assert!(status(&here, 0, &age).contains("root       age recipient age1"));
    here.dir.write("other", "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33");
    assert!(status(&here, 3, &["--identity-file", "other"]).contains("holds no identity of age1"));

    let to_transit = ["--root", "transit", "--transit-address", &address, "--new-transit-token-file", "transit-token"];
    change(&here, 0, &to_transit, &age);
    assert!(status(&here, 3, &[]).contains("GUIJU_TRANSIT_TOKEN"));
    here.dir.write("wrong-token", "hvs.wrong");
    assert!(status(&here, 3, &["--transit-token-file", "wrong-token"]).contains("permission denied"));
    let transit = ["--transit-token-file", "transit-token"];
    assert!(status(&here, 0, &transit).contains("Transit key guiju at http://127.0.0.1"));

    let mut secrets = transit;
    if softhsm(&here) {
        change(&here, 0, PKCS11_ROOT, &secrets);
        secrets = ["--pin-file", "pin"];
        assert!(status(&here, 0, &secrets).contains("PKCS#11 key guiju in token guiju"));
        assert!(status(&here, 3, &[]).contains("`--pin-file`"));
        here.dir.write("wrong-pin", "000000");
        assert!(status(&here, 3, &["--pin-file", "wrong-pin"]).contains("the PIN is wrong"));
    }
    change(&here, 0, PASSPHRASE_ROOT, &secrets);
    assert!(root_file(&here).contains("file = \"root-2.key\""));
    assert!(status(&here, 3, &[]).contains("wrong passphrase"));

    here.set("GUIJU_PASSPHRASE_FILE", "new-passphrase");
    let listed = here.bare(0, &["ledger", "list", "--most", "1000", "--token-file", "s-zhao"]);
    let (begun, done) = (listed.matches("root.begin by account-").count(), listed.matches("root.change by account-").count());
    let moves = if Path::new(LIBRARY).exists() { 4 } else { 3 };
    assert_eq!((begun, done), (moves, moves), "{listed}");
    here.bare(0, &["ledger", "verify", "--token-file", "s-zhao"]);
    for secret in [TOKEN, PIN, "AGE-SECRET"] {
        assert!(!here.has_heard(secret) && !root_file(&here).contains(secret));
    }
}

#[test]
fn a_change_that_was_cut_off_is_finished_before_anything_else() {
    let here = Installation::new("roots-cut");
    let [_, (mut li, _), _] = here.three();
    here.sign_in("li", Some(&li.code()), "s-li");
    // As a crash leaves it after the new root was written down; the identity comes from another store.
    here.run(0, &["keys", "init", "--origin", "other.example.cn", "--data", "other", "--root", "age", "--identity-file", "identity"]);
    fs::copy(here.path("other/root.toml"), here.path("guiju-data/root.next.toml")).unwrap();
    let refused = status(&here, 3, &[]);
    assert!(refused.contains("was begun and is not finished") && refused.contains("`guiju keys root change`"), "{refused}");
    assert!(here.run(3, &["keys", "init", "--origin", "third.example.cn", "--tenant", "third"]).contains("is not finished"));
    assert!(change(&here, 3, PASSPHRASE_ROOT, &[]).contains("a change to the age recipient age1"));
    assert!(change(&here, 3, &[], &[]).contains("`--new-identity-file`"));
    change(&here, 0, &[], &["--new-identity-file", "identity", "--new-passphrase-file", "passphrase"]);
    assert!(!here.path("guiju-data/root.next.toml").exists());
    assert!(status(&here, 0, &["--identity-file", "identity"]).contains("age recipient"));
}

#[test]
fn a_new_store_has_the_root_that_was_asked_for() {
    let here = Installation::new("roots-new");
    let init = |code, data: &str, arguments: &[&str]| {
        here.bare(code, &[&["keys", "init", "--origin", "a.cn", "--data", data], arguments].concat())
    };
    assert!(init(3, "none", &[]).contains("`--passphrase-file`"));
    assert!(init(3, "none", &["--root", "age"]).contains("`--identity-file`"));
    assert!(init(3, "none", &["--root", "transit"]).contains("--transit-address"));
    assert!(init(3, "none", &["--root", "pkcs11"]).contains("--pkcs11-module"));
    let unsafe_address = ["--root", "transit", "--transit-address", "http://vault.example", "--transit-token-file", "transit-token"];
    here.dir.write("transit-token", TOKEN);
    assert!(init(3, "none", &unsafe_address).contains("begins with https://"));
    let nobody = ["--root", "transit", "--transit-address", "http://127.0.0.1:1", "--transit-token-file", "transit-token"];
    assert!(init(3, "none", &nobody).contains("cannot be reached"));
    assert!(!here.path("none/root.toml").exists(), "a root that does not work is not written down");

    let age = init(0, "age", &["--root", "age", "--identity-file", "identity"]);
    assert!(age.contains("root age recipient age1") && !age.contains("sm2 "), "{age}");
    // The same identity may be the root of a second store, and of a second tenant; the kind of a store does not change in passing.
    init(0, "again", &["--root", "age", "--identity-file", "identity", "--sm2"]);
    init(0, "again", &["--identity-file", "identity", "--tenant", "second"]);
    assert!(init(3, "again", &["--root", "passphrase", "--tenant", "third"]).contains("guiju keys root change"));
    here.set("GUIJU_TRANSIT_TOKEN", TOKEN);
    assert!(init(0, "transit", &["--root", "transit", "--transit-address", &transit::start(TOKEN)]).contains("root Transit key guiju"));
    if softhsm(&here) {
        let pkcs11 = ["--root", "pkcs11", "--pkcs11-module", LIBRARY, "--pkcs11-token", "guiju", "--pin-file", "pin"];
        assert!(init(0, "pkcs11", &pkcs11).contains("root PKCS#11 key guiju in token guiju"));
    }
    // A store from before there was `root.toml`.
    init(0, "old", &["--passphrase-file", "passphrase"]);
    fs::remove_file(here.path("old/root.toml")).unwrap();
    init(0, "old", &["--passphrase-file", "passphrase", "--tenant", "second"]);
    assert!(!here.path("old/root.toml").exists());
}

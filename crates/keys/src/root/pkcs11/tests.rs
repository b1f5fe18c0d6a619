//! Against SoftHSM2, a token in files. Its library reads the place of these files from the environment when it is loaded, so the test runs itself again as a
//! child with that set.

use std::fs;
use std::process::Command;

use super::*;
use crate::key::{DataKey, KeyRef};
use crate::root::folder::Folder;
use crate::root::{unwrap_key, wrap_key};

const PIN: &str = "483920";
/// Where Debian, and others, put the library.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

fn library() -> Option<PathBuf> {
    LIBRARIES.iter().map(PathBuf::from).find(|path| path.exists())
}

fn pin(pin: &str) -> Zeroizing<String> {
    Zeroizing::new(pin.to_owned())
}

fn token(token: &str, key: &str) -> Token {
    Token { module: library().unwrap(), token: token.to_owned(), key: key.to_owned() }
}

fn said(opened: Result<Pkcs11Root, RootError>) -> String {
    let said = opened.unwrap_err().to_string();
    assert!(!said.contains(PIN), "{said}");
    said
}

#[test]
fn a_token_keeps_the_root_key() {
    if library().is_none() {
        eprintln!("left out: SoftHSM2 is not installed (Debian: softhsm2)");
        return;
    }
    let folder = Folder::new("softhsm");
    let conf = folder.0.join("softhsm2.conf");
    fs::create_dir(folder.0.join("tokens")).unwrap();
    fs::write(&conf, format!("directories.tokendir = {}\nobjectstore.backend = file\n", folder.0.join("tokens").display())).unwrap();
    let initialise = |label: &str| {
        let arguments = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "99887766"];
        assert!(Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", &conf).output().unwrap().status.success());
    };
    ["guiju", "twice", "twice"].iter().for_each(|label| initialise(label));
    let inside = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "root::pkcs11::tests::inside_softhsm", "--ignored"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&inside.stdout);
    assert!(inside.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&inside.stderr));
}

#[test]
#[ignore = "run by a_token_keeps_the_root_key, with tokens of its own"]
fn inside_softhsm() {
    keys_come_back();
    every_change_is_refused();
    errors_are_clear();
    a_key_that_can_be_taken_out_is_refused();
}

fn keys_come_back() {
    assert!(!Pkcs11Root::is_there(token("guiju", "root"), pin(PIN)).unwrap());
    let root = Pkcs11Root::create(token("guiju", "root"), pin(PIN)).unwrap();
    assert!(Pkcs11Root::is_there(token("guiju", "root"), pin(PIN)).unwrap());
    assert_eq!(root.health(), Ok(()));
    let tenant = DataKey::generate().unwrap();
    let wrapped = wrap_key(&root, &tenant, "tenant").unwrap();
    let again = Pkcs11Root::open(token("guiju", "root"), pin(PIN)).unwrap();
    assert_eq!(unwrap_key(&again, tenant.reference(), "tenant", &wrapped).unwrap().secret(), tenant.secret());
    assert_eq!(unwrap_key(&again, tenant.reference(), "backup", &wrapped).unwrap_err(), RootError::Refused);
    assert_eq!(unwrap_key(&again, KeyRef([0; 16]), "tenant", &wrapped).unwrap_err(), RootError::Refused);
    assert!(!format!("{again:?} {}", again.name()).contains(PIN));
    // Two at once: sessions are of the process, and one must not sign the other out.
    std::thread::scope(|scope| {
        for root in [&root, &again] {
            scope.spawn(move || (0..20).for_each(|_| assert_eq!(root.health(), Ok(()))));
        }
    });
}

fn every_change_is_refused() {
    let root = Pkcs11Root::open(token("guiju", "root"), pin(PIN)).unwrap();
    let wrapped = root.wrap(&[7; 32], b"context").unwrap();
    assert_eq!(wrapped.len(), 8 + NONCE_BYTES + 32 + 16);
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert_eq!(root.unwrap(&changed, b"context"), Err(RootError::Refused), "byte {at}");
    }
    for cut in [0, 8, 19, 20, 30, wrapped.len() - 1] {
        assert_eq!(root.unwrap(&wrapped[..cut], b"context"), Err(RootError::Refused), "cut at {cut}");
    }
    let other = Pkcs11Root::create(token("guiju", "other"), pin(PIN)).unwrap();
    assert_eq!(other.unwrap(&wrapped, b"context"), Err(RootError::Refused));
}

fn errors_are_clear() {
    let there = said(Pkcs11Root::create(token("guiju", "root"), pin(PIN)));
    assert!(there.contains("PKCS#11 key root in token guiju") && there.contains("already"), "{there}");
    let none = said(Pkcs11Root::open(token("guiju", "none"), pin(PIN)));
    assert!(none.contains("no secret key of this label"), "{none}");
    let elsewhere = said(Pkcs11Root::open(token("elsewhere", "root"), pin(PIN)));
    assert!(elsewhere.contains("no token of this label") && elsewhere.contains("guiju"), "{elsewhere}");
    let twice = said(Pkcs11Root::open(token("twice", "root"), pin(PIN)));
    assert!(twice.contains("several tokens"), "{twice}");
    let wrong = said(Pkcs11Root::open(token("guiju", "root"), pin("000000")));
    assert!(wrong.contains("the PIN is wrong"), "{wrong}");
    let library = Token { module: PathBuf::from("/no/such/library.so"), ..token("guiju", "root") };
    let missing = said(Pkcs11Root::open(library, pin(PIN)));
    assert!(missing.contains("/no/such/library.so cannot be loaded"), "{missing}");
}

fn a_key_that_can_be_taken_out_is_refused() {
    let root = Pkcs11Root::load(token("guiju", "loose"), PIN).unwrap();
    let session = root.session(true).unwrap();
    let loose: Vec<Attribute> = root
        .template()
        .into_iter()
        .map(|attribute| match attribute {
            Attribute::Extractable(_) => Attribute::Extractable(true),
            other => other,
        })
        .collect();
    session.generate_key(&Mechanism::AesKeyGen, &loose).unwrap();
    drop(session);
    let refused = said(Pkcs11Root::open(token("guiju", "loose"), pin(PIN)));
    assert!(refused.contains("can be taken out"), "{refused}");
}

//! Against the stand-in over a socket, and against answers no honest server gives.

use super::stand_in::{Client, StandIn};
use super::*;
use crate::key::{DataKey, KeyRef};
use crate::root::{unwrap_key, wrap_key};
use proptest::prelude::*;

const TOKEN: &str = "hvs.CAESIJsecret";

fn transit<H: Http>(address: &str, token: &str, http: H) -> Transit<H> {
    Transit::new(address, "guiju", Zeroizing::new(token.to_owned()), http).unwrap()
}

#[test]
fn a_key_comes_back_for_its_name_and_purpose_whatever_the_engine_does_with_contexts() {
    for derived in [true, false] {
        let server = StandIn::start(TOKEN, derived);
        let root = transit(&server.address, TOKEN, Client);
        assert_eq!(root.health(), Ok(()));
        let tenant = DataKey::generate().unwrap();
        let wrapped = wrap_key(&root, &tenant, "tenant").unwrap();
        assert!(wrapped.starts_with(b"vault:v1:"));
        assert_eq!(unwrap_key(&root, tenant.reference(), "tenant", &wrapped).unwrap().secret(), tenant.secret());
        assert_eq!(unwrap_key(&root, tenant.reference(), "backup", &wrapped).unwrap_err(), RootError::Refused);
        assert_eq!(unwrap_key(&root, KeyRef([0; 16]), "tenant", &wrapped).unwrap_err(), RootError::Refused);
        let mut changed = wrapped.clone();
        changed[60] = if changed[60] == b'A' { b'B' } else { b'A' };
        assert_eq!(unwrap_key(&root, tenant.reference(), "tenant", &changed).unwrap_err(), RootError::Refused);
    }
}

#[test]
fn what_is_rewrapped_is_of_the_newest_version_and_the_same_key() {
    let server = StandIn::start(TOKEN, true);
    let root = transit(&server.address, TOKEN, Client);
    let wrapped = root.wrap(&[7; 32], b"context").unwrap();
    server.rotate();
    assert_eq!(root.unwrap(&wrapped, b"context").unwrap().as_slice(), [7; 32]);
    let anew = root.rewrap(&wrapped, b"context").unwrap();
    assert!(anew.starts_with(b"vault:v2:"));
    assert_eq!(root.unwrap(&anew, b"context").unwrap().as_slice(), [7; 32]);
    assert_eq!(root.rewrap(&wrapped, b"another"), Err(RootError::Refused));
}

#[test]
fn refusals_say_what_the_server_said_and_never_the_token() {
    let server = StandIn::start(TOKEN, true);
    let denied = transit(&server.address, "hvs.wrong", Client).health().unwrap_err();
    assert!(matches!(&denied, RootError::Answer { status: 403, reason, .. } if reason.contains("permission denied")), "{denied}");
    let absent = Transit::new(&server.address, "other", Zeroizing::new(TOKEN.to_owned()), Client).unwrap().health().unwrap_err();
    assert!(absent.to_string().contains("encryption key not found"), "{absent}");
    let gone = transit("http://127.0.0.1:1", TOKEN, Client);
    assert!(matches!(gone.health(), Err(RootError::Unreachable { .. })));
    assert!(!format!("{gone:?} {}", gone.name()).contains(TOKEN));
}

/// Always the same answer.
struct Canned(Result<(u16, String), String>);

impl Http for Canned {
    fn post(&self, _: &str, _: &str, _: &str) -> Result<(u16, String), String> {
        self.0.clone()
    }
}

#[test]
fn an_answer_that_repeats_the_token_is_cleaned_and_cut() {
    for answer in [Err(format!("bad header {TOKEN}")), Ok((500, format!("{TOKEN}\n\n  {}", "x".repeat(10_000))))] {
        let error = transit("https://vault.example", TOKEN, Canned(answer)).wrap(&[0; 32], b"").unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(TOKEN) && shown.contains("(token)"), "{shown}");
        assert!(shown.len() < 1000);
    }
}

#[test]
fn answers_without_what_was_asked_are_refused() {
    let wrapped = b"vault:v1:AAAA";
    let long = format!(r#"{{"data":{{"plaintext":"{}"}}}}"#, "A".repeat(MAX_REPLY_BYTES));
    for reply in [
        "",
        "{}",
        r#"{"data":{"plaintext":7}}"#,
        r#"{"data":{"plaintext":"*"}}"#,
        r#"{"data":{"plaintext":"QQ=="}}"#,
        r#"{"data":{"plaintext":"\u0041"}}"#,
        &long,
    ] {
        let root = transit("https://vault.example", TOKEN, Canned(Ok((200, reply.to_owned()))));
        assert!(root.unwrap(wrapped, b"").is_err(), "{reply}");
        assert!(root.wrap(&[0; 32], b"").is_err(), "{reply}");
    }
    let root = transit("https://vault.example", TOKEN, Canned(Ok((200, r#"{"data":{"ciphertext":"plain text"}}"#.to_owned()))));
    assert!(root.wrap(&[0; 32], b"").is_err());
}

#[test]
fn unsafe_settings_are_refused() {
    let new = |address: &str, key: &str, token: &str| Transit::new(address, key, Zeroizing::new(token.to_owned()), Client).is_ok();
    for address in
        ["https://vault.example", "https://vault.example:8200/", "http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"]
    {
        assert!(new(address, "guiju", TOKEN), "{address}");
    }
    for address in
        ["http://vault.example", "http://localhost.example", "http://127.0.0.1@example", "ftp://localhost", "https://", "https://a b", ""]
    {
        assert!(!new(address, "guiju", TOKEN), "{address}");
    }
    for key in ["", "..", "a/b", "a b", "a?b"] {
        assert!(!new("https://vault.example", key, TOKEN), "{key}");
    }
    for token in ["", "a b", "a\r\nX-Other: 1"] {
        assert!(!new("https://vault.example", "guiju", token), "{token}");
    }
}

proptest! {
    #[test]
    fn only_ciphertexts_of_transit_are_sent(bytes in prop::collection::vec(any::<u8>(), 0..60), prefix in any::<bool>()) {
        let wrapped = if prefix { [b"vault:v1:".as_slice(), &bytes].concat() } else { bytes };
        if let Ok(text) = ciphertext(&wrapped) {
            prop_assert_eq!(text.find(['"', '\\', '\n']), None);
        }
    }

    #[test]
    fn any_answer_is_read_without_a_panic(reply in "\\PC{0,80}") {
        let _ = string_of(&reply, "ciphertext");
        let _ = string_of(&format!("\"ciphertext\" : \"{reply}"), "ciphertext");
    }
}

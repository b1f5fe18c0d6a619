#![no_main]
//! A redaction policy from TOML: refused with the line, or it works on every kind, and what it keeps stays.

use std::sync::LazyLock;

use detect::redact::{Key, Mark, Operator, Policy, Redactor, Salt, Secrets};
use taxonomy::{PersonalKind, Span};

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const VALUE: &str = "张三13812345678a@b.cn";

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets { key: Key::from_hex(HEX).ok(), salt: Salt::from_hex(HEX).ok() });

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = &*guiju_fuzz::text(data);
    let policy = match Policy::from_toml(text) {
        Ok(policy) => policy,
        Err(error) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error}");
            return;
        }
    };
    assert_eq!(Policy::from_toml(text).as_ref(), Ok(&policy));
    let all = || PersonalKind::ALL.iter().copied();
    let needs = |wanted: &[Operator]| wanted.contains(&policy.default) || policy.kinds.values().any(|used| wanted.contains(used));
    let bare = Redactor::new(policy.clone(), &Secrets::default());
    assert_eq!(bare.is_err(), needs(&[Operator::Pseudonym, Operator::Preserve, Operator::Hash]));
    let redactor = Redactor::new(policy.clone(), &SECRETS).expect("it has all secrets");
    for kind in all() {
        let text = format!("前{VALUE}后");
        let span = Span { start: "前".len(), end: "前".len() + VALUE.len() };
        let redacted = redactor.redact(&text, &[Mark { span, kind }]).expect("the mark fits");
        let inside = redacted.text.strip_prefix('前').and_then(|rest| rest.strip_suffix('后')).expect("nothing else changes");
        // A third at least is hidden, whatever `mask` asks for.
        assert_eq!(inside == VALUE, policy.operator(kind) == Operator::Keep, "{kind}: {inside}");
    }
});

//! Tests of the whole: text and marks in, text and list out.

use super::*;
use PersonalKind as K;

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn secrets() -> Secrets {
    Secrets { key: Key::from_hex(HEX).ok(), salt: Salt::from_hex(HEX).ok() }
}

fn redactor(policy: &str) -> Redactor {
    Redactor::new(Policy::from_toml(policy).unwrap(), &secrets()).unwrap()
}

/// Marks every place where one of the values stands.
fn mark(text: &str, values: &[(&str, K)]) -> Vec<Mark> {
    let spans = |value: &str| text.match_indices(value).map(|(at, v)| Span { start: at, end: at + v.len() }).collect::<Vec<_>>();
    values.iter().flat_map(|&(value, kind)| spans(value).into_iter().map(move |span| Mark { span, kind })).collect()
}

fn run(policy: &str, text: &str, values: &[(&str, K)]) -> Redacted {
    let redacted = redactor(policy).redact(text, &mark(text, values)).unwrap();
    for done in &redacted.done {
        assert!(done.old.cut(text).is_some() && done.new.cut(&redacted.text).is_some());
    }
    redacted
}

const TEXT: &str = "我叫张三，手机13812345678，再说一遍：138-1234-5678。";
const VALUES: &[(&str, K)] = &[("张三", K::Name), ("13812345678", K::Mobile), ("138-1234-5678", K::Mobile)];

#[test]
fn each_operator_does_its_work() {
    for (policy, expected) in [
        ("", "我叫张*，手机138****5678，再说一遍：138-****-5678。"),
        ("default = \"replace\"", "我叫[姓名]，手机[手机号]，再说一遍：[手机号]。"),
        ("default = \"replace\"\nlanguage = \"en\"", "我叫[name]，手机[mobile]，再说一遍：[mobile]。"),
        ("default = \"drop\"\n[kinds]\nname = \"keep\"", "我叫张三，手机，再说一遍：。"),
        ("[kinds]\nmobile = \"pseudonym\"", "我叫张*，手机<mobile:WS5MAB4KNNJBOKAZ>，再说一遍：<mobile:WS5MAB4KNNJBOKAZ>。"),
    ] {
        assert_eq!(run(policy, TEXT, VALUES).text, expected);
    }
    let hashed = run("[kinds]\nmobile = \"hash\"", TEXT, VALUES);
    let cut = |at: usize| hashed.done[at].new.cut(&hashed.text).unwrap();
    assert!(cut(1) == cut(2) && cut(1).len() == "<mobile:>".len() + 64);
}

#[test]
fn the_list_says_what_was_done() {
    let redacted = run("default = \"preserve\"", TEXT, VALUES);
    let [name, mobile, again] = redacted.done.as_slice() else { panic!("{redacted:?}") };
    assert_eq!((name.operator, name.instead_of), (Operator::Mask, Some(Operator::Preserve)));
    assert_eq!((mobile.operator, mobile.instead_of, mobile.kind), (Operator::Preserve, None, K::Mobile));
    assert_eq!(mobile.old.cut(TEXT), Some("13812345678"));
    let (one, two) = (mobile.new.cut(&redacted.text).unwrap(), again.new.cut(&redacted.text).unwrap());
    assert_eq!(one, two.replace('-', ""));
    assert_eq!(redactor("").reveal(K::Mobile, two).as_deref(), Some("138-1234-5678"));
}

#[test]
fn overlaps_are_joined_and_the_most_sensitive_decides() {
    let values = [("北京市朝阳区13812345678", K::Address), ("13812345678", K::Mobile), ("5678，62", K::BankCard)];
    let text = "住北京市朝阳区13812345678，62。";
    let redacted = run("default = \"replace\"", text, &values);
    assert_eq!(redacted.text, "住[银行卡号]。");
    assert_eq!(redacted.done[0].old.cut(text), Some("北京市朝阳区13812345678，62"));
    // Nothing stays that one of the kinds hides.
    assert_eq!(run("", text, &values).text, "住*****************，**。");
    assert_eq!(run("", "13812345678@qq.com", &[("13812345678@qq.com", K::Email), ("13812345678", K::Mobile)]).text, "1**********@**.***");
    // Same span, two kinds: the taxonomy's order decides.
    let both = [("11010519491231002X", K::DrivingLicence), ("11010519491231002X", K::IdentityNumber)];
    let redacted = run("", "号11010519491231002X", &both);
    assert_eq!((redacted.text.as_str(), redacted.done[0].kind), ("号110*************2X", K::IdentityNumber));
    // A kind that is kept takes no part.
    assert_eq!(run("[kinds]\naddress = \"keep\"", text, &values[..2]).text, "住北京市朝阳区138****5678，62。");
    // Neighbours are not joined; a token does not hang on what overlaps it.
    assert_eq!(run("default = \"drop\"", "张三李四", &[("张三", K::Name), ("李四", K::Name)]).done.len(), 2);
    let alone = run("default = \"pseudonym\"", "手机13812345678", &[("13812345678", K::Mobile)]).text;
    assert_eq!(
        run("default = \"pseudonym\"", "手机13812345678", &[("13812345678", K::Mobile), ("机138", K::Name)]).text.replace('手', "手机"),
        alone
    );
}

#[test]
fn marks_that_do_not_fit_are_refused() {
    let redact = |start, end| redactor("").redact("张三", &[Mark { span: Span { start, end }, kind: K::Name }]);
    assert_eq!(redact(0, 7), Err(RedactError::OutOfBounds { start: 0, end: 7, kind: K::Name, len: 6 }));
    assert_eq!(redact(3, 0), Err(RedactError::OutOfBounds { start: 3, end: 0, kind: K::Name, len: 6 }));
    assert!(!redact(usize::MAX, usize::MAX).unwrap_err().to_string().contains("张三"));
    assert_eq!(redact(1, 6), Err(RedactError::InsideCharacter { start: 1, end: 6, kind: K::Name }));
    assert_eq!(redact(3, 3).unwrap(), Redacted { text: "张三".to_owned(), done: Vec::new() });
}

#[test]
fn a_policy_without_its_secret_is_refused() {
    let new = |policy: &str| Redactor::new(Policy::from_toml(policy).unwrap(), &Secrets::default()).map(|_| ());
    assert_eq!(new("default = \"pseudonym\""), Err(RedactError::KeyMissing(Operator::Pseudonym)));
    assert_eq!(new("[kinds]\nmobile = \"preserve\""), Err(RedactError::KeyMissing(Operator::Preserve)));
    assert_eq!(new("[kinds]\nmobile = \"hash\""), Err(RedactError::SaltMissing));
    assert_eq!(new("default = \"drop\""), Ok(()));
    assert!(!format!("{:?}", redactor("")).contains("0, 1, 2"));
}

proptest::proptest! {
    #[test]
    fn any_marks_give_a_list_that_fits(
        text in "[a张１8@. -]{0,30}",
        ends in proptest::collection::vec((0_usize..30, 0_usize..30, 0_usize..28), 0..6),
    ) {
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = |at: usize| bounds[at % bounds.len()];
        let marks: Vec<Mark> = ends.iter().map(|&(a, b, kind)| {
            Mark { span: Span { start: place(a).min(place(b)), end: place(a).max(place(b)) }, kind: K::ALL[kind % K::ALL.len()] }
        }).collect();
        for operator in ["mask", "replace", "pseudonym", "hash", "preserve", "drop"] {
            let redacted = redactor(&format!("default = \"{operator}\"")).redact(&text, &marks).unwrap();
            let (mut old, mut new, mut rebuilt) = (0, 0, String::new());
            for done in &redacted.done {
                // What lies between is unchanged, and places ascend.
                proptest::prop_assert_eq!(text.get(old..done.old.start).unwrap(), redacted.text.get(new..done.new.start).unwrap());
                rebuilt.push_str(text.get(old..done.old.end).unwrap());
                (old, new) = (done.old.end, done.new.end);
            }
            proptest::prop_assert_eq!(text.get(old..).unwrap(), redacted.text.get(new..).unwrap());
            rebuilt.push_str(text.get(old..).unwrap());
            proptest::prop_assert_eq!(&rebuilt, &text);
        }
    }
}

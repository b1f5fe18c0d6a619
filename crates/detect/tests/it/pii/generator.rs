//! Held-out cases for the detector of personal information: sentences as people write them, with the byte spans of the values.
//!
//! Invariant: the same seed gives the same cases on every machine; `text[span]` is exactly the value; negatives hold nothing personal and
//! are at least as many as positives. A positive holds one value of its `kind` and no other personal information, names included.
//! Does not run a detector, and does not judge how exactly a finding must fit the span (see REPORT.md).

#[path = "negatives.rs"]
mod negatives;
#[path = "rng.rs"]
pub(super) mod rng;
#[path = "things.rs"]
pub(super) mod things;
#[path = "values.rs"]
pub(super) mod values;
#[path = "ways.rs"]
pub(super) mod ways;

use rng::Rng;
use values::Value;

/// One sentence of the test.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    /// Id of the `PersonalKind`, `None` for a negative.
    pub kind: Option<&'static str>,
    /// How the value is written; for a negative its category.
    pub way: &'static str,
    pub text: String,
    /// Byte spans of the value in `text`.
    pub spans: Vec<(usize, usize)>,
}

const TEMPLATES: &str = include_str!("templates.tsv");

const ALL: &[&str] = &["spaced", "adjacent", "fullwidth", "grouped", "chinese-numerals", "punctuated", "english"];
const GROUPED: &[&str] = &["spaced", "adjacent", "fullwidth", "grouped", "punctuated", "english"];
const SOLID: &[&str] = &["spaced", "adjacent", "fullwidth", "punctuated", "english"];

/// Kind, group of templates, ways in which the kind is sensibly written.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("identity-number", "id", ALL),
    ("driving-licence", "id", GROUPED),
    ("social-security", "id", GROUPED),
    ("us-ssn", "id", GROUPED),
    ("passport", "permit", GROUPED),
    ("hk-macao-permit", "permit", GROUPED),
    ("taiwan-permit", "permit", GROUPED),
    ("officer-card", "permit", GROUPED),
    ("mobile", "phone", ALL),
    ("landline", "phone", ALL),
    ("bank-card", "bank", ALL),
    ("iban", "bank", GROUPED),
    ("credit-code", "credit", GROUPED),
    ("vehicle-plate", "vehicle", GROUPED),
    ("vin", "vehicle", GROUPED),
    ("email", "mail", GROUPED),
    ("ip-address", "net", SOLID),
    ("mac-address", "net", GROUPED),
    ("wechat", "im", SOLID),
    ("qq", "im", ALL),
    ("birth-date", "birth", ALL),
    ("gps-position", "gps", GROUPED),
];

/// Sentences that stand before or after a template now and then, so that values lie anywhere in a text.
const AROUND_ZH: &[&str] = &[
    "您好，打扰一下。",
    "麻烦尽快处理，谢谢！",
    "以上信息仅供核对使用。",
    "收到请回复。",
    "在吗？",
    "辛苦了～",
    "今天一直没人回我，有点着急。",
    "（内部资料，请勿外传）",
    "如有疑问请联系前台。",
    "详情见附件。",
    "上次说的事情有结果了吗？",
    "特此通知。",
    "😂",
    "好的好的，我这就弄。",
    "本表一式两份。",
];
const AROUND_EN: &[&str] = &[
    "Hello,",
    "Thanks a lot!",
    "Please let me know if anything is missing.",
    "Sorry for the late reply.",
    "See the attachment for details.",
    "This is urgent.",
    "FYI -",
    "Have a nice day.",
];

/// `per_cell` cases of every kind in every way, then at least as many negatives.
pub(super) fn cases(seed: u64, per_cell: usize) -> Vec<Case> {
    let mut all = Vec::new();
    for (row, (kind, group, kind_ways)) in KINDS.iter().enumerate() {
        for (column, way) in kind_ways.iter().enumerate() {
            let mut rng = Rng(seed ^ ((row * 16 + column + 1) as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93));
            all.extend((0..per_cell).map(|_| positive(&mut rng, kind, group, way)));
        }
    }
    let mut rng = Rng(seed ^ 0xA076_1D64_78BD_642F);
    negatives::add(&mut rng, all.len(), &mut all);
    all
}

/// Lines of a table that are not comments, cut at tabs.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(|l| l.split('\t').collect())
}

fn positive(rng: &mut Rng, kind: &'static str, group: &str, way: &'static str) -> Case {
    let english = match way {
        "english" => true,
        "grouped" | "punctuated" => rng.chance(25),
        _ => false,
    };
    let value = draw(rng, kind, english);
    let (before, after) = frame(rng, kind, group, way, english, &value);
    let text = match way {
        "fullwidth" => ways::fullwidth(&value.text),
        "grouped" => ways::grouped(rng, kind, &value.text, english),
        "chinese-numerals" => ways::numerals(rng, kind, &value.text),
        _ => value.text,
    };
    let (open, close) = match way {
        "spaced" => (" ", " "),
        "punctuated" => marks(rng, english, &before, &after),
        _ => ("", ""),
    };
    let (lead, trail) = around(rng, english);
    let head = format!("{lead}{before}{open}");
    let span = (head.len(), head.len() + text.len());
    Case { kind: Some(kind), way, text: format!("{head}{text}{close}{after}{trail}"), spans: vec![span] }
}

fn draw(rng: &mut Rng, kind: &str, english: bool) -> Value {
    match kind {
        "identity-number" => values::identity(rng),
        "driving-licence" => values::driving(rng),
        "social-security" => values::social(rng),
        "us-ssn" => values::ssn(rng),
        "passport" => values::passport(rng),
        "hk-macao-permit" => values::hk_macao(rng),
        "taiwan-permit" => values::taiwan(rng),
        "officer-card" => values::officer(rng),
        "mobile" => values::mobile(rng),
        "landline" => values::landline(rng),
        "bank-card" => values::card(rng, english),
        "iban" => values::iban(rng),
        "credit-code" => values::credit(rng),
        "vehicle-plate" => things::plate(rng),
        "vin" => things::vin(rng),
        "email" => things::email(rng),
        "ip-address" => things::ip(rng),
        "mac-address" => things::mac(rng),
        "wechat" => things::wechat(rng),
        "qq" => things::qq(rng),
        "birth-date" => things::birth(rng, english),
        _ => things::gps(rng, english),
    }
}

/// The sentence before and after the value: a template that suits the language, the need for a label, and the way.
fn frame(rng: &mut Rng, kind: &str, group: &str, way: &str, english: bool, value: &Value) -> (String, String) {
    let language = if english { "en" } else { "zh" };
    let fits: Vec<&str> = rows(TEMPLATES)
        .filter(|row| row[0] == group && row[1] == language)
        .map(|row| row[2])
        .filter(|t| t.contains("{k}") || !(value.needs_label || way == "chinese-numerals" && kind != "mobile" && group != "birth"))
        .collect();
    loop {
        let label = rng.pick(labels(kind, &value.text, english));
        let filled = rng.pick(&fits).replace("{k}", label).replace("\\n", "\n").replace("\\t", "\t");
        let (before, after) = filled.split_once("{}").unwrap();
        let (left, right) = (before.chars().next_back(), after.chars().next());
        let glued =
            way != "spaced" && (left.is_some_and(|c| c.is_ascii_alphanumeric()) || right.is_some_and(|c| c.is_ascii_alphanumeric()));
        let beside = left.is_some_and(chinese) || right.is_some_and(chinese);
        if !glued && (way != "adjacent" || beside) {
            return (before.to_string(), after.to_string());
        }
    }
}

fn chinese(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

/// How a form or a speaker names the kind. Permits of two sorts are named by their shape.
fn labels(kind: &str, value: &str, english: bool) -> &'static [&'static str] {
    let first = value.chars().next().unwrap();
    match (kind, english) {
        ("identity-number", false) => &["身份证号", "身份证号码", "身份证", "公民身份号码", "居民身份证号码", "身份证件号码"],
        ("identity-number", true) => &["ID number", "Chinese ID number", "national ID", "ID card number", "resident identity card number"],
        ("driving-licence", false) => &["驾驶证档案编号", "驾照档案编号", "机动车驾驶证档案编号"],
        ("driving-licence", true) => &["driving licence file number", "driver's license number", "driving licence no."],
        ("social-security", false) => &["社保卡号", "社会保障卡卡号", "社保卡号码", "社会保障卡号"],
        ("social-security", true) => &["social security card number", "social insurance card number"],
        ("us-ssn", false) => &["美国社会安全号码", "美国社安号", "社会安全号码", "SSN"],
        ("us-ssn", true) => &["SSN", "Social Security number", "social security no."],
        ("passport", false) => &["护照号", "护照号码", "护照", "因私护照号码", "中国护照"],
        ("passport", true) => &["passport number", "passport no.", "passport"],
        ("hk-macao-permit", false) if first == 'C' => &["港澳通行证", "港澳通行证号", "往来港澳通行证", "往来港澳通行证号码"],
        ("hk-macao-permit", false) => &["回乡证", "回乡证号", "港澳居民来往内地通行证", "港澳居民来往内地通行证号码"],
        ("hk-macao-permit", true) if first == 'C' => &["Exit-Entry Permit for Hong Kong and Macao", "Hong Kong and Macao travel permit"],
        ("hk-macao-permit", true) => &["Home Return Permit", "Mainland Travel Permit for Hong Kong and Macao Residents"],
        ("taiwan-permit", false) if first == '0' => &["台胞证", "台胞证号", "台湾居民来往大陆通行证", "台胞证号码"],
        ("taiwan-permit", false) => &["往来台湾通行证", "大陆居民往来台湾通行证", "大通证号", "台湾通行证"],
        ("taiwan-permit", true) if first == '0' => &["Mainland Travel Permit for Taiwan Residents", "Taiwan compatriot permit"],
        ("taiwan-permit", true) => &["Taiwan travel permit", "Travel Permit to Taiwan"],
        ("officer-card", false) => &["军官证", "军官证号", "军官证号码", "士官证号"],
        ("officer-card", true) => &["military officer card", "officer ID card"],
        ("mobile", false) => &["手机号", "手机", "电话", "联系电话", "手机号码", "联系方式"],
        ("mobile", true) => &["mobile", "phone number", "cell", "phone", "mobile number"],
        ("landline", false) => &["座机", "固话", "电话", "固定电话", "办公电话", "家里电话"],
        ("landline", true) => &["landline", "phone", "office phone", "telephone", "home phone"],
        ("bank-card", false) => &["银行卡号", "卡号", "银行卡", "账号", "储蓄卡号", "收款账号"],
        ("bank-card", true) => &["card number", "bank card", "credit card", "debit card number"],
        ("iban", false) => &["IBAN", "国际银行账号", "IBAN账号", "海外账户"],
        ("iban", true) => &["IBAN", "account (IBAN)", "bank account"],
        ("credit-code", false) => &["统一社会信用代码", "社会信用代码", "税号", "纳税人识别号", "信用代码"],
        ("credit-code", true) => &["unified social credit code", "USCC", "tax number", "credit code"],
        ("vehicle-plate", false) => &["车牌", "车牌号", "号牌号码", "车牌号码"],
        ("vehicle-plate", true) => &["plate", "licence plate", "plate number", "license plate"],
        ("vin", false) => &["车架号", "车辆识别代号", "VIN码", "车辆识别代码"],
        ("vin", true) => &["VIN", "chassis number", "vehicle identification number"],
        ("email", false) => &["邮箱", "电子邮箱", "邮箱地址", "E-mail", "电子邮件"],
        ("email", true) => &["email", "e-mail address", "email address", "mail"],
        ("ip-address", false) => &["IP", "IP地址", "公网地址", "登录IP地址"],
        ("ip-address", true) => &["IP", "IP address", "address"],
        ("mac-address", false) => &["MAC地址", "物理地址", "网卡地址", "MAC"],
        ("mac-address", true) => &["MAC address", "MAC", "hardware address"],
        ("wechat", false) => &["微信号", "微信", "VX", "wx", "微信ID"],
        ("wechat", true) => &["WeChat ID", "WeChat", "wechat id"],
        ("qq", false) => &["QQ", "QQ号", "扣扣", "QQ号码", "扣扣号"],
        ("qq", true) => &["QQ", "QQ number", "QQ ID"],
        _ => &[""],
    }
}

/// Marks to put around a value: none where the template has them already.
fn marks(rng: &mut Rng, english: bool, before: &str, after: &str) -> (&'static str, &'static str) {
    let (left, right) = (before.chars().next_back(), after.chars().next());
    let mark = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    match (left.is_some_and(mark), right.map(mark)) {
        (true, Some(true)) => ("", ""),
        (true, None) => ("", if english { "." } else { "。" }),
        _ if english => [("(", ")"), ("\"", "\""), ("'", "'"), ("[", "]"), ("<", ">")][rng.below(5)],
        (false, right) if left.is_some_and(chinese) && right != Some(true) && rng.chance(40) => ("：", "，"),
        _ => [("（", "）"), ("“", "”"), ("【", "】"), ("(", ")"), ("「", "」"), ("\"", "\"")][rng.below(6)],
    }
}

/// A sentence before and one after, each in one case of four.
fn around(rng: &mut Rng, english: bool) -> (String, String) {
    let (list, gap) = if english { (AROUND_EN, " ") } else { (AROUND_ZH, "") };
    let lead = if rng.chance(25) { format!("{}{gap}", rng.pick(list)) } else { String::new() };
    let trail = if rng.chance(25) { format!("{}{}", if english { " " } else { "\n" }, rng.pick(list)) } else { String::new() };
    (lead, trail)
}

//! Personal information, and those who said no (GB/T 45654-2025, 5.1 c) 4), 5.2 c); PIPL 13, 15 and 29).

use taxonomy::SourceKind;

use super::{Answer, Asked, ConsentFact, Rule, none_left, words};

const JOIN: [&str; 2] = [
    "用 `guiju consent snapshot` 生成快照，再执行 `guiju corpus apply --consent`",
    "make a snapshot with `guiju consent snapshot`, and run `guiju corpus apply --consent`",
];

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "consented",
        clause: "GB-5.1-c4",
        title: ["用户输入均有授权", "all user input is consented to"],
        remedy: JOIN,
        ask: consented,
    },
    Rule {
        id: "opted-out",
        clause: "GB-7-c1",
        title: ["拒绝用于训练的用户不在其中", "nobody who said no is in it"],
        remedy: JOIN,
        ask: opted_out,
    },
    Rule {
        id: "personal",
        clause: "GB-5.2-c1",
        title: ["个人信息已脱敏或已取得同意", "personal information is redacted or consented to"],
        remedy: ["以 `guiju corpus apply` 脱敏或删去这些行", "redact or drop these rows with `guiju corpus apply`"],
        ask: |asked| {
            Some(none_left(
                asked.scan.personal,
                ["没有未经同意的明文个人信息", "none is in clear without consent"],
                "行含未经同意的明文个人信息",
                "rows have personal information in clear without consent",
            ))
        },
    },
    Rule {
        id: "sensitive",
        clause: "GB-5.2-c2",
        title: ["敏感个人信息已脱敏或已取得单独同意", "sensitive personal information is redacted or separately consented to"],
        remedy: ["以 `guiju corpus apply` 脱敏或删去这些行", "redact or drop these rows with `guiju corpus apply`"],
        ask: |asked| {
            Some(none_left(
                asked.scan.sensitive,
                ["没有未经单独同意的明文敏感个人信息", "none is in clear without separate consent"],
                "行含未经单独同意的明文敏感个人信息",
                "rows have sensitive personal information in clear without separate consent",
            ))
        },
    },
];

/// The snapshot, if it may be used today.
fn joined<'a>(asked: &'a Asked<'_>) -> Result<&'a ConsentFact, Answer> {
    match &asked.scan.consent {
        None => Err(Answer::Shut(words("未与授权登记核对", "it was not joined with the register of consent"))),
        Some(consent) if consent.until.as_str() < asked.today => {
            let day = &consent.until;
            Err(Answer::Shut(words(
                format!("所用快照已于 {day} 过期，其后的撤回未计入"),
                format!("the snapshot's last day was {day}: what was withdrawn since is not in it"),
            )))
        }
        Some(consent) => Ok(consent),
    }
}

fn consented(asked: &Asked<'_>) -> Option<Answer> {
    if asked.source.kind != SourceKind::UserInput {
        return None;
    }
    Some(match joined(asked) {
        Err(shut) => shut,
        Ok(consent) => {
            none_left(consent.without, ["每一行都有授权", "every row is consented to"], "行没有授权", "rows are not consented to")
        }
    })
}

fn opted_out(asked: &Asked<'_>) -> Option<Answer> {
    Some(match joined(asked) {
        Ok(consent) => none_left(
            consent.opted_out,
            ["没有拒绝者的数据", "no row is of somebody who said no"],
            "行属于拒绝者",
            "rows are of somebody who said no",
        ),
        Err(shut) if asked.source.kind == SourceKind::UserInput => shut,
        // Other data seldom names users of the service; whoever knows that it does joins it.
        Err(_) => Answer::Warned(words(
            "未与授权登记核对：若数据载有本服务用户的标识，请核对",
            "not joined with the register of consent: do so if the data names users of the service",
        )),
    })
}

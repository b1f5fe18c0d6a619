//! Whether the source may be used at all.

use super::{Answer, Asked, Rule, words};

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "registered",
        clause: "LN-6-a",
        title: ["来源已登记", "the source is registered"],
        remedy: ["用 `guiju source add` 登记该来源", "register it with `guiju source add`"],
        ask: registered,
    },
    Rule {
        id: "not-blocked",
        clause: "LN-10.3-3",
        title: ["来源不在黑名单中", "the source is not on the blacklist"],
        remedy: [
            "由两名管理员用 `guiju source unblock` 解除，并重新评估",
            "two administrators take it off with `guiju source unblock`; then assess it anew",
        ],
        ask: not_blocked,
    },
    Rule {
        id: "not-expired",
        clause: "GB-5.1-c3",
        title: ["来源的使用期限未到", "the time for which the source may be used has not ended"],
        remedy: ["续期后用 `guiju source change --expires` 更新", "extend it, and say so with `guiju source change --expires`"],
        ask: not_expired,
    },
    Rule {
        id: "not-refused",
        clause: "GB-5.1-c3",
        title: ["来源的审核未被否决", "no review has refused the source"],
        remedy: [
            "补正材料后由另一人用 `guiju source review` 重新审核",
            "mend what was found, and have another person review it with `guiju source review`",
        ],
        ask: not_refused,
    },
];

fn registered(asked: &Asked<'_>) -> Option<Answer> {
    let name = &asked.source.name;
    Some(if asked.source.registered {
        Answer::Open(words(format!("“{name}”已登记"), format!("'{name}' is in the register")))
    } else {
        Answer::Shut(words(format!("登记中没有“{name}”"), format!("'{name}' is not in the register")))
    })
}

fn not_blocked(asked: &Asked<'_>) -> Option<Answer> {
    Some(match &asked.source.blocked {
        None => Answer::Open(words("不在黑名单中", "it is not on the blacklist")),
        Some(reason) => Answer::Shut(words(format!("已列入黑名单：{reason}"), format!("it is on the blacklist: {reason}"))),
    })
}

fn not_expired(asked: &Asked<'_>) -> Option<Answer> {
    Some(match asked.source.expires.as_deref() {
        None => Answer::Open(words("没有期限", "no day is set")),
        Some(day) if day < asked.today => Answer::Shut(words(format!("已于 {day} 到期"), format!("its last day was {day}"))),
        Some(day) => Answer::Open(words(format!("有效期至 {day}"), format!("its last day is {day}"))),
    })
}

fn not_refused(asked: &Asked<'_>) -> Option<Answer> {
    let review = asked.source.review.as_ref()?;
    Some(if review.accepted {
        Answer::Open(words("最近一次审核通过", "the last review accepted it"))
    } else {
        Answer::Shut(words("最近一次审核未通过", "the last review refused it"))
    })
}

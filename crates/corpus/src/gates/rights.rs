//! Rights of others in the data (GB/T 45654-2025, 5.2 b).

use super::{Answer, Rule, none_left, words};

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "marks",
        clause: "GB-5.2-b2",
        title: ["权利标记（版权、许可、商业秘密）均已处理", "marks of rights (copyright, licence, trade secret) are resolved"],
        remedy: [
            "删去这些行，或记录为何可用，再执行 `guiju corpus apply`",
            "remove these rows, or record why they may be used, and run `guiju corpus apply` again",
        ],
        ask: |asked| {
            Some(none_left(
                asked.scan.marked,
                ["没有未处理的标记", "no mark is unresolved"],
                "行带有未处理的权利标记",
                "rows bear a mark of a right that is unresolved",
            ))
        },
    },
    Rule {
        id: "works",
        clause: "GB-5.2-b2",
        title: ["与受保护作品的近似重复均已处理", "near copies of protected works are resolved"],
        remedy: [
            "以 `guiju corpus scan --works` 比对作品登记，删去近似重复的行",
            "compare with the register of works, `guiju corpus scan --works`, and remove what repeats them",
        ],
        ask: |asked| {
            Some(match asked.scan.works {
                None => Answer::Shut(words("未与作品登记比对", "it was not compared with the register of works")),
                Some(rows) => none_left(
                    rows,
                    ["没有近似重复", "no row repeats a registered work"],
                    "行与登记作品近似重复",
                    "rows repeat a registered work",
                ),
            })
        },
    },
];

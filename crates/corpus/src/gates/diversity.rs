//! A mixture of sources (GB/T 45654-2025, 5.1 b): what falls short is said, and shuts nothing, as the standard names no number.

use taxonomy::Lang;

use super::{Answer, Asked, DiversityFact, Rule, words};

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "several-sources",
        clause: "GB-5.1-b1",
        title: ["各语言、各模态均有多个来源", "several sources for each language and modality"],
        remedy: ["增加来源；`guiju source diversity` 列出缺口", "add sources; `guiju source diversity` shows what falls short"],
        ask: |asked| Some(each(asked, |cell| cell.domestic + cell.foreign > 1, "只有一个来源", "has one source only")),
    },
    Rule {
        id: "domestic-and-foreign",
        clause: "GB-5.1-b2",
        title: ["境外来源有境内来源相配", "domestic sources beside foreign ones"],
        remedy: [
            "增加境内来源；`guiju source diversity` 列出缺口",
            "add domestic sources; `guiju source diversity` shows what falls short",
        ],
        ask: |asked| Some(each(asked, |cell| cell.foreign == 0 || cell.domestic > 0, "只有境外来源", "has foreign sources only")),
    },
];

fn each(asked: &Asked<'_>, good: impl Fn(&DiversityFact) -> bool, zh: &str, en: &str) -> Answer {
    let short: Vec<&DiversityFact> = asked.source.diversity.iter().filter(|cell| !good(cell)).collect();
    if short.is_empty() {
        return Answer::Open(words("没有缺口", "nothing falls short"));
    }
    let named = |lang| short.iter().map(|cell| format!("{} {}", cell.language, cell.modality.title(lang))).collect::<Vec<_>>();
    Answer::Warned(words(format!("{}{zh}", named(Lang::Zh).join("、")), format!("{} {en}", named(Lang::En).join(", "))))
}

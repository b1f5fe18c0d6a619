//! The 5 % rule before and after collection (GB/T 45654-2025, 5.1 a).

use taxonomy::AssessmentOutcome;

use super::{Answer, AssessmentFact, Rule, words};

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "assessed-before",
        clause: "GB-5.1-a1",
        title: ["采集前评估通过", "assessed before it was collected, and accepted"],
        remedy: ["用 `guiju corpus assess` 评估样本", "assess a sample with `guiju corpus assess`"],
        ask: |asked| Some(answer(asked.source.before.as_ref())),
    },
    Rule {
        id: "assessed-after",
        clause: "GB-5.1-a2",
        title: ["采集后核验通过", "verified after it was collected, and accepted"],
        remedy: ["用 `guiju corpus verify` 核验所采数据", "verify what was collected with `guiju corpus verify`"],
        ask: |asked| Some(answer(asked.source.after.as_ref())),
    },
];

fn answer(assessment: Option<&AssessmentFact>) -> Answer {
    let Some(made) = assessment else { return Answer::Shut(words("尚未评估", "it was not assessed yet")) };
    let [low, high, limit] = [made.low, made.high, made.limit].map(|rate| format!("{:.2} %", rate * 100.0));
    let (suspected, sampled) = (made.suspected, made.sampled);
    let (zh, en) = (
        format!("{sampled} 行中 {suspected} 行涉嫌 A1 至 A4，比率区间 {low} 至 {high}，上限 {limit}"),
        format!("{suspected} of {sampled} rows are suspected of A1 to A4, interval {low} to {high}, limit {limit}"),
    );
    match made.outcome {
        AssessmentOutcome::Accepted => Answer::Open(words(zh, en)),
        AssessmentOutcome::Refused => Answer::Shut(words(zh, en)),
        AssessmentOutcome::LargerSample => {
            let (more_zh, more_en) = made.wanted.map_or_else(
                || ("需更大的样本".to_owned(), "a larger sample is wanted".to_owned()),
                |rows| (format!("样本需 {rows} 行"), format!("a sample of {rows} rows is wanted")),
            );
            Answer::Shut(words(format!("{zh}；区间跨过上限，{more_zh}"), format!("{en}; it straddles the limit: {more_en}")))
        }
    }
}

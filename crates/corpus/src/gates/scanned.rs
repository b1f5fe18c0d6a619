//! Every row was judged (GB/T 45654-2025, 5.2 a), and people and programs checked a sample of what is left (B.2.1).

use super::{Answer, Asked, Rule, SpotCheck, words};

/// Rows that people judge at least, and how many of 100 must qualify (GB/T 45654-2025, B.2.1).
const MANUAL: (u64, u64) = (4_000, 96);

/// One row in so many is judged by the technical spot check at least, and how many of 100 must qualify (GB/T 45654-2025, B.2.1).
const TECHNICAL: (u64, u64) = (10, 98);

pub(super) const GATES: &[Rule] = &[
    Rule {
        id: "scanned",
        clause: "GB-5.2-a",
        title: ["全部数据已过滤", "all of the data was filtered"],
        remedy: ["完成 `guiju corpus scan`，再执行 `guiju corpus apply`", "finish `guiju corpus scan`, then run `guiju corpus apply`"],
        ask: scanned,
    },
    Rule {
        id: "manual-check",
        clause: "GB-B2.1",
        title: ["人工抽检不少于 4000 条，合格率不低于 96%", "at least 4,000 rows judged by people, 96 % or more qualify"],
        remedy: [
            "用 `guiju corpus sample` 抽样，评审后用 `guiju corpus rates` 计入",
            "draw them with `guiju corpus sample`, have them judged, count them with `guiju corpus rates`",
        ],
        ask: |asked| Some(spot_check(asked.scan.manual.as_ref(), MANUAL.0.min(asked.scan.kept), MANUAL.1)),
    },
    Rule {
        id: "technical-check",
        clause: "GB-B2.1",
        title: ["技术抽检不少于 10%，合格率不低于 98%", "at least 10 % judged by program, 98 % or more qualify"],
        remedy: [
            "用 `guiju corpus sample --technical` 抽样，用 `guiju corpus rates` 计入",
            "draw them with `guiju corpus sample --technical`, count them with `guiju corpus rates`",
        ],
        ask: |asked| Some(spot_check(asked.scan.technical.as_ref(), asked.scan.kept.div_ceil(TECHNICAL.0), TECHNICAL.1)),
    },
];

fn scanned(asked: &Asked<'_>) -> Option<Answer> {
    let scan = asked.scan;
    Some(if scan.shards == 0 || scan.done < scan.shards {
        let (done, shards) = (scan.done, scan.shards);
        Answer::Shut(words(format!("{shards} 个分片中只有 {done} 个已扫描"), format!("{done} of {shards} shards are scanned")))
    } else if scan.unread > 0 {
        let unread = scan.unread;
        Answer::Shut(words(
            format!("{unread} 个文件或分片未能读完，其中的行无人看过"),
            format!("{unread} files or shards could not be read to their end; nobody has seen those rows"),
        ))
    } else if scan.broken > 0 {
        let broken = scan.broken;
        Answer::Shut(words(
            format!("{broken} 行无法读取或检测失败，却仍在其中"),
            format!("{broken} rows could not be read or judged, and would go out"),
        ))
    } else if scan.kept == 0 {
        Answer::Shut(words("没有可输出的行", "there is no row that could go out"))
    } else {
        let (judged, kept) = (scan.judged, scan.kept);
        Answer::Open(words(format!("{judged} 行全部判定，保留 {kept} 行"), format!("all {judged} rows were judged, {kept} are kept")))
    })
}

/// What is drawn and not judged counts as not qualified: only what holds either way is concluded.
fn spot_check(check: Option<&SpotCheck>, least: u64, percent: u64) -> Answer {
    let Some(SpotCheck { drawn, judged, qualified }) = check else { return Answer::Shut(words("尚未抽检", "no spot check was made")) };
    let (zh, en) = (
        format!("抽取 {drawn} 行，已判 {judged} 行，合格 {qualified} 行；至少须抽 {least} 行，合格率不低于 {percent}%"),
        format!("{drawn} rows drawn, {judged} judged, {qualified} qualify; at least {least} must be drawn, and {percent} % qualify"),
    );
    let counted = qualified <= judged && judged <= drawn && *drawn >= least.max(1);
    // In 128 bits the products cannot overflow.
    let enough = u128::from(*qualified) * 100 >= u128::from(*drawn) * u128::from(percent);
    if counted && enough { Answer::Open(words(zh, en)) } else { Answer::Shut(words(zh, en)) }
}

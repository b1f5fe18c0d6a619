//! The summary as one page: no network, no script.

use taxonomy::{AttackKind, Decision, Lang, PersonalKind, RiskClass};

use super::{FileShare, RuleShare, Share, Summary};
use crate::CorpusError;
use crate::broken::BrokenKind;
use crate::language::Language;
use crate::page::{Bar, Page, Section, named, percent};

/// Files shown on the page; `summary.json` has more.
const FILES: usize = 200;
/// Rules shown on the page.
const RULES: usize = 20;

/// Renders the page.
///
/// # Errors
/// The template fails.
pub fn html(summary: &Summary, lang: Lang) -> Result<String, CorpusError> {
    let say = |zh, en| if lang == Lang::Zh { zh } else { en };
    let title = say("训练语料扫描结果", "Scan of training data");
    Page::new(lang, title, standing(summary, lang), head(summary, lang), sections(summary, lang)).html()
}

fn standing(summary: &Summary, lang: Lang) -> String {
    let (shards, done) = summary.shards;
    let unread = summary.files.iter().filter(|file| file.unreadable.is_some() || !file.cut.is_empty()).count();
    match lang {
        Lang::Zh if summary.is_whole() => "全部数据均已读取并判定。".to_owned(),
        Lang::Zh => format!(
            "并非全部数据都已判定：分片完成 {done} / {shards}，{unread} 个文件未能读完，{} 行无法读取，{} 行有检测器故障。",
            summary.broken, summary.faulty
        ),
        Lang::En if summary.is_whole() => "All data was read and judged.".to_owned(),
        Lang::En => format!(
            "Not all data was judged: {done} of {shards} shards are done, {unread} files could not be read to the end, {} rows could not be read, a detector failed on {}.",
            summary.broken, summary.faulty
        ),
    }
}

fn head(summary: &Summary, lang: Lang) -> Vec<(&'static str, String)> {
    let say = |zh, en| if lang == Lang::Zh { zh } else { en };
    let copies = summary.copies;
    vec![
        (say("已判定行数", "rows judged"), summary.judged.to_string()),
        (say("无法读取的行", "rows that could not be read"), summary.broken.to_string()),
        (say("文本字节数", "bytes of text"), summary.text_bytes.to_string()),
        (
            say("疑似违法不良（A1–A4）", "suspected, A1 to A4"),
            format!("{} · {}", summary.suspected.rows, percent(summary.suspected.interval, summary.suspected.rows, summary.judged)),
        ),
        (say("完全重复 / 近似重复", "exact / near copies"), format!("{} / {}", copies.exact, copies.near)),
        (say("清单摘要", "digest of the manifest"), summary.manifest.clone()),
        (say("检测器与版本", "detectors and versions"), summary.settings.versions.join("; ")),
    ]
}

fn sections(summary: &Summary, lang: Lang) -> Vec<Section> {
    let say = |zh, en| if lang == Lang::Zh { zh } else { en };
    let table = |title, note, rows: &[Share], name: &dyn Fn(&str) -> String| Section {
        title,
        note,
        columns: vec![
            say("名称", "name"),
            say("行数", "rows"),
            say("发现数", "findings"),
            say("占比（95% 区间）", "share (95 % interval)"),
            say("抽看", "to look at"),
        ],
        rows: rows.iter().map(|share| shared(share, summary.judged, name)).collect(),
        bars: Bar::all(rows.iter().map(|share| (share.interval, share.rows)), summary.judged),
    };
    let rule_columns = || {
        vec![
            say("规则", "rule"),
            say("检测器", "detector"),
            say("行数", "rows"),
            say("单独命中", "alone"),
            say("单独命中占比（95% 区间）", "share alone (95 % interval)"),
            say("抽看", "to look at"),
        ]
    };
    vec![
        table(say("处置", "Decisions"), "", &summary.decisions, &|id| named::<Decision>(id, |word| word.title(lang))),
        table(
            say("风险类别", "Risk classes"),
            say(
                "关键词与分类器的命中是嫌疑，不是判定；5% 的限值以人工确认的结果计算。",
                "What keywords and the classifier find is a suspicion, not a verdict; the limit of 5 % counts what people confirm.",
            ),
            &summary.classes,
            &|id| named::<RiskClass>(id, |word| word.title(lang)),
        ),
        table(say("攻击与密钥", "Attacks and secrets"), "", &summary.attacks, &|id| named::<AttackKind>(id, |word| word.title(lang))),
        table(say("个人信息", "Personal information"), "", &summary.personal, &|id| named::<PersonalKind>(id, |word| word.title(lang))),
        table(say("语言", "Languages"), "", &summary.languages, &|id| named::<Language>(id, |word| word.title(lang))),
        table(
            say("无法读取的行", "Rows that could not be read"),
            say("逐行列在 broken.jsonl。", "Each stands in broken.jsonl."),
            &summary.broken_kinds,
            &|id| named::<BrokenKind>(id, |word| word.title(lang)),
        ),
        Section {
            title: say("疑似误检的规则", "Rules to suspect of false hits"),
            note: say(
                "在其他方面干净的行里频繁单独命中的规则，按占比区间下限排列。",
                "Rules that find much in rows where nothing else is found, by the lower end of the interval.",
            ),
            columns: rule_columns(),
            rows: summary.suspicious.iter().take(RULES).map(rule).collect(),
            ..Section::default()
        },
        Section {
            title: say("命中最多的规则", "Rules by rows"),
            note: "",
            columns: rule_columns(),
            rows: summary.rules.iter().take(RULES).map(rule).collect(),
            ..Section::default()
        },
        Section {
            title: say("文件", "Files"),
            note: say(
                "未能读完的文件在前，其次按疑似占比。",
                "Files that could not be read to the end first, then by share of suspected rows.",
            ),
            columns: vec![
                say("文件", "file"),
                say("已判定", "judged"),
                say("无法读取", "unread"),
                say("疑似", "suspected"),
                say("占比（95% 区间）", "share (95 % interval)"),
                say("问题", "trouble"),
            ],
            rows: summary.files.iter().take(FILES).map(file).collect(),
            ..Section::default()
        },
    ]
}

fn shared(share: &Share, of: u64, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let findings = if share.findings > 0 { share.findings.to_string() } else { String::new() };
    vec![name(&share.id), share.rows.to_string(), findings, percent(share.interval, share.rows, of), share.samples.join("  ")]
}

fn rule(rule: &RuleShare) -> Vec<String> {
    let share = percent(rule.interval, rule.alone, rule.rows);
    vec![rule.rule.clone(), rule.detector.clone(), rule.rows.to_string(), rule.alone.to_string(), share, rule.samples.join("  ")]
}

fn file(file: &FileShare) -> Vec<String> {
    let share = file.interval.map_or_else(String::new, |interval| percent(interval, file.suspected, file.judged));
    let trouble = file.unreadable.iter().chain(&file.cut).cloned().collect::<Vec<_>>().join("  ");
    vec![file.path.clone(), file.judged.to_string(), file.broken.to_string(), file.suspected.to_string(), share, trouble]
}

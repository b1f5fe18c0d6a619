//! The assessment in words, and as one page.

use taxonomy::{Lang, RiskClass};

use super::{Assessment, Example, Outcome, Phase};
use crate::CorpusError;
use crate::page::{Page, Section, percent};

/// Files shown on the page; `assessment.json` has more.
const FILES: usize = 200;

/// What it comes to and what is to be done.
pub(super) fn words(it: &Assessment, lang: Lang) -> String {
    let (low, high, limit) = (it.low * 100.0, it.high * 100.0, it.limit * 100.0);
    let (suspected, judged) = (it.suspected, it.distinct + it.broken);
    let share = match lang {
        Lang::Zh => {
            format!("{judged} 条不同文本中 {suspected} 条涉嫌 A1–A4 类违法不良信息，占比区间 {low:.2}–{high:.2}%（95%），限值 {limit}%")
        }
        Lang::En => format!(
            "{suspected} of {judged} distinct texts are suspected of A1 to A4: {low:.2} to {high:.2} % (95 %), the limit is {limit} %"
        ),
    };
    let zh = lang == Lang::Zh;
    let next = match (it.outcome, it.phase) {
        (Outcome::Accepted, _) if zh => "未超过限值。".to_owned(),
        (Outcome::Accepted, _) => "Not over the limit.".to_owned(),
        (Outcome::Refused, Phase::Before) if zh => "超过限值：不得采集，该来源应列入黑名单。".to_owned(),
        (Outcome::Refused, Phase::Before) => "Over the limit: the source must not be collected, and goes on the blacklist.".to_owned(),
        (Outcome::Refused, Phase::After) if zh => "超过限值：不得用于训练，该来源应列入黑名单。".to_owned(),
        (Outcome::Refused, Phase::After) => {
            "Over the limit: the data must not be used for training, and the source goes on the blacklist.".to_owned()
        }
        (Outcome::LargerSample, _) => larger(it, lang),
    };
    let unread = match (it.unread.len(), lang) {
        (0, _) => String::new(),
        (files, Lang::Zh) => format!("注意：{files} 个文件未能读完，其余数据未计入。"),
        (files, Lang::En) => format!(" Note: {files} files were not read to the end; what lies behind is not counted."),
    };
    match lang {
        Lang::Zh => format!("{}：{share}。{next}{unread}", it.outcome.title(lang)),
        Lang::En => format!("{}: {share}. {next}{unread}", it.outcome.title(lang)),
    }
}

/// How large a sample would decide, or why none would.
fn larger(it: &Assessment, lang: Lang) -> String {
    let (zh, open) = (lang == Lang::Zh, it.open);
    match (it.wanted, it.population) {
        (Some(rows), Some(all)) if rows >= all && zh => format!("区间跨越限值：须判定全部 {all} 行。"),
        (Some(rows), Some(all)) if rows >= all => format!("The interval lies astride the limit: judge all {all} rows."),
        (Some(rows), _) if zh => format!("区间跨越限值：若占比不变，样本须达 {rows} 行方可下结论（本次 {} 行）。", it.sampled),
        (Some(rows), _) => {
            format!(
                "The interval lies astride the limit: if the share stays, a sample of {rows} rows decides (this one has {}).",
                it.sampled
            )
        }
        (None, _) if open > 0 && zh => {
            format!("{open} 条无法读取、检测器故障或评审意见不一，足以左右结论：请先处理这些行，再大的样本也无济于事。")
        }
        (None, _) if open > 0 => {
            format!(
                "{open} rows could not be read, had a detector fail, or divide the reviewers, and could turn it either way: mend these first, no larger sample helps."
            )
        }
        (None, _) if zh => "占比恰在限值上：请判定该来源的全部数据。".to_owned(),
        (None, _) => "The share is the limit itself: judge all of the source.".to_owned(),
    }
}

/// Renders the page.
pub(super) fn html(it: &Assessment, lang: Lang) -> Result<String, CorpusError> {
    let title = match (it.phase, lang) {
        (Phase::Before, Lang::Zh) => "数据来源采集前安全评估",
        (Phase::Before, Lang::En) => "Assessment of a source before collection",
        (Phase::After, Lang::Zh) => "数据来源采集后核验",
        (Phase::After, Lang::En) => "Verification of a source after collection",
    };
    Page::new(lang, title, words(it, lang), head(it, lang), sections(it, lang)).html()
}

fn head(it: &Assessment, lang: Lang) -> Vec<(&'static str, String)> {
    let say = |zh, en| if lang == Lang::Zh { zh } else { en };
    let unknown = || say("未知", "not known").to_owned();
    let copies = format!("{} ({:.2}%)", it.copies, it.copies as f64 * 100.0 / it.sampled.max(1) as f64);
    let mut head = vec![
        (say("来源", "source"), it.source.clone()),
        (say("条款", "clause"), it.clause.to_owned()),
        (say("来源总行数", "rows of the source"), it.population.map_or_else(unknown, |rows| rows.to_string())),
        (say("文件中的行", "rows of the files"), it.rows.to_string()),
        (say("判定的行", "rows judged"), it.sampled.to_string()),
        (say("不同文本", "distinct texts"), it.distinct.to_string()),
        (say("完全重复的行（不重复计数）", "exact copies (not counted again)"), copies),
        (say("无法读取的行", "rows that could not be read"), it.broken.to_string()),
        (say("检测器故障", "texts with a fault"), it.faulty.to_string()),
        (say("两头计的（未定）", "open, counted both ways"), it.open.to_string()),
        (say("仅关键词与规则", "keywords and rules alone"), it.grounds.rules.to_string()),
        (say("仅分类器", "classifier alone"), it.grounds.classifier.to_string()),
        (say("二者一致", "both"), it.grounds.both.to_string()),
    ];
    head.push((say("人工复核", "review by people"), people(it, lang)));
    head.extend([
        (say("抽样种子", "seed"), it.seed.clone()),
        (say("样本清单摘要", "digest of the sample"), it.sample.clone()),
        (say("清单摘要", "digest of the manifest"), it.manifest.clone()),
        (say("检测器与版本", "detectors and versions"), it.settings.versions.join("; ")),
    ]);
    head
}

fn people(it: &Assessment, lang: Lang) -> String {
    match (&it.people, lang) {
        (None, Lang::Zh) => "未进行：以上为机器嫌疑，不是判定".to_owned(),
        (None, Lang::En) => "none: what stands above are suspicions, no verdicts".to_owned(),
        (Some(p), Lang::Zh) => {
            format!("复核 {}：确认 {}，排除 {}，另发现 {}，意见不一 {}", p.reviewed, p.confirmed, p.cleared, p.found, p.undecided)
        }
        (Some(p), Lang::En) => {
            format!(
                "{} judged: {} confirmed, {} cleared, {} found beside, {} undecided",
                p.reviewed, p.confirmed, p.cleared, p.found, p.undecided
            )
        }
    }
}

fn sections(it: &Assessment, lang: Lang) -> Vec<Section> {
    let say = |zh, en| if lang == Lang::Zh { zh } else { en };
    let share = say("占比（95% 区间）", "share (95 % interval)");
    let class = |count: &super::ClassCount| {
        let texts = count.texts.to_string();
        vec![class_name(count.class, lang), texts, percent(count.interval, count.texts, it.distinct)]
    };
    let examples = |count: &super::ClassCount| {
        let name = class_name(count.class, lang);
        count.examples.iter().map(|example| spelt(&name, example)).collect::<Vec<_>>()
    };
    let file = |file: &super::FileCount| {
        let rate = percent(file.interval, file.suspected, file.texts);
        vec![file.path.clone(), file.rows.to_string(), file.texts.to_string(), file.suspected.to_string(), rate]
    };
    vec![
        Section {
            title: say("未能读完的文件", "Files that were not read to the end"),
            note: say("其余数据未计入。", "What lies behind is not counted."),
            columns: vec![say("问题", "trouble")],
            rows: it.unread.iter().map(|trouble| vec![trouble.clone()]).collect(),
            ..Section::default()
        },
        Section {
            title: say("风险类别", "Risk classes"),
            note: say("一条文本可属多类。", "A text may speak for several."),
            columns: vec![say("类别", "class"), say("文本数", "texts"), share],
            rows: it.classes.iter().map(class).collect(),
            ..Section::default()
        },
        Section {
            title: say("示例", "Examples"),
            note: say("每类取内容哈希最小者，非人为挑选。", "Of each class, those with the smallest content hashes: chosen by nobody."),
            columns: vec![say("类别", "class"), say("位置", "place"), say("规则", "rule"), say("字节区间", "bytes"), say("内容", "text")],
            rows: it.classes.iter().flat_map(examples).collect(),
            ..Section::default()
        },
        Section {
            title: say("文件", "Files"),
            note: say("占比区间下限最高者在前。", "By the lower end of the interval."),
            columns: vec![say("文件", "file"), say("行", "rows"), say("不同文本", "distinct texts"), say("涉嫌", "suspected"), share],
            rows: it.files.iter().take(FILES).map(file).collect(),
            ..Section::default()
        },
    ]
}

fn spelt(class: &str, example: &Example) -> Vec<String> {
    let span = example.span.map(|span| format!("{}..{}", span.start, span.end)).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![class.to_owned(), example.place.clone(), text(&example.rule), span, text(&example.shown)]
}

/// The word for a class, with its id.
fn class_name(class: RiskClass, lang: Lang) -> String {
    format!("{} {class}", class.title(lang))
}

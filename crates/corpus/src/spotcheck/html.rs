//! The spot check in words, and as one page.

use stats::Standing;
use taxonomy::Lang;

use super::{Checked, FEWEST_MANUAL, Measured};
use crate::CorpusError;
use crate::page::{Page, Section, percent};

impl Checked {
    /// What it comes to, in a sentence for each rate.
    #[must_use]
    pub fn words(&self, lang: Lang) -> Vec<String> {
        let zh = lang == Lang::Zh;
        let mut lines = vec![
            measured(&self.manual, if zh { "人工抽检" } else { "manual" }, lang),
            measured(&self.technical, if zh { "技术抽检" } else { "technical" }, lang),
        ];
        if self.drawn.population < FEWEST_MANUAL {
            lines.push(match lang {
                Lang::Zh => format!("保留的数据共 {} 行，少于 {FEWEST_MANUAL} 行：人工抽检须覆盖全部。", self.drawn.population),
                Lang::En => format!("{} rows were kept, fewer than {FEWEST_MANUAL}: people judge all of them.", self.drawn.population),
            });
        }
        if self.same_rules {
            lines.push(match lang {
                Lang::Zh => "技术抽检所用规则与扫描相同，保留的行本就无命中：请换用另一词库或 --classifier full，结果才有意义。".to_owned(),
                Lang::En => "The technical check used the rules of the scan, which kept these rows because they found nothing: take another lexicon or --classifier full to learn more.".to_owned(),
            });
        }
        lines
    }

    /// The page of it.
    pub(super) fn html(&self, lang: Lang) -> Result<String, CorpusError> {
        let say = |zh, en| if lang == Lang::Zh { zh } else { en };
        let drawn = &self.drawn;
        let head = vec![
            (say("条款", "clause"), "GB-B2.1".to_owned()),
            (say("保留的行", "rows kept"), drawn.population.to_string()),
            (say("人工抽检行数", "rows for people"), drawn.manual.rows.to_string()),
            (say("人工清单摘要", "digest of the manual list"), drawn.manual.list.clone()),
            (say("技术抽检行数", "rows for keywords and classifier"), drawn.technical.rows.to_string()),
            (say("技术清单摘要", "digest of the technical list"), drawn.technical.list.clone()),
            (say("抽样种子", "seed"), drawn.seed.clone()),
            (say("检测器与版本", "detectors and versions"), self.versions.join("; ")),
        ];
        let class = |kind: &'static str| {
            move |(class, rows): (&taxonomy::RiskClass, &u64)| {
                vec![kind.to_owned(), format!("{} {class}", class.title(lang)), rows.to_string()]
            }
        };
        let (manual, technical) = (say("人工", "manual"), say("技术", "technical"));
        let sections = vec![
            Section {
                title: say("不合格的行", "Rows that violate"),
                note: "",
                columns: vec![say("方式", "by"), say("类别", "class"), say("行数", "rows")],
                rows: self.manual.classes.iter().map(class(manual)).chain(self.technical.classes.iter().map(class(technical))).collect(),
                ..Section::default()
            },
            Section {
                title: say("评审表", "Sheets"),
                note: "",
                columns: vec![say("评审员", "reviewer"), say("已判", "judged"), say("留空", "left empty")],
                rows: self.sheets.iter().map(|s| vec![s.reviewer.clone(), s.judged.to_string(), s.empty.to_string()]).collect(),
                ..Section::default()
            },
        ];
        Page::new(lang, say("训练语料抽检（B.2.1）", "Spot check of training data (B.2.1)"), self.words(lang).join(" "), head, sections)
            .html()
    }
}

fn measured(it: &Measured, name: &str, lang: Lang) -> String {
    let rate = &it.rate;
    let share = percent(it.interval, rate.hits, rate.judged);
    let (bound, open) = (it.bound * 100.0, rate.pending + rate.error);
    let standing = match (it.standing, it.large_enough) {
        (Standing::Failed, _) => ["不达标", "failed"],
        (_, false) => ["样本量不足", "the list is too small"],
        (Standing::NotConcluded, _) => ["未能下结论", "not concluded"],
        (Standing::PassedPointOnly, _) => ["达标（仅点估计）", "passed, on the point estimate only"],
        (Standing::PassedWithConfidence, _) => ["达标", "passed"],
    };
    match lang {
        Lang::Zh => format!("{name}：合格率 {share}，要求不低于 {bound}%，已判 {}，未定 {open}：{}。", rate.judged, standing[0]),
        Lang::En => format!("{name}: {share} qualified, at least {bound} % asked, {} judged, {open} open: {}.", rate.judged, standing[1]),
    }
}

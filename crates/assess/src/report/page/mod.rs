//! The report as a page: sections of blocks, in the words of one language. What the reader sees, and in which order.

mod sections;

use stats::{Bound, Rate};
use taxonomy::{Aspect, Lang, RiskClass};

use sections::Writer;

use super::chart::{Bars, Stack, Tradeoff};
use super::{Report, Words};
use crate::score::{MeasureId, Reason};

/// A page.
pub(super) struct Page {
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) run: String,
    pub(super) head: Vec<(String, String)>,
    pub(super) standing: &'static str,
    /// What must be read before anything else.
    pub(super) banner: Option<String>,
    pub(super) conclusion_title: String,
    pub(super) conclusion: String,
    pub(super) reasons: Vec<String>,
    pub(super) sections: Vec<Section>,
}

/// A section of the page.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

/// A piece of a section.
pub(super) enum Block {
    Heading(String),
    Text(String),
    Note(String),
    List(Vec<String>),
    Table(Table),
    Bars(Bars),
    Stack(Stack),
    Tradeoff(Tradeoff),
    Examples(Vec<ExampleView>),
}

/// A table; with a summary it is folded away.
#[derive(Default)]
pub(super) struct Table {
    pub(super) summary: Option<String>,
    pub(super) wide: bool,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The heading of a column, repeated in its cells on a phone.
    pub(super) fn label(&self, column: &usize) -> &str {
        self.head.get(*column).map_or("", String::as_str)
    }
}

/// A cell of a table.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) class: &'static str,
    pub(super) tag: &'static str,
    pub(super) text: String,
    pub(super) small: String,
}

/// An example as it is shown.
pub(super) struct ExampleView {
    pub(super) tags: Vec<(String, &'static str)>,
    pub(super) key: String,
    pub(super) question: Vec<(String, String)>,
    pub(super) label: String,
    pub(super) text: Vec<(String, bool)>,
}

fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), ..Cell::default() }
}

fn number(text: impl ToString) -> Cell {
    Cell { class: "n", text: text.to_string(), ..Cell::default() }
}

fn hash(text: &str) -> Cell {
    Cell { class: "hash", text: text.to_owned(), ..Cell::default() }
}

impl Page {
    pub(super) fn of(report: &Report, w: &Words) -> Self {
        let conclusion = &report.scores.conclusion;
        let standing = conclusion.standing.id();
        let writer = Writer { report, w };
        Self {
            lang: if w.lang == Lang::Zh { "zh-CN" } else { "en" },
            title: w.get("title").to_owned(),
            subtitle: w.get("subtitle").to_owned(),
            run: report.opened.run.clone(),
            head: writer.head(),
            standing,
            banner: (report.opened.sample_target || report.opened.corpus.sample).then(|| w.get("banner.sample").to_owned()),
            conclusion_title: w.get("conclusion").to_owned(),
            conclusion: w.get(&format!("conclusion.{standing}")).to_owned(),
            reasons: report.reasons(w),
            sections: vec![
                writer.measures(),
                writer.liaoning(),
                writer.content(),
                writer.refusal(),
                writer.corpus(),
                writer.people(),
                writer.examples(),
                writer.failures(),
                writer.coverage(),
                writer.method(),
                writer.sign(),
            ],
        }
    }
}

/// A reason as a sentence.
pub(super) fn reason_text(reason: &Reason, report: &Report, w: &Words) -> String {
    let name = |id: MeasureId| w.get(&format!("measure.{}", id.id())).to_owned();
    let measure = |id: MeasureId| report.scores.measures.iter().find(|m| m.id == id);
    let found = |id| measure(id).and_then(|m| m.share).map_or_else(|| "—".to_owned(), Words::percent);
    match reason {
        Reason::Failed { measure: id } => w.fill(
            "reason.failed",
            &[&name(*id), &found(*id), &measure(*id).and_then(|m| m.bound).map_or_else(String::new, |b| bound(b, w))],
        ),
        Reason::PointOnly { measure: id } => w.fill("reason.point-only", &[&name(*id), &found(*id)]),
        Reason::PeoplePending { measure, items } => w.fill("reason.people-pending", &[&name(*measure), &items.to_string()]),
        Reason::MachineOnly { measure, items } => w.fill("reason.machine-only", &[&name(*measure), &items.to_string()]),
        Reason::Open { measure, items } => w.fill("reason.open", &[&name(*measure), &items.to_string()]),
        Reason::NoClassifier { measure } => w.fill("reason.no-classifier", &[&name(*measure)]),
        Reason::NotAssessed { measure } => w.fill("reason.not-assessed", &[&name(*measure)]),
        Reason::SampleShort { part, drawn, asked } => {
            w.fill("reason.sample-short", &[w.get(&format!("part.{}", part.id())), &drawn.to_string(), &asked.to_string()])
        }
        Reason::BankIncomplete { rows } => w.fill("reason.bank-incomplete", &[&rows.to_string()]),
        Reason::SampleTarget => w.get("reason.sample-target").to_owned(),
        Reason::SampleCorpus => w.get("reason.sample-corpus").to_owned(),
    }
}

/// The judge behind a number that no person has judged.
const fn judge_of(id: MeasureId) -> &'static str {
    match id {
        MeasureId::CorpusClassifier | MeasureId::ContentClassifier => "by.classifier",
        MeasureId::Refusal | MeasureId::FalseRefusal | MeasureId::Alignment => "by.refusal",
        _ => "by.keyword",
    }
}

/// A bound in words.
pub(super) fn bound(bound: Bound, w: &Words) -> String {
    match bound {
        Bound::AtLeast(share) => w.fill("at-least", &[&format!("{:.0} %", share * 100.0)]),
        Bound::AtMost(share) => w.fill("at-most", &[&format!("{:.0} %", share * 100.0)]),
    }
}

/// A class, aspect, modality, language or style with its title.
pub(crate) fn group_title(id: &str, w: &Words) -> String {
    if let Ok(class) = id.parse::<RiskClass>() {
        return format!("{id} {}", class.title(w.lang));
    }
    let aspect = id.parse::<Aspect>().map(|a| a.title(w.lang));
    let modality = id.strip_prefix("modality:").unwrap_or_default().parse::<taxonomy::Modality>().map(|m| m.title(w.lang));
    let lang = id.parse::<Lang>().map(|l| l.title(w.lang));
    if id == "total" {
        return w.get("coverage.total").to_owned();
    }
    let style = format!("style.{id}");
    let named = modality.or(aspect).or(lang).map(str::to_owned);
    named.unwrap_or_else(|_| w.get(&style).trim_start_matches("style.").to_owned())
}

fn books(rate: &Rate) -> String {
    format!("{} = {} + {} + {}", rate.sampled(), rate.judged, rate.pending, rate.error)
}

fn share(rate: &Rate) -> String {
    rate.share().map_or_else(|| "—".to_owned(), Words::percent)
}

fn interval(rate: &Rate) -> String {
    let i = rate.interval();
    if rate.judged == 0 { "—".to_owned() } else { format!("{:.1} – {:.1} %", i.low * 100.0, i.high * 100.0) }
}

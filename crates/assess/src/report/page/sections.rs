//! The sections of the page, in the order they are read.

use stats::{Bound, Rate, Standing};

use super::super::chart::{self, BarData, Stack};
use super::super::examples::{Example, Failure, MOST};
use super::{Block, Cell, ExampleView, Section, Table, books, bound, group_title, hash, interval, judge_of, number, share, text};
use super::{Report, Words};
use crate::bank::Coverage;
use crate::judge::{Counts, JudgeCard, Outcome, counts};
use crate::part::Part;
use crate::score::{Group, Measure, MeasureId};

pub(super) struct Writer<'a> {
    pub(super) report: &'a Report,
    pub(super) w: &'a Words,
}

impl Writer<'_> {
    fn section(&self, id: &'static str, blocks: Vec<Block>) -> Section {
        Section { id, title: self.w.get(id).to_owned(), blocks }
    }

    /// Lines to sign on; who must sign is the filing authority's to say, these three are what filings have.
    pub(super) fn sign(&self) -> Section {
        let w = self.w;
        let head = ["sign.role", "sign.who", "sign.sign", "sign.date"].iter().map(|k| w.get(k).to_owned()).collect();
        let row = |key: &&str| vec![text(w.get(key)), text(""), text(""), text("")];
        let rows = ["sign.legal", "sign.head", "sign.law"].iter().map(row).collect();
        self.section("sign", vec![Block::Table(Table { head, rows, ..Table::default() })])
    }

    pub(super) fn head(&self) -> Vec<(String, String)> {
        let (w, opened) = (self.w, &self.report.opened);
        let target = if opened.sample_target { w.get("sample-target").to_owned() } else { opened.settings.target.clone() };
        let mut head = vec![
            (w.get("head.target").to_owned(), target),
            (w.get("head.run").to_owned(), opened.run.clone()),
            (w.get("head.provider").to_owned(), w.get("to-fill").to_owned()),
            (w.get("head.opened").to_owned(), self.period()),
            (w.get("head.bank").to_owned(), opened.coverage.bank.clone()),
            (w.get("head.made").to_owned(), format!("Guiju 规矩 {}", opened.guiju)),
        ];
        head.extend(opened.settings.model.iter().map(|model| (w.get("head.model").to_owned(), model.clone())));
        head
    }

    /// From the first line of the journal to the freeze, to the minute.
    fn period(&self) -> String {
        let minute = |at: &str| at.get(..16).unwrap_or(at).replace('T', " ");
        let end = self.report.journal.frozen_at.as_deref().map_or_else(String::new, minute);
        format!("{} – {end}", minute(&self.report.opened_at))
    }

    fn measure(&self, id: MeasureId) -> Option<&Measure> {
        self.report.scores.measures.iter().find(|m| m.id == id)
    }

    fn name(&self, id: MeasureId) -> String {
        self.w.get(&format!("measure.{}", id.id())).to_owned()
    }

    pub(super) fn measures(&self) -> Section {
        let w = self.w;
        let head = ["col.clause", "col.measure", "col.share", "col.interval", "col.books", "col.bound", "col.standing"];
        let measures: Vec<_> = MeasureId::BOUND.into_iter().filter_map(|id| self.measure(id)).collect();
        let bars = measures.iter().filter(|m| m.rate.judged > 0).map(|m| self.bar(m)).collect();
        let table = Table {
            wide: true,
            head: head.iter().map(|key| w.get(key).to_owned()).collect(),
            rows: measures.iter().map(|m| self.measure_row(m, true)).collect(),
            ..Table::default()
        };
        let chart = chart::bars(w.get("measures.chart").to_owned(), bars);
        self.section("measures", vec![Block::Table(table), Block::Bars(chart), Block::Note(w.get("measures.note").to_owned())])
    }

    fn bar(&self, m: &Measure) -> BarData {
        BarData { label: self.name(m.id), share: m.share, interval: m.interval, bound: m.bound, value: share(&m.rate) }
    }

    fn measure_row(&self, m: &Measure, with_bound: bool) -> Vec<Cell> {
        let w = self.w;
        let by = match (m.by_people, m.rate.judged) {
            (_, 0) => w.get("by.none").to_owned(),
            (people, all) if people == all => w.get("by.people").to_owned(),
            (0, _) => w.get(judge_of(m.id)).to_owned(),
            (people, all) => w.fill("by.both", &[&people.to_string(), &(all - people).to_string()]),
        };
        let bracket =
            m.bracket.map_or_else(String::new, |(low, high)| w.fill("measures.bracket", &[&Words::percent(low), &Words::percent(high)]));
        let named = Cell { text: self.name(m.id), small: w.get(&format!("formula.{}", m.id.id())).to_owned(), ..Cell::default() };
        let found =
            Cell { class: "n", text: share(&m.rate), small: format!("{} / {} · {by}", m.rate.hits, m.rate.judged), ..Cell::default() };
        let counted = Cell { class: "n", text: books(&m.rate), small: bracket, ..Cell::default() };
        let clause = number(w.get(&format!("clause.{}", m.id.id())));
        let mut row = vec![clause, named, found, number(interval(&m.rate)), counted];
        if with_bound {
            let standing = m.standing.unwrap_or(Standing::NotConcluded);
            let said = w.get(&format!("standing.{}", standing.id())).to_owned();
            let (tag, said) = match standing {
                // A pass on too small a sample is no pass.
                Standing::PassedWithConfidence | Standing::PassedPointOnly if m.short => ("warn", w.get("standing.short-pass").to_owned()),
                Standing::PassedWithConfidence | Standing::PassedPointOnly => ("good", said),
                Standing::Failed => ("bad", said),
                Standing::NotConcluded => ("warn", said),
            };
            let short = if m.short && standing == Standing::Failed { w.get("standing.short").to_owned() } else { String::new() };
            row.push(number(m.bound.map_or_else(String::new, |b| bound(b, w))));
            row.push(Cell { tag, text: said, small: short, ..Cell::default() });
        }
        row
    }

    pub(super) fn liaoning(&self) -> Section {
        let w = self.w;
        let head = ["col.clause", "col.measure", "col.share", "col.interval", "col.books"];
        let measures: Vec<_> = MeasureId::UNBOUND.into_iter().filter_map(|id| self.measure(id)).collect();
        let table = Table {
            wide: true,
            head: head.iter().map(|key| w.get(key).to_owned()).collect(),
            rows: measures.iter().map(|m| self.measure_row(m, false)).collect(),
            ..Table::default()
        };
        let bars = measures.iter().map(|m| self.bar(m)).collect();
        let chart = Block::Bars(chart::bars(String::new(), bars));
        self.section("liaoning", vec![Block::Table(table), chart, Block::Note(w.get("liaoning.note").to_owned())])
    }

    pub(super) fn content(&self) -> Section {
        let w = self.w;
        let mut blocks = vec![Block::Note(w.get("content.note").to_owned())];
        // A guard model's recall is its owner's to know; of ours the reader must be told.
        match self.report.judges.iter().find(|judge| judge.name == "classifier") {
            None => blocks.push(Block::Text(w.get("content.no-classifier").to_owned())),
            Some(judge) if judge.version.starts_with("guiju-") => blocks.push(Block::Note(w.get("content.classifier").to_owned())),
            Some(_) => {}
        }
        for judge in self.report.judges.iter().filter(|judge| judge.faults > 0) {
            blocks
                .push(Block::Text(w.fill("content.faults", &[w.get(&format!("method.judge.{}", judge.name)), &judge.faults.to_string()])));
        }
        for (name, key) in
            [("class", "content.class"), ("modality", "content.modality"), ("lang", "content.lang"), ("style", "content.style")]
        {
            let Some(groups) = self.report.scores.content.get(name).filter(|g| !g.is_empty()) else { continue };
            blocks.push(Block::Heading(w.get(key).to_owned()));
            let caption = if name == "class" { w.get("content.class.chart") } else { "" };
            blocks.push(self.group_bars(groups, caption, Some(Part::Content.bound())));
            blocks.push(self.group_table(groups, ["col.keyword", "col.people"], Some(key)));
        }
        self.section("content", blocks)
    }

    fn group_bars(&self, groups: &[Group], caption: &str, bound: Option<Bound>) -> Block {
        let best = |g: &Group| if g.people.judged > 0 && g.people.pending == 0 { g.people } else { g.machine };
        let bar = |g: &Group| {
            let rate = best(g);
            BarData { label: group_title(&g.group, self.w), share: rate.share(), interval: rate.interval(), bound, value: share(&rate) }
        };
        Block::Bars(chart::bars(caption.to_owned(), groups.iter().map(bar).collect()))
    }

    fn group_table(&self, groups: &[Group], columns: [&str; 2], summary: Option<&str>) -> Block {
        let w = self.w;
        let cell = |rate: &Rate| Cell {
            class: "n",
            text: share(rate),
            small: format!("{} · {}/{} · {}", interval(rate), rate.hits, rate.judged, books(rate)),
            ..Cell::default()
        };
        let rows = groups.iter().map(|g| vec![text(group_title(&g.group, w)), cell(&g.machine), cell(&g.people)]).collect();
        let head = vec![w.get("col.group").to_owned(), w.get(columns[0]).to_owned(), w.get(columns[1]).to_owned()];
        let summary = summary.map(|_| w.fill("details", &[w.get("col.books")]));
        Block::Table(Table { summary, head, rows, wide: true })
    }

    pub(super) fn refusal(&self) -> Section {
        let w = self.w;
        let mut blocks = vec![Block::Note(w.get("refusal.note").to_owned())];
        blocks.push(Block::Heading(w.get("refusal.outcomes").to_owned()));
        blocks.push(Block::Stack(self.outcome_stack()));
        blocks.push(Block::Table(self.outcome_table()));
        if let (Some(refusal), Some(false_refusal)) = (self.measure(MeasureId::Refusal), self.measure(MeasureId::FalseRefusal))
            && let (Some(up), Some(across)) = (refusal.share, false_refusal.share)
        {
            blocks.push(Block::Heading(w.get("refusal.tradeoff").to_owned()));
            let labels = (self.name(MeasureId::FalseRefusal), self.name(MeasureId::Refusal));
            let caption = w.get("refusal.tradeoff.chart").to_owned();
            blocks.push(Block::Tradeoff(chart::tradeoff(caption, labels, (up, refusal.interval), (across, false_refusal.interval))));
        }
        for (part, key) in [(Part::ShouldRefuse, "refusal.should-refuse"), (Part::ShouldAnswer, "refusal.should-answer")] {
            let Some(groups) = self.report.scores.refusal.get(part.id()).filter(|g| !g.is_empty()) else { continue };
            blocks.push(Block::Heading(w.get(key).to_owned()));
            blocks.push(self.group_bars(groups, w.get(&format!("{key}.chart")), Some(part.bound())));
            blocks.push(self.group_table(groups, ["col.refused", "col.refused-people"], Some(key)));
        }
        if let Some(card) = self.report.judges.iter().find_map(|j| j.card) {
            blocks.extend(self.card(&card));
        }
        self.section("refusal", blocks)
    }

    fn outcome_stack(&self) -> Stack {
        let w = self.w;
        let title = |part: Part| w.get(&format!("col.{}", part.id())).to_owned();
        Stack {
            caption: w.get("refusal.outcomes.chart").to_owned(),
            legend: Outcome::ALL.iter().map(|o| (o.index(), w.get(&format!("outcome.{}", o.id())).to_owned())).collect(),
            rows: self.report.scores.outcomes.iter().map(|o| chart::stack_row(title(o.part), &o.counts)).collect(),
        }
    }

    fn outcome_table(&self) -> Table {
        let w = self.w;
        let counted = |part, outcome| {
            let id = match counts(part, outcome, false) {
                Counts::Refused => "counts.refused",
                Counts::Not => "counts.not",
                Counts::People => "counts.people",
                Counts::Error => "counts.error",
            };
            text(w.get(id))
        };
        let head = ["col.outcome", "col.should-refuse", "col.counts-refuse", "col.should-answer", "col.counts-answer"];
        let at = |table: &[u64; 8], outcome: Outcome| table.get(outcome.index()).copied().unwrap_or(0);
        let row = |outcome: &Outcome| {
            let mut row = vec![text(w.get(&format!("outcome.{}", outcome.id())))];
            for table in &self.report.scores.outcomes {
                let (people, open) = (at(&table.by_people, *outcome), at(&table.to_people, *outcome));
                let mut small = Vec::new();
                if people > 0 {
                    small.push(format!("{} {people}", w.get("col.of-people")));
                }
                if open > 0 {
                    small.push(format!("{} {open}", w.get("col.to-people")));
                }
                row.push(Cell { class: "n", text: at(&table.counts, *outcome).to_string(), small: small.join(" · "), ..Cell::default() });
                row.push(counted(table.part, *outcome));
            }
            row
        };
        Table {
            head: head.iter().map(|k| w.get(k).to_owned()).collect(),
            rows: Outcome::ALL.iter().map(row).collect(),
            wide: true,
            summary: None,
        }
    }

    fn card(&self, card: &JudgeCard) -> Vec<Block> {
        let w = self.w;
        let rows = [
            ("card.accuracy", card.accuracy),
            ("card.sensitivity", card.sensitivity),
            ("card.specificity", card.specificity),
            ("card.band", card.band),
            ("card.band-accuracy", card.band_accuracy),
            ("card.complied", card.complied_as_refusal),
            ("card.exact", card.exact),
        ];
        let mut rows: Vec<Vec<Cell>> = rows
            .iter()
            .map(|(key, rate)| {
                vec![text(w.get(key)), number(share(rate)), number(interval(rate)), number(format!("{}/{}", rate.hits, rate.judged))]
            })
            .collect();
        if let Some(kappa) = card.kappa {
            let bounds = format!("{:.2} – {:.2}", kappa.interval.low, kappa.interval.high);
            rows.push(vec![text(w.get("card.kappa")), number(format!("{:.3}", kappa.kappa)), number(bounds), number(kappa.items)]);
        }
        let head = ["col.figure", "col.share", "col.interval", "failures.count"].iter().map(|k| w.get(k).to_owned()).collect();
        let mut blocks = vec![
            Block::Heading(w.get("refusal.card").to_owned()),
            Block::Note(w.fill("refusal.card.note", &[&card.accuracy.judged.to_string()])),
            Block::Table(Table { head, rows, wide: true, summary: None }),
        ];
        for id in [MeasureId::Refusal, MeasureId::FalseRefusal] {
            if let Some((theta, i)) = self.measure(id).and_then(|m| m.corrected) {
                let bounds = format!("{:.1} – {:.1} %", i.low * 100.0, i.high * 100.0);
                blocks.push(Block::Text(w.fill("refusal.corrected", &[&self.name(id), &Words::percent(theta), &bounds])));
            }
        }
        blocks
    }

    pub(super) fn corpus(&self) -> Section {
        let (w, facts) = (self.w, &self.report.opened.corpus);
        if facts.files.is_empty() {
            return self.section("corpus", vec![Block::Text(w.get("corpus.none").to_owned())]);
        }
        let mut blocks = vec![Block::Text(w.fill("corpus.note", &[&facts.rows.to_string(), &facts.bad_lines.to_string()]))];
        if facts.sample {
            blocks.push(Block::Text(w.get("corpus.sample").to_owned()));
        }
        if !facts.first_bad.is_empty() {
            blocks.push(Block::Heading(w.fill("corpus.bad", &[&facts.first_bad.len().to_string()])));
            blocks.push(Block::List(facts.first_bad.clone()));
        }
        let ids = [MeasureId::CorpusManual, MeasureId::CorpusKeyword, MeasureId::CorpusClassifier];
        let bars = ids.iter().filter_map(|id| self.measure(*id)).map(|m| self.bar(m)).collect();
        blocks.push(Block::Bars(chart::bars(String::new(), bars)));
        self.section("corpus", blocks)
    }

    pub(super) fn people(&self) -> Section {
        let w = self.w;
        let head =
            ["people.part", "people.items", "people.twice", "people.unsettled", "people.adjudicated", "people.kappa", "people.reviewers"];
        let row = |p: &crate::score::People| {
            let kappa =
                p.kappa.map_or_else(|| "—".to_owned(), |k| format!("{:.2} ({:.2} – {:.2})", k.kappa, k.interval.low, k.interval.high));
            let who = if p.reviewers.is_empty() { "—".to_owned() } else { p.reviewers.join("、") };
            let title = text(w.get(&format!("part.{}", p.part.id())));
            vec![title, number(p.items), number(p.twice), number(p.unsettled), number(p.adjudicated), number(kappa), text(who)]
        };
        let rows = self.report.scores.people.iter().map(row).collect();
        let table = Table { head: head.iter().map(|k| w.get(k).to_owned()).collect(), rows, wide: true, summary: None };
        self.section(
            "people",
            vec![Block::Note(w.get("people.note").to_owned()), Block::Table(table), Block::Note(w.get("people.how").to_owned())],
        )
    }

    pub(super) fn examples(&self) -> Section {
        let w = self.w;
        let mut blocks = vec![Block::Note(w.fill("examples.note", &[&MOST.to_string()]))];
        for part in Part::ALL {
            let views: Vec<_> = self.report.examples.iter().filter(|e| e.part == part).map(|e| self.example(e)).collect();
            if !views.is_empty() {
                blocks.push(Block::Heading(w.get(&format!("examples.{}", part.id())).to_owned()));
                blocks.push(Block::Examples(views));
            }
        }
        if self.report.examples.is_empty() {
            blocks.push(Block::Text(w.get("examples.none").to_owned()));
        }
        self.section("examples", blocks)
    }

    fn example(&self, e: &Example) -> ExampleView {
        let w = self.w;
        let by = if e.by_people { "by.people" } else { "by.machine" };
        let mut tags = vec![(w.get(by).to_owned(), if e.by_people { "good" } else { "" })];
        tags.extend(e.outcome.map(|o| (w.get(&format!("outcome.{}", o.id())).to_owned(), "bad")));
        if e.outcome.is_none() {
            tags.extend(e.class.map(|c| (w.fill("examples.found", &[&group_title(c.id(), w)]), "bad")));
        }
        tags.extend((e.group != "-").then(|| (w.fill("examples.class", &[&group_title(&e.group, w)]), "")));
        tags.extend((!e.rules.is_empty()).then(|| (format!("{} {}", w.get("examples.rule"), e.rules.join("；")), "warn")));
        let is_row = e.part.bank().is_none();
        let asked = |(at, q): (usize, &String)| {
            let turn = if e.question.len() > 1 { (at + 1).to_string() } else { String::new() };
            (format!("{}{turn}", w.get("examples.question")), q.clone())
        };
        let question = if is_row { Vec::new() } else { e.question.iter().enumerate().map(asked).collect() };
        let label = w.get(if is_row { "examples.row" } else { "examples.answer" }).to_owned();
        let mut pieces = marked(&e.text, &e.marks);
        if e.text.trim().is_empty() {
            pieces = vec![(w.get("examples.empty").to_owned(), false)];
        } else if e.cut {
            pieces.push((format!(" {}", w.get("skipped")), false));
        }
        ExampleView { tags, key: e.key.clone(), question, label, text: pieces }
    }

    pub(super) fn failures(&self) -> Section {
        let w = self.w;
        let mut blocks = Vec::new();
        if self.report.failures.is_empty() && self.report.scores.empty_answers == 0 {
            blocks.push(Block::Text(w.get("failures.none").to_owned()));
        } else {
            let head = ["failures.code", "failures.count", "failures.example"].iter().map(|k| w.get(k).to_owned()).collect();
            let row = |f: &Failure| {
                vec![text(&f.code), number(f.count), Cell { text: f.key.clone(), small: f.message.clone(), ..Cell::default() }]
            };
            let mut rows: Vec<_> = self.report.failures.iter().map(row).collect();
            let empty = self.report.scores.empty_answers;
            if empty > 0 {
                rows.push(vec![text(w.get("failures.empty")), number(empty), text("—")]);
            }
            blocks.push(Block::Table(Table { head, rows, ..Table::default() }));
            blocks.push(Block::Note(w.get("failures.note").to_owned()));
        }
        if let Some(ms) = self.report.scores.latency_ms {
            let [median, p95, p99, longest] = ms.map(|n| n.to_string());
            blocks.push(Block::Text(w.fill("latency", &[&median, &p95, &p99, &longest])));
        }
        self.section("failures", blocks)
    }

    pub(super) fn coverage(&self) -> Section {
        let w = self.w;
        let coverage: &Coverage = &self.report.opened.coverage;
        let lacking: Vec<_> = coverage.rows.iter().filter(|row| row.missing() > 0).collect();
        if lacking.is_empty() {
            return self.section("coverage", vec![Block::Text(w.get("coverage.complete").to_owned())]);
        }
        let head = ["col.clause", "people.part", "col.group", "coverage.asked", "coverage.there", "coverage.missing"];
        let row = |r: &&crate::bank::CoverageRow| {
            let part = w.get(&format!("part.{}", r.part.id())).to_owned();
            vec![number(&r.clause), text(part), text(group_title(&r.group, w)), number(r.asked), number(r.there), number(r.missing())]
        };
        let said = w.fill("coverage.lacking", &[&lacking.len().to_string()]);
        let folded = w.fill("coverage.all", &[&lacking.len().to_string()]);
        let totals = lacking.iter().filter(|r| r.group == "total").map(row).collect();
        let heads = || head.iter().map(|k| w.get(k).to_owned()).collect::<Vec<_>>();
        let all = Table { summary: Some(folded), head: heads(), rows: lacking.iter().map(row).collect(), wide: true };
        self.section(
            "coverage",
            vec![Block::Text(said), Block::Table(Table { head: heads(), rows: totals, wide: true, summary: None }), Block::Table(all)],
        )
    }

    pub(super) fn method(&self) -> Section {
        let (w, report) = (self.w, self.report);
        let heads = |keys: &[&str]| keys.iter().map(|k| w.get(k).to_owned()).collect::<Vec<_>>();
        let sample = |d: &crate::journal::Drawn| {
            vec![text(w.get(&format!("part.{}", d.part.id()))), number(d.asked), number(d.there), number(d.drawn), hash(&d.digest)]
        };
        let head = heads(&["people.part", "coverage.asked", "method.there", "method.drawn", "method.digest"]);
        let samples = Table { head, rows: report.samples.iter().map(sample).collect(), wide: true, summary: None };
        let s = &report.opened.settings;
        let asking = w.fill(
            "method.settings.value",
            &[&s.concurrency.to_string(), &s.timeout_s.to_string(), &s.attempts.to_string(), w.get(if s.stream { "yes" } else { "no" })],
        );
        let journal = w.fill("method.journal.value", &[&report.journal.lines.to_string(), &report.journal.head]);
        let mut rows = vec![
            vec![text(w.get("method.seed")), text(&s.seed)],
            vec![text(w.get("bank-digest")), hash(&report.opened.bank_digest)],
            vec![text(w.get("method.settings")), text(asking)],
            vec![text(w.get("method.resumed")), number(report.journal.resumed)],
        ];
        rows.extend(report.judges.iter().map(|j| vec![text(w.get(&format!("method.judge.{}", j.name))), hash(&j.version)]));
        rows.push(vec![text(w.get("method.journal")), hash(&journal)]);
        let versions = Table { head: heads(&["method.versions", "col.value"]), rows, ..Table::default() };
        self.section(
            "method",
            vec![
                Block::Heading(w.get("method.samples").to_owned()),
                Block::Note(w.get("method.samples.note").to_owned()),
                Block::Table(samples),
                Block::Heading(w.get("method.versions").to_owned()),
                Block::Table(versions),
                Block::Text(w.get("method.check").to_owned()),
                Block::Heading(w.get("glossary").to_owned()),
                Block::Text(w.get("glossary.text").to_owned()),
            ],
        )
    }
}

/// A text cut into pieces, marked and not; marks that overlap become one.
fn marked(text: &str, marks: &[taxonomy::Span]) -> Vec<(String, bool)> {
    let mut marks = marks.to_vec();
    marks.sort_unstable();
    let (mut pieces, mut at) = (Vec::new(), 0);
    for mark in marks {
        let start = mark.start.max(at);
        if let (Some(before), Some(inside)) = (text.get(at..start), text.get(start..mark.end)) {
            pieces.push((before.to_owned(), false));
            pieces.push((inside.to_owned(), true));
            at = mark.end;
        }
    }
    pieces.push((text.get(at..).unwrap_or_default().to_owned(), false));
    pieces
}

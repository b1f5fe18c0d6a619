//! `guiju taxonomy`: the words.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use taxonomy::{Aspect, Lang, RiskClass, clauses};

use super::{pad, print_json};

#[derive(Subcommand)]
pub(crate) enum Taxonomy {
    /// The 31 risk classes of GB/T 45654-2025 Appendix A
    Risks(Form),
    /// The 13 aspects of questions a service must not refuse (B.1.3 b)
    Aspects(Form),
    /// The clauses of the two standards, and how each is proven
    Clauses(Form),
    /// The written basis of judgement for each risk class (B.1.2 c)
    Criteria(Form),
    /// What a service may say instead, for each risk class: refusals, and where help is to be had
    Answers(Form),
}

#[derive(Args)]
pub(crate) struct Form {
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Taxonomy) -> Result<ExitCode> {
    match command {
        Taxonomy::Risks(form) => words(form, RiskClass::ALL.iter().map(|c| (c.id(), c.title(Lang::Zh), c.title(Lang::En))))?,
        Taxonomy::Aspects(form) => words(form, Aspect::ALL.iter().map(|a| (a.id(), a.title(Lang::Zh), a.title(Lang::En))))?,
        Taxonomy::Clauses(form) if form.json => print_json(&clauses())?,
        Taxonomy::Clauses(_) => {
            for clause in clauses() {
                say!("{} {} {}\n{:22}{}", pad(clause.id, 12), pad(clause.kind.id(), 8), clause.title_zh, "", clause.title_en);
            }
        }
        Taxonomy::Criteria(form) => criteria(form)?,
        Taxonomy::Answers(form) => answers(form)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn words<'a>(form: &Form, words: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Result<()> {
    if form.json {
        let list: Vec<_> = words.map(|(id, zh, en)| json!({"id": id, "zh": zh, "en": en})).collect();
        return print_json(&list);
    }
    for (id, zh, en) in words {
        say!("{} {} {en}", pad(id, 11), pad(zh, 38));
    }
    Ok(())
}

fn criteria(form: &Form) -> Result<()> {
    let criteria = library::criteria::criteria()?;
    if form.json {
        let list: Vec<_> = criteria
            .iter()
            .map(|(class, c)| json!({"id": criteria.id(class), "severity": c.severity, "zh": c.text(Lang::Zh), "en": c.text(Lang::En)}))
            .collect();
        return print_json(&list);
    }
    for (class, criterion) in criteria.iter() {
        for lang in Lang::ALL {
            let text = criterion.text(*lang);
            say!("{} {} ({})", criteria.id(class), class.title(*lang), criterion.severity.title(*lang));
            say!("  {}\n  + {}\n  - {}", text.definition, text.counts, text.excludes);
            for (mark, lines) in
                [("1.", &text.procedure), ("?", &text.borderline), ("✗", &text.violates), ("✓", &text.fine), ("§", &text.law)]
            {
                lines.iter().for_each(|line| say!("  {mark} {line}"));
            }
        }
        say!("");
    }
    Ok(())
}

fn answers(form: &Form) -> Result<()> {
    let answers = library::answers::safe_answers()?;
    let all = RiskClass::ALL.iter().flat_map(|class| Lang::ALL.iter().map(move |lang| (*class, *lang)));
    let of = all.filter_map(|(class, lang)| answers.get(class, lang).map(|these| (class, lang, these)));
    if form.json {
        let list: Vec<_> =
            of.map(|(class, lang, these)| json!({"class": class, "lang": lang, "refuse": these.refuse, "help": these.help})).collect();
        return print_json(&list);
    }
    for (class, lang, these) in of {
        say!("{class} {}", class.title(lang));
        these.refuse.iter().for_each(|refusal| say!("  {refusal}"));
        if !these.help.is_empty() {
            say!("  → {}", these.help);
        }
    }
    Ok(())
}

//! The refusal model: trained from the labelled rows, committed, and checked to be what training gives.

use anyhow::{Result, bail};
use assess::judge::{JudgeCard, RefusalJudge, SelfTest, held_out, train, training_rows};

const MODEL: &str = "crates/assess/data/refusal/model.bin";

pub(crate) fn model(flags: &[&str]) -> Result<()> {
    if flags.contains(&"--cross") {
        return cross(flags.contains(&"--errors"));
    }
    let made = train(&training_rows().concat());
    if flags.contains(&"--check") {
        if std::fs::read(MODEL)? != made {
            bail!("{MODEL} is not what training gives; run `cargo xtask refusal-model` and commit it");
        }
        println!("{MODEL} is what training gives");
    } else {
        std::fs::write(MODEL, &made)?;
        println!("{MODEL}: {} bytes", made.len());
        print("held out", &SelfTest::of(&mut RefusalJudge::with(&made), &held_out()).card);
    }
    Ok(())
}

/// Leave one author out: the only figures a rule or a threshold may be tuned on.
fn cross(show_errors: bool) -> Result<()> {
    let authors = training_rows();
    let mut cards = Vec::new();
    for (at, held) in authors.iter().enumerate() {
        let rest: Vec<_> = authors.iter().enumerate().filter(|(i, _)| *i != at).flat_map(|(_, rows)| rows.clone()).collect();
        let mut judge = RefusalJudge::with(&train(&rest));
        let test = SelfTest::of(&mut judge, held);
        print(&format!("author {at}"), &test.card);
        if show_errors {
            for row in held {
                let guess = judge.guess(&row.question, &row.reply());
                if guess.outcome.is_refusal() != row.outcome.is_refusal() {
                    let answer: String = row.answer.chars().take(150).collect();
                    println!(
                        "  {} {} -> {} {:.2} auto={} | {} | {}",
                        row.id,
                        row.outcome.id(),
                        guess.outcome.id(),
                        guess.probability,
                        guess.auto,
                        row.question,
                        answer.replace('\n', "⏎")
                    );
                }
            }
        }
        cards.push(test.card);
    }
    let sum = |rate: fn(&JudgeCard) -> (u64, u64)| {
        let (hits, judged) = cards.iter().map(rate).fold((0, 0), |(h, n), r| (h + r.0, n + r.1));
        100.0 * hits as f64 / f64::from(u32::try_from(judged).unwrap_or(1).max(1))
    };
    println!(
        "all: refused-or-not {:.1} %, exact {:.1} %, band {:.1} % of answers, {:.1} % right in it, complied-as-refusal {:.1} %",
        sum(|c| (c.accuracy.hits, c.accuracy.judged)),
        sum(|c| (c.exact.hits, c.exact.judged)),
        sum(|c| (c.band.hits, c.band.judged)),
        sum(|c| (c.band_accuracy.hits, c.band_accuracy.judged)),
        sum(|c| (c.complied_as_refusal.hits, c.complied_as_refusal.judged)),
    );
    Ok(())
}

fn print(name: &str, card: &JudgeCard) {
    let percent = |hits: u64, n: u64| 100.0 * hits as f64 / n.max(1) as f64;
    println!(
        "{name}: {} rows, refused-or-not {:.1} %, exact {:.1} %, band {:.1} %, right in band {:.2} %, complied-as-refusal {}/{}",
        card.accuracy.judged,
        percent(card.accuracy.hits, card.accuracy.judged),
        percent(card.exact.hits, card.exact.judged),
        percent(card.band.hits, card.band.judged),
        percent(card.band_accuracy.hits, card.band_accuracy.judged),
        card.complied_as_refusal.hits,
        card.complied_as_refusal.judged,
    );
}

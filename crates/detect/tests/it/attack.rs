//! Attacks nobody tuned on, and innocent prompts that share their words. The rules were written by other hands, which never saw these.

use detect::{Keywords, Lexicon, Pipeline};
use serde::Deserialize;
use taxonomy::Severity;

#[derive(Deserialize)]
struct Prompt {
    text: String,
}

fn caught(rows: &str, least: Severity) -> (usize, usize) {
    let attacks = Keywords::compile(&Lexicon::attacks().unwrap());
    let pipeline = Pipeline::new(vec![Box::new(attacks)]);
    let prompts: Vec<Prompt> = rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let hit = |prompt: &&Prompt| pipeline.check(&prompt.text).findings.iter().any(|f| f.attack.is_some() && f.severity >= least);
    (prompts.iter().filter(hit).count(), prompts.len())
}

/// `cargo test -p guiju-detect --test it attack -- --nocapture` prints the figures of docs/detection.md.
#[test]
fn held_out_attacks_and_innocent_prompts() {
    for least in [Severity::Review, Severity::Block] {
        let (found, attacks) = caught(include_str!("attack/held_out_attacks.jsonl"), least);
        let (alarms, innocent) = caught(include_str!("attack/held_out_innocent.jsonl"), least);
        println!("{least} or more: {found} of {attacks} attacks, {alarms} of {innocent} innocent prompts");
        assert!(alarms * 20 <= innocent, "more than 5 % of innocent prompts raise an alarm");
    }
}

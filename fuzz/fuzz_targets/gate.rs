#![no_main]
//! Events of any upstream through the gates: no panic, one end, nothing after it.

use detect::redact::{Policy, Redactor, Secrets};
use detect::{Direction, Scanner};
use gateway::sse::{Frame, Splitter};
use gateway::stream::{Action, Gate, Judge, Lane, Mode, Options};
use gateway::wire::{Endpoint, Facts, Usage};
use guiju_fuzz::{PIPELINE, choice, head};
use taxonomy::{Fault, Finding, Verdict};

struct Caller(Redactor);

impl Judge for Caller {
    fn scanner(&self) -> Scanner {
        Scanner::new(PIPELINE.clone(), Direction::Output)
    }

    fn whole(&mut self, _: Lane, text: &str) -> Verdict {
        PIPELINE.check_as(text, Direction::Output)
    }

    fn decide(&mut self, _: Lane, findings: &[Finding], _: &[Fault]) -> Action {
        if findings.last().is_some_and(|finding| finding.personal.is_some()) { Action::Mask } else { Action::Refuse("no".to_owned()) }
    }

    fn classify(&mut self, _: Lane, text: &str) -> Action {
        assert!(text.chars().count() <= 1024);
        Action::Pass
    }

    fn opaque(&mut self, _: usize, _: &str) -> Action {
        Action::Mask
    }

    fn overflow(&mut self) -> String {
        "no".to_owned()
    }

    fn redactor(&self) -> &Redactor {
        &self.0
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (how, bytes) = head(data);
    let endpoint = [Endpoint::Chat, Endpoint::Completions, Endpoint::Responses][choice(how, 0) % 3];
    let mode = [Mode::Trail, Mode::Hold, Mode::Full][choice(how, 1) % 3];
    let facts = Facts { id: "g".to_owned(), created: 0, model: "m".to_owned(), choices: 1 + choice(how, 2) % 3, usage: Usage::default() };
    let redactor = Redactor::new(Policy::default(), &Secrets::default()).expect("it needs no secret");
    let mut gate = Gate::new(Options { endpoint, mode, usage: true, facts }, Caller(redactor));
    let (mut splitter, mut sent) = (Splitter::default(), Vec::new());
    for piece in bytes.chunks(1 + choice(how, 3)) {
        let was_over = gate.ended().is_some();
        let frames = gate.push(splitter.feed(piece).expect("it is short"));
        assert!(!was_over || frames.is_empty(), "something after the end: {frames:?}");
        sent.extend(frames);
        sent.extend(gate.behind());
    }
    sent.extend(gate.end(None));
    assert!(gate.ended().is_some());
    let ends = sent.iter().filter(|frame| matches!(frame, Frame::Event(event) if event.data == "[DONE]")).count();
    assert!(ends <= 1);
});

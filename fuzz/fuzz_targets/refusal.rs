#![no_main]
//! The refusal judge on any question (first line) and answer (the rest).

use std::cell::RefCell;

use assess::journal::Reply;
use assess::judge::{Outcome, RefusalJudge};

thread_local! {
    static JUDGE: RefCell<RefusalJudge> = RefCell::new(RefusalJudge::embedded());
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (question, answer) = guiju_fuzz::head(data);
    let (question, answer) = (&*guiju_fuzz::text(question), guiju_fuzz::text(answer));
    let guess = |reply: &Reply| {
        let (one, two) = JUDGE.with_borrow_mut(|judge| (judge.guess(question, reply), judge.guess(question, reply)));
        assert_eq!(one, two);
        assert!((0.0..=1.0).contains(&one.probability), "{one:?}");
        one
    };
    let reply = Reply { text: answer.clone(), ..Reply::default() };
    let plain = guess(&reply);
    assert!(!answer.trim().is_empty() || (plain.outcome, plain.auto) == (Outcome::EmptyOrError, true));
    // White space around an answer says nothing.
    assert_eq!(guess(&Reply { text: format!("\n {answer}\t\n"), ..Reply::default() }), plain);
    // What the transport says comes before what the text says.
    assert_eq!(guess(&Reply { http: Some(403), ..reply.clone() }).outcome, Outcome::PlatformBlock);
    assert_eq!(guess(&Reply { http: Some(500), ..reply.clone() }).outcome, Outcome::EmptyOrError);
    // An answer that a filter cut short is never decided by what is left of it, unless nothing is.
    let cut = guess(&Reply { finish: Some("content_filter".to_owned()), ..reply });
    assert!(!cut.auto || matches!(cut.outcome, Outcome::PlatformBlock | Outcome::EmptyOrError), "{cut:?}");
});

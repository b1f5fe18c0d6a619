#![no_main]
//! A file of answers given elsewhere: refused, or it answers what it says it answers.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use assess::Part;
use assess::bank::{Bank, Question};

fn now<T>(mut future: Pin<Box<dyn Future<Output = T> + '_>>) -> T {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a file keeps nobody waiting"),
    }
}

thread_local! {
    static QUESTION: Question = Bank::embedded().expect("tested").questions.swap_remove(0).1;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let path = guiju_fuzz::scratch().join("answers.jsonl");
    guiju_fuzz::put(&path, data);
    let settings = guiju_fuzz::settings(&format!("file:{}", path.display()), Part::ALL.to_vec());
    let Ok(target) = assess::target::open(&settings) else { return };
    let text = guiju_fuzz::text(data);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let row: serde_json::Value = serde_json::from_str(line).expect("it was accepted");
        let mut question = QUESTION.with(Question::clone);
        question.id = row["id"].as_str().expect("it was accepted").to_owned();
        let reply = now(target.ask(&question, &[])).expect("it is there");
        assert_eq!((Some(&*reply.text), reply.repaired), (row["answer"].as_str(), false));
        question.id.push('?');
        let other = now(target.ask(&question, &[]));
        assert!(other.is_err() || text.contains('?'));
    }
});

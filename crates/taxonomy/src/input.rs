//! What kind of text is judged: the same words can be fine as a question and not as an answer.

crate::words! {
    /// A kind of input to a classifier.
    InputKind, "kind of input (text, prompt, answer or dialog)", {
        Text = "text", "文本", "plain text";
        Prompt = "prompt", "提问", "prompt";
        Answer = "answer", "回答", "answer";
        Dialog = "dialog", "问答", "prompt with its answer";
    }
}

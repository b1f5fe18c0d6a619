//! Judging on demand: OpenAI's `/v1/moderations`, and our own `/v1/guard` that says more (`docs/formats/moderation.md`).
//!
//! Requests in, texts to judge out; verdicts in, JSON out. Pure. What cannot be judged (images) is never reported as harmless: it is flagged, with its kind, unless the policy lets
//! its kind pass. Content is not repeated in a reply: a finding is a span.

mod category;
mod found;
mod guard;
mod openai;

pub use category::{Category, Table};
pub use found::{Found, Range, found};
pub use guard::{GuardError, GuardPart, GuardRequest, GuardResponse, Judged, JudgedPart, Passage, ToolCall};
pub use openai::{ModerationError, Outcome, Subject, moderation, subjects};

/// Most texts of one list of a request: eight times a generous batch, and a bound on the reply.
pub const MAX_TEXTS: usize = 1_024;

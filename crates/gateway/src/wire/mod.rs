//! What requests and answers of the OpenAI API look like: which texts stand where, how to put others in their place, how to say no.
//!
//! Pure and total: any JSON value is taken, nothing is fetched, nothing is changed but by [`replace`] and [`Part::put`]. Invariant: every string of a
//! message reaches the caller as a part, or as something [`Opaque`], or is an identifier or a word of the protocol; a field that nobody knows is read too,
//! so that nothing is smuggled past. What a server keeps from earlier (`previous_response_id`, a file by its id) cannot be seen here and is opaque.
//! It does not judge. Shapes: the API reference of OpenAI (chat completions, completions, responses, embeddings), and what vLLM, DeepSeek, OpenRouter and
//! Azure add (`reasoning_content`, `documents`, `content_filter_results`).

mod answer;
mod arguments;
mod fields;
mod parse;
mod put;
mod rule;
mod walk;

#[cfg(test)]
mod tests;

use serde_json::Value;
use taxonomy::Span;

pub use answer::{Facts, Usage, error, refusal};

pub(crate) use answer::{message, usage};
pub use parse::parse;
pub use put::{Edit, replace};
pub(crate) use rule::is_id;

/// Most messages, items, tools or prompts of one request. Clients that keep whole conversations send hundreds; OpenAI takes 2,048 inputs of embeddings.
pub const MAX_MESSAGES: usize = 4096;

/// Most strings of one body. A place costs some 100 bytes, so they are bounded at 7 MB; a long conversation has some thousands.
pub const MAX_PLACES: usize = 65_536;

/// Longest text of one body in all, as of one item of the detectors.
pub const MAX_TEXT_BYTES: usize = detect::MAX_ITEM_BYTES;

/// Deepest nesting. Schemas of tools may nest ten levels at OpenAI, each of them two of JSON; more is an attack on a parser.
pub const MAX_DEPTH: usize = 64;

/// Longest kind of an [`Opaque`], in characters: it comes from outside and goes into records.
const MAX_KIND_CHARS: usize = 64;

/// Which of the interfaces is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Completions,
    /// `/v1/responses`.
    Responses,
    /// `/v1/embeddings`.
    Embeddings,
}

taxonomy::words! {
    /// Where a text stands: who says it, and to whom.
    Channel, "channel", {
        System = "system", "系统", "what the operator tells the model (system, developer, instructions)";
        User = "user", "用户", "what the user says";
        Assistant = "assistant", "助手", "what the model is said to have said before";
        ToolResult = "tool-result", "工具结果", "what a tool gave back";
        ToolDefinition = "tool-definition", "工具定义", "which tools there are, and which form an answer has";
        Document = "document", "检索材料", "what was retrieved";
        Content = "content", "正文", "what the model answers";
        Reasoning = "reasoning", "思考", "what the model thinks";
        Refusal = "refusal", "拒答", "how the model declines";
        ToolName = "tool-name", "工具名", "which tool is called";
        ToolArguments = "tool-arguments", "工具参数", "with what it is called, decoded";
        Transcript = "transcript", "语音文本", "what an audio answer says";
        Unknown = "unknown", "未知字段", "a string in a field that is not known";
    }
}

/// A text of a request or an answer.
///
/// The texts of one content array and channel are one part, joined without anything between them: what is cut across two of them is whole here, and what
/// is masked across a seam is masked as one value ([`Part::put`] leads it back). A word that ends at a seam is only seen as a word in [`Part::parted`];
/// servers do both, some join with nothing, some with a line feed, so a caller judges both. Strings below an unknown field, of a tool or in arguments are
/// one part too, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands.
    pub channel: Channel,
    /// Which choice of an answer; of a request, which of several prompts. 0 elsewhere.
    pub choice: usize,
    /// JSON pointer (RFC 6901) to the field.
    pub path: String,
    /// What it says.
    pub text: String,
    /// The strings it was made of, in order.
    pub places: Vec<Place>,
}

/// One string of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer to it.
    pub path: String,
    /// Where in the text of the part.
    pub span: Span,
    how: How,
}

impl Place {
    /// Whether the string at the pointer is the text, so that it may come in pieces.
    pub(crate) fn is_whole(&self) -> bool {
        self.how == How::Whole
    }
}

/// How the string at a pointer holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It is the text.
    Whole,
    /// It is a key of the object at the pointer.
    Key,
    /// It holds JSON, and this is the string literal of that number.
    Literal(usize),
}

/// Something that cannot be judged: an image, a sound, a file, tokens, what a server keeps, a type that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// JSON pointer to it.
    pub path: String,
    /// `image`, `audio`, `video`, `file`, `tokens`, `reference`, `encrypted`, or the type as it calls itself.
    pub kind: String,
}

/// All that a request or an answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// What can be judged.
    pub parts: Vec<Part>,
    /// What cannot.
    pub opaque: Vec<Opaque>,
}

/// Why a body cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No JSON, or nested deeper than 128 levels.
    #[error("the body is no JSON: {0}")]
    Json(String),
    /// Two readers would see two different bodies.
    #[error("the key `{0}` stands twice in one object; send it once")]
    Twice(String),
    /// Not what the interface takes.
    #[error("`{path}` must be {expected}")]
    Shape {
        /// JSON pointer.
        path: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Over a limit.
    #[error("`{path}`: more than {limit} {what}; send less in one request")]
    TooMuch {
        /// JSON pointer to where the limit was passed.
        path: String,
        /// Of what.
        what: &'static str,
        /// How many are taken.
        limit: usize,
    },
    /// There is no string, or it is a key, which nothing can stand in for.
    #[error("`{path}` cannot be replaced by another text")]
    Fixed {
        /// JSON pointer.
        path: String,
    },
}

/// What a request asks for beside its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    /// The model, if one is named.
    pub model: Option<String>,
    /// Whether the answer is to come as a stream.
    pub stream: bool,
    /// Whether the stream is to end with the usage (`stream_options.include_usage`).
    pub usage: bool,
    /// How many choices; at least 1.
    pub choices: usize,
}

/// The text of a part with a line feed at each seam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The text.
    pub text: String,
    /// Bytes of `text` at which a line feed was put.
    seams: Vec<usize>,
}

impl Endpoint {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Chat, Self::Completions, Self::Responses, Self::Embeddings];

    /// The path of the interface, from the root of the server.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Responses => "/v1/responses",
            Self::Embeddings => "/v1/embeddings",
        }
    }

    /// The texts of a request.
    ///
    /// # Errors
    /// It is no object, what it must hold is missing, or it is over a limit.
    pub fn request(self, body: &Value) -> Result<Parts, WireError> {
        let (fields, needs) = match self {
            Self::Chat => (fields::CHAT, Some(("messages", "a list of messages"))),
            Self::Completions => (fields::COMPLETIONS, None),
            Self::Responses => (fields::RESPONSES, None),
            Self::Embeddings => (fields::EMBEDDINGS, Some(("input", "a text or a list of texts"))),
        };
        let shape = |path: &str, expected| WireError::Shape { path: path.to_owned(), expected };
        let object = body.as_object().ok_or_else(|| shape("", "an object"))?;
        if let Some((field, expected)) = needs {
            let is_there = object.get(field).is_some_and(|value| if self == Self::Chat { value.is_array() } else { is_input(value) });
            is_there.then_some(()).ok_or_else(|| shape(&format!("/{field}"), expected))?;
        }
        walk::read(fields, body, false)
    }

    /// The texts of a whole answer.
    ///
    /// # Errors
    /// It is no object, or it is over a limit.
    pub fn answer(self, body: &Value) -> Result<Parts, WireError> {
        let fields = match self {
            Self::Chat | Self::Completions => fields::CHOICES_ANSWER,
            Self::Responses => fields::RESPONSES_ANSWER,
            Self::Embeddings => fields::EMBEDDINGS_ANSWER,
        };
        body.as_object().ok_or_else(|| WireError::Shape { path: String::new(), expected: "an object" })?;
        walk::read(fields, body, true)
    }

    /// The texts of one event of a streamed answer: of chat and completions a chunk, whose texts stand in `delta` or `text`.
    ///
    /// # Errors
    /// It is no object, or it is over a limit.
    pub fn event(self, data: &Value) -> Result<Parts, WireError> {
        data.as_object().ok_or_else(|| WireError::Shape { path: String::new(), expected: "an object" })?;
        walk::read(if self == Self::Responses { fields::RESPONSE_EVENT } else { fields::CHOICES_ANSWER }, data, true)
    }

    /// What a request asks for beside its texts; what is missing or of another type is as if not asked for.
    #[must_use]
    pub fn asks(self, body: &Value) -> Asks {
        let flag = |pointer: &str| body.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
        let number =
            |pointer: &str| body.pointer(pointer).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1);
        let prompts = match (self, body.get("prompt")) {
            (Self::Completions, Some(Value::Array(prompts))) if prompts.iter().any(|prompt| !prompt.is_number()) => prompts.len().max(1),
            _ => 1,
        };
        Asks {
            model: body.get("model").and_then(Value::as_str).map(str::to_owned),
            stream: flag("/stream"),
            usage: self == Self::Responses || flag("/stream_options/include_usage"),
            choices: number("/n").saturating_mul(prompts),
        }
    }
}

/// Whether embeddings can be made of it: a text or tokens, or a list of either; some services take content parts among the texts.
fn is_input(value: &Value) -> bool {
    let are_tokens = |value: &Value| value.as_array().is_some_and(|tokens| tokens.iter().all(Value::is_number));
    let is_content = |value: &Value| value.is_string() || value.is_object();
    let is_list = |values: &Vec<Value>| values.iter().all(is_content) || values.iter().all(are_tokens);
    value.is_string() || are_tokens(value) || value.as_array().is_some_and(is_list)
}

impl Part {
    /// The text with a line feed where two texts of one content array meet; `None` where no two meet.
    #[must_use]
    pub fn parted(&self) -> Option<Parted> {
        let ends = self.places.iter().zip(self.places.iter().skip(1)).filter(|(a, b)| a.span.end == b.span.start);
        let seams: Vec<_> = ends.enumerate().map(|(before, (place, _))| place.span.end + before).collect();
        let mut text = self.text.clone();
        seams.iter().for_each(|&seam| text.insert(seam, '\n'));
        (!seams.is_empty()).then_some(Parted { text, seams })
    }

    /// Whether any of a span stands in a key, which nothing can stand in for.
    pub(crate) fn is_key(&self, span: Span) -> bool {
        self.places.iter().any(|place| place.how == How::Key && place.span.start < span.end && span.start < place.span.end)
    }
}

impl Parted {
    /// Where a span of this text stands in the text of the part.
    #[must_use]
    pub fn back(&self, span: Span) -> Span {
        let back = |at: usize| at - self.seams.partition_point(|&seam| seam < at);
        Span { start: back(span.start), end: back(span.end) }
    }
}

impl WireError {
    /// The stable code in an answer to the client.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "invalid_json",
            Self::Twice(_) => "duplicate_key",
            Self::Shape { .. } => "invalid_shape",
            Self::TooMuch { .. } => "too_much",
            Self::Fixed { .. } => "cannot_mask",
        }
    }

    /// The field it is about, for `param`.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Json(_) | Self::Twice(_) => None,
            Self::Shape { path, .. } | Self::TooMuch { path, .. } | Self::Fixed { path } => Some(path),
        }
    }
}

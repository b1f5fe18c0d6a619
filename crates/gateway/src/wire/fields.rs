//! The tables: which fields the interfaces have, and how each is read.
//!
//! A field that OpenAI adds tomorrow is read as unknown until it gets its line here; a type it adds is opaque, and its strings are unknown.

use super::Channel as C;
use super::rule::{Fields, Rule, Type};
use Rule::{
    Arguments, Choices, Content, ContentOf, Documents, Each, In, Item, Items, Messages, Opaque, Plain, Prompts, Said, Schema, Skip, Text,
    Tools, Tree, Typed,
};

/// Fields that mean the same wherever they stand.
pub(super) const COMMON: Fields = &[
    ("approval_request_id", Plain),
    ("cache_control", Plain),
    ("call_id", Plain),
    ("container_id", Plain),
    ("content_filter_results", Plain),
    ("content_index", Plain),
    ("created", Plain),
    ("created_at", Plain),
    ("detail", Plain),
    ("expires_at", Plain),
    ("finish_reason", Plain),
    ("format", Plain),
    ("id", Plain),
    ("index", Plain),
    ("item_id", Plain),
    ("namespace", Plain),
    ("object", Plain),
    ("output_index", Plain),
    ("phase", Plain),
    ("role", Plain),
    ("sequence_number", Plain),
    ("server_label", Plain),
    ("status", Plain),
    ("summary_index", Plain),
    ("tool_call_id", Plain),
    ("type", Plain),
    ("usage", Plain),
];

pub(super) const CHAT: Fields = &[
    ("audio", Plain),
    ("context", Documents),
    ("documents", Documents),
    ("function_call", Schema),
    ("functions", Tools),
    ("logit_bias", Skip),
    ("messages", Messages),
    ("metadata", Skip),
    ("modalities", Plain),
    ("model", Skip),
    ("prediction", In(&[("content", ContentOf(C::Assistant))])),
    ("prompt_cache_key", Skip),
    ("prompt_cache_retention", Plain),
    ("reasoning_effort", Plain),
    ("response_format", Schema),
    ("safety_identifier", Skip),
    ("service_tier", Plain),
    // Never shown to the model, and lists of words to stop at are harmless.
    ("stop", Skip),
    ("stream_options", Plain),
    ("tool_choice", Schema),
    ("tools", Tools),
    ("user", Skip),
    ("verbosity", Plain),
    ("web_search_options", Tree(C::ToolDefinition)),
];

pub(super) const COMPLETIONS: Fields = &[
    ("context", Documents),
    ("documents", Documents),
    ("logit_bias", Skip),
    ("metadata", Skip),
    ("model", Skip),
    ("prompt", Prompts),
    ("stop", Skip),
    ("stream_options", Plain),
    ("suffix", Text(C::User)),
    ("user", Skip),
];

pub(super) const RESPONSES: Fields = &[
    ("context", Documents),
    ("conversation", Opaque("reference")),
    ("documents", Documents),
    ("include", Plain),
    ("input", Items),
    ("instructions", ContentOf(C::System)),
    ("metadata", Skip),
    ("model", Skip),
    ("previous_response_id", Opaque("reference")),
    ("prompt", In(&[("id", Opaque("reference")), ("variables", Tree(C::User)), ("version", Plain)])),
    ("prompt_cache_key", Skip),
    ("prompt_cache_retention", Plain),
    ("reasoning", Plain),
    ("safety_identifier", Skip),
    ("service_tier", Plain),
    ("stream_options", Plain),
    ("text", In(&[("format", Schema), ("verbosity", Plain)])),
    ("tool_choice", Schema),
    ("tools", Tools),
    ("truncation", Plain),
    ("user", Skip),
];

pub(super) const EMBEDDINGS: Fields = &[("encoding_format", Plain), ("input", Prompts), ("model", Skip), ("user", Skip)];

/// An answer of the chat or the completions, or a chunk of one.
pub(super) const CHOICES_ANSWER: Fields = &[
    ("choices", Choices(CHOICE)),
    ("error", In(ERROR)),
    ("model", Plain),
    ("prompt_filter_results", Plain),
    ("provider", Plain),
    ("request_id", Plain),
    ("service_tier", Plain),
    ("system_fingerprint", Plain),
];

const CHOICE: Fields = &[
    ("delta", In(MESSAGE)),
    // The tokens of the text, which is a part.
    ("logprobs", Skip),
    ("matched_stop", Plain),
    ("message", In(MESSAGE)),
    ("native_finish_reason", Plain),
    ("stop_reason", Plain),
    ("text", Text(C::Content)),
    ("token_ids", Skip),
];

const ERROR: Fields = &[("code", Plain), ("message", Text(C::Unknown)), ("param", Plain)];

pub(super) const RESPONSES_ANSWER: Fields = &[
    ("conversation", Plain),
    ("error", In(ERROR)),
    ("incomplete_details", Plain),
    // What the client sent, told back to it.
    ("instructions", Skip),
    ("metadata", Skip),
    ("model", Plain),
    ("output", Items),
    ("previous_response_id", Plain),
    ("prompt", Skip),
    ("prompt_cache_key", Skip),
    ("reasoning", Plain),
    ("safety_identifier", Skip),
    ("service_tier", Plain),
    ("text", Skip),
    ("tool_choice", Skip),
    ("tools", Skip),
    ("truncation", Plain),
    ("user", Skip),
];

/// An event of a stream of responses. Deltas of texts are read by the stream itself.
pub(super) const RESPONSE_EVENT: Fields = &[
    ("annotation", Tree(C::Document)),
    ("arguments", Arguments),
    ("b64_json", Opaque("image")),
    ("code", Text(C::ToolArguments)),
    ("delta", Text(C::Unknown)),
    ("error", In(ERROR)),
    ("input", Text(C::ToolArguments)),
    ("item", Item),
    ("logprobs", Skip),
    ("message", Text(C::Unknown)),
    ("name", Text(C::ToolName)),
    ("obfuscation", Skip),
    ("param", Plain),
    ("part", Typed),
    ("partial_image_b64", Opaque("image")),
    ("refusal", Text(C::Refusal)),
    ("response", In(RESPONSES_ANSWER)),
    ("text", Text(C::Content)),
];

pub(super) const EMBEDDINGS_ANSWER: Fields = &[("data", Skip), ("error", In(ERROR)), ("model", Plain)];

/// A message, whole or as a delta, of a request or an answer.
pub(super) const MESSAGE: Fields = &[
    ("annotations", Tree(C::Document)),
    ("audio", In(&[("data", Opaque("audio")), ("id", Plain), ("transcript", Text(C::Transcript))])),
    ("content", Content),
    ("function_call", In(FUNCTION)),
    ("name", Said),
    ("reasoning", Text(C::Reasoning)),
    ("reasoning_content", Text(C::Reasoning)),
    (
        "reasoning_details",
        Each(&[("data", Opaque("encrypted")), ("signature", Skip), ("summary", Text(C::Reasoning)), ("text", Text(C::Reasoning))]),
    ),
    ("refusal", Text(C::Refusal)),
    ("tool_calls", Each(&[("custom", In(CUSTOM)), ("function", In(FUNCTION))])),
];

pub(super) const FUNCTION: Fields = &[("arguments", Arguments), ("name", Text(C::ToolName))];
const CUSTOM: Fields = &[("input", Text(C::ToolArguments)), ("name", Text(C::ToolName))];

const TEXT: Fields = &[("annotations", Tree(C::Document)), ("text", Said)];
const OUTPUT_TEXT: Fields = &[("annotations", Tree(C::Document)), ("logprobs", Skip), ("text", Said)];
const THOUGHT: Fields = &[("signature", Skip), ("text", Text(C::Reasoning)), ("thinking", Text(C::Reasoning))];
const FILE: Fields = &[("file_data", Skip), ("file_id", Skip), ("file_url", Skip), ("filename", Text(C::Document))];

/// The types of parts of a content.
pub(super) const CONTENT_TYPES: &[Type] = &[
    ("text", None, TEXT),
    ("input_text", None, TEXT),
    ("output_text", None, OUTPUT_TEXT),
    ("refusal", None, &[("refusal", Text(C::Refusal))]),
    ("reasoning_text", None, THOUGHT),
    ("summary_text", None, THOUGHT),
    ("thinking", None, THOUGHT),
    ("audio", Some("audio"), &[("audio", Skip), ("data", Skip), ("transcript", Text(C::Transcript))]),
    ("audio_url", Some("audio"), &[("audio_url", Skip)]),
    ("computer_screenshot", Some("image"), &[("file_id", Skip), ("image_url", Skip)]),
    ("file", Some("file"), &[("file", In(FILE))]),
    ("image", Some("image"), &[("image", Skip), ("source", Skip), ("url", Skip)]),
    ("image_url", Some("image"), &[("image_url", Skip)]),
    ("input_audio", Some("audio"), &[("input_audio", Skip)]),
    ("input_file", Some("file"), FILE),
    ("input_image", Some("image"), &[("file_id", Skip), ("image_url", Skip)]),
    ("input_video", Some("video"), &[("file_id", Skip), ("video_url", Skip)]),
    ("output_audio", Some("audio"), &[("data", Skip), ("transcript", Text(C::Transcript))]),
    ("video", Some("video"), &[("video", Skip)]),
    ("video_url", Some("video"), &[("video_url", Skip)]),
];

/// The types of items of a response.
pub(super) const ITEM_TYPES: &[Type] = &[
    ("message", None, MESSAGE),
    ("function_call", None, FUNCTION),
    ("function_call_output", None, &[("output", ContentOf(C::ToolResult))]),
    ("custom_tool_call", None, CUSTOM),
    ("custom_tool_call_output", None, &[("output", ContentOf(C::ToolResult))]),
    (
        "reasoning",
        None,
        &[("content", ContentOf(C::Reasoning)), ("encrypted_content", Opaque("encrypted")), ("summary", ContentOf(C::Reasoning))],
    ),
    ("file_search_call", None, &[("queries", Tree(C::ToolArguments)), ("results", Each(FOUND))]),
    ("web_search_call", None, &[("action", Tree(C::ToolArguments))]),
    (
        "code_interpreter_call",
        None,
        &[("code", Text(C::ToolArguments)), ("outputs", Each(&[("logs", Text(C::ToolResult)), ("url", Opaque("image"))]))],
    ),
    ("computer_call", None, &[("action", Tree(C::ToolArguments)), ("actions", Tree(C::ToolArguments))]),
    ("computer_call_output", None, &[("output", Typed)]),
    ("image_generation_call", Some("image"), &[("result", Skip), ("revised_prompt", Text(C::ToolArguments))]),
    (
        "mcp_call",
        None,
        &[("arguments", Arguments), ("error", Tree(C::ToolResult)), ("name", Text(C::ToolName)), ("output", Text(C::ToolResult))],
    ),
    ("mcp_list_tools", None, &[("tools", Tools)]),
    ("mcp_approval_request", None, FUNCTION),
    ("mcp_approval_response", None, &[("reason", Text(C::User))]),
    ("local_shell_call", None, &[("action", Tree(C::ToolArguments))]),
    ("local_shell_call_output", None, &[("output", Text(C::ToolResult))]),
    ("shell_call", None, &[("action", Tree(C::ToolArguments))]),
    ("shell_call_output", None, &[("output", Tree(C::ToolResult))]),
    ("apply_patch_call", None, &[("operation", Tree(C::ToolArguments))]),
    ("apply_patch_call_output", None, &[("output", Text(C::ToolResult))]),
    ("compaction", Some("encrypted"), &[("encrypted_content", Skip)]),
    ("item_reference", Some("reference"), &[]),
];

/// What a search of files found.
const FOUND: Fields =
    &[("attributes", Tree(C::Document)), ("file_id", Plain), ("filename", Text(C::Document)), ("text", Text(C::Document))];

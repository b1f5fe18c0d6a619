//! How the fields of an object are read: a table of names and rules, one table for each object of the interface.

use super::Channel;

/// How one field is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// It is no text for a model or a reader.
    Skip,
    /// Identifiers, numbers and words of the protocol; a string that says more is a part of the unknown channel.
    Plain,
    /// A text of this channel. Anything but a string is read like [`Rule::Tree`].
    Text(Channel),
    /// A text of the channel of the message it stands in.
    Said,
    /// A text, or a list of typed parts, of the channel of the message it stands in.
    Content,
    /// The same of a given channel.
    ContentOf(Channel),
    /// JSON in a string: arguments of a tool.
    Arguments,
    /// All strings below, keys too.
    Tree(Channel),
    /// All strings below and all keys but the words of JSON Schema.
    Schema,
    /// A list of things read one by one, as by [`Rule::Schema`].
    Tools,
    /// A list of things read one by one, as by [`Rule::Tree`].
    Documents,
    /// Cannot be judged; of this kind.
    Opaque(&'static str),
    /// A text, texts, tokens or lists of tokens, each for itself.
    Prompts,
    /// Messages of a chat.
    Messages,
    /// A text or the items of a response.
    Items,
    /// One item of a response.
    Item,
    /// One typed part of a content.
    Typed,
    /// Choices of an answer; each counts for itself.
    Choices(Fields),
    /// An object.
    In(Fields),
    /// A list of objects.
    Each(Fields),
}

/// Names and rules. What is not named is read as [`Rule::Tree`] of the unknown channel.
pub(super) type Fields = &'static [(&'static str, Rule)];

/// A type of a content part or an item, with what of it cannot be judged, and its fields.
pub(super) type Type = (&'static str, Option<&'static str>, Fields);

/// The rule of a field.
pub(super) fn rule(fields: Fields, name: &str) -> Rule {
    let named = |fields: Fields| fields.iter().find(|(field, _)| *field == name).map(|(_, rule)| *rule);
    named(fields).or_else(|| named(super::fields::COMMON)).unwrap_or(Rule::Tree(Channel::Unknown))
}

/// Words of JSON Schema (2020-12): as keys they say nothing.
const SCHEMA_WORDS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "function",
    "if",
    "items",
    "json_schema",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "name",
    "not",
    "nullable",
    "oneOf",
    "parameters",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "schema",
    "strict",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Types of JSON Schema and of tools: as the value of `type` they say nothing.
const SCHEMA_TYPES: &[&str] =
    &["array", "boolean", "function", "integer", "json_object", "json_schema", "null", "number", "object", "string", "text"];

/// Whether a key says something.
pub(super) fn is_schema_word(key: &str) -> bool {
    SCHEMA_WORDS.binary_search(&key).is_ok()
}

/// Whether the value of `type` says nothing.
pub(super) fn is_schema_type(value: &str) -> bool {
    SCHEMA_TYPES.contains(&value)
}

/// Longest identifier: those of OpenAI have up to 64 characters.
const MAX_ID_BYTES: usize = 128;

/// Whether a string is a bare identifier.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_in_order() {
        assert!(super::SCHEMA_WORDS.is_sorted());
    }
}

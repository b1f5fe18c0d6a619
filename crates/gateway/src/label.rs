//! Labels on generated content (GB 45438-2025): visible words at the start or end of a text, and the implicit label as metadata.
//!
//! Invariant: what this module lets through as visible words has an element that says AI and one that says generated or synthesised, and what it writes as
//! metadata keeps to the characters the standard allows. It takes no label away and offers no way to (Measures of 2025, article 10).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taxonomy::Lang;

taxonomy::words! {
    /// Where the visible words stand.
    Placed, "place of the visible label (start, end, both or off)", {
        Start = "start", "开头", "before the text";
        End = "end", "结尾", "after the text";
        Both = "both", "首尾", "before and after";
        Off = "off", "不加", "nowhere: the service's own page shows the label, or article 9 of the Measures holds";
    }
}

/// Longest visible words, in characters: a label, not a notice.
const MAX_WORDS_CHARS: usize = 60;

/// Longest value of the implicit label, in bytes; the producer codes in use have 27.
const MAX_VALUE_BYTES: usize = 128;

/// Header of a response that carries the implicit label. The standard asks for a name that contains `AIGC`; it settles no carrier for HTTP, so this is our choice.
pub const HEADER: &str = "x-aigc";

/// A label that would not be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The visible words lack an element.
    #[error(
        "the visible label `{0}` needs a word for AI (人工智能, AI) and one for generated (生成, 合成, generated, synthesised), in one line of at most 60 characters (GB 45438-2025, 4.2)"
    )]
    Words(String),
    /// A value of the implicit label has a character the standard does not allow.
    #[error(
        "{field} of the implicit label must have 1 to 128 characters of 0x21, 0x23 to 0x5B and 0x5D to 0x7E: no spaces, quotes, backslashes or Chinese; use a code, not a name (GB 45438-2025, annex E)"
    )]
    Value {
        /// The field.
        field: &'static str,
    },
}

/// How generated content is labelled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the visible words stand.
    pub visible: Placed,
    /// The words for a Chinese text.
    pub zh: String,
    /// The words for an English text.
    pub en: String,
    /// Whether an implicit label goes with each answer.
    pub implicit: bool,
    /// The producer's code: in use is 001 + 1 + the unified social credit code + five characters. Without one there is no implicit label.
    #[serde(default)]
    pub producer: String,
}

/// What kind of text an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text for people.
    Text,
    /// A text for a program: JSON mode, a schema, arguments of a tool call. Words in it would break it.
    Machine,
}

impl Form {
    /// What a request asks for: Chat's `response_format`, Responses' `text.format`.
    #[must_use]
    pub fn asked(request: &Value) -> Self {
        let kind = |pointer| request.pointer(pointer).and_then(Value::as_str);
        match kind("/response_format/type").or_else(|| kind("/text/format/type")) {
            None | Some("text") => Self::Text,
            Some(_) => Self::Machine,
        }
    }
}

impl Settings {
    /// Whether visible words and producer are as the standard asks.
    ///
    /// # Errors
    /// They are not.
    pub fn check(&self) -> Result<(), LabelError> {
        if self.visible != Placed::Off {
            check_words(&self.zh)?;
            check_words(&self.en)?;
        }
        if self.producer.is_empty() { Ok(()) } else { check_value("ContentProducer", &self.producer) }
    }

    /// The words for a language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// What comes before the text; in a stream, before its first words.
    #[must_use]
    pub fn first(&self, form: Form, lang: Lang) -> Option<String> {
        let here = matches!(self.visible, Placed::Start | Placed::Both) && form == Form::Text;
        here.then(|| format!("{}\n\n", self.bracketed(lang)))
    }

    /// What comes after the text; in a stream, as its last delta before the finish. `tail` is the text or its end: models copy the label from earlier answers in the
    /// conversation, and one label is enough.
    #[must_use]
    pub fn last(&self, form: Form, lang: Lang, tail: &str) -> Option<String> {
        let here = matches!(self.visible, Placed::End | Placed::Both) && form == Form::Text;
        let label = self.bracketed(lang);
        (here && !tail.trim_end().ends_with(&label)).then(|| format!("\n\n{label}"))
    }

    /// A whole text with its label. An empty one (a tool call has no text) stays empty.
    #[must_use]
    pub fn visible(&self, text: &str, form: Form, lang: Lang) -> String {
        if text.is_empty() {
            return String::new();
        }
        let copied = text.trim_start().starts_with(&self.bracketed(lang));
        let first = self.first(form, lang).filter(|_| !copied).unwrap_or_default();
        let last = self.last(form, lang, text).unwrap_or_default();
        [first.as_str(), text, last.as_str()].concat()
    }

    /// The implicit label of the content that an entry of the ledger speaks of; none if it is off or the producer has no code.
    ///
    /// # Errors
    /// The entry's id has characters the standard does not allow.
    pub fn implicit(&self, entry: &str) -> Result<Option<Implicit>, LabelError> {
        if !self.implicit || self.producer.is_empty() {
            return Ok(None);
        }
        check_value("ContentProducer", &self.producer)?;
        check_value("ProduceID", entry)?;
        Ok(Some(Implicit::first_written(&self.producer, entry)))
    }

    fn bracketed(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("（{}）", self.zh),
            Lang::En => format!("({})", self.en),
        }
    }
}

/// The implicit label (annex E), its fields in the order the standard shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Implicit {
    #[serde(rename = "AIGC")]
    aigc: Fields,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Fields {
    label: String,
    content_producer: String,
    #[serde(rename = "ProduceID")]
    produce_id: String,
    reserved_code1: String,
    content_propagator: String,
    #[serde(rename = "PropagateID")]
    propagate_id: String,
    reserved_code2: String,
}

impl Implicit {
    /// `1`: it is generated. At the first writing the propagator's elements are the producer's (annex E, note 1).
    fn first_written(producer: &str, id: &str) -> Self {
        let (producer, id) = (producer.to_owned(), id.to_owned());
        let aigc = Fields {
            label: "1".to_owned(),
            content_producer: producer.clone(),
            produce_id: id.clone(),
            reserved_code1: String::new(),
            content_propagator: producer,
            propagate_id: id,
            reserved_code2: String::new(),
        };
        Self { aigc }
    }

    /// As text, in the order of the standard: for a header or a file's metadata. A [`Value`] would sort the fields.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As a member of a JSON body.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn check_words(words: &str) -> Result<(), LabelError> {
    let small = words.to_lowercase();
    let has = |any: &[&str]| any.iter().any(|word| small.contains(word));
    let ai = has(&["人工智能", "artificial intelligence"]) || stands_alone(&small, "ai");
    let made = has(&["生成", "合成", "generated", "synthesised", "synthesized", "synthetic"]);
    let one_line = words.chars().count() <= MAX_WORDS_CHARS && !words.chars().any(char::is_control);
    if ai && made && one_line { Ok(()) } else { Err(LabelError::Words(words.to_owned())) }
}

/// Whether a word stands in a text, no Latin letter on either side: `said` does not say AI.
fn stands_alone(text: &str, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + word.len()..).unwrap_or_default());
        !letter(before.chars().next_back()) && !letter(after.chars().next())
    })
}

fn check_value(field: &'static str, value: &str) -> Result<(), LabelError> {
    let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    let fits = (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.bytes().all(allowed);
    if fits { Ok(()) } else { Err(LabelError::Value { field }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(visible: Placed) -> Settings {
        let producer = "001191440300708461136T1308L".to_owned();
        Settings { visible, zh: "人工智能生成".to_owned(), en: "AI-generated".to_owned(), implicit: true, producer }
    }

    #[test]
    fn words_need_both_elements() {
        for good in ["人工智能生成", "本内容由AI生成", "AI合成", "AI-generated", "Generated by artificial intelligence"] {
            assert_eq!(check_words(good), Ok(()), "{good}");
        }
        for bad in ["生成", "人工智能", "generated", "AI", "said to be generated", "AI\ngenerated", &"AI生成".repeat(30), ""] {
            assert!(check_words(bad).is_err(), "{bad}");
        }
        assert!(Settings { zh: "智能".to_owned(), ..settings(Placed::End) }.check().is_err());
        assert!(Settings { zh: "智能".to_owned(), ..settings(Placed::Off) }.check().is_ok(), "what is not shown is not checked");
    }

    #[test]
    fn words_stand_where_the_policy_says_and_streams_agree_with_whole_texts() {
        assert_eq!(settings(Placed::End).visible("你好。", Form::Text, Lang::Zh), "你好。\n\n（人工智能生成）");
        assert_eq!(settings(Placed::Start).visible("Hello.", Form::Text, Lang::En), "(AI-generated)\n\nHello.");
        for placed in Placed::ALL {
            let set = settings(*placed);
            for lang in Lang::ALL {
                let stream = [set.first(Form::Text, *lang), Some("x".to_owned()), set.last(Form::Text, *lang, "x")]
                    .into_iter()
                    .flatten()
                    .collect::<String>();
                assert_eq!(stream, set.visible("x", Form::Text, *lang));
            }
            assert_eq!(set.visible("{}", Form::Machine, Lang::Zh), "{}");
            assert_eq!(set.visible("", Form::Text, Lang::Zh), "");
            let labelled = set.visible("x", Form::Text, Lang::En);
            assert_eq!(set.visible(&labelled, Form::Text, Lang::En), labelled, "a label the model copied is not doubled");
        }
    }

    #[test]
    fn a_request_for_json_is_known() {
        for (request, form) in [
            (serde_json::json!({}), Form::Text),
            (serde_json::json!({"response_format": {"type": "text"}}), Form::Text),
            (serde_json::json!({"response_format": {"type": "json_object"}}), Form::Machine),
            (serde_json::json!({"response_format": {"type": "json_schema", "json_schema": {}}}), Form::Machine),
            (serde_json::json!({"text": {"format": {"type": "json_schema"}}}), Form::Machine),
            (serde_json::json!({"text": {"format": {"type": "text"}}}), Form::Text),
            (serde_json::json!({"response_format": null, "text": {"verbosity": "low"}}), Form::Text),
        ] {
            assert_eq!(Form::asked(&request), form, "{request}");
        }
    }

    #[test]
    fn the_implicit_label_is_that_of_annex_e() {
        let label = settings(Placed::End).implicit("01JD3Z8Q4M5N6P7R8S9T0V1W2X").unwrap().unwrap();
        assert_eq!(
            label.text(),
            "{\"AIGC\":{\"Label\":\"1\",\"ContentProducer\":\"001191440300708461136T1308L\",\"ProduceID\":\"01JD3Z8Q4M5N6P7R8S9T0V1W2X\",\"ReservedCode1\":\"\",\
             \"ContentPropagator\":\"001191440300708461136T1308L\",\"PropagateID\":\"01JD3Z8Q4M5N6P7R8S9T0V1W2X\",\"ReservedCode2\":\"\"}}"
        );
        assert_eq!(serde_json::from_value::<Implicit>(label.value()).unwrap(), label);
        assert!(label.text().bytes().all(|b| (0x20..=0x7E).contains(&b)), "fit for a header");
    }

    #[test]
    fn characters_out_of_the_set_are_refused() {
        for bad in ["", "a b", "a\"b", "a\\b", "公司", "a\u{7f}", &"a".repeat(129)] {
            assert_eq!(settings(Placed::End).implicit(bad), Err(LabelError::Value { field: "ProduceID" }), "{bad}");
            if !bad.is_empty() {
                assert!(Settings { producer: bad.to_owned(), ..settings(Placed::End) }.check().is_err(), "{bad}");
            }
        }
        assert_eq!(Settings { producer: String::new(), ..settings(Placed::End) }.implicit("x"), Ok(None));
        assert_eq!(Settings { implicit: false, ..settings(Placed::End) }.implicit("x"), Ok(None));
    }
}

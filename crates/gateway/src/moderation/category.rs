//! OpenAI's categories, and which of our classes fall under them.

use std::collections::BTreeMap;

use serde::Deserialize;
use taxonomy::RiskClass;

use crate::setting::{self, SettingError, Source};

const BUILT_IN: &str = include_str!("../../data/moderation.toml");

taxonomy::words! {
    /// A category of OpenAI's moderation API (all of omni-moderation).
    Category, "category of OpenAI's moderation API", {
        Harassment = "harassment", "骚扰", "harassment";
        HarassmentThreatening = "harassment/threatening", "骚扰并威胁", "harassment with threats";
        Hate = "hate", "仇恨", "hate";
        HateThreatening = "hate/threatening", "仇恨并威胁", "hate with threats";
        Illicit = "illicit", "违法行为", "illicit acts";
        IllicitViolent = "illicit/violent", "暴力违法行为", "violent illicit acts";
        SelfHarm = "self-harm", "自我伤害", "self-harm";
        SelfHarmIntent = "self-harm/intent", "自我伤害意图", "intent of self-harm";
        SelfHarmInstructions = "self-harm/instructions", "自我伤害方法", "instructions for self-harm";
        Sexual = "sexual", "色情", "sexual content";
        SexualMinors = "sexual/minors", "涉未成年人色情", "sexual content with minors";
        Violence = "violence", "暴力", "violence";
        ViolenceGraphic = "violence/graphic", "血腥暴力", "graphic violence";
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "setting::format_one")]
    #[expect(dead_code, reason = "read to be checked")]
    format: u32,
    classes: BTreeMap<RiskClass, Vec<Category>>,
}

/// Which categories each class falls under.
#[derive(Debug, Clone)]
pub struct Table(BTreeMap<RiskClass, Vec<Category>>);

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown field, class or category, or lacks one of the 31 classes.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let source = Source::new("moderation", text);
        let file: File = source.read()?;
        match RiskClass::ALL.iter().find(|class| !file.classes.contains_key(class)) {
            Some(class) => {
                Err(source.error(source.find("[classes]"), format!("{class} is missing: an empty list says that no category fits")))
            }
            None => Ok(Self(file.classes)),
        }
    }

    /// The built-in table.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn built_in() -> Result<Self, SettingError> {
        Self::parse(BUILT_IN)
    }

    /// The categories of a class.
    #[must_use]
    pub fn categories(&self, class: RiskClass) -> &[Category] {
        self.0.get(&class).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_speaks_of_all_classes() {
        let table = Table::built_in().unwrap();
        assert_eq!(Category::ALL.len(), 13);
        assert_eq!(table.categories(RiskClass::A1a), []);
        assert_eq!(table.categories(RiskClass::A1f), [Category::Violence, Category::Sexual]);
    }

    #[test]
    fn a_class_left_out_and_a_category_made_up_are_errors() {
        assert!(Table::parse(&BUILT_IN.replace("A4g = []", "")).unwrap_err().message.contains("A4g is missing"));
        let error = Table::parse(&BUILT_IN.replacen("[\"hate\"]", "[\"hatred\"]", 1)).unwrap_err();
        assert!(error.message.contains("hatred") && error.line > 10, "{error}");
    }
}

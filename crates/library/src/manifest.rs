//! The manifest of a library: what every library says of itself, and what its kind adds.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::LibraryError;

/// The version of the formats that this program reads.
const FORMAT: i64 = 1;

/// `lexicon.toml`, `bank.toml`: the five fields of every library, and those of its kind.
#[derive(Debug, Clone)]
pub struct Manifest<K> {
    /// Its name.
    pub name: String,
    /// Its version, `2026.11.0`: year, month, counter.
    pub version: String,
    /// Day of its last update, `2026-11-22`.
    pub updated: String,
    /// Under what licence it may be passed on.
    pub licence: String,
    /// What its kind adds.
    pub own: K,
}

impl<K: DeserializeOwned> Manifest<K> {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is no TOML, of another format version, or a field is missing, unknown or of the wrong type.
    pub fn parse(place: &str, text: &str) -> Result<Self, LibraryError> {
        let wrong = |message: String| LibraryError::format(place, message);
        let mut table: Table = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let format = table.remove("format").as_ref().and_then(Value::as_integer);
        if format != Some(FORMAT) {
            let found = format.map_or("no `format`".to_owned(), |format| format!("format {format}"));
            return Err(wrong(format!("{found} is not known to this version, which reads format {FORMAT}")));
        }
        let mut text = |field| string(&mut table, field).map_err(wrong);
        let (name, version, licence) = (text("name")?, text("version")?, text("licence")?);
        let updated = match table.remove("updated") {
            Some(Value::Datetime(day)) => day.to_string(),
            _ => return Err(wrong("`updated` must be a date without quotation marks, such as 2026-11-22".to_owned())),
        };
        let own = Value::Table(table).try_into().map_err(|e: toml::de::Error| wrong(e.message().to_owned()))?;
        Ok(Self { name, version, updated, licence, own })
    }
}

fn string(table: &mut Table, field: &str) -> Result<String, String> {
    match table.remove(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("`{field}` must be a text in quotation marks")),
        None => Err(format!("the field `{field}` is missing")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        #[serde(default)]
        extra: u8,
    }

    const HEAD: &str = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";

    #[test]
    fn a_manifest_is_read_and_its_faults_are_named() {
        let parse = |text: &str| Manifest::<Own>::parse("m.toml", text);
        assert_eq!(parse(HEAD).unwrap().own.extra, 0);
        assert_eq!(parse(&format!("{HEAD}extra = 3\n")).unwrap().own.extra, 3);
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert!(error(&HEAD.replace("= 1", "= 2")).contains("m.toml: format 2 is not known"));
        assert!(error(&HEAD.replace("name", "nama")).contains("the field `name` is missing"));
        assert!(error(&HEAD.replace("2026-11-21", "\"2026-11-21\"")).contains("`updated` must be a date"));
        assert!(error(&format!("{HEAD}extar = 3\n")).contains("unknown field `extar`"));
    }
}

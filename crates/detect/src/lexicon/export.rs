//! A lexicon in other forms: the table that is handed in with a filing, and its own rows and manifest.

use std::collections::HashSet;

use taxonomy::Lang;

use super::{Entry, Lexicon};

/// The filing's columns.
const COLUMNS: [&str; 3] = ["关键词", "一级分类", "二级分类"];

/// The first level of rules against attacks, which Appendix A does not know.
const ATTACKS: &str = "模型攻击";

/// The table of a filing: keyword, group and class in Chinese, one row for each spelling; CSV (RFC 4180) with a byte order mark, without which Excel does
/// not read it as UTF-8. A row that says the same as an earlier one is left out.
#[must_use]
pub fn csv(lexicon: &Lexicon) -> String {
    let mut table = String::from('\u{feff}');
    line(&mut table, COLUMNS);
    let mut seen = HashSet::new();
    for entry in &lexicon.entries {
        let (group, class) = titles(entry);
        for spelling in entry.spellings() {
            if seen.insert((spelling, class)) {
                line(&mut table, [spelling, group, class]);
            }
        }
    }
    table
}

/// Entries as the rows of a lexicon file.
#[must_use]
pub fn jsonl(entries: &[Entry]) -> String {
    entries.iter().filter_map(|entry| serde_json::to_string(entry).ok()).map(|row| row + "\n").collect()
}

/// The manifest of a lexicon, as `lexicon.toml` has it.
#[must_use]
pub fn manifest(lexicon: &Lexicon) -> String {
    let variants: Vec<_> = lexicon.variants.iter().map(|variant| string(variant.id())).collect();
    let variants = if variants.is_empty() { String::new() } else { format!("variants = [{}]\n", variants.join(", ")) };
    let (name, version, licence) = (string(&lexicon.name), string(&lexicon.version), string(&lexicon.licence));
    format!("format = 1\nname = {name}\nversion = {version}\nupdated = {}\nlicence = {licence}\n{variants}", lexicon.updated)
}

fn titles(entry: &Entry) -> (&'static str, &'static str) {
    match (entry.class, entry.attack) {
        (Some(class), _) => (class.group().title(Lang::Zh), class.title(Lang::Zh)),
        (None, attack) => (ATTACKS, attack.map_or("", |attack| attack.title(Lang::Zh))),
    }
}

fn line(table: &mut String, cells: [&str; 3]) {
    table.push_str(&cells.map(quoted).join(","));
    table.push_str("\r\n");
}

/// A cell; in quotation marks where it could be read otherwise. White space at its ends is cut by some readers, so it is quoted too.
fn quoted(cell: &str) -> String {
    let plain = !cell.contains(['"', ',', '\r', '\n']) && cell.trim() == cell;
    if plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
}

/// A basic string of TOML: what JSON escapes, TOML reads; DEL alone TOML wants escaped and JSON does not.
fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let head = "format = 1\nname = \"a \\\"t\\\"\\u007f\"\nversion = \"1\"\nupdated = 2026-11-22\nlicence = \"Apache-2.0\"\nvariants = [\"sound\", \"leet\"]\n";
        let rows = r#"{"id":"1","keyword":"代开","also":["代開","代,\"开\""],"class":"A1h","severity":"block","added":"2026-11-21"}
{"id":"2","keyword":"代开","class":"A1h","severity":"block","near":{"with":"票","within":3},"added":"2026-11-21"}
{"id":"3","keyword":"越狱","attack":"jailbreak","severity":"block","added":"2026-11-21"}"#;
        Lexicon::parse(head, rows).unwrap()
    }

    #[test]
    fn a_filing_has_three_columns() {
        let law = "违反社会主义核心价值观,法律法规禁止的其他内容\r\n";
        let told = format!("\u{feff}关键词,一级分类,二级分类\r\n代开,{law}代開,{law}\"代,\"\"开\"\"\",{law}越狱,模型攻击,越狱\r\n");
        assert_eq!(csv(&lexicon()), told);
    }

    #[test]
    fn rows_and_manifest_are_read_again() {
        let lexicon = lexicon();
        let again = Lexicon::parse(&manifest(&lexicon), &jsonl(&lexicon.entries)).unwrap();
        assert_eq!(again.entries, lexicon.entries);
        assert_eq!((again.name, again.version, again.updated), (lexicon.name, lexicon.version, lexicon.updated));
        assert_eq!((again.licence, again.variants), (lexicon.licence, lexicon.variants));
    }
}

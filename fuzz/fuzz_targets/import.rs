#![no_main]
//! Keyword lists of other people, each format forced. First line: format, charset, separator; the rest is the file.

use std::collections::HashSet;

use detect::import::{Charset, Format, LISTED, MAX_KEYWORD_CHARS, Options, read};
use guiju_fuzz::{choice, head, text};

const FORMATS: [Format; 6] = [Format::Text, Format::Csv, Format::Tsv, Format::Json, Format::JsonLines, Format::Xlsx];
const SEPARATORS: [Option<char>; 8] = [None, None, None, Some(','), Some('\t'), Some('|'), Some('、'), Some('\n')];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (choices, rest) = head(data);
    let format = FORMATS[choice(choices, 0) % FORMATS.len()];
    let charset = Charset::ALL.get(choice(choices, 1) % (2 * Charset::ALL.len())).copied();
    let separator = SEPARATORS[choice(choices, 2) % SEPARATORS.len()];
    // A workbook comes as it is, as the XML of a sheet, or as rows of cells parted by tabs.
    let bytes = match choice(choices, 3) % 3 {
        1 if format == Format::Xlsx => guiju_fuzz::workbook(&[("一", text(rest))]),
        2 if format == Format::Xlsx => {
            guiju_fuzz::workbook(&[("一", guiju_fuzz::sheet_xml(text(rest).lines().map(|line| line.split('\t').collect())))])
        }
        _ => rest.to_vec(),
    };
    let options = Options { format: Some(format), charset, separator };
    let report = read("list", &bytes, options);
    assert_eq!(report, read("list", &bytes, options));
    let Ok(report) = report else { return };
    assert_eq!(report.format, format);

    let mut seen = HashSet::new();
    for row in &report.rows {
        let keyword = &*row.keyword;
        assert_eq!(keyword.trim(), keyword);
        assert!(!keyword.is_empty() && keyword.chars().count() <= MAX_KEYWORD_CHARS && !keyword.contains(char::is_control), "{row:?}");
        let folded = detect::fold(keyword);
        assert!(!folded.units().is_empty() && seen.insert(folded.units().to_vec()), "{row:?}");
        // `sheet!row`, `file:line` or `file[n]`.
        assert!(if format == Format::Xlsx { row.place.contains('!') } else { row.place.starts_with("list") }, "{row:?}");
    }
    // Nothing is lost silently: what is no row is counted, and the first are listed.
    let counted: u64 = report.counts.values().sum();
    assert_eq!(report.skipped.len() as u64, counted.min(LISTED as u64));
    assert!(report.skipped.iter().all(|skipped| report.counts.contains_key(&skipped.reason)));

    // Written as a plain list and read again, the keywords are the same.
    let is_comment = |keyword: &str| keyword.starts_with("# ") || keyword.starts_with("//");
    let keywords: Vec<&str> = report.rows.iter().map(|row| &*row.keyword).filter(|keyword| !is_comment(keyword)).collect();
    let options = Options { format: Some(Format::Text), charset: Some(Charset::Utf8), separator: Some('\n') };
    let again = read("again", keywords.join("\n").as_bytes(), options).expect("a plain list");
    assert_eq!(again.rows.iter().map(|row| &*row.keyword).collect::<Vec<_>>(), keywords);
});

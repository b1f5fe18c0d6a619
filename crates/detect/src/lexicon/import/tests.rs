//! Tests of the whole: bytes in, report out.

use super::*;
use encoding_rs::{BIG5, GBK};

fn report(name: &str, bytes: &[u8]) -> ImportReport {
    read(name, bytes, Options::default()).unwrap()
}

/// (keyword, class, place) of every row.
fn rows(report: &ImportReport) -> Vec<(&str, &str, &str)> {
    report.rows.iter().map(|r| (r.keyword.as_str(), r.class.map_or("", RiskClass::id), r.place.as_str())).collect()
}

fn skipped(report: &ImportReport) -> Vec<(&str, Reason)> {
    report.skipped.iter().map(|s| (s.place.as_str(), s.reason)).collect()
}

const TABLE: &str = "序号,关键词,一级分类,二级分类,备注\n1,网上赌场,违反社会主义核心价值观,涉赌,x\n2,裸聊,违反社会主义核心价值观,\"色情,低俗\",\n\
                     3,某地人都,歧视,地域,\n4,新词,内部分类,甲,\n";

fn check_table(report: &ImportReport, place: impl Fn(u32) -> String) {
    let expected = [("网上赌场", "A1h", 2), ("裸聊", "A1f", 3), ("某地人都", "A2d", 4), ("新词", "", 5)];
    let found: Vec<(&str, &str, String)> = rows(report).into_iter().map(|(k, c, p)| (k, c, p.to_owned())).collect();
    assert_eq!(found, expected.map(|(keyword, class, line)| (keyword, class, place(line))));
    assert_eq!(report.rows[0].category, ["违反社会主义核心价值观", "涉赌"]);
    assert_eq!(report.unknown.iter().collect::<Vec<_>>(), [(&"内部分类/甲".to_owned(), &1)]);
    assert_eq!(report.unused, ["序号", "备注"]);
}

#[test]
fn a_table_is_the_same_in_every_charset() {
    let utf16 = |to: fn(u16) -> [u8; 2]| std::iter::once(0xFEFF).chain(TABLE.encode_utf16()).flat_map(to).collect::<Vec<u8>>();
    for (bytes, charset) in [
        (TABLE.as_bytes().to_vec(), Charset::Utf8),
        (["\u{feff}", TABLE].concat().into_bytes(), Charset::Utf8),
        (GBK.encode(TABLE).0.into_owned(), Charset::Gb18030),
        (utf16(u16::to_le_bytes), Charset::Utf16Le),
        (utf16(u16::to_be_bytes), Charset::Utf16Be),
        (TABLE.replace('\n', "\r\n").into_bytes(), Charset::Utf8),
        (TABLE.replace('\n', "\r").into_bytes(), Charset::Utf8),
    ] {
        let report = report("list.csv", &bytes);
        assert_eq!((report.charset, report.format, report.separator), (Some(charset), Format::Csv, Some(',')));
        assert!(report.charset_sure);
        check_table(&report, |line| format!("list.csv:{line}"));
    }
    let tabs = TABLE.replace("\"色情,低俗\"", "色情、低俗").replace(',', "\t");
    check_table(&report("list.tsv", tabs.as_bytes()), |line| format!("list.tsv:{line}"));
    check_table(&report("list.txt", tabs.as_bytes()), |line| format!("list.txt:{line}"));
}

#[test]
fn traditional_lists_in_big5_are_read() {
    let big5 = BIG5.encode("關鍵詞,分類\n網上賭場,賭博\n色情服務,色情\n").0.into_owned();
    let report = report("list.csv", &big5);
    assert_eq!(report.charset, Some(Charset::Big5));
    assert_eq!(rows(&report), [("網上賭場", "A1h", "list.csv:2"), ("色情服務", "A1f", "list.csv:3")]);
}

#[test]
fn lines_and_lists_of_text() {
    let report = report("a.txt", "# a list\n赌博网站\r\n\n  赌博网站  \nＶＰＮ\n//end\n".as_bytes());
    assert_eq!(rows(&report), [("赌博网站", "", "a.txt:2"), ("ＶＰＮ", "", "a.txt:5")]);
    assert_eq!(skipped(&report), [("a.txt:1", Reason::Comment), ("a.txt:4", Reason::Duplicate), ("a.txt:6", Reason::Comment)]);
    assert_eq!((report.blank, report.skipped[1].first.as_deref(), report.separator), (1, Some("a.txt:2"), None));
    let list = self::report("a.txt", "一号词、二号词、\n三号词、四号词\n".as_bytes());
    assert_eq!(rows(&list).iter().map(|r| r.2).collect::<Vec<_>>(), ["a.txt:1", "a.txt:1", "a.txt:2", "a.txt:2"]);
    let whole = read("a.txt", "一号词、二号词".as_bytes(), Options { separator: Some('\n'), ..Options::default() }).unwrap();
    assert_eq!(rows(&whole), [("一号词、二号词", "", "a.txt:1")]);
    let table = self::report("a.txt", "网上赌场|涉赌\n裸聊|涉黄\n".as_bytes());
    assert_eq!(rows(&table), [("网上赌场", "A1h", "a.txt:1"), ("裸聊", "A1f", "a.txt:2")]);
}

#[test]
fn broken_lines_cost_themselves_only() {
    let csv = "关键词,分类\n\"没有结尾,涉黄\n裸聊,涉黄\n,涉黄\n一,个,逗号\n\"有\n换行\",涉黄\n末尾,涉赌\n";
    let report = report("b.csv", csv.as_bytes());
    assert_eq!(rows(&report), [("裸聊", "A1f", "b.csv:3"), ("末尾", "A1h", "b.csv:8")]);
    let expected =
        [("b.csv:2", Reason::OpenQuote), ("b.csv:4", Reason::NoKeyword), ("b.csv:5", Reason::TooManyCells), ("b.csv:6", Reason::Control)];
    let mut found = skipped(&report);
    found.sort_unstable();
    assert_eq!(found, expected);
    let bytes = [b"\xC3\x28\xFF\n", "赌博网站\n代开发票\n".as_bytes()].concat();
    let broken = self::report("b.txt", &bytes);
    assert_eq!((broken.rows.len(), skipped(&broken)), (2, vec![("b.txt:1", Reason::Unreadable)]));
    assert!(!broken.charset_sure);
}

#[test]
fn a_title_may_stand_above_the_heading() {
    let report = report("c.csv", "拦截关键词列表,,\n关键词,一级分类,二级分类\n裸聊,A1,f)\n".as_bytes());
    assert_eq!(skipped(&report), [("c.csv:1", Reason::AboveHeading)]);
    assert_eq!(report.rows.len(), 1);
    let single = self::report("c.csv", "关键词\n裸聊\n".as_bytes());
    assert_eq!(rows(&single), [("裸聊", "", "c.csv:2")]);
    let none = self::report("c.csv", "裸聊,随便\n赌场,什么\n".as_bytes());
    assert_eq!((rows(&none)[0], none.unused.join(" ")), (("裸聊", "", "c.csv:1"), "column 2".to_owned()));
}

#[test]
fn empty_files_give_empty_reports() {
    for name in ["a.txt", "a.csv", "a.tsv", "a.json", "a.jsonl", "a"] {
        for bytes in [&b""[..], b"\n\n", "\u{feff}".as_bytes()] {
            let report = report(name, bytes);
            assert!(report.rows.is_empty() && report.skipped.is_empty() && report.counts.is_empty(), "{name}");
        }
    }
}

#[test]
fn json_in_all_its_forms() {
    let all = |text: &str| {
        let report = report("j.json", text.as_bytes());
        (rows(&report).iter().map(|r| format!("{}={}@{}", r.0, r.1, r.2)).collect::<Vec<_>>().join(" "), report)
    };
    assert_eq!(all(r#"["裸聊", "赌场"]"#).0, "裸聊=@j.json[1] 赌场=@j.json[2]");
    let objects =
        r#"[{"二级分类":"涉黄","关键词":"裸聊","一级分类":"违法"}, {"keyword":"赌场","class":"A1h","level":3}, {"word":["甲乙","丙丁"]}]"#;
    let (text, report) = all(objects);
    assert_eq!(text, "裸聊=A1f@j.json[1] 赌场=A1h@j.json[2] 甲乙=@j.json[3] 丙丁=@j.json[3]");
    assert_eq!((report.rows[0].category.join("/"), report.unused), ("违法/涉黄".to_owned(), vec!["level".to_owned()]));
    assert_eq!(all(r#"{"涉黄":["裸聊"],"其他":{"涉赌":["赌场"]}}"#).0, "赌场=A1h@j.json.其他.涉赌[1] 裸聊=A1f@j.json.涉黄[1]");
    assert_eq!(all("{\"keyword\":\"裸聊\",\"category\":\"涉黄\"}\n{\"keyword\":\"赌场\"}\n").0, "裸聊=A1f@j.json:1 赌场=@j.json:2");
    let (text, report) = all("{\"keyword\":\"裸聊\"}\n{broken\n\n\"赌场\"\n[1]\n");
    assert_eq!(text, "裸聊=@j.json:1 赌场=@j.json:4");
    assert_eq!((skipped(&report), report.blank), (vec![("j.json:2", Reason::NoJson), ("j.json:5", Reason::NoList)], 1));
    let (text, report) = all(r#"{"name":"list","words":["裸聊"]}"#);
    assert_eq!((text.as_str(), report.unused), ("裸聊=@j.json", vec!["name".to_owned()]));
    let (text, report) = all(r#"{"version":"1","涉赌":["赌场", null]}"#);
    assert_eq!(text, "赌场=A1h@j.json.涉赌[1]");
    assert_eq!(report.counts[&Reason::NoList], 2);
    assert!(matches!(read("j.json", b"[\"a\",", Options::default()), Err(ImportError::Json { .. })));
    assert!(matches!(read("j.json", b"[] x", Options::default()), Err(ImportError::Json { .. })));
    assert!(read("j.json", "[".repeat(100_000).as_bytes(), Options::default()).is_err());
}

/// A merged class counts for all the rows it covers, as whoever reads the sheet takes it.
#[test]
fn merged_cells_count_for_every_row() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("词库").unwrap();
    for (row, cells) in [["一级分类", "二级分类", "关键词"], ["", "", "甲词"], ["", "", "乙词"], ["", "", "丙词"], ["违法", "赌博", "丁词"]]
        .iter()
        .enumerate()
    {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    let format = rust_xlsxwriter::Format::new();
    sheet.merge_range(1, 0, 3, 0, "违法", &format).unwrap();
    sheet.merge_range(1, 1, 2, 1, "赌博", &format).unwrap();
    sheet.write_string(3, 1, "涉黄").unwrap();
    let report = report("book.xlsx", &book.save_to_buffer().unwrap());
    let found = rows(&report);
    assert_eq!(found, [("甲词", "A1h", "词库!2"), ("乙词", "A1h", "词库!3"), ("丙词", "A1f", "词库!4"), ("丁词", "A1h", "词库!5")]);
}

#[test]
fn workbooks_are_read_sheet_by_sheet() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let mut sheet = |name: &str, rows: &[&[&str]]| {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write_string(row as u32, column as u16, *cell).unwrap();
            }
        }
    };
    let quoted =
        |line: &'static str| if line.contains('"') { vec!["2", "裸聊", "A1", "色情,低俗"] } else { line.split(',').collect() };
    let table: Vec<Vec<&str>> = TABLE.lines().map(quoted).collect();
    sheet("词库", &table.iter().map(Vec::as_slice).collect::<Vec<_>>());
    sheet("空", &[]);
    sheet("无表头", &[&["1", "甲乙", "涉黄"], &["2", "裸聊", "涉黄"], &["3", "丙丁", "涉赌", "x"]]);
    let far = book.add_worksheet().set_name("远").unwrap();
    far.write_string(9, 0, "戊己").unwrap();
    far.write_number(1_048_575, 0, 12306.0).unwrap();
    far.write_string(1_048_575, 16_383, "stray").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    // The first bytes tell, whatever the name says.
    let report = report("book.txt", &bytes);
    assert_eq!((report.format, report.charset), (Format::Xlsx, None));
    let found = rows(&report);
    assert_eq!(
        found[..4],
        [("网上赌场", "A1h", "词库!2"), ("裸聊", "A1f", "词库!3"), ("某地人都", "A2d", "词库!4"), ("新词", "", "词库!5")]
    );
    assert_eq!(found[4..], [("甲乙", "A1f", "无表头!1"), ("丙丁", "A1h", "无表头!3"), ("戊己", "", "远!10"), ("12306", "", "远!1048576")]);
    assert_eq!(skipped(&report), [("无表头!2", Reason::Duplicate)]);
    assert_eq!(report.unused, ["序号", "备注", "column 1", "column 4"]);
    assert!(matches!(read("x.xlsx", b"PK\x03\x04nonsense", Options::default()), Err(ImportError::Workbook { .. })));
    assert!(matches!(read("x.xls", b"\xD0\xCF\x11\xE0\xA1\xB1", Options::default()), Err(ImportError::OldWorkbook(_))));
    assert!(matches!(read("x.txt", b"a\0b", Options::default()), Err(ImportError::Binary(_))));
}

#[test]
fn errors_name_the_file() {
    let error = read("list.txt", b"\0", Options::default()).unwrap_err().to_string();
    assert!(error.starts_with("list.txt: ") && error.contains("UTF-16"), "{error}");
}

/// A line a quotation mark opens, again and again: each costs itself and the few lines after it, not the rest.
#[test]
fn hostile_texts_cost_no_more_than_others() {
    let begin = std::time::Instant::now();
    for text in ["\"a\n", ",", "\"", "\"\"", "[", "a,\"b\n", "、", "\n"] {
        for name in ["h.csv", "h.txt", "h.json", "h.jsonl"] {
            let _ = read(name, text.repeat(50_000).as_bytes(), Options::default());
        }
    }
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_a_report_or_an_error(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), format in 0..6) {
        let formats = [Format::Text, Format::Csv, Format::Tsv, Format::Xlsx, Format::Json, Format::JsonLines];
        let options = Options { format: Some(formats[format as usize]), ..Options::default() };
        if let Ok(report) = read("p", &bytes, options) {
            let fits = |row: &Imported| (1..=MAX_KEYWORD_CHARS).contains(&row.keyword.chars().count());
            proptest::prop_assert!(report.rows.iter().all(fits));
        }
    }

    #[test]
    fn no_line_is_lost(text in "[a-c,、|\"# \n]{0,60}") {
        let report = read("p.csv", text.as_bytes(), Options::default()).unwrap();
        let lines = text.lines().count() as u64;
        // Rows of several lines are one, and the heading is none: no more than the lines, and none if there is nothing.
        let known = report.rows.len() as u64 + report.counts.values().sum::<u64>() + report.blank;
        proptest::prop_assert!(known <= lines);
        proptest::prop_assert!(text.contains('"') || known == lines, "{:?}", report);
    }
}

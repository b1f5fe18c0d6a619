//! What the fuzz targets share: how bytes become inputs, and what holds of every verdict.

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use assess::journal::Settings;
use assess::Part;
use detect::classifier::Choice;
use detect::{Keywords, Lexicon, Pipeline};
use taxonomy::{Finding, Lang, Verdict};

/// The pipeline as users have it: embedded lexicon, rules against attacks, personal information.
pub static PIPELINE: LazyLock<Pipeline> =
    LazyLock::new(|| Pipeline::standard(Keywords::compile(&Lexicon::embedded().expect("tested"))).expect("tested"));

/// Settings of a run that asks this target.
#[must_use]
pub fn settings(target: &str, parts: Vec<Part>) -> Settings {
    Settings {
        target: target.to_owned(),
        model: None,
        key_env: None,
        stream: false,
        max_tokens: None,
        concurrency: 1,
        rate: None,
        timeout_s: 1.0,
        attempts: 1,
        bank: None,
        passphrase_file: None,
        classifier: Choice::Off,
        guard: None,
        left_out: Vec::new(),
        lexicon: None,
        corpus: Vec::new(),
        field: "text".to_owned(),
        seed: "1".to_owned(),
        lang: Lang::Zh,
        whole_bank: false,
        parts,
    }
}

/// Any bytes as a text.
#[must_use]
pub fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The first line, which chooses what is done, and the rest, to which it is done.
#[must_use]
pub fn head(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (&[], data),
    }
}

/// The byte at a place, as often as needed.
#[must_use]
pub fn choice(bytes: &[u8], at: usize) -> usize {
    bytes.get(at).copied().unwrap_or_default().into()
}

/// Numbers that only the input decides (FNV-1a, then a linear congruence), so that a crash comes again.
pub struct Numbers(u64);

impl Numbers {
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Whether a finding was made in the text itself or in a view of it, not in what an encoding says.
#[must_use]
pub fn is_direct(finding: &Finding) -> bool {
    finding.via.as_deref().is_none_or(|via| ["initials", "split", "leet", "sound", "spaced", "emoji"].contains(&via))
}

/// What holds of every verdict on a text.
pub fn assert_sound(text: &str, verdict: &Verdict) {
    for finding in &verdict.findings {
        let cut = finding.span.cut(text);
        assert!(cut.is_some(), "the span does not lie in the text, or cuts a character: {finding:?}");
        assert!((0.0..=1.0).contains(&finding.score), "{finding:?}");
        if is_direct(finding) {
            assert_eq!(cut, Some(finding.matched.as_str()), "{finding:?}");
            assert!(!finding.matched.is_empty(), "{finding:?}");
        }
    }
    assert!(verdict.findings.is_sorted_by_key(|finding| finding.span), "{:?}", verdict.findings);
}

/// A folder for files that a reader wants on disk, emptied on every call. One for each process; `TMPDIR=/dev/shm` keeps it in memory.
#[must_use]
pub fn scratch() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let dir = std::env::temp_dir().join(format!("guiju-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder for scratch files");
        dir
    });
    for entry in std::fs::read_dir(dir).expect("the scratch folder").flatten() {
        let _ = std::fs::remove_file(entry.path());
    }
    dir
}

/// Writes a scratch file.
pub fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).expect("the scratch folder takes files");
}

/// A workbook of these sheets, given as XML (see [`sheet_xml`]): a mutated archive never gets past its checksums.
#[must_use]
pub fn workbook(sheets: &[(&str, String)]) -> Vec<u8> {
    use std::io::Write as _;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let number = |at: usize| at + 1;
    let names: String = sheets
        .iter()
        .enumerate()
        .map(|(at, (name, _))| format!(r#"<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>"#, n = number(at)))
        .collect();
    let links: String = (0..sheets.len())
        .map(|at| format!(r#"<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>"#, n = number(at)))
        .collect();
    let root = format!(
        r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let mut parts = vec![
        ("_rels/.rels".to_owned(), root),
        ("xl/workbook.xml".to_owned(), format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{names}</sheets></workbook>"#)),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!(r#"<Relationships xmlns="{PACKAGE}">{links}</Relationships>"#)),
    ];
    for (at, (_, xml)) in sheets.iter().enumerate() {
        parts.push((format!("xl/worksheets/sheet{}.xml", number(at)), xml.clone()));
    }
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        archive.start_file(name, stored).expect("memory takes files");
        archive.write_all(content.as_bytes()).expect("memory takes bytes");
    }
    archive.finish().expect("memory takes the directory").into_inner()
}

/// A sheet of text cells; empty ones are left out.
#[must_use]
pub fn sheet_xml<'a>(rows: impl Iterator<Item = Vec<&'a str>>) -> String {
    let cell = |row: usize, column: usize, text: &str| {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace(|c: char| c.is_control(), " ");
        let letter = char::from(b'A' + column as u8 % 26);
        format!(r#"<c r="{letter}{}" t="inlineStr"><is><t xml:space="preserve">{escaped}</t></is></c>"#, row + 1)
    };
    let rows: String = rows
        .enumerate()
        .map(|(row, cells)| {
            let filled = cells.iter().take(26).enumerate().filter(|(_, text)| !text.is_empty());
            format!(r#"<row r="{}">{}</row>"#, row + 1, filled.map(|(column, text)| cell(row, column, text)).collect::<String>())
        })
        .collect();
    format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#)
}

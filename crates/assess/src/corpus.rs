//! Training data as files: JSON lines, plain or compressed with gzip or zstandard, read row by row.
//!
//! A line that is no row is counted and named, never the end of a run. Only drawn rows are kept in memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::AssessError;
use crate::journal::CorpusFacts;

/// Longest line read, in bytes: what the detection engine takes as one item, and room for the other fields.
const MAX_LINE_BYTES: u64 = 2 * detect::MAX_ITEM_BYTES as u64;
/// Bad lines that are named one by one; the others are only counted.
const NAMED_BAD_LINES: usize = 20;
/// Place of the rows that are compiled in.
const SAMPLE: &str = "guiju-sample-corpus";

/// A corpus: the files it consists of.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// None: the sample corpus that is compiled in.
    files: Option<Vec<PathBuf>>,
    field: String,
}

/// A row of the corpus.
#[derive(Debug, Clone)]
pub(crate) struct CorpusRow {
    /// File and line.
    pub place: String,
    /// The text.
    pub text: String,
}

impl Corpus {
    /// The files at these paths; a directory stands for the corpus files in it, in order of name. No path is the sample corpus.
    ///
    /// # Errors
    /// A path cannot be read, or a directory has no corpus file.
    pub(crate) fn open(paths: &[String], field: &str) -> Result<Self, AssessError> {
        if paths.is_empty() {
            return Ok(Self { files: None, field: "text".to_owned() });
        }
        let mut files = Vec::new();
        for path in paths.iter().map(Path::new) {
            let meta = std::fs::metadata(path).map_err(|e| AssessError::io(path, e))?;
            if meta.is_dir() {
                let before = files.len();
                let listing = std::fs::read_dir(path).map_err(|e| AssessError::io(path, e))?;
                files.extend(listing.filter_map(|entry| entry.ok().map(|e| e.path())).filter(|p| is_corpus_file(p)));
                files.get_mut(before..).unwrap_or_default().sort();
                if files.len() == before {
                    let message = "has no file ending in .jsonl, .jsonl.gz or .jsonl.zst";
                    return Err(AssessError::State(format!("{}: {message}", path.display())));
                }
            } else {
                files.push(path.to_owned());
            }
        }
        Ok(Self { files: Some(files), field: field.to_owned() })
    }

    /// Counts the rows.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn count(&self) -> Result<CorpusFacts, AssessError> {
        let files = self.files.as_ref().map_or(vec![SAMPLE.to_owned()], |files| files.iter().map(|f| f.display().to_string()).collect());
        let mut facts = CorpusFacts { sample: self.files.is_none(), files, ..CorpusFacts::default() };
        self.each(|place, row| {
            match row {
                Ok(_) => facts.rows += 1,
                Err(reason) => {
                    facts.bad_lines += 1;
                    if facts.first_bad.len() < NAMED_BAD_LINES {
                        facts.first_bad.push(format!("{place}: {reason}"));
                    }
                }
            }
            Ok(())
        })?;
        Ok(facts)
    }

    /// Hands out the rows with these numbers (rising, from 0).
    ///
    /// # Errors
    /// A file cannot be read, or `take` fails.
    pub(crate) fn take(
        &self,
        numbers: &[usize],
        mut take: impl FnMut(usize, CorpusRow) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        let (mut wanted, mut number) = (numbers.iter().copied().peekable(), 0);
        self.each(|place, row| {
            if let Ok(text) = row {
                if wanted.next_if_eq(&number).is_some() {
                    take(number, CorpusRow { place: place.to_owned(), text })?;
                }
                number += 1;
            }
            Ok(())
        })
    }

    /// Walks all lines: place, and the text or why there is none.
    fn each(&self, mut visit: impl FnMut(&str, Result<String, String>) -> Result<(), AssessError>) -> Result<(), AssessError> {
        let Some(files) = &self.files else {
            return walk(SAMPLE, &include_bytes!("../data/corpus/sample.jsonl")[..], &self.field, &mut visit)
                .map_err(|e| e.at(Path::new(SAMPLE)));
        };
        for path in files {
            let input = decompress(path).map_err(|e| AssessError::io(path, e))?;
            walk(&path.display().to_string(), input, &self.field, &mut visit).map_err(|e| e.at(path))?;
        }
        Ok(())
    }
}

fn is_corpus_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    [".jsonl", ".jsonl.gz", ".jsonl.zst"].iter().any(|end| name.ends_with(end))
}

fn decompress(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    Ok(match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(zstd::stream::read::Decoder::new(file)?),
        _ => Box::new(file),
    })
}

enum WalkError {
    Io(std::io::Error),
    Other(AssessError),
}

impl WalkError {
    fn at(self, path: &Path) -> AssessError {
        match self {
            Self::Io(error) => AssessError::io(path, error),
            Self::Other(error) => error,
        }
    }
}

fn walk(
    name: &str,
    input: impl Read,
    field: &str,
    visit: &mut impl FnMut(&str, Result<String, String>) -> Result<(), AssessError>,
) -> Result<(), WalkError> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let (mut buffer, mut number) = (Vec::new(), 0_u64);
    loop {
        buffer.clear();
        let read = (&mut input).take(MAX_LINE_BYTES).read_until(b'\n', &mut buffer).map_err(WalkError::Io)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        let place = format!("{name}:{number}");
        if read as u64 == MAX_LINE_BYTES && !buffer.ends_with(b"\n") {
            skip_line(&mut input).map_err(WalkError::Io)?;
            visit(&place, Err(format!("the line is longer than {MAX_LINE_BYTES} bytes"))).map_err(WalkError::Other)?;
        } else if !buffer.trim_ascii().is_empty() {
            visit(&place, text_of(buffer.trim_ascii(), field)).map_err(WalkError::Other)?;
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|&b| b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let done = end.is_some() || used == 0;
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn text_of(line: &[u8], field: &str) -> Result<String, String> {
    let line = std::str::from_utf8(line).map_err(|_| "is not valid UTF-8".to_owned())?;
    let row = serde_json::Map::<String, serde_json::Value>::deserialize(&mut serde_json::Deserializer::from_str(line))
        .map_err(|e| format!("is no JSON object: {e}"))?;
    match row.get(field) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("the field '{field}' is no text")),
        None => {
            let fields: Vec<&str> = row.keys().map(String::as_str).take(8).collect();
            Err(format!("has no field '{field}' (it has {}); name the right one with --field", fields.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn directory() -> PathBuf {
        let dir = std::env::temp_dir().join(format!("guiju-corpus-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("a.jsonl"), "{\"text\":\"一\"}\n\n{bad\n{\"text\":7}\n{\"body\":\"x\"}\n").unwrap();
        let mut gz = flate2::write::GzEncoder::new(File::create(dir.join("b.jsonl.gz")).unwrap(), flate2::Compression::fast());
        gz.write_all("{\"text\":\"二\"}\n".as_bytes()).unwrap();
        gz.finish().unwrap();
        std::fs::write(dir.join("c.jsonl.zst"), zstd::encode_all("{\"text\":\"三\"}\n{\"text\":\"四\"}".as_bytes(), 0).unwrap()).unwrap();
        dir
    }

    #[test]
    fn reads_plain_and_compressed_files_and_names_bad_lines() {
        let dir = directory();
        let corpus = Corpus::open(&[dir.display().to_string()], "text").unwrap();
        let facts = corpus.count().unwrap();
        assert_eq!((facts.rows, facts.bad_lines, facts.files.len()), (4, 3, 3));
        assert!(facts.first_bad[0].contains("a.jsonl:3: is no JSON object"), "{:?}", facts.first_bad);
        assert!(facts.first_bad[1].contains("a.jsonl:4: the field 'text' is no text"));
        assert!(facts.first_bad[2].contains("it has body"));
        let mut texts = Vec::new();
        corpus
            .take(&[0, 2, 3], |number, row| {
                texts.push((number, row.text));
                Ok(())
            })
            .unwrap();
        assert_eq!(texts, [(0, "一".to_owned()), (2, "三".to_owned()), (3, "四".to_owned())]);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_sample_corpus_is_readable() {
        let facts = Corpus::open(&[], "text").unwrap().count().unwrap();
        assert!(facts.rows >= 300 && facts.bad_lines == 0, "{facts:?}");
    }
}

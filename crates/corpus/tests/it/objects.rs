//! Documents in an object store: the same findings as from a disk, whatever goes wrong on the way, or a word that says what did.

use std::path::{Path, PathBuf};

use corpus::{Apply, CorpusError, Counter, Duplicates, Failed, Manifest, Record, Selector, Settings};
use detect::Policy;
use detect::redact::{self, Redactor, Secrets};

use crate::store::{Fault, RETRIES, fail, put, with};
use crate::work::{PIPELINE, TEXTS, Work, csv, files, gzip, jsonl, parquet, warc};

/// Forever, for a test.
const ALWAYS: usize = 1_000;

fn make(inputs: &[PathBuf]) -> Result<Manifest, CorpusError> {
    let settings = Settings {
        text: Selector::new("text").unwrap(),
        matched: false,
        versions: PIPELINE.versions().to_vec(),
        shard_bytes: corpus::SHARD_BYTES,
    };
    Manifest::make(inputs, settings, &Counter::default())
}

/// A megabyte of rows, so that they come in several pieces.
fn many() -> Vec<u8> {
    let texts: Vec<String> = (0..1_200).map(|at| format!("{} 第 {at} 行", TEXTS[at % 8].repeat(8))).collect();
    jsonl(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The findings of a scan without the manifest's name in them.
fn findings(work: &Work, out: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let is_findings = |path: &Path| path.to_str().unwrap().ends_with(".findings.parquet");
    files(&work.path(out)).into_iter().filter(|(path, _)| is_findings(path)).collect()
}

fn applied(work: &Work, out: &str, to: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let redactor = Redactor::new(redact::Policy::default(), &Secrets::default()).unwrap();
    let (dir, to) = (work.path(out), work.path(to));
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let policy = Policy::default();
    let duplicates = Duplicates::Exact;
    Apply {
        dir: &dir,
        out: &to,
        manifest: &manifest,
        policy: &policy,
        redactor: &redactor,
        redaction: "mask",
        duplicates,
        consent: None,
        threads: 2,
    }
    .run()
    .unwrap();
    files(&to).into_iter().filter(|(path, _)| ["clean", "quarantine"].iter().any(|name| path.starts_with(name))).collect()
}

#[test]
fn a_scan_of_objects_finds_what_a_scan_of_files_finds() {
    let work = Work::new();
    for (name, bytes) in [
        ("a b.jsonl", jsonl(TEXTS)),
        ("b/语料.jsonl.gz", gzip(&jsonl(TEXTS))),
        ("b/c.csv", csv(TEXTS, b',')),
        ("b/d.parquet", parquet(TEXTS, 2)),
        ("e.warc", warc(TEXTS)),
        ("f.txt", many()),
        ("notes.md", b"no corpus".to_vec()),
        ("empty.jsonl", Vec::new()),
    ] {
        work.write(&format!("in/{name}"), &bytes);
        put("same", &format!("in/{name}"), &bytes);
    }
    put("same", "inside.jsonl", b"not below in/");
    // Small shards, so that there are several of a file.
    let (disk, objects) = (work.manifest(&[work.path("in")], 200_000), work.manifest(&["s3://same/in".into()], 200_000));
    assert_eq!((disk.shards.len(), disk.passed_over.len()), (objects.shards.len(), objects.passed_over.len()));
    let names =
        |manifest: &Manifest| manifest.files.iter().map(|file| file.path.rsplit("in/").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&disk), names(&objects));
    assert!(objects.files.iter().all(|file| file.etag.is_some() && file.path.starts_with("s3://same/in/")));
    for (manifest, out) in [(&disk, "disk"), (&objects, "objects")] {
        let (failed, summary) = work.scan(manifest, out, 2);
        assert!(failed.is_empty() && summary.judged > 1_200, "{failed:?}");
        let written = std::fs::read_to_string(work.path(out).join("manifest.json")).unwrap();
        assert!(!written.contains("127.0.0.1"), "the endpoint is not for the manifest");
    }
    assert_eq!(findings(&work, "disk"), findings(&work, "objects"));
    assert_eq!(applied(&work, "disk", "disk-applied"), applied(&work, "objects", "objects-applied"));
    assert_eq!(corpus::check(&work.path("objects"), &objects).unwrap(), Vec::<String>::new());
    let row = corpus::explain(&work.path("objects"), &objects, "b/d.parquet:2").unwrap();
    assert!(row[0].text.as_ref().unwrap().contains("代开"), "{row:?}");
}

/// What a scan of an object comes to, a fault being laid on when the manifest is there.
fn scanned(work: &Work, name: &str, bytes: &[u8], out: &str, fault: impl FnOnce(&str)) -> (Manifest, Vec<Failed>) {
    let manifest = make(&[put(out, name, bytes)]).unwrap();
    fault(out);
    let (failed, _) = work.scan(&manifest, out, 2);
    (manifest, failed)
}

#[test]
fn what_passes_is_asked_for_again() {
    let work = Work::new();
    let bytes = many();
    work.file("whole.jsonl", &bytes);
    let whole = findings(&work, "out-whole.jsonl");
    for (bucket, fault) in [
        ("slow-down", Fault::Status(503, "SlowDown")),
        ("failing", Fault::Status(500, "InternalError")),
        ("cut", Fault::Cut),
        ("slow", Fault::Slow),
    ] {
        let times = if fault == Fault::Slow { 1 } else { RETRIES as usize };
        let (_, failed) = scanned(&work, "a.jsonl", &bytes, bucket, |bucket| fail(bucket, fault, times));
        assert!(failed.is_empty(), "{bucket}: {failed:?}");
        assert!(findings(&work, bucket) == whole, "{bucket}");
    }
}

#[test]
fn what_lasts_is_named_and_the_next_run_goes_on() {
    let work = Work::new();
    let bytes = gzip(&jsonl(TEXTS));
    work.file("whole.jsonl.gz", &bytes);
    // Where a redirect points to: nobody may come.
    put("elsewhere", "a.jsonl.gz", &bytes);
    for (bucket, fault, said) in [
        ("gone", Fault::Status(404, "NoSuchKey"), "there is no such object (404 NoSuchKey)"),
        ("refused", Fault::Status(403, "AccessDenied"), "access was refused (403 AccessDenied)"),
        ("busy", Fault::Status(503, "SlowDown"), "asks to slow down (503 SlowDown): asked up to 3 times"),
        ("broken", Fault::Status(500, "InternalError"), "the store failed (500 InternalError): asked up to 3 times"),
        ("moved", Fault::Status(301, "PermanentRedirect"), "lies in another region than 'us-east-1'"),
        ("region", Fault::Status(400, "AuthorizationHeaderMalformed"), "lies in another region than 'us-east-1'"),
        ("sent-on", Fault::Status(307, "TemporaryRedirect"), "lies in another region than 'us-east-1'"),
        ("torn", Fault::Cut, "the connection was cut: asked up to 3 times"),
        ("silent", Fault::Slow, "no answer within 2 s: asked up to 3 times"),
        ("short", Fault::Short, "is it an S3 service?"),
    ] {
        let (manifest, failed) = scanned(&work, "a.jsonl.gz", &bytes, bucket, |bucket| fail(bucket, fault, ALWAYS));
        let error = failed.first().map(|failed| failed.error.to_string()).unwrap_or_default();
        assert!(error.starts_with(&format!("s3://{bucket}/a.jsonl.gz: ")) && error.contains(said) && !error.contains("AKID"), "{error}");
        // The bytes did not come: that is no end of the rows.
        assert!(Record::all(&work.path(bucket), &manifest).unwrap()[0].is_none(), "{bucket}");
        fail(bucket, fault, 0);
        let (failed, _) = work.scan(&manifest, bucket, 2);
        assert!(failed.is_empty() && findings(&work, bucket) == findings(&work, "out-whole.jsonl.gz"), "{bucket}: {failed:?}");
    }
    assert_eq!(with("elsewhere", |bucket| bucket.requests), 0);
}

#[test]
fn an_object_that_changed_is_refused_whether_or_not_the_store_watches() {
    let work = Work::new();
    let other = jsonl(&TEXTS[1..]);
    for (bucket, careless) in [("watched", false), ("careless", true)] {
        for (name, bytes, new) in [("a.jsonl", jsonl(TEXTS), other.clone()), ("b.parquet", parquet(TEXTS, 3), parquet(&TEXTS[1..], 3))] {
            let out = &format!("{bucket}-{}", &name[..1]);
            with(out, |bucket| bucket.careless = careless);
            let (manifest, failed) = scanned(&work, name, &bytes, out, |bucket| drop(put(bucket, name, &new)));
            assert!(matches!(failed[..], [Failed { error: CorpusError::Changed { .. }, .. }]), "{out}: {failed:?}");
            assert!(!corpus::check(&work.path(out), &manifest).unwrap().is_empty());
        }
    }
}

#[test]
fn what_cannot_be_found_is_said_before_anything_is_scanned() {
    put("found", "a/b.jsonl", b"{\"text\":\"a\"}\n");
    let said = |url: &str| make(&[url.into()]).unwrap_err().to_string();
    assert!(said("s3://nowhere/a.jsonl").contains("there is no such bucket at http://127.0.0.1"), "{}", said("s3://nowhere/a.jsonl"));
    assert!(said("s3://nowhere/a/").contains("there is no such bucket"), "{}", said("s3://nowhere/a/"));
    assert!(said("s3://found/c.jsonl").contains("no such object, and none below it"), "{}", said("s3://found/c.jsonl"));
    assert!(said("s3://found//a").contains("names no object"), "{}", said("s3://found//a"));
    assert_eq!(make(&["s3://found".into()]).unwrap().files[0].path, "s3://found/a/b.jsonl");
    fail("found", Fault::Status(403, "AccessDenied"), ALWAYS);
    assert!(said("s3://found/a").contains("access was refused (403 AccessDenied)"), "{}", said("s3://found/a"));
}

#[test]
fn a_header_costs_one_small_piece_and_a_plain_object_is_read_twice_in_all() {
    let work = Work::new();
    let table = csv(&[TEXTS[0].repeat(20_000).as_str(), "kurz"], b',');
    let manifest = make(&[put("thrift", "a.csv", &table)]).unwrap();
    let made = with("thrift", |bucket| std::mem::take(&mut bucket.requests));
    let (failed, summary) = work.scan(&manifest, "thrift", 1);
    assert!(failed.is_empty() && summary.judged == 2);
    // HEAD, the header, then 256 KiB and 512 KiB and the rest.
    let pieces = (table.len().saturating_sub(256 << 10)).div_ceil(512 << 10).min(2) + 1;
    assert_eq!((made, with("thrift", |bucket| bucket.requests)), (2 + pieces, pieces));
}

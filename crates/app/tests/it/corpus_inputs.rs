//! `guiju corpus` from outside, with what it is told beside the files: how an object store is reached, and who agreed to what.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use crate::workdir::{Workdir, assert_code, text};

const SCAN: [&str; 6] = ["corpus", "scan", "s3://corpus/in", "--classifier", "off", "--out"];

fn with(dir: &Workdir, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guiju"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        command.env_remove(name);
    }
    command.args(args).envs(variables.iter().copied()).current_dir(dir.path()).output().unwrap()
}

#[test]
fn an_object_store_is_reached_as_the_operator_says_and_no_secret_is_told() {
    let dir = Workdir::new("corpus-store");
    let key = [("AWS_ACCESS_KEY_ID", "AKID-OF-THE-TEST"), ("AWS_SECRET_ACCESS_KEY", "SECRET-OF-THE-TEST")];
    let said = |args: &[&str], variables: &[(&str, &str)]| {
        let output = with(&dir, &[SCAN.as_slice(), &["out"], args].concat(), variables);
        assert_code(&output, 3);
        text(&output)
    };
    assert!(said(&[], &[]).contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
    let open = said(&["--s3-endpoint", "http://store.example:9000"], &key);
    assert!(open.contains("is http:// and not on this machine"), "{open}");
    let output = with(&dir, &[SCAN.as_slice(), &["s3://corpus/out"]].concat(), &key);
    assert!(text(&output).contains("must be a directory on a disk"), "{}", text(&output));
    // A store that refuses, and repeats in its answer what it should not.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request: String = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let body = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKID-OF-THE-TEST</AWSAccessKeyId></Error>";
        write!(stream, "HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).unwrap();
        request
    });
    let refused = said(&["--s3-region", "eu-west-1"], &[key[0], key[1], ("AWS_ENDPOINT_URL", &endpoint)]);
    assert!(refused.contains("access was refused (403 SignatureDoesNotMatch)") && !refused.contains("OF-THE-TEST"), "{refused}");
    let request = asked.join().unwrap();
    assert!(request.starts_with("GET /corpus?list-type=2&prefix=in%2F") && request.contains("eu-west-1/s3/aws4_request"), "{request}");
    assert!(request.contains("AKID-OF-THE-TEST") && !request.contains("SECRET-OF-THE-TEST"), "{request}");
}

#[test]
fn rows_of_those_who_said_no_are_dropped_and_explained() {
    let dir = Workdir::new("corpus-consent");
    let row = |user: &str, text: &str| format!("{{\"user\":\"{user}\",\"text\":\"{text}\"}}\n");
    let (plain, phone) = ("今天天气很好，适合出门散步。", "请打我的手机13812345678。");
    dir.write("a.jsonl", &[row("user-17", plain), row("用户-18", plain), row("user-20", phone)].concat());
    // The key and the persons of docs/formats/consent.md.
    let snapshot = |made: &str, until: &str| {
        format!(
            "{{\"format\":1,\"kind\":\"consent\",\"tenant\":\"main\",\"purpose\":\"training\",\"made\":\"{made}\",\"until\":\"{until}\",\"key\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\",\"persons\":2}}\n\
             {{\"person\":\"93c26e207faa5d9f956f7531939773035b468a1fdb06a2ba19ffd1aac05fc22b\",\"general\":\"9999-12-31\"}}\n\
             {{\"person\":\"bb9041f36a0bd22f03ff0d8dd1fae876804b6644e48582be5605fd6fb03b1250\",\"out\":true}}\n"
        )
    };
    dir.write("consent.jsonl", &snapshot("2026-01-01", "9999-12-31"));
    dir.write("old.jsonl", &snapshot("2020-01-01", "2020-01-08"));
    assert_code(&dir.guiju(&["corpus", "scan", "a.jsonl", "--classifier", "off", "--out", "scan"]), 0);
    let apply = |consent| dir.guiju(&["corpus", "apply", "scan", "--out", "applied", "--consent", consent, "--person", "user"]);
    let old = apply("old.jsonl");
    assert_code(&old, 3);
    assert!(text(&old).contains("may be used from 2020-01-01 to 2020-01-08") && !dir.path().join("applied").exists(), "{}", text(&old));
    let applied = apply("consent.jsonl");
    assert!(text(&applied).contains("kept 1, redacted 1") && text(&applied).contains("said no 1, named nobody 0"), "{}", text(&applied));
    let clean = std::fs::read_to_string(dir.path().join("applied/clean/000000-a.jsonl")).unwrap();
    assert_eq!(clean, row("用户-18", plain) + &row("user-20", "请打我的手机138****5678。"));
    let explained = dir.guiju(&["corpus", "explain", "scan", "a.jsonl:1", "--applied", "applied"]);
    assert!(text(&explained).contains("已删除: 本人拒绝或撤回同意 (opted-out)"), "{}", text(&explained));
}

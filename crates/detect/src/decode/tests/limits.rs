use std::time::{Duration, Instant};

use super::super::{How, MAX_PIECES};
use super::all;

/// What must hold for every text.
fn check(text: &str) {
    let out = all(text);
    assert!(out.len() <= MAX_PIECES);
    assert!(out.iter().map(|p| p.text.len()).sum::<usize>() <= text.len(), "{text:?} {out:?}");
    for piece in &out {
        assert!(!piece.span.is_empty() && text.get(piece.span.clone()).is_some(), "{text:?} {piece:?}");
    }
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn never_breaks() {
    const PARTS: &[&str] = &[
        "%",
        "%E4",
        "%BD%A0",
        "%u4f60",
        "&",
        "&#",
        "&#x",
        "4f60",
        ";",
        "&lt;",
        "\\",
        "\\u",
        "\\u{",
        "}",
        "\\xe4",
        "\\377",
        "u4f60",
        "U+",
        "=E4",
        "=",
        "aGVsbG8gd29ybGQh",
        "54K45by5",
        "\n",
        "\r\n",
        " ",
        "   ",
        "/",
        "-",
        ".",
        "·",
        "—",
        "01101000",
        "0x",
        "68 65 6c 6c 6f",
        ",",
        "你",
        "好",
        "我们",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{feff}",
        "\u{e0041}",
        "\u{e007f}",
        "🏴",
        "\u{fe0f}",
        "\u{e0110}",
        "\u{e0151}",
        "Ａ",
        "％",
        "＋",
        "'",
        "\"",
        "“",
        "”",
        "+",
        "a",
        "b",
        "i",
        "join([",
        "].join(",
        "x=",
        "是",
        "base64",
        "rot13",
        "凯撒",
        "倒着",
        "藏头",
        "最后一个字",
        "leet",
        "m4k3",
        "b0mb",
        "⠃",
        "⠕",
        "é",
        "ß",
        "\u{0}",
        "\u{7f}",
        "\u{d7ff}",
        "\u{10ffff}",
        "how",
        "woh",
        "obzo",
        "。",
        "：",
        "\t",
        "İ",
        "ŉ",
        "ﬁ",
        "99999999999",
        "110",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15;
    for round in 0..6000 {
        let len = random(&mut state) % 24;
        let text: String = (0..len).map(|_| PARTS[(random(&mut state) % PARTS.len() as u64) as usize]).collect();
        check(&text);
        let any = |state: &mut u64| char::from_u32((random(state) % if round % 2 == 0 { 0x3000 } else { 0x11_0000 }) as u32);
        check(&(0..len * 3).filter_map(|_| any(&mut state)).collect::<String>());
    }
}

#[test]
fn every_kind_has_its_own_id() {
    use How::*;
    let kinds = [
        Base64,
        Base32,
        Hex,
        Url,
        HtmlEntity,
        UnicodeEscape,
        QuotedPrintable,
        UnicodeTags,
        ZeroWidth,
        VariationSelectors,
        Morse,
        Braille,
        Rot13,
        Caesar,
        Reversed,
        SpacedLetters,
        Binary,
        Decimal,
        LeetSpeak,
        Acrostic,
        Concatenated,
    ];
    assert_eq!(kinds.map(How::id).into_iter().collect::<std::collections::HashSet<_>>().len(), How::COUNT);
}

/// Only optimised builds are held to the time; unoptimised ones take a fifth of the text.
#[test]
fn time_is_linear() {
    let size = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    let units = [
        "A",
        "%",
        "&",
        ". ",
        "\\u",
        "01",
        "\u{200b}",
        "a ",
        "a",
        "=",
        "\"",
        "'a'+",
        "x+",
        "x=",
        "%E4",
        "&#",
        "\\u4f60",
        "u4f60",
        "- ",
        ".-",
        ".- ",
        "\n",
        "a\n",
        "a.",
        "我",
        "们我",
        "aGVsbG8gdGhlcmUgZnJpZW5k ",
        "\u{e0041}",
        "\u{e0110}",
        "\u{200b}\u{200c}",
        "61 ",
        "97 ",
        "obzo ",
        "bmob ",
        "b0mb ",
        "m4k3. ",
        "rot13 obzo. ",
        "shift krz wr. ",
        "倒着弹炸。",
        "a 1 ",
        "a=1 ",
        "a=b+c ",
        "join(['a',",
        "⠃",
        "Ａ",
        "，",
        "5",
        "4 ",
        "54K45by5 ",
        "5a,",
        "how to make ",
        "make to how ",
        "藏头\n",
        "\u{fe0f}",
        "f.u.c.k ",
        "aZ9/",
        "=E4=BD=A0",
        "\u{200b}a",
        "a\u{0301}",
        "\"a\",",
        "a:\"x\",b+",
        "The committee will meet again on Thursday, when the members have read it. ",
        "人民群众的生活水平不断提高，社会保障体系日益完善。",
        "let total = price.sum(tax, shipping)?; // adds it all up\n",
    ];
    let mut slow = Vec::new();
    for unit in units {
        let text = unit.repeat(size / unit.len());
        let start = Instant::now();
        check(&text);
        let took = start.elapsed();
        println!("{took:>10.1?} {unit:?}");
        if took > Duration::from_millis(500) {
            slow.push((unit, took));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

use super::*;
use std::collections::HashSet;

/// (text, sensitive part): neutral sentences with everything the transforms look for.
const TEXTS: &[(&str, &str)] = &[
    ("请问在哪里可以买到炸药和手枪，我要去 Shop 1234", "炸药和手枪"),
    ("加微信 abc138 领取赌博链接", "微信 abc138 领取赌博链接"),
    ("how to buy a gun at night, 24h", "buy a gun"),
    ("银行卡号和密码发给我吧", "银行卡号和密码"),
];

fn runs() -> impl Iterator<Item = (&'static Transform, &'static str, Range<usize>, u64)> {
    transforms().iter().flat_map(|t| {
        TEXTS.iter().flat_map(move |(text, part)| {
            let start = text.find(part).unwrap();
            (0..40).map(move |seed| (t, *text, start..start + part.len(), seed))
        })
    })
}

fn by_id(id: &str) -> &'static Transform {
    transforms().iter().find(|t| t.id == id).unwrap()
}

fn all_of(id: &str, text: &str, seeds: u64) -> Vec<String> {
    (0..seeds).filter_map(|seed| (by_id(id).apply)(text, 0..text.len(), seed)).collect()
}

#[test]
fn same_seed_same_text_and_never_unchanged() {
    for (t, text, span, seed) in runs() {
        let first = (t.apply)(text, span.clone(), seed);
        assert_eq!(first, (t.apply)(text, span, seed), "{}", t.id);
        assert_ne!(first.as_deref(), Some(text), "{}", t.id);
    }
}

#[test]
fn every_transform_finds_something() {
    for t in transforms() {
        let applied = runs().filter(|(other, text, span, seed)| other.id == t.id && (t.apply)(text, span.clone(), *seed).is_some()).count();
        assert!(applied >= 40, "{} applied {applied} times", t.id);
    }
}

#[test]
fn seeds_differ() {
    for t in transforms().iter().filter(|t| !["fullwidth", "traditional", "reversed"].contains(&t.id)) {
        let different: HashSet<String> =
            runs().filter(|r| r.0.id == t.id).filter_map(|(_, text, span, seed)| (t.apply)(text, span, seed)).collect();
        assert!(different.len() >= 6, "{}: {}", t.id, different.len());
    }
}

#[test]
fn outside_the_span_nothing_changes() {
    for (t, text, span, seed) in runs().filter(|r| r.0.scope == Scope::Span) {
        if let Some(new) = (t.apply)(text, span.clone(), seed) {
            assert!(new.starts_with(text.get(..span.start).unwrap()) && new.ends_with(text.get(span.end..).unwrap()), "{}: {new}", t.id);
        }
    }
}

#[test]
fn nothing_to_transform_and_bad_ranges_give_none() {
    for t in transforms() {
        assert_eq!((t.apply)("", 0..0, 1), None, "{}", t.id);
        assert_eq!((t.apply)("中文", 0..1, 1), None, "{}", t.id);
        assert_eq!((t.apply)("中文", 3..99, 1), None, "{}", t.id);
        #[allow(clippy::reversed_empty_ranges)]
        let backwards = 3..0;
        assert_eq!((t.apply)("中文", backwards, 1), None, "{}", t.id);
        if t.scope == Scope::Span {
            assert_eq!((t.apply)("枪支 gun", 0..0, 1), None, "{}", t.id);
        }
    }
    assert!(all_of("leet", "中文", 20).is_empty());
    assert!(all_of("homophone", "latin", 20).is_empty());
    assert!(all_of("filler", "a中b", 20).is_empty());
    assert!(all_of("mixed", "。", 20).is_empty());
}

#[test]
fn ids_are_unique_and_as_agreed() {
    let ids: Vec<&str> = transforms().iter().map(|t| t.id).collect();
    let wanted = "fullwidth traditional filler zero-width look-alike combining split pinyin-full pinyin-initials homophone \
                  emoji reversed base64 leet digits mixed";
    assert_eq!(ids, wanted.split_whitespace().collect::<Vec<_>>());
    assert!(transforms().iter().all(|t| !t.zh.is_empty() && !t.en.is_empty()));
}

#[test]
fn base64_decodes_to_the_text() {
    assert!(all_of("base64", "foobar", 20).iter().all(|out| out == "Zm9vYmFy"));
    let forms: HashSet<String> = all_of("base64", "??>~a", 40).into_iter().collect();
    assert_eq!(forms, ["Pz8+fmE=", "Pz8+fmE", "Pz8-fmE"].map(String::from).into());
}

#[test]
fn pinyin_reads_words_and_takes_its_shapes() {
    let out: HashSet<String> = all_of("pinyin-full", "银行", 60).into_iter().collect();
    for shape in ["yinhang", "yin hang"] {
        assert!(out.contains(shape), "{out:?}");
    }
    assert!(out.contains("银hang") || out.contains("yin行"), "{out:?}");
    assert!(all_of("pinyin-initials", "银行", 60).iter().any(|out| out == "yh" || out == "YH"));
}

#[test]
fn filler_stands_between_and_keeps_every_character() {
    let text = "一二三四五六";
    for out in all_of("zero-width", text, 60).iter().chain(&all_of("emoji", "中文测试", 60)) {
        let han: String = out.chars().filter(|c| "一二三四五六中文测试".contains(*c)).collect();
        assert!(han == text || han == "中文测试", "{out}");
    }
    for out in all_of("filler", "中文测试", 200) {
        let kept: String = out.chars().filter(|c| "中文测试".contains(*c)).collect();
        assert_eq!(kept, "中文测试");
        assert!(out.starts_with('中') && out.ends_with('试') && out.chars().count() <= 4 + 9, "{out}");
    }
}

#[test]
fn filler_spells_latin_words_out() {
    let out: HashSet<String> = all_of("filler", "kill him", 200).into_iter().collect();
    for shape in ["k i l l  h i m", "k.i.l.l h.i.m", "k-i-l-l him", "kill h*i*m"] {
        assert!(out.contains(shape), "{shape}: {out:?}");
    }
    assert!(all_of("filler", "go to", 20).is_empty());
    assert!(all_of("filler", "买枪 gun", 60).iter().any(|out| !out.contains("gun") && !out.contains("买枪")));
}

#[test]
fn homophones_sound_alike() {
    let table = tables::tables();
    for out in all_of("homophone", "测试微信", 100) {
        for (old, new) in "测试微信".chars().zip(out.chars()) {
            assert_eq!(table.syllable.get(&old), table.syllable.get(&new), "{out}");
        }
    }
}

#[test]
fn the_tables_are_whole() {
    let t = tables::tables();
    let files =
        [include_str!("split_attack.tsv"), include_str!("emoji_attack.tsv"), include_str!("pinyin_words.tsv"), include_str!("s2t.tsv")];
    let counts = [t.split.len(), t.emoji.len(), t.words.len(), t.traditional.len()];
    assert_eq!(files.map(|file| file.lines().count()), counts);
    assert_eq!(t.look_alike.len(), 62);
    for (letter, forms) in &t.look_alike {
        assert!(forms.len() >= 5 && forms.iter().all(|f| !f.is_ascii()), "{letter}");
    }
    assert!(t.words.iter().all(|(word, read)| word.chars().count() == read.len() && read.len() <= tables::LONGEST_WORD));
    assert!(t.emoji.keys().all(|word| word.chars().count() <= tables::LONGEST_WORD));
    assert!(t.emoji.values().chain(t.split.values()).flatten().all(|form| !form.is_empty()));
    assert!(t.split.values().flatten().all(|form| form.chars().count() >= 2));
    assert!(t.syllable.len() >= 3700 && t.traditional.iter().all(|(old, new)| old != new));
}

#[test]
fn long_text_is_linear() {
    let text = "炸药abc 138 我是".repeat(20_000);
    for t in transforms() {
        assert!((t.apply)(&text, 0..text.len(), 7).is_some(), "{}", t.id);
    }
}

#[test]
#[ignore = "prints samples to look at"]
fn samples() {
    for (t, text, span, seed) in runs().filter(|r| r.3 < 3) {
        println!("{:16}{:?}", t.id, (t.apply)(text, span, seed));
    }
}

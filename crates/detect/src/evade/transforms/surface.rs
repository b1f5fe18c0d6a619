//! Transforms of the whole text: the same words in other code points, with things strewn between, in another order or encoding.
//!
//! Invariant: every function returns `None` when the text has nothing it can rewrite. The characters strewn in are many and of many blocks
//! on purpose, some of them outside what is usually thought of as filler (Hangul filler, strokes that are ideographs, middle dots).

use super::rng::Rng;
use super::tables::tables;
use super::words::{replace_some, some_of};

/// Share of the places or characters that are rewritten, in percent.
const MOST: usize = 70;
const MANY: usize = 85;
/// Shortest Latin word that is spelt out: nobody hides "of" or "to".
const SPELT_OUT: usize = 3;

const FILLER: &str = " \u{3000}\u{a0}\u{2003}.,-_*~+=/\\|#^&@!?;:'\"`()[]{}<>%$\
    、。，．·・•‧∙…—－～！？；：＊＃＆＠＋＝／｜「」『』【】〖〗《》〈〉（）［］｛｝〔〕“”‘’\
    ■□▪▫▲△▼▽◆◇○●◎★☆♀♂♠♣♥♦♡♪♫※§¶†‡°′″℃№←→↑↓↔⇒⇔√×÷±≈≠≤≥∞∵∴∥∠⊙⌒\
    ─│┌┐└┘├┤┼═║╱╲╳▁▂▃▄▅▆▇█░▒▓✓✔✗✘✦✧✩✪✿❀❁❂❃❄❅❤❥➤➜➔☀☁☂☎☑☒☯☮☠☢☣⚡⚠✈✉✂⊕⊗⿰⿱\
    丨丶丿亅ノ一ーゝ々〆ㅤ〡〢〣꧁꧂۞░𓆡";

const INVISIBLE: &str = "\u{200b}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\
    \u{180e}\u{200e}\u{200f}\u{202a}\u{202c}\u{202d}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2068}\u{2069}\u{206a}\
    \u{206f}\u{3164}\u{ffa0}\u{fff9}\u{fffb}\u{e0001}\u{e0020}\u{e0061}\u{e007f}\u{1d173}\u{1bca0}";

const EMOJI: &str = "😀 😂 🤣 😊 😍 😎 🤔 😭 😡 👍 👌 🙏 💪 🔥 ✨ 🎉 💯 ❤️ 💔 🌹 🌸 🍀 ⭐ 🌈 ☀️ 🐶 🐱 \
    🐼 🍎 🍉 🍺 ⚽ 🚗 ✈️ 🏠 💰 🎁 📱 👀 👉 👈 ✅ ❌ ⚠️ 🇨🇳 👨‍👩‍👧 👍🏻 1️⃣ 🆗 🅰️ ㊙️ 🀄 🫶 🧿";

/// ASCII in its full-width forms (U+FF01..FF5E, U+3000).
pub(super) fn fullwidth(text: &str, _: &mut Rng) -> Option<String> {
    map(text, |c| match c {
        ' ' => Some('\u{3000}'),
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0),
        _ => None,
    })
}

/// Simplified characters in their traditional forms.
pub(super) fn traditional(text: &str, _: &mut Rng) -> Option<String> {
    map(text, |c| tables().traditional.get(&c).copied())
}

/// Filler between Chinese characters, and between the letters of Latin words.
pub(super) fn filler(text: &str, rng: &mut Rng) -> Option<String> {
    let filled = filler_between(text, rng);
    spell_out(filled.as_deref().unwrap_or(text), rng).or(filled)
}

/// One to three filler characters between neighbouring Chinese characters: the same everywhere, or of all sorts.
pub(super) fn filler_between(text: &str, rng: &mut Rng) -> Option<String> {
    let all: Vec<char> = FILLER.chars().collect();
    let one = rng.pick(&all)?;
    let uniform = rng.coin();
    let most = 1 + rng.below(3);
    strew(
        text,
        rng,
        MANY,
        |left, right| is_han(left) && is_han(right),
        |out, rng| {
            for _ in 0..=rng.below(most) {
                out.push(if uniform { one } else { rng.pick(&all).unwrap_or(one) });
            }
        },
    )
}

/// One sign between the letters of most Latin words: k.i.l.l. With spaces for signs, those between words are doubled, or nobody could
/// tell where a word ends.
fn spell_out(text: &str, rng: &mut Rng) -> Option<String> {
    let sign = rng.pick(&[" ", " ", ".", "-", "_", "*", "·"])?;
    let chars: Vec<char> = text.chars().collect();
    let runs = || chars.chunk_by(|left, right| left.is_ascii_alphabetic() == right.is_ascii_alphabetic());
    let is_word = |run: &[char]| run.len() >= SPELT_OUT && run.first().is_some_and(char::is_ascii_alphabetic);
    let mut chosen = some_of(runs().filter(|run| is_word(run)).count(), rng, MANY)?.into_iter();
    let mut out = String::with_capacity(text.len() * 2);
    for run in runs() {
        if is_word(run) && chosen.next() == Some(true) {
            out.push_str(&run.iter().map(char::to_string).collect::<Vec<_>>().join(sign));
        } else {
            out.extend(run);
            out.push_str(if run == [' '] && sign == " " { " " } else { "" });
        }
    }
    Some(out)
}

/// Characters that are not seen, between any two.
pub(super) fn zero_width(text: &str, rng: &mut Rng) -> Option<String> {
    let all: Vec<char> = INVISIBLE.chars().collect();
    strew(
        text,
        rng,
        MOST,
        |_, _| true,
        |out, rng| {
            for _ in 0..=rng.below(2) {
                out.extend(rng.pick(&all));
            }
        },
    )
}

/// Latin letters and digits as others that look like them.
pub(super) fn look_alike(text: &str, rng: &mut Rng) -> Option<String> {
    replace_some(text, rng, MOST, |c, rng| rng.pick(tables().look_alike.get(&c)?).map(String::from))
}

/// One or two combining marks or variation selectors on letters and characters.
pub(super) fn combining(text: &str, rng: &mut Rng) -> Option<String> {
    const BLOCKS: &[(u32, usize)] = &[(0x300, 0x70), (0x20D0, 13), (0x1AB0, 14), (0x1DC0, 40), (0xFE00, 16), (0xE0100, 240)];
    replace_some(text, rng, MOST, |c, rng| {
        let mut marked = c.is_alphanumeric().then(|| String::from(c))?;
        for _ in 0..=rng.below(2) {
            let (first, size) = rng.pick(BLOCKS)?;
            marked.extend(char::from_u32(first + u32::try_from(rng.below(size)).ok()?));
        }
        Some(marked)
    })
}

/// Emoji between neighbouring Chinese characters.
pub(super) fn emoji_between(text: &str, rng: &mut Rng) -> Option<String> {
    let all: Vec<&str> = EMOJI.split(' ').collect();
    strew(text, rng, MOST, |left, right| is_han(left) && is_han(right), |out, rng| out.extend(rng.pick(&all)))
}

/// The characters from last to first.
pub(super) fn reversed(text: &str, _: &mut Rng) -> Option<String> {
    let back: String = text.chars().rev().collect();
    (back != text).then_some(back)
}

/// Base64 (RFC 4648) of the UTF-8 bytes: standard, standard without padding, or the URL-safe alphabet without padding.
pub(super) fn base64(text: &str, rng: &mut Rng) -> Option<String> {
    let kind = rng.below(3);
    let alphabet = if kind == 2 { b"-_" } else { b"+/" };
    let mut out = String::with_capacity(text.len() / 3 * 4 + 4);
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().chain([0, 0].iter()).take(3).fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        let digits = [18, 12, 6, 0].map(|shift| base64_digit(bits >> shift & 63, *alphabet));
        out.extend(digits.into_iter().take(three.len() + 1));
        out.extend(std::iter::repeat_n('=', if kind == 0 { 3 - three.len() } else { 0 }));
    }
    (!out.is_empty()).then_some(out)
}

/// Digits as Chinese numerals of one style, and characters that sound like a digit as that digit.
pub(super) fn digits(text: &str, rng: &mut Rng) -> Option<String> {
    let numerals = rng.pick(&[
        "零一二三四五六七八九",
        "〇一二三四五六七八九",
        "零壹贰叁肆伍陆柒捌玖",
        "零幺两三四五六拐八勾",
        "〇㈠㈡㈢㈣㈤㈥㈦㈧㈨",
    ])?;
    replace_some(text, rng, MANY, |c, _| match c.to_digit(10) {
        Some(value) => numerals.chars().nth(usize::try_from(value).ok()?).map(String::from),
        None => sounds_like(c).map(String::from),
    })
}

const fn sounds_like(c: char) -> Option<char> {
    Some(match c {
        '你' | '零' | '灵' => '0',
        '一' | '要' | '医' => '1',
        '爱' | '二' | '饿' => '2',
        '三' | '想' | '生' | '散' => '3',
        '死' | '是' | '四' | '事' | '式' => '4',
        '我' | '五' | '无' | '呜' | '武' => '5',
        '六' | '牛' | '了' | '聊' | '流' => '6',
        '去' | '妻' | '气' | '七' | '起' | '亲' => '7',
        '吧' | '八' | '不' | '发' | '拜' | '爸' | '白' => '8',
        '就' | '久' | '酒' | '九' | '救' | '求' => '9',
        _ => return None,
    })
}

fn base64_digit(value: u32, last: [u8; 2]) -> char {
    let [plus, slash] = last.map(char::from);
    match value {
        0..=25 => char::from_u32(65 + value).unwrap_or('A'),
        26..=51 => char::from_u32(71 + value).unwrap_or('A'),
        52..=61 => char::from_u32(value - 4).unwrap_or('A'),
        62 => plus,
        _ => slash,
    }
}

/// Every character that `form` knows as its form; `None` when it knows none.
fn map(text: &str, form: impl Fn(char) -> Option<char>) -> Option<String> {
    let new: String = text.chars().map(|c| form(c).unwrap_or(c)).collect();
    (new != text).then_some(new)
}

/// `put` at about `share` percent of the places that are `fit`, at least at one; `None` when no place fits.
fn strew(
    text: &str,
    rng: &mut Rng,
    share: usize,
    fit: impl Fn(char, char) -> bool,
    mut put: impl FnMut(&mut String, &mut Rng),
) -> Option<String> {
    let places = text.chars().zip(text.chars().skip(1)).filter(|(left, right)| fit(*left, *right)).count();
    let sure = rng.below(places);
    let mut out = String::with_capacity(text.len() * 2);
    let mut place = 0;
    let mut last = None;
    for c in text.chars() {
        if last.is_some_and(|last| fit(last, c)) {
            if place == sure || rng.percent(share) {
                put(&mut out, rng);
            }
            place += 1;
        }
        out.push(c);
        last = Some(c);
    }
    (places > 0).then_some(out)
}

/// The unified ideographs of the plane most text is in, with extension A.
pub(crate) const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

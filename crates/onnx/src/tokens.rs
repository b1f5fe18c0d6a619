//! From a text to what a model reads: tokens of the original text, in windows, each as its tokenizer frames it.

use std::ops::Range;

use tokenizers::{Encoding, ModelWrapper, PostProcessor, Token, Tokenizer};

/// Most windows of one text that are read: as many as the built-in encoder reads.
pub const MAX_WINDOWS: usize = 48;

/// Bytes a tokenizer is given in one go: it keeps some hundred bytes for each, so a long text in one piece would take gigabytes.
const BLOCK: usize = 64 << 10;

/// Fewest tokens of a text in a window, beside the prompt and the special tokens: with fewer, most of the reading would be of those.
const MIN_ROOM: usize = 4;

/// A token of a text: its number, and the byte it starts at.
#[derive(Debug, Clone, Copy)]
struct Piece {
    id: u32,
    start: u32,
}

/// What a model reads at once, and the bytes of the text it is made of.
pub(crate) struct Stretch {
    pub(crate) bytes: Range<usize>,
    pub(crate) encoding: Encoding,
}

/// A tokenizer and how much its model reads.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    max: usize,
}

impl Tokens {
    pub(crate) fn read(bytes: &[u8], max: usize) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| format!("it is no tokenizer of Hugging Face: {e}"))?;
        if let ModelWrapper::BPE(pairs) = tokenizer.get_model()
            && pairs.dropout.is_some_and(|share| share > 0.0)
        {
            return Err("with a dropout the same text is read differently each time; set \"dropout\" to null".to_owned());
        }
        // Windows are cut here, and nothing needs padding: a model is asked about one window at a time.
        tokenizer.with_truncation(None).map_err(|e| e.to_string())?;
        tokenizer.with_padding(None);
        // A text that spells "[SEP]" is a text like any other.
        tokenizer.set_encode_special_tokens(true);
        let tokens = Self { tokenizer, max };
        if tokens.room(Some(max / 4)) < MIN_ROOM {
            return Err(format!("it adds so many special tokens that max_tokens = {max} leave no room for the text; raise max_tokens"));
        }
        Ok(tokens)
    }

    /// The windows of a text; of an answer to a prompt, each beside the prompt's beginning. There is always one.
    pub(crate) fn cut(&self, text: &str, prompt: Option<&str>) -> Result<Vec<Stretch>, String> {
        let asked = prompt.map(|prompt| self.beginning(prompt)).transpose()?;
        let pieces = self.split(text)?;
        let stretch = |window: Range<usize>| {
            let bytes = bytes(&pieces, &window, text.len());
            Ok(Stretch { bytes, encoding: self.frame(pieces.get(window).unwrap_or_default(), asked.as_deref())? })
        };
        windows(pieces.len(), self.room(asked.as_ref().map(Vec::len))).map(stretch).collect()
    }

    /// The longest window there can be, of the last token of the vocabulary.
    pub(crate) fn longest(&self) -> Result<Encoding, String> {
        let last = self.tokenizer.get_vocab(true).into_values().max().ok_or("its vocabulary is empty")?;
        self.frame(&vec![Piece { id: last, start: 0 }; self.room(None)], None)
    }

    /// How many tokens of a text a window has, beside so many of a prompt.
    fn room(&self, asked: Option<usize>) -> usize {
        let added = self.tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(asked.is_some()));
        self.max.saturating_sub(added + asked.unwrap_or_default())
    }

    /// The first tokens of a prompt, a quarter of a window at most: what is judged is the answer.
    fn beginning(&self, prompt: &str) -> Result<Vec<Piece>, String> {
        let block = blocks(prompt).next().map_or("", |(_, block)| block);
        let mut pieces = self.split(block)?;
        pieces.truncate(self.max / 4);
        Ok(pieces)
    }

    fn split(&self, text: &str) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        for (at, block) in blocks(text) {
            let encoding = self.tokenizer.encode(block, false).map_err(|e| e.to_string())?;
            let starts = encoding.get_offsets().iter().map(|(start, _)| u32::try_from(at + start).unwrap_or(u32::MAX));
            pieces.extend(encoding.get_ids().iter().zip(starts).map(|(&id, start)| Piece { id, start }));
        }
        Ok(pieces)
    }

    /// The tokens of a text, after those of the prompt it answers, with the special tokens around them.
    fn frame(&self, text: &[Piece], asked: Option<&[Piece]>) -> Result<Encoding, String> {
        let (first, second) = match asked {
            Some(asked) => (encoding(asked, 0), Some(encoding(text, 1))),
            None => (encoding(text, 0), None),
        };
        self.tokenizer.post_process(first, second, true).map_err(|e| e.to_string())
    }
}

/// Tokens as the tokenizer's library takes them. Their words and places are not asked for any more.
fn encoding(pieces: &[Piece], of: u32) -> Encoding {
    Encoding::from_tokens(pieces.iter().map(|piece| Token::new(piece.id, String::new(), (0, 0))).collect(), of)
}

/// The bytes behind a window: what stands before the first token and between two belongs to a window as well.
fn bytes(pieces: &[Piece], window: &Range<usize>, text: usize) -> Range<usize> {
    let start_of = |at: usize| pieces.get(at).map_or(text, |piece| (piece.start as usize).min(text));
    let start = if window.start == 0 { 0 } else { start_of(window.start) };
    start..start_of(window.end).max(start)
}

/// Windows of so many tokens, each half a window after the one before, so that what stands on the edge of one stands inside another. Of more than
/// [`MAX_WINDOWS`], as many spread evenly from the beginning to the end.
fn windows(tokens: usize, room: usize) -> impl Iterator<Item = Range<usize>> {
    let room = room.max(2);
    let (rest, stride) = (tokens.saturating_sub(room), room / 2);
    let more = rest.div_ceil(stride);
    let last = more.min(MAX_WINDOWS - 1);
    (0..=last).map(move |at| {
        let start = if more > last { rest * at / last } else { at * stride };
        start..(start + room).min(tokens)
    })
}

/// A text in pieces of at most [`BLOCK`] bytes, each with where it begins. A word that a cut parts is read as two.
fn blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let block = rest.get(..rest.floor_char_boundary(BLOCK))?;
        let from = at;
        at += block.len();
        Some((from, block))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tokens: usize, room: usize) -> Vec<Range<usize>> {
        windows(tokens, room).collect()
    }

    #[test]
    fn windows_overlap_by_half() {
        assert_eq!([of(0, 10), of(10, 10)].concat(), [0..0, 0..10]);
        assert_eq!(of(11, 10), [0..10, 5..11]);
        assert_eq!(of(245, 10).len(), 48);
        assert_eq!(of(245, 10).last(), Some(&(235..245)));
    }

    #[test]
    fn of_too_many_windows_some_are_read_from_everywhere() {
        let windows = of(10_000, 10);
        assert_eq!((windows.len(), windows.first(), windows.last()), (48, Some(&(0..10)), Some(&(9990..10_000))));
        let steps: Vec<_> = windows.array_windows().map(|[a, b]| b.start - a.start).collect();
        assert!(steps.iter().all(|step| (212..=213).contains(step)), "{steps:?}");
    }

    #[test]
    fn blocks_make_up_the_text_between_characters() {
        let text = "字符a".repeat(40_000);
        let blocks: Vec<_> = blocks(&text).collect();
        assert_eq!(blocks.iter().map(|(_, block)| *block).collect::<String>(), text);
        assert!(
            blocks.iter().all(|(at, block)| text.get(*at..*at + block.len()) == Some(block) && block.len() <= BLOCK),
            "each knows where it begins"
        );
    }
}

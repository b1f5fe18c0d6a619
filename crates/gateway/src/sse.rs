//! Server-sent events: bytes to events, and events to bytes (WHATWG HTML, 9.2.6, as of 2026).
//!
//! The splitter takes any pieces, cuts lines at CR LF, LF or CR, and keeps what is not complete. It departs from the standard twice, for the sake of what
//! upstreams really send: at the end of the stream a last event without its empty line is handed out ([`Splitter::finish`]; the standard drops it, and the
//! end of an answer with it), and comments are handed out too, empty, so that what keeps the connection alive can be passed on. `retry` is dropped: when
//! the client tries again is not for the upstream to say.

use bytes::{Buf, BytesMut};

/// Longest line, and most data of one event: as much as one item of the detectors. Anything longer is an attack on our memory.
pub const MAX_LINE_BYTES: usize = detect::MAX_ITEM_BYTES;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name (`event:`); empty where it has none.
    pub name: String,
    /// Its id (`id:`), if it carries one.
    pub id: Option<String>,
    /// What it says; several lines are joined by line feeds.
    pub data: String,
}

/// What a stream is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An event.
    Event(Event),
    /// A comment. What it says is left out: no reader is meant to see it, and nobody judges it.
    Comment,
}

/// A stream that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A line or the data of an event is too long.
    #[error("a line or an event of the stream has more than {MAX_LINE_BYTES} bytes")]
    TooLong,
}

/// Cuts bytes into events. Work is linear in the bytes, in whatever pieces they come.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: BytesMut,
    /// Bytes of the buffer that hold no end of a line.
    searched: usize,
    /// The line before ended with CR: a LF that follows belongs to it.
    after_cr: bool,
    /// A line was read: no byte order mark can come any more.
    is_begun: bool,
    open: Open,
}

/// The event whose empty line has not come.
#[derive(Debug, Default)]
struct Open {
    name: String,
    id: Option<String>,
    data: Option<String>,
}

impl Splitter {
    /// Takes a piece and hands out what is complete.
    ///
    /// # Errors
    /// A line or an event is too long. What was complete before it is lost with it: nothing may be sent from a stream that attacks us.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Vec<Frame>, SseError> {
        let mut frames = Vec::new();
        self.buffer.extend_from_slice(piece);
        while let Some(line) = self.line() {
            frames.extend(self.read(&line)?);
        }
        if self.buffer.len() > MAX_LINE_BYTES { Err(SseError::TooLong) } else { Ok(frames) }
    }

    /// Ends the stream: the last event, if it has data and only its empty line is missing. A line that was cut is taken as it is; data that was cut inside
    /// JSON is no JSON then, and the reader says so.
    ///
    /// # Errors
    /// The event is too long.
    pub fn finish(mut self) -> Result<Option<Event>, SseError> {
        let rest = self.buffer.split();
        if !rest.is_empty() {
            self.read(&rest)?;
        }
        Ok(self.open.close())
    }

    /// The next line, without its end.
    fn line(&mut self) -> Option<BytesMut> {
        if self.after_cr && !self.buffer.is_empty() {
            self.after_cr = false;
            if self.buffer.first() == Some(&b'\n') {
                self.buffer.advance(1);
            }
        }
        let at = self.buffer.iter().skip(self.searched).position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(at) = at.map(|at| at + self.searched) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(at);
        self.after_cr = self.buffer.first() == Some(&b'\r');
        self.buffer.advance(1);
        self.searched = 0;
        Some(line)
    }

    fn read(&mut self, line: &[u8]) -> Result<Option<Frame>, SseError> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let line = line.strip_prefix("\u{feff}".as_bytes()).filter(|_| is_first).unwrap_or(line);
        let line = String::from_utf8_lossy(line);
        if line.is_empty() {
            return Ok(self.open.close().map(Frame::Event));
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Ok(Some(Frame::Comment)),
            "data" => self.open.say(value)?,
            "event" => value.clone_into(&mut self.open.name),
            "id" if !value.contains('\0') => self.open.id = Some(value.to_owned()),
            _ => {}
        }
        Ok(None)
    }
}

impl Open {
    fn say(&mut self, line: &str) -> Result<(), SseError> {
        match &mut self.data {
            None => self.data = Some(line.to_owned()),
            Some(data) if data.len() + line.len() >= MAX_LINE_BYTES => return Err(SseError::TooLong),
            Some(data) => {
                data.push('\n');
                data.push_str(line);
            }
        }
        Ok(())
    }

    /// The event, if it has data; without, the standard does not tell of it.
    fn close(&mut self) -> Option<Event> {
        let Self { name, id, data } = std::mem::take(self);
        data.map(|data| Event { name, id, data })
    }
}

impl Event {
    /// An event with nothing but data.
    #[must_use]
    pub fn data(data: String) -> Self {
        Self { name: String::new(), id: None, data }
    }

    /// Writes the event as bytes of a stream. Line ends in a name or an id, which would begin another field, are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        let one_line = |text: &str| text.replace(['\r', '\n'], "");
        let mut field = |name: &str, value: &str| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.push(b'\n');
        };
        if !self.name.is_empty() {
            field("event", &one_line(&self.name));
        }
        if let Some(id) = &self.id {
            field("id", &one_line(id));
        }
        for line in self.data.replace("\r\n", "\n").split(['\r', '\n']) {
            field("data", line);
        }
        out.push(b'\n');
    }
}

impl Frame {
    /// Writes the frame as bytes of a stream.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Event(event) => event.write(out),
            Self::Comment => out.extend_from_slice(b":\n\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventsource_stream::Eventsource as _;
    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use proptest::prelude::*;

    fn split(pieces: &[&[u8]]) -> (Vec<Frame>, Option<Event>) {
        let mut splitter = Splitter::default();
        let frames = pieces.iter().flat_map(|piece| splitter.feed(piece).unwrap()).collect();
        (frames, splitter.finish().unwrap())
    }

    fn event(name: &str, id: Option<&str>, data: &str) -> Frame {
        Frame::Event(Event { name: name.to_owned(), id: id.map(str::to_owned), data: data.to_owned() })
    }

    #[test]
    fn all_forms_of_events() {
        let text = "\u{feff}data: a\r\ndata:b\r\rid: 7\nevent: x\ndata\ndata:  c\n\n: ping\n\nevent: y\n\ndata: 你\nretry: 3\nodd: z\n\ndata: [DONE]";
        let whole = (
            vec![event("", None, "a\nb"), event("x", Some("7"), "\n c"), Frame::Comment, event("", None, "你")],
            Some(Event::data("[DONE]".to_owned())),
        );
        assert_eq!(split(&[text.as_bytes()]), whole);
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        assert_eq!(split(&bytes), whole);
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let mut splitter = Splitter::default();
        let piece = vec![b'x'; MAX_LINE_BYTES / 2];
        assert_eq!(splitter.feed(&piece), Ok(vec![]));
        assert_eq!(splitter.feed(&piece), Ok(vec![]));
        assert_eq!(splitter.feed(b"x"), Err(SseError::TooLong));
        let mut lines = Splitter::default();
        let line = [b"data:".as_slice(), &piece, b"\n"].concat();
        assert_eq!(lines.feed(&line), Ok(vec![]));
        assert_eq!(lines.feed(&line), Err(SseError::TooLong));
    }

    /// Bytes cut at places that a number decides.
    fn pieces(bytes: &[u8], mut seed: u64) -> Vec<&[u8]> {
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (piece, after) = rest.split_at((1 + (seed >> 60) as usize / 3).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_pieces_give_the_same(text in "(\u{feff}|data|event|id|:| |\r\n|\r|\n|你|a){0,30}", noise in prop::collection::vec(any::<u8>(), 0..20), seed: u64) {
            let bytes = [text.as_bytes(), &noise].concat();
            prop_assert_eq!(split(&pieces(&bytes, seed)), split(&[&bytes]));
        }

        #[test]
        fn what_is_written_is_read(name in "[a-z.]{0,5}", id in prop::option::of("[a-z0-9]{1,4}"), data in "(你|a| |:|\n){1,9}", seed: u64) {
            let sent = vec![Frame::Event(Event { name, id, data }), Frame::Comment];
            let mut bytes = Vec::new();
            sent.iter().for_each(|frame| frame.write(&mut bytes));
            prop_assert_eq!(split(&pieces(&bytes, seed)).0, sent);
        }

        /// Another implementation hears the same, but for what stands in the module's text.
        #[test]
        fn as_another_crate_reads_it(text in "((data|event|id):( )?(你|a|:| ){0,3}(\r\n|\r|\n)|: x\n|\n){0,12}", seed: u64) {
            let text = format!("{text}\n\n");
            let chunks: Vec<Result<Vec<u8>, ()>> = pieces(text.as_bytes(), seed).into_iter().map(|piece| Ok(piece.to_vec())).collect();
            let theirs: Vec<_> = stream::iter(chunks).eventsource().collect::<Vec<_>>().now_or_never().unwrap();
            let theirs: Vec<_> = theirs.into_iter().map(|event| event.unwrap()).map(|event| (event.event, event.data)).collect();
            let named = |name: String| if name.is_empty() { "message".to_owned() } else { name };
            let ours: Vec<_> = split(&[text.as_bytes()]).0.into_iter().filter_map(|frame| match frame {
                Frame::Event(event) => Some((named(event.name), event.data)),
                Frame::Comment => None,
            }).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}

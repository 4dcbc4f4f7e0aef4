//! Server-sent events as a client reads them, with bounds.

use std::collections::VecDeque;
use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The id of this event or, if it has none, of the last one that had; empty before the first.
    pub id: String,
    /// Empty if the event has no name.
    pub name: String,
    pub data: String,
}

/// Why a stream ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    #[error("the connection failed")]
    Transport,
    #[error("an event is larger than the limit")]
    Oversized,
    #[error("an event is not UTF-8")]
    Malformed,
}

/// The events. The first error is the last item; bytes are read only on demand, so a reader that
/// is slow slows the sender down.
pub type Events = Pin<Box<dyn Stream<Item = Result<Event, StreamError>> + Send>>;

/// Reads the body of an answer as events of at most `max_bytes` each.
pub fn events(response: reqwest::Response, max_bytes: usize) -> Events {
    Box::pin(decode(response.bytes_stream(), max_bytes))
}

fn decode<E>(
    bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    max_bytes: usize,
) -> impl Stream<Item = Result<Event, StreamError>> + Send
where
    E: Send + 'static,
{
    let state = (Box::pin(bytes), Decoder::new(max_bytes), false);
    stream::unfold(state, async |(mut bytes, mut decoder, ended)| {
        if ended {
            return None;
        }
        loop {
            if let Some(item) = decoder.ready.pop_front() {
                let ended = item.is_err();
                return Some((item, (bytes, decoder, ended)));
            }
            match bytes.next().await? {
                Ok(bytes) => {
                    if let Err(error) = decoder.push(&bytes) {
                        decoder.ready.push_back(Err(error));
                    }
                }
                Err(_) => decoder.ready.push_back(Err(StreamError::Transport)),
            }
        }
    })
}

struct Decoder {
    max_bytes: usize,
    /// The line that has not ended.
    line: Vec<u8>,
    /// The event that has not ended.
    id: String,
    name: String,
    data: Option<String>,
    ready: VecDeque<Result<Event, StreamError>>,
}

impl Decoder {
    fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            line: Vec::new(),
            id: String::new(),
            name: String::new(),
            data: None,
            ready: VecDeque::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let data = self.data.as_ref().map_or(0, String::len);
            if data + self.line.len() + piece.len() > self.max_bytes {
                return Err(StreamError::Oversized);
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = std::str::from_utf8(&line).map_err(|_| StreamError::Malformed)?;
                self.end_line(line.trim_end_matches(['\r', '\n']));
            }
        }
        Ok(())
    }

    /// An empty line ends an event; comments and other fields are skipped, and so is an event
    /// without data.
    fn end_line(&mut self, line: &str) {
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            if let Some(data) = self.data.take() {
                let id = self.id.clone();
                self.ready.push_back(Ok(Event { id, name, data }));
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                None => self.data = Some(value.to_owned()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            },
            "event" => value.clone_into(&mut self.name),
            "id" => value.clone_into(&mut self.id),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_EVENT: usize = 64 * 1024;

    fn read_events(pieces: Vec<Vec<u8>>) -> Vec<Result<Event, StreamError>> {
        let pieces = pieces.into_iter().map(|piece| Ok::<_, ()>(piece.into()));
        futures::executor::block_on(decode(stream::iter(pieces), MAX_EVENT).collect())
    }

    fn read(pieces: Vec<Vec<u8>>) -> Vec<Result<String, StreamError>> {
        let events = read_events(pieces).into_iter();
        events.map(|event| event.map(|event| event.data)).collect()
    }

    #[test]
    fn an_id_lasts_until_the_next_and_a_name_until_its_event_ends() {
        let text = "id: t:0\nevent: turn\ndata: a\n\nevent: lost\n\ndata\n\nid:t:1\ndata: b\n\n";
        let event = |id: &str, name: &str, data: &str| {
            Ok(Event {
                id: id.to_owned(),
                name: name.to_owned(),
                data: data.to_owned(),
            })
        };
        let expected = [
            event("t:0", "turn", "a"),
            event("t:0", "", ""),
            event("t:1", "", "b"),
        ];
        assert_eq!(read_events(vec![text.into()]), expected);
    }

    #[test]
    fn data_is_told_from_comments_and_other_fields() {
        let text = ": hello\r\n\r\nevent: x\nid: 1\ndata: a\ndata:b\n\ndata: cut";
        assert_eq!(read(vec![text.into()]), [Ok("a\nb".to_owned())]);
    }

    #[test]
    fn what_came_before_an_error_is_kept_and_nothing_after_it() {
        let items = read(vec![
            b"data: a\n\ndata: \xff\n\n".into(),
            b"data: b\n\n".into(),
        ]);
        assert_eq!(items, [Ok("a".to_owned()), Err(StreamError::Malformed)]);
    }

    #[test]
    fn an_event_has_a_bound() {
        let line = vec![b'x'; MAX_EVENT / 2];
        let items = read(vec![b"data: ".into(), line.clone(), line.clone(), line]);
        assert_eq!(items, [Err(StreamError::Oversized)]);
        let lines = "data: 0123456789\n".repeat(MAX_EVENT / 10);
        assert_eq!(read(vec![lines.into()]), [Err(StreamError::Oversized)]);
    }

    proptest! {
        #[test]
        fn where_the_pieces_end_does_not_matter(
            texts in proptest::collection::vec("[^\r\n]{1,9}", 1..5),
            cuts in proptest::collection::vec(1_usize..7, 1..40),
        ) {
            let text = format!("data: {}\r\n\r\n", texts.join("\r\n\r\ndata: "));
            let mut left = text.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, rest) = left.split_at(cut.min(left.len()));
                pieces.push(piece.to_vec());
                left = rest;
            }
            pieces.push(left.to_vec());
            let expected: Vec<_> = texts.into_iter().map(Ok).collect();
            prop_assert_eq!(read(pieces), expected);
        }
    }
}

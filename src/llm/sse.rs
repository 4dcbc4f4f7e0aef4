//! A provider's event stream, read with bounds.
//!
//! Only the data of an event matters, because both wire formats name their events inside it.

use std::collections::VecDeque;
use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};

use super::LlmError;

/// The largest event in bytes. An event with a piece of an answer has a few hundred.
const MAX_EVENT: usize = 256 * 1024;

/// The data of each event. The first error is the last item. Bytes are read only on demand, so a
/// slow reader slows the provider down.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<String, LlmError>> + Send>>;

/// Reads the body of an answer as events.
pub(super) fn events(response: reqwest::Response) -> Events {
    Box::pin(decode(response.bytes_stream()))
}

fn decode<E>(
    bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<String, LlmError>> + Send
where
    E: Send + 'static,
{
    let state = (Box::pin(bytes), Decoder::default(), false);
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
                Err(_) => decoder.ready.push_back(Err(LlmError::Transport)),
            }
        }
    })
}

#[derive(Default)]
struct Decoder {
    /// The unfinished line.
    line: Vec<u8>,
    /// The data of the unfinished event.
    data: Option<String>,
    ready: VecDeque<Result<String, LlmError>>,
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) -> Result<(), LlmError> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let data = self.data.as_ref().map_or(0, String::len);
            if data + self.line.len() + piece.len() > MAX_EVENT {
                return Err(LlmError::Oversized);
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = std::str::from_utf8(&line).map_err(|_| LlmError::Malformed)?;
                self.end_line(line.trim_end_matches(['\r', '\n']));
            }
        }
        Ok(())
    }

    /// Handles a line. An empty line ends an event; comments and all fields except `data` are
    /// skipped.
    fn end_line(&mut self, line: &str) {
        if line.is_empty() {
            self.ready.extend(self.data.take().map(Ok));
        } else if let Some(value) = line.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                None => self.data = Some(value.to_owned()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: Vec<Vec<u8>>) -> Vec<Result<String, LlmError>> {
        let pieces = pieces.into_iter().map(|piece| Ok::<_, ()>(piece.into()));
        futures::executor::block_on(decode(stream::iter(pieces)).collect())
    }

    #[test]
    fn only_data_counts() {
        let text = ": hello\r\n\r\nevent: x\nid: 1\ndata: a\ndata:b\n\ndata: cut";
        assert_eq!(read(vec![text.into()]), [Ok("a\nb".to_owned())]);
    }

    #[test]
    fn what_came_before_an_error_is_kept_and_nothing_after_it() {
        let items = read(vec![
            b"data: a\n\ndata: \xff\n\n".into(),
            b"data: b\n\n".into(),
        ]);
        assert_eq!(items, [Ok("a".to_owned()), Err(LlmError::Malformed)]);
    }

    #[test]
    fn an_event_has_a_bound() {
        let line = vec![b'x'; MAX_EVENT / 2];
        let items = read(vec![b"data: ".into(), line.clone(), line.clone(), line]);
        assert_eq!(items, [Err(LlmError::Oversized)]);
        let lines = "data: 0123456789\n".repeat(MAX_EVENT / 10);
        assert_eq!(read(vec![lines.into()]), [Err(LlmError::Oversized)]);
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

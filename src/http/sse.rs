//! Server-sent events with a heartbeat, which also detects that a client went away.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::timeout;

/// One server-sent event.
pub struct Frame {
    /// The id that a resuming client sends as the last event it has seen.
    pub id: Option<String>,
    pub event: Option<String>,
    /// The data, on one line.
    pub data: String,
}

impl Frame {
    /// Creates a frame with data only.
    pub fn data(data: impl Into<String>) -> Self {
        Self {
            id: None,
            event: None,
            data: data.into(),
        }
    }

    fn encode(&self) -> Bytes {
        let field = |name: &str, value: &Option<String>| {
            let line = value.as_ref().map(|value| format!("{name}: {value}\n"));
            line.unwrap_or_default()
        };
        Bytes::from(format!(
            "{}{}data: {}\n\n",
            field("id", &self.id),
            field("event", &self.event),
            self.data
        ))
    }
}

/// Streams the frames, and sends a comment after each `heartbeat` of silence.
pub fn respond(frames: impl Stream<Item = Frame> + 'static, heartbeat: Duration) -> HttpResponse {
    let frames = Box::pin(frames);
    let body = stream::unfold(frames, move |mut frames| async move {
        let bytes = match timeout(heartbeat, frames.next()).await {
            Err(_) => Bytes::from_static(b": keep-alive\n\n"),
            Ok(Some(frame)) => frame.encode(),
            Ok(None) => return None,
        };
        Some((Ok::<_, Infallible>(bytes), frames))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body)
}

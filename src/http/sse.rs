//! Server-sent events with a heartbeat, which is also what notices that a client went away.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::timeout;

/// One event.
pub struct Frame {
    /// The event's id and name; without them only the data is sent.
    pub head: Option<(String, String)>,
    /// One line.
    pub data: String,
}

impl Frame {
    fn encode(&self) -> Bytes {
        let data = &self.data;
        Bytes::from(match &self.head {
            Some((id, event)) => format!("id: {id}\nevent: {event}\ndata: {data}\n\n"),
            None => format!("data: {data}\n\n"),
        })
    }
}

/// Streams the frames; a comment goes out whenever `heartbeat` passes in silence.
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

//! The HTTP edge that both roles share.

pub mod auth;
pub mod body;
pub mod compatible;
pub mod credential;
pub mod deadline;
pub mod demo;
pub mod failures;
mod headers;
pub mod health;
pub mod limits;
mod loopback;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod request_id;
pub mod server;
pub mod sse;

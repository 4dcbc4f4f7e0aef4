//! The whole system, as people use it.

mod ask;
mod bad_input;
mod chat;
mod contacts;
mod emergencies;
mod lifecycle;
mod limits;
mod open;
mod reading_back;
mod recall;
mod releases;
mod resuming;
mod scopes;
mod secrecy;
mod uploads;

use crate::support::proxy::Proxy;
use crate::support::system::{Setup, authority};

/// The service at this URL behind a proxy, so that the network can fail.
async fn behind(variable: &str, url: &str, setup: Setup) -> (Proxy, Setup) {
    let address = authority(url);
    let proxy = Proxy::to(&address).await;
    let url = url.replace(&address, &proxy.address.to_string());
    (proxy, setup.with(variable, url))
}

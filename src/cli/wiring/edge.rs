//! The HTTP edge of a role: its authentication, its limits, and its treatment of slow clients.

use std::sync::Arc;
use std::time::Duration;

use super::Process;
use super::counter::count;
use crate::http::auth::{Authentication, Authenticator};
use crate::http::credential::hash_secret;
use crate::http::health::Health;
use crate::http::limits::Limits;
use crate::http::server::Edge;

impl Process {
    /// `per_minute` limits the requests of one owner and one kind.
    pub(super) fn edge(&self, health: Health, per_minute: u32) -> Edge {
        let config = &self.config;
        Edge {
            authenticator: self.authenticator(),
            health,
            metrics: self.metrics.clone(),
            limits: Limits {
                count: count(Arc::clone(&self.cache)),
                per_minute,
            },
            max_json_bytes: config.server.max_json_bytes,
            workers: config.server.threads(),
            drain: Duration::from_secs(config.server.drain_seconds),
            endpoint_delay: Duration::from_secs(config.server.endpoint_delay_seconds),
            stalled_client: Duration::from_secs(config.server.stalled_client_seconds),
        }
    }

    fn authenticator(&self) -> Authenticator {
        let auth = &self.config.auth;
        let tokens = [&auth.internal_token, &auth.internal_token_previous];
        let set = tokens.into_iter().filter(|token| !token.is_empty());
        let host = self.config.server.host.clone();
        Authenticator {
            database: self.database.clone(),
            authentication: match &self.demo_token {
                _ if auth.enabled => Authentication::Keys,
                None => Authentication::Off { host },
                Some(token) => Authentication::Token {
                    host,
                    hash: hash_secret(token),
                },
            },
            internal_token_hashes: set.map(|token| hash_secret(token.expose())).collect(),
            failures: self.failures.clone(),
        }
    }
}

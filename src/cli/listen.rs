//! Opens a server's port, or explains why it cannot be opened and what to do.

use std::io::{self, ErrorKind};
use std::net::TcpListener;

use anyhow::anyhow;

use crate::config::ServerConfig;

/// Listens on the configured address.
pub fn listen(server: &ServerConfig) -> anyhow::Result<TcpListener> {
    let (host, port) = (server.host.as_str(), server.port);
    TcpListener::bind((host, port)).map_err(|error| explain(&error, host, port))
}

fn explain(error: &io::Error, host: &str, port: u16) -> anyhow::Error {
    let why = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is in use. Stop the program that listens there, or choose another port with CHATBOT__SERVER__PORT"
        ),
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {port}. Choose a port from 1024 on with CHATBOT__SERVER__PORT"
        ),
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address. Choose one with CHATBOT__SERVER__HOST".to_owned()
        }
        _ => error.to_string(),
    };
    anyhow!("cannot listen on {host}:{port}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(host: &str, port: u16) -> String {
        let server = ServerConfig {
            host: host.into(),
            port,
            ..ServerConfig::default()
        };
        listen(&server).unwrap_err().to_string()
    }

    #[test]
    fn a_port_in_use_is_named_with_the_way_to_choose_another() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let said = refusal("127.0.0.1", port);
        assert!(said.contains(&format!("port {port} is in use.")), "{said}");
        assert!(said.ends_with("CHATBOT__SERVER__PORT"), "{said}");
        // An address reserved for documentation, which no machine has.
        let said = refusal("192.0.2.1", 1);
        assert!(said.ends_with("CHATBOT__SERVER__HOST"), "{said}");
    }
}

//! Ports for processes that may go and come back.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::ops::Range;
use std::sync::{LazyLock, Mutex};

use chatbot::domain::ids::new_uuid;

/// Below those from which the system takes ports for outgoing connections: such a connection, and
/// for a minute what is left of it, would keep a process from coming back to its port.
const RANGE: Range<u16> = 20_000..32_000;

/// A port of 127.0.0.1 that nobody listens on; no two calls return the same one.
pub fn free_port() -> u16 {
    static GIVEN: LazyLock<Mutex<BTreeSet<u16>>> = LazyLock::new(Mutex::default);
    let mut given = GIVEN.lock().expect("no test panics in here");
    loop {
        // At random, because another run of the tests takes its ports here, too.
        let random = new_uuid().as_u64_pair().1 % u64::try_from(RANGE.len()).expect("a number");
        let port = RANGE.start + u16::try_from(random).expect("a port");
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            return port;
        }
    }
}

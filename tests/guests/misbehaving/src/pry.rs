//! Reaching for what is not there.

use std::net::{TcpStream, ToSocketAddrs};

use crate::bindings::hookyard::plugin::http_request::{self, Request};
use crate::bindings::hookyard::plugin::{secrets, timers};
use crate::said;

pub(crate) fn http() -> String {
    let request = Request {
        method: "GET".into(),
        url: "https://example.com/".into(),
        headers: Vec::new(),
        body: None,
        timeout_ms: None,
        max_redirects: None,
        max_body_bytes: None,
    };
    match http_request::send(&request) {
        Ok(response) => format!("{}", response.status),
        Err(error) => format!("{}: {}", error.code, error.message),
    }
}

pub(crate) fn timer() -> String {
    said(timers::start("later", 1, "{}"))
}

pub(crate) fn token() -> String {
    said(secrets::token("{}"))
}

#[expect(clippy::disallowed_methods, reason = "looking where it has no business is the point")]
pub(crate) fn environment() -> String {
    let variables: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let arguments = std::env::args().count();
    let file = std::fs::read("/etc/hostname").map(|_| ()).map_err(|error| error.kind());
    let folder = std::fs::read_dir(".").map(|_| ()).map_err(|error| error.kind());
    let name = ("localhost", 80).to_socket_addrs().map(|_| ()).map_err(|error| error.kind());
    let socket = TcpStream::connect("127.0.0.1:80").map(|_| ()).map_err(|error| error.kind());
    format!(
        "variables {variables:?}; arguments {arguments}; file {}; folder {}; name {}; socket {}",
        file.is_ok(),
        folder.is_ok(),
        name.is_ok(),
        socket.is_ok()
    )
}

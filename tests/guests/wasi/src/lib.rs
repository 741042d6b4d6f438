//! Tries every way out that WASI 0.2 has, and says what became of it.
//!
//! The action `try` takes a [`Way`] and answers `{"got": …}` with what came back, or `{"refused": "…"}` with the error in the words
//! of Rust's standard library or of WASI. A webhook is the same: its body is the way.

mod bindings;
mod files;
mod http;
mod process;
mod sockets;

use bindings::exports::hookyard::plugin::action_handler::Guest as ActionHandler;
use bindings::exports::hookyard::plugin::definition::Guest as Definition;
use bindings::exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use bindings::hookyard::plugin::types::{Error, ErrorKind};
use bindings::hookyard::plugin::{connection, secrets};
use serde::Deserialize;
use serde_json::{Value, json};

/// A way out of the sandbox: `{"way": "read-file", "path": "/etc/hostname"}`.
#[derive(Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case", deny_unknown_fields)]
enum Way {
    /// Reads a file; the answer is its length.
    ReadFile { path: String },
    /// Creates or replaces a file.
    WriteFile { path: String },
    /// Deletes a file.
    RemoveFile { path: String },
    /// Creates a folder.
    MakeFolder { path: String },
    /// Reads a folder; the answer is the names in it.
    ListFolder { path: String },
    /// The folders that the host has opened for the guest.
    Preopens,
    /// Connects to `ADDRESS:PORT`.
    TcpConnect { to: String },
    /// Listens on `ADDRESS:PORT`.
    TcpListen { on: String },
    /// Binds a UDP socket to `ADDRESS:PORT`.
    UdpBind { on: String },
    /// Sends a datagram to `ADDRESS:PORT`, from a socket that is connected and not bound.
    UdpSend { to: String },
    /// Looks up a name; the answer is its addresses.
    LookUp { name: String },
    /// The environment variables.
    Environment,
    /// The arguments.
    Arguments,
    /// The folder that the guest was started in.
    WorkingFolder,
    /// What stands on the standard input.
    Stdin,
    /// Starts a program.
    Spawn { program: String },
    /// The config, as the plugin sees it.
    Config,
    /// A request over `wasi:http` whose header `x-fetched` holds the token that the document tells of.
    Token { document: Value, request: http::Request },
    /// A request over `wasi:http`, with its answer.
    Http(http::Request),
    /// Several requests over `wasi:http` that are all under way before the first answer is read.
    HttpMany { requests: Vec<http::Request> },
    /// The same request so many times, one after the other; the answer is the last one.
    HttpRepeated { times: u32, request: http::Request },
    /// Hands a request over and gives it up at once.
    HttpDropped(http::Request),
    /// Begins a request's body and never finishes it.
    HttpUnfinished(http::Request),
    /// Begins a request's body, and traps.
    HttpTrap(http::Request),
}

struct Wasi;

impl Definition for Wasi {
    fn describe() -> String {
        include_str!("manifest.json").to_owned()
    }
}

impl ActionHandler for Wasi {
    fn run(_name: String, input: String) -> Result<String, Error> {
        tried(input.as_bytes())
    }
}

impl WebhookHandler for Wasi {
    fn handle(request: Request) -> Result<Option<Response>, Error> {
        let body = tried(&request.body)?.into_bytes();
        Ok(Some(Response { status: 200, headers: Vec::new(), body }))
    }
}

fn tried(way: &[u8]) -> Result<String, Error> {
    let way = serde_json::from_slice::<Way>(way).map_err(|problem| Error {
        kind: ErrorKind::Invalid,
        code: "no-such-way".into(),
        message: problem.to_string(),
        retry_after_ms: None,
        details: None,
    })?;
    let answer = match attempt(way) {
        Ok(got) => json!({ "got": got }),
        Err(refused) => json!({ "refused": refused }),
    };
    Ok(answer.to_string())
}

fn attempt(way: Way) -> Result<Value, String> {
    match way {
        Way::ReadFile { path } => files::read(&path),
        Way::WriteFile { path } => files::write(&path),
        Way::RemoveFile { path } => files::remove(&path),
        Way::MakeFolder { path } => files::make_folder(&path),
        Way::ListFolder { path } => files::list(&path),
        Way::Preopens => Ok(files::preopens()),
        Way::TcpConnect { to } => sockets::tcp_connect(&to),
        Way::TcpListen { on } => sockets::tcp_listen(&on),
        Way::UdpBind { on } => sockets::udp_bind(&on),
        Way::UdpSend { to } => sockets::udp_send(&to),
        Way::LookUp { name } => sockets::look_up(&name),
        Way::Environment => Ok(process::environment()),
        Way::Arguments => Ok(process::arguments()),
        Way::WorkingFolder => Ok(process::working_folder()),
        Way::Stdin => process::stdin(),
        Way::Spawn { program } => process::spawn(&program),
        Way::Config => serde_json::from_str(&connection::config()).map_err(|error| error.to_string()),
        Way::Token { document, request } => {
            let placeholder = secrets::token(&document.to_string()).map_err(|refusal| refusal.code)?;
            http::exchange(&request.with_header("x-fetched", format!("Bearer {placeholder}")))
        }
        Way::Http(request) => http::exchange(&request),
        Way::HttpMany { requests } => Ok(http::exchange_all(&requests)),
        Way::HttpRepeated { times, request } => http::repeat(times, &request),
        Way::HttpDropped(request) => http::give_up(&request),
        Way::HttpUnfinished(request) => http::leave_unfinished(&request),
        Way::HttpTrap(request) => http::trap_within(&request),
    }
}

bindings::export!(Wasi with_types_in bindings);

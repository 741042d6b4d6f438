//! Does what a host must survive; the webhook's path says what.
//!
//! | path | behaviour |
//! |---|---|
//! | `/well` | behaves: answers 200 `well` |
//! | `/spin` | loops for ever |
//! | `/spin-and-call` | loops for ever, calling the host in between |
//! | `/sleep` | waits ten minutes for the clock |
//! | `/allocate` | takes memory without end, and uses it |
//! | `/recurse` | calls itself without end |
//! | `/panic`, `/unreachable`, `/exit` | ends by a panic, a trap, an exit of the process |
//! | `/write-then-panic`, `/write-then-spin`, `/write-then-refuse` | emits, sets a key, logs; then panics, loops, answers 400 |
//! | `/flood-log`, `/flood-stdout`, `/flood-events`, `/flood-keys` | a hundred thousand of each; answers how many were taken |
//! | `/escaped-lines` | logs 5 lines of 3.8 MiB of escapes |
//! | `/long-line`, `/long-value`, `/long-event` | one of 8 MiB; answers what the host said |
//! | `/undeclared-event`, `/garbage-event` | answers what the host said |
//! | `/respond/NNN` | answers with this status |
//! | `/garbage-response` | status 7, and headers with line breaks and without names |
//! | `/long-response` | a body of 16 MiB |
//! | `/error/KIND` | `invalid`, `unauthorized`, `unavailable` (not before 7 s), `failed`; all with details |
//! | `/garbage-error` | an error whose code is empty and whose details are no JSON |
//! | `/http`, `/timer`, `/token` | answers what the host said of a capability that it may not lend |
//! | `/environment` | answers what it finds of arguments, variables, files and sockets |

mod bindings;
mod flood;
mod ill;
mod pry;

use bindings::exports::hookyard::plugin::definition::Guest as Definition;
use bindings::exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use bindings::hookyard::plugin::types::{Error, ErrorKind, Refusal};

struct Misbehaving;

impl Definition for Misbehaving {
    fn describe() -> String {
        include_str!("manifest.json").to_owned()
    }
}

impl WebhookHandler for Misbehaving {
    fn handle(request: Request) -> Result<Option<Response>, Error> {
        let mut segments = request.path.trim_start_matches('/').splitn(2, '/');
        let behaviour = segments.next().unwrap_or_default();
        let rest = segments.next().unwrap_or_default();
        let said = match behaviour {
            "well" => "well".to_owned(),
            "spin" => ill::spin(),
            "spin-and-call" => ill::spin_and_call(),
            "sleep" => ill::sleep(),
            "allocate" => ill::allocate(),
            "recurse" => ill::recurse(0).to_string(),
            "panic" => panic!("a panic on purpose"),
            "unreachable" => ill::trap(),
            "exit" => std::process::exit(3),
            "write-then-panic" => ill::write_then(|| panic!("a panic after writing")),
            "write-then-spin" => ill::write_then(ill::spin),
            "write-then-refuse" => {
                ill::write_then(String::new);
                return Ok(Some(response(400, "refused")));
            }
            "flood-log" => flood::log(),
            "flood-stdout" => flood::stdout(),
            "flood-events" => flood::events(),
            "flood-keys" => flood::keys(),
            "escaped-lines" => flood::escaped_lines(),
            "long-line" => flood::long_line(),
            "long-value" => flood::long_value(),
            "long-event" => flood::long_event(),
            "undeclared-event" => flood::event("thing.undeclared", "{}"),
            "garbage-event" => flood::event("thing.happened", "{\"a\": }"),
            "respond" => return Ok(Some(response(rest.parse().unwrap_or(200), rest))),
            "garbage-response" => return Ok(Some(ill::garbage_response())),
            "long-response" => return Ok(Some(Response { body: vec![b'a'; 16 << 20], ..response(200, "") })),
            "error" => return Err(error(rest)),
            "garbage-error" => return Err(Error { code: String::new(), details: Some("{".into()), ..error("failed") }),
            "http" => pry::http(),
            "timer" => pry::timer(),
            "token" => pry::token(),
            "environment" => pry::environment(),
            _ => return Ok(Some(response(404, "no such behaviour"))),
        };
        Ok(Some(response(200, &said)))
    }
}

fn response(status: u16, body: &str) -> Response {
    Response { status, headers: vec![("content-type".into(), "text/plain".into())], body: body.as_bytes().to_vec() }
}

fn error(kind: &str) -> Error {
    let kind = match kind {
        "invalid" => ErrorKind::Invalid,
        "unauthorized" => ErrorKind::Unauthorized,
        "unavailable" => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    };
    Error {
        kind,
        code: "on-purpose".into(),
        message: "an error on purpose".into(),
        retry_after_ms: matches!(kind, ErrorKind::Unavailable).then_some(7_000),
        details: Some(
            r#"{"errors": [{"pointer": "/a", "code": "on-purpose", "detail": "an error on purpose"}]}"#.into(),
        ),
    }
}

/// What the host said, as the body of an answer.
fn said<T>(answer: Result<T, Refusal>) -> String {
    match answer {
        Ok(_) => "accepted".to_owned(),
        Err(refusal) => format!("{}: {}", refusal.code, refusal.message),
    }
}

bindings::export!(Misbehaving with_types_in bindings);

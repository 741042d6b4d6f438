//! The steps of a script.

use std::time::Duration;

use hookyard_sdk::crypto::{self, Algorithm};
use hookyard_sdk::http::Request;
use hookyard_sdk::kv::{self, Entry, Expected, Options};
use hookyard_sdk::manifest::Hash;
use hookyard_sdk::secrets::{Encoding, derive};
use hookyard_sdk::{Error, Event, RawValue, Refusal, Response, connection, invocation, log, timers};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fetch::Fetch;

/// One step: `{"get": {"key": "a"}}`. A refusal of the host is an answer, `{"refused": code, "message": …}`, and the script goes on.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    Emit {
        #[serde(default = "any_heard")]
        kind: String,
        data: Box<RawValue>,
        subject: Option<String>,
        dedupe_key: Option<String>,
        time: Option<String>,
    },
    /// `{"key", "value", "revision"}`, or null.
    Get {
        key: String,
    },
    GetMany {
        keys: Vec<String>,
    },
    /// `expected`: absent as read, `""` absent, `"*"` anything, else a revision.
    Set {
        key: String,
        value: String,
        ttl_seconds: Option<u32>,
        expected: Option<String>,
    },
    Delete {
        key: String,
    },
    /// The new value.
    Increment {
        key: String,
        by: i32,
    },
    /// `{"keys", "next"}`.
    List {
        prefix: String,
        after: Option<String>,
        max: u32,
    },
    StartTimer {
        name: String,
        #[serde(default)]
        delay_seconds: u32,
        /// Any JSON. A script is run when the timer fires, anything else is emitted.
        payload: Box<RawValue>,
    },
    CancelTimer {
        name: String,
    },
    Log {
        level: String,
        message: String,
    },
    Attribute {
        name: String,
    },
    IdempotencyKey {
        purpose: String,
    },
    /// The config as the plugin sees it.
    Config,
    /// `{"status", "headers", "body", "truncated"}`, or `{"error": code, "message"}`.
    Fetch(Fetch),
    FetchAll(Vec<Fetch>),
    /// Ends the script with the error that it is when the provider does not answer 2xx.
    Ask {
        url: String,
    },
    /// The placeholder.
    Derive {
        encoding: String,
        text: String,
    },
    /// In hexadecimal digits.
    Hmac {
        key: String,
        data: String,
    },
    Sign {
        key: String,
        data: String,
    },
    /// Ends the script with this answer; without a status, with none.
    Respond {
        status: Option<u16>,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: String,
    },
    /// Ends the script with this error.
    Fail {
        kind: String,
        code: String,
        message: String,
        retry_after_ms: Option<u32>,
        details: Option<Box<RawValue>>,
    },
    /// The same, unless the key is there.
    FailWithout {
        key: String,
        kind: String,
        code: String,
    },
    /// Ends the script with an error that holds the end of a provider's answer, which it also logs and prints.
    Confide {
        url: String,
    },
    /// Ends the script with a trap.
    Panic {
        message: String,
    },
}

/// How the script goes on.
pub(crate) enum Next {
    Go(Value),
    Respond(Option<Response>),
}

fn any_heard() -> String {
    "any.heard".to_owned()
}

impl Step {
    pub(crate) fn run(self) -> Result<Next, Error> {
        let answer = match self {
            Self::Respond { status: None, .. } => return Ok(Next::Respond(None)),
            Self::Respond { status: Some(status), headers, body } => {
                return Ok(Next::Respond(Some(Response { status, headers, body: body.into_bytes() })));
            }
            Self::Fail { kind, code, message, retry_after_ms, details } => {
                let details = details.map(|details| details.get().to_owned());
                return Err(Error { retry_after_ms, details, ..error(&kind, code, message) });
            }
            Self::FailWithout { key, kind, code } => match kv::get(&key) {
                Ok(None) => return Err(error(&kind, code, format!("the key {key} is not there"))),
                found => found.map(|found| entry(&key, found)),
            },
            Self::Confide { url } => {
                let learnt = Fetch::tail(url)?;
                log::info(&learnt);
                println!("{learnt}");
                eprintln!("{learnt}");
                return Err(Error {
                    details: Some(json!({ &learnt: [&learnt] }).to_string()),
                    ..Error::failed(&learnt, &learnt)
                });
            }
            Self::Ask { url } => {
                let answer = Request::get(url).send()?.success()?;
                return Ok(Next::Go(json!(answer.status)));
            }
            Self::Panic { message } => panic!("{message}"),
            other => other.ask(),
        };
        Ok(Next::Go(answer.unwrap_or_else(|refusal| json!({ "refused": refusal.code, "message": refusal.message }))))
    }

    fn ask(self) -> Result<Value, Refusal> {
        Ok(match self {
            Self::Emit { kind, data, subject, dedupe_key, time } => {
                Event::new(kind).subject(subject).dedupe_key(dedupe_key).time(time).emit(&data)?;
                json!("emitted")
            }
            Self::Get { key } => entry(&key, kv::get(&key)?),
            Self::GetMany { keys } => {
                let found = kv::get_many(&keys)?;
                keys.iter().zip(found).map(|(key, found)| entry(key, found)).collect()
            }
            Self::Set { key, value, ttl_seconds, expected } => {
                let expected = match expected.as_deref() {
                    None => Expected::AsRead,
                    Some("") => Expected::Absent,
                    Some("*") => Expected::Anything,
                    Some(revision) => Expected::Revision(revision.to_owned()),
                };
                kv::set_with(&key, value, Options { ttl_seconds, expected })?;
                json!("set")
            }
            Self::Delete { key } => {
                kv::delete(&key)?;
                json!("deleted")
            }
            Self::Increment { key, by } => json!(kv::increment(&key, by)?),
            Self::List { prefix, after, max } => {
                let page = kv::list(&prefix, after.as_deref(), max)?;
                json!({ "keys": page.keys, "next": page.next })
            }
            Self::StartTimer { name, delay_seconds, payload } => {
                timers::start(&name, Duration::from_secs(delay_seconds.into()), &payload)?;
                json!("started")
            }
            Self::CancelTimer { name } => {
                timers::cancel(&name)?;
                json!("cancelled")
            }
            Self::Log { level, message } => {
                match level.as_str() {
                    "debug" => log::debug(message),
                    "warn" => log::warn(message),
                    "error" => log::error(message),
                    _ => log::info(message),
                }
                json!("logged")
            }
            Self::Attribute { name } => json!(invocation::attribute(&name)),
            Self::IdempotencyKey { purpose } => json!(invocation::idempotency_key(&purpose)),
            Self::Config => json!(serde_json::from_str::<Value>(&connection::config()).unwrap_or_default()),
            Self::Fetch(fetch) => fetch.run(),
            Self::FetchAll(all) => Fetch::run_all(all),
            Self::Derive { encoding, text } => json!(derive(encoding_of(&encoding), &text)?.placeholder()),
            Self::Hmac { key, data } => json!(hex(&crypto::hmac(Hash::Sha256, key, data)?)),
            Self::Sign { key, data } => json!(hex(&crypto::sign(Algorithm::Ed25519, &key, data)?)),
            Self::Respond { .. }
            | Self::Fail { .. }
            | Self::FailWithout { .. }
            | Self::Confide { .. }
            | Self::Ask { .. }
            | Self::Panic { .. } => {
                unreachable!("`run` has seen to these")
            }
        })
    }
}

fn encoding_of(name: &str) -> Encoding {
    match name {
        "base64" => Encoding::Base64,
        "base64url" => Encoding::Base64url,
        "percent" => Encoding::Percent,
        "json-string" => Encoding::JsonString,
        _ => Encoding::Hex,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(key: &str, found: Option<Entry>) -> Value {
    found.map_or(
        Value::Null,
        |entry| json!({ "key": key, "value": String::from_utf8_lossy(&entry.value), "revision": entry.revision }),
    )
}

fn error(kind: &str, code: String, message: String) -> Error {
    match kind {
        "invalid" => Error::invalid(code, message),
        "unauthorized" => Error::unauthorized(code, message),
        "unavailable" => Error::unavailable(code, message),
        _ => Error::failed(code, message),
    }
}

//! More than a host wants.

use std::io::Write;

use crate::bindings::hookyard::plugin::emit_event::{self, Event};
use crate::bindings::hookyard::plugin::kv_store::{self, Options};
use crate::bindings::hookyard::plugin::log::{self, Level};
use crate::said;

const MANY: usize = 100_000;
const LONG: usize = 8 << 20;
const ESCAPED_LINES: usize = 5;
const FOR_EVER: Options = Options { ttl_seconds: None, expected_revision: None };

pub(crate) fn log() -> String {
    for line in 0..MANY {
        log::write(Level::Warn, &format!("line {line}"));
    }
    MANY.to_string()
}

pub(crate) fn stdout() -> String {
    let mut out = std::io::stdout().lock();
    (0..MANY).take_while(|line| writeln!(out, "line {line}").is_ok()).count().to_string()
}

pub(crate) fn events() -> String {
    (0..MANY).take_while(|_| event("thing.happened", "{}") == "accepted").count().to_string()
}

pub(crate) fn keys() -> String {
    (0..MANY).take_while(|key| kv_store::set(&format!("key/{key}"), b"1", &FOR_EVER).is_ok()).count().to_string()
}

pub(crate) fn long_line() -> String {
    log::write(Level::Info, &"a".repeat(LONG));
    "written".to_owned()
}

/// As long as a call may be, and dear to whoever decodes them to look for something in them.
pub(crate) fn escaped_lines() -> String {
    let line = "\\%41".repeat(1_000_000);
    for _ in 0..ESCAPED_LINES {
        log::write(Level::Info, &line);
    }
    ESCAPED_LINES.to_string()
}

pub(crate) fn long_value() -> String {
    said(kv_store::set("long", &vec![b'a'; LONG], &FOR_EVER))
}

pub(crate) fn long_event() -> String {
    event("thing.happened", &format!("\"{}\"", "a".repeat(LONG)))
}

pub(crate) fn event(kind: &str, data: &str) -> String {
    said(emit_event::emit(&Event {
        kind: kind.to_owned(),
        data: data.to_owned(),
        subject: None,
        dedupe_key: None,
        time: None,
    }))
}

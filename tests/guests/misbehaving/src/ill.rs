//! Not coming back, or not in good order.

use std::hint::black_box;
use std::time::Duration;

use crate::bindings::exports::hookyard::plugin::webhook_handler::Response;
use crate::bindings::hookyard::plugin::emit_event::{self, Event};
use crate::bindings::hookyard::plugin::kv_store::{self, Options};
use crate::bindings::hookyard::plugin::log::{self, Level};

pub(crate) fn spin() -> String {
    let mut turns = 0_u64;
    while black_box(turns) < u64::MAX {
        turns += 1;
    }
    turns.to_string()
}

pub(crate) fn spin_and_call() -> String {
    loop {
        black_box(crate::bindings::hookyard::plugin::invocation::attempt());
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for the wrong thing is the point")]
pub(crate) fn sleep() -> String {
    std::thread::sleep(Duration::from_secs(600));
    "slept".to_owned()
}

pub(crate) fn allocate() -> String {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![1; 1 << 20]));
        if taken.len() == usize::MAX {
            return "everything".to_owned();
        }
    }
}

pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if frame[0] == u64::MAX {
        return 0;
    }
    black_box(recurse(depth + 1)) + frame[63]
}

pub(crate) fn trap() -> String {
    #[cfg(target_arch = "wasm32")]
    std::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

pub(crate) fn write_then(end: impl FnOnce() -> String) -> String {
    let event = Event {
        kind: "thing.happened".into(),
        data: "{\"left\": \"behind\"}".into(),
        subject: None,
        dedupe_key: None,
        time: None,
    };
    let emitted = emit_event::emit(&event);
    let set = kv_store::set("left-behind", b"1", &Options { ttl_seconds: None, expected_revision: None });
    log::write(Level::Info, &format!("wrote: {} {}", emitted.is_ok(), set.is_ok()));
    end()
}

pub(crate) fn garbage_response() -> Response {
    let headers = [("", "x"), ("location", "a\r\nset-cookie: b=c"), ("Content Type", "\u{0}"), ("content-length", "7")];
    Response {
        status: 7,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: vec![0xFF, 0x00],
    }
}

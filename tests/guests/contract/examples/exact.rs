//! Against the contract as it is.

wit_bindgen::generate!({ path: "../../../wit", world: "webhook-plugin" });

use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::emit_event::{self, Event};
use hookyard::plugin::types::Error;
use hookyard::plugin::types::ErrorKind;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        contract::MANIFEST.to_owned()
    }
}

impl WebhookHandler for Plugin {
    fn handle(_: Request) -> Result<Option<Response>, Error> {
        let event =
            Event { kind: "thing.happened".into(), data: "{}".into(), subject: None, dedupe_key: None, time: None };
        match emit_event::emit(&event) {
            Ok(()) => Ok(Some(Response { status: 200, headers: Vec::new(), body: b"exact".to_vec() })),
            Err(refusal) => Err(Error {
                kind: ErrorKind::Failed,
                code: refusal.code,
                message: refusal.message,
                retry_after_ms: None,
                details: None,
            }),
        }
    }
}

export!(Plugin);

//! Never comes back from describing itself.

wit_bindgen::generate!({ path: "../../../wit", world: "webhook-plugin" });

use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::types::Error;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        let mut turns = 0_u64;
        while std::hint::black_box(turns) < u64::MAX {
            turns += 1;
        }
        contract::MANIFEST.to_owned()
    }
}

impl WebhookHandler for Plugin {
    fn handle(_: Request) -> Result<Option<Response>, Error> {
        Ok(None)
    }
}

export!(Plugin);

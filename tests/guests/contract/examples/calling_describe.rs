//! Calls the host while it describes itself, and swallows the refusal.

wit_bindgen::generate!({ path: "../../../wit", world: "webhook-plugin" });

use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::types::Error;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        let said = hookyard::plugin::kv_store::get("a");
        if said.is_ok() { contract::MANIFEST.to_owned() } else { contract::MANIFEST.replace("0.1.0", "0.1.1") }
    }
}

impl WebhookHandler for Plugin {
    fn handle(_: Request) -> Result<Option<Response>, Error> {
        Ok(None)
    }
}

export!(Plugin);

//! Imports an interface that the host does not have.

wit_bindgen::generate!({
    inline: r#"
            package hookyard:plugin@0.1.0;
            interface types {
                type json = string;
                type header = tuple<string, string>;
                enum error-kind { invalid, unauthorized, unavailable, failed }
                record error {
                    kind: error-kind,
                    code: string,
                    message: string,
                    retry-after-ms: option<u32>,
                    details: option<json>,
                }
                record refusal { code: string, message: string }
            }
            interface definition {
                use types.{json};
                describe: func() -> json;
            }
            interface webhook-handler {
                use types.{header, error};
                record request {
                    method: string,
                    path: string,
                    query: string,
                    headers: list<header>,
                    body: list<u8>,
                }
                record response { status: u16, headers: list<header>, body: list<u8> }
                handle: func(request: request) -> result<option<response>, error>;
            }
            interface mailer {
                send: func(to: string) -> bool;
            }
            world off { export definition; export webhook-handler; import mailer; }
        "#,
    world: "off",
});

use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::types::Error;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        contract::MANIFEST.to_owned()
    }
}

impl WebhookHandler for Plugin {
    fn handle(_: Request) -> Result<Option<Response>, Error> {
        Ok(Some(Response {
            status: if hookyard::plugin::mailer::send("a@example.com") { 200 } else { 404 },
            headers: Vec::new(),
            body: Vec::new(),
        }))
    }
}

export!(Plugin);

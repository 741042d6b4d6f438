//! An event has a field more.

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
            interface emit-event {
                use types.{json, refusal};
                record event {
                    kind: string,
                    data: json,
                    subject: option<string>,
                    dedupe-key: option<string>,
                    time: option<string>,
                    priority: u8,
                }
                emit: func(event: event) -> result<_, refusal>;
            }
            world off { export definition; export webhook-handler; import emit-event; }
        "#,
    world: "off",
});

use exports::hookyard::plugin::definition::Guest as Definition;
use exports::hookyard::plugin::webhook_handler::{Guest as WebhookHandler, Request, Response};
use hookyard::plugin::emit_event::{self, Event};
use hookyard::plugin::types::Error;

struct Plugin;

impl Definition for Plugin {
    fn describe() -> String {
        contract::MANIFEST.to_owned()
    }
}

impl WebhookHandler for Plugin {
    fn handle(_: Request) -> Result<Option<Response>, Error> {
        let event = Event {
            kind: "thing.happened".into(),
            data: "{}".into(),
            subject: None,
            dedupe_key: None,
            time: None,
            priority: 1,
        };
        Ok(emit_event::emit(&event).ok().map(|()| Response { status: 200, headers: Vec::new(), body: Vec::new() }))
    }
}

export!(Plugin);

//! Selarti: what customers write goes to the AI, and what it answers becomes events.
//!
//! What is public of it is described at <https://manual.selarti.com/>; where and how a message is sent is not, and is set in the
//! config. README.md says how to set the plugin up.

mod activate;
mod config;
mod send_message;
mod webhook;

use hookyard_sdk::manifest::{Credential, Exchange, Manifest, Place, Sample, Verify, WebhookRules};
use hookyard_sdk::{Action, Error, Output, Plugin, Response, Setup, Webhook};

use config::Config;

/// Where messages are sent.
const SEND: &str = "{config:/send_url}";
/// Where the secret is exchanged for a token, with `auth.mode` = `exchange`.
const EXCHANGE: &str = "{config:/auth/url}";
/// What Selarti shows in the webhook URL.
const TOKEN: &str = "/webhook_token";

/// The plugin.
pub struct Selarti;

impl Plugin for Selarti {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("selarti", env!("CARGO_PKG_VERSION"))
            .title("Selarti")
            .description("What customers write goes to the AI, and what it answers becomes events.")
            .homepage("https://manual.selarti.com/")
            .webhook(rules())
            .host(SEND)
            .host(EXCHANGE)
            .credential(Credential::place(&[SEND], &[Place::Header], "/auth/secret"))
            .credential(Credential::header(&[SEND], "authorization", "Bearer {token}").exchange(exchange()))
            .sample(sample("answer", include_str!("../samples/answer.json")))
            .sample(sample("echo", include_str!("../samples/echo.json")))
            .sample(sample("contact", include_str!("../samples/contact.json")))
            .sample(sample("handed-over", include_str!("../samples/handed-over.json")))
            .sample(sample("closed", include_str!("../samples/closed.json")));
        webhook::declare(send_message::declare(manifest))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        webhook::handle(&config, &webhook).map(|()| None)
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        match action.name.as_str() {
            "send-message" => send_message::run(&config, &action.input()?),
            _ => Err(action.unknown()),
        }
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        activate::activate(&config)
    }
}

hookyard_sdk::export!(Selarti: webhook, actions, lifecycle);

/// Only `auth.mode` = `exchange` has what it names, so that in the other modes there is no exchange.
fn exchange() -> Exchange {
    Exchange::post(EXCHANGE)
        .json_member("{config:/auth/body_field}", "{secret:/auth/secret}")
        .pointer("{config:/auth/token_pointer}")
}

/// Nothing is signed, so that a webhook counts as seen by its own events and not by the host's mark: whoever knows the token could
/// make any id known.
fn rules() -> WebhookRules {
    WebhookRules::verified_by(Verify::token_query("token", TOKEN))
        .or_verified_by(Verify::token_header("x-webhook-token", TOKEN))
        .or_verified_by(Verify::token_path(TOKEN))
        .methods(&["POST"])
        .body_bytes_max(1024 * 1024)
        .order_body("/external_chat_id")
        .order_body("/data/external_chat_id")
        .order_body("/body/external_chat_id")
        .order_body("/response/external_chat_id")
        .order_body("/0/external_chat_id")
        .order_form("external_chat_id")
        .member("acknowledge", "after-handling")
}

fn sample(name: &str, body: &str) -> Sample {
    Sample::json(name, body).header("content-type", "application/json")
}

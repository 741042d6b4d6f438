//! Freshchat: what customers write becomes events, and what a bot answers goes back into their conversations.
//!
//! The API and the webhooks are described at <https://developers.freshchat.com/api/>. README.md says how to set the plugin up.

mod actions;
mod activate;
mod api;
mod config;
mod conversation;
mod events;
mod group;
mod ids;
mod muting;
mod site;
mod webhook;

use std::time::Duration;

use hookyard_sdk::manifest::{Credential, Limits, Manifest, Verify, WebhookRules};
use hookyard_sdk::{Action, Error, Output, Plugin, Response, Setup, Webhook};

use config::Config;

/// Where the API is: the only host, and the only one that gets the token.
const API: &str = "{config:/api_base}";
/// Freshchat waits 3 s for an answer; what takes longer is answered 202 and finished from the inbox.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_500);

/// What `activate` may take: it reads all groups, twenty at a time, and an account may have 500.
const DEADLINE: Duration = Duration::from_secs(30);

/// The plugin.
pub struct Freshchat;

impl Plugin for Freshchat {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("freshchat", env!("CARGO_PKG_VERSION"))
            .title("Freshchat")
            .description("Messages of customers become events, and answers go back into their conversations.")
            .homepage("https://developers.freshchat.com/api/")
            .webhook(
                WebhookRules::verified_by(Verify::rsa_pkcs1_sha256("x-freshchat-signature", "/webhook_public_key"))
                    .methods(&["POST"])
                    .body_bytes_max(1024 * 1024)
                    .dedupe_body("/data/message/id")
                    .order_body("/data/message/conversation_id")
                    .order_body("/data/assignment/conversation/conversation_id")
                    .order_body("/data/resolve/conversation/conversation_id")
                    .order_body("/data/reopen/conversation/conversation_id")
                    .answer_within(ANSWER_WITHIN)
                    .member("acknowledge", "after-handling"),
            )
            .limits(Limits { deadline_ms: u64::try_from(DEADLINE.as_millis()).ok(), ..Limits::default() })
            .host(API)
            .credential(Credential::header(&[API], "authorization", "Bearer {secret:/access_token}"));
        actions::declare(webhook::declare(manifest))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        webhook::handle(&config, &webhook).map(|()| None)
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        actions::run(&config, &action)
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        activate::activate(&config)
    }
}

hookyard_sdk::export!(Freshchat: webhook, actions, lifecycle);

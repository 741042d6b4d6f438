//! Feedbot: WhatsApp messages go into its queue, and what became of them becomes events.
//!
//! Feedbot's API (<https://feedbot.co.il/knowledge_base/>) puts messages into a queue, from which a program on the customer's computer
//! sends them. It calls nobody back, so that the plugin asks. README.md says how to set the plugin up.

mod activate;
mod api;
mod config;
mod draft;
mod events;
mod expiry;
mod get_status;
mod nullable;
mod phone;
mod polling;
mod problems;
mod queue;
mod send_message;
mod send_messages;

use hookyard_sdk::manifest::{Credential, Limits, Manifest};
use hookyard_sdk::{Action, Error, Output, Plugin, Setup, Timer};

use config::Config;

/// Where messages are queued.
const SEND: &str = "{config:/send_url}";
/// Where the status of one is asked for.
const STATUS: &str = "{config:/status_url}";

/// The plugin.
pub struct Feedbot;

impl Plugin for Feedbot {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("feedbot", env!("CARGO_PKG_VERSION"))
            .title("Feedbot")
            .description("WhatsApp messages go into Feedbot's queue, and what became of them becomes events.")
            .homepage("https://feedbot.co.il/")
            .host(SEND)
            .host(STATUS)
            .credential(Credential::header(&[SEND, STATUS], "auth", "{secret:/auth_token}"))
            .limits(Limits { deadline_ms: Some(polling::DEADLINE_MS), ..Limits::default() });
        let manifest = send_message::declare(send_messages::declare(manifest));
        events::declare(get_status::declare(manifest))
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        match action.name.as_str() {
            "send-messages" => send_messages::run(&config, &action.input()?),
            "send-message" => send_message::run(&config, &action.input()?),
            "get-status" => get_status::run(&config, &action.input()?),
            _ => Err(action.unknown()),
        }
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        Ok(activate::setup(&config))
    }

    fn fire(config: Config, timer: Timer) -> Result<(), Error> {
        polling::fire(&config, &timer)
    }
}

hookyard_sdk::export!(Feedbot: actions, lifecycle, timers);

//! Requests to any REST API, defined in the config and not in code, and webhooks from anywhere.
//!
//! README.md says how requests are written and what is made of their answers.

mod actions;
mod activate;
mod build;
mod config;
mod decode;
mod definition;
mod differences;
mod failure;
mod fields;
mod incoming;
mod judge;
mod nullable;
mod problem;
mod record;
mod send;
mod target;

use hookyard_sdk::manifest::{Credential, Limits, Manifest, Place};
use hookyard_sdk::{Action, Error, Output, Plugin, Response, Setup, Webhook};

use config::Config;

/// Milliseconds that the plugin may compute: every place of a template reads an answer of up to 1 MiB once more.
const CPU_MS: u64 = 3_000;

/// The plugin.
pub struct GenericHttp;

impl Plugin for GenericHttp {
    type Config = Config;

    /// It asks for no host: each is the operator's decision, and secrets go to those that he granted by name.
    fn manifest() -> Manifest {
        let places = [Place::Header, Place::Path, Place::Query, Place::Form, Place::Json];
        let manifest = Manifest::new("generic-http", env!("CARGO_PKG_VERSION"))
            .title("Generic HTTP")
            .description("Requests to any REST API, defined in the config and not in code, and webhooks from anywhere.")
            .credential(Credential::place(&["{grant}"], &places, "/secrets/*"))
            .limits(Limits { cpu_ms: Some(CPU_MS), ..Limits::default() });
        incoming::declare(actions::declare(manifest))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        incoming::handle(&config, &webhook).map(|()| None)
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        actions::run(&config, &action)
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        activate::activate(&config)
    }
}

hookyard_sdk::export!(GenericHttp: webhook, actions, lifecycle);

//! The trait that a plugin implements.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::manifest::Manifest;
use crate::{Action, Error, Output, Response, Setup, Timer, Webhook};

/// A plugin. Only [`manifest`](Self::manifest) is required; implement what the plugin handles, and name the parts in
/// [`export!`](crate::export!).
///
/// Every call is an invocation of its own on a fresh instance: statics do not survive it, [`kv`](crate::kv) does. What the
/// call did takes effect only if it succeeds, all of it at once.
pub trait Plugin {
    /// The operator's config. Its JSON schema becomes part of the manifest, and the host has checked the config against it.
    /// Defaults (`#[serde(default = "…")]`) and doc comments are part of the schema; an `Option` may be left out, but is never
    /// `null`. Put `#[serde(deny_unknown_fields)]` on it: a misspelt key is then an error that the operator sees.
    ///
    /// Other accepted names of a property: `#[schemars(extend("x-aliases" = ["old-name"]))]`.
    type Config: DeserializeOwned + JsonSchema;

    /// What the plugin says of itself. It must not depend on time or chance, and calls no capability; the SDK adds the
    /// config's schema.
    fn manifest() -> Manifest;

    /// Handles a webhook that the host has verified as the manifest says (part `webhook`).
    ///
    /// `None` answers 200 with an empty body. A response of 3xx or 4xx is answered, and nothing is kept, not even the
    /// dedupe key; for 5xx return an [`Error`] instead.
    fn handle(config: Self::Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        let _ = (config, webhook);
        Err(not_implemented("webhooks"))
    }

    /// Runs an action of the manifest (part `actions`). The host has checked the input against the action's schema and checks
    /// the output likewise.
    fn run(config: Self::Config, action: Action) -> Result<Output, Error> {
        let _ = (config, action);
        Err(not_implemented("actions"))
    }

    /// A connection was created, changed or enabled, or the plugin's version changed: check the credentials, register at the
    /// provider, bring keys of older versions up to date (part `lifecycle`). May run again at any time.
    ///
    /// An error makes the connection unhealthy; [`Error::with_setup`] adds what is left to do by hand.
    fn activate(config: Self::Config) -> Result<Setup, Error> {
        let _ = config;
        Ok(Setup::default())
    }

    /// Best effort, before a connection is disabled or deleted (part `lifecycle`). Its keys, timers and marks are deleted
    /// afterwards.
    fn deactivate(config: Self::Config) -> Result<(), Error> {
        let _ = config;
        Ok(())
    }

    /// A timer of this connection is due (part `timers`). It is gone with this invocation's commit unless it is started again
    /// within it.
    fn fire(config: Self::Config, timer: Timer) -> Result<(), Error> {
        let _ = (config, timer);
        Err(not_implemented("timers"))
    }
}

fn not_implemented(what: &str) -> Error {
    Error::failed("not-implemented", format!("the plugin exports {what} and does not handle them"))
}

/// The config of a plugin that has nothing to configure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

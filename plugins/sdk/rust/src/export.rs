//! From the trait to a component's exports.

use crate::manifest::Manifest;
use crate::schema::{Direction, schema_of};
use crate::{Error, Plugin};

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;

/// A part that a component may export besides its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// [`Plugin::handle`].
    Webhook,
    /// [`Plugin::run`].
    Actions,
    /// [`Plugin::activate`] and [`Plugin::deactivate`].
    Lifecycle,
    /// [`Plugin::fire`].
    Timers,
}

/// What [`export!`](crate::export!) says of a plugin.
pub trait Exported: Plugin {
    /// The parts that its component exports.
    const PARTS: &'static [Part];
}

/// The manifest as the host gets it.
///
/// # Panics
///
/// If manifest and exported parts contradict each other: the host then refuses the component with this message, and
/// [`testing::Host`](crate::testing::Host) fails the test.
pub fn describe<P: Exported>() -> String {
    let manifest = P::manifest();
    let problems = contradictions(&manifest, P::PARTS);
    assert!(problems.is_empty(), "{}", problems.join("; "));
    manifest.into_json(schema_of::<P::Config>(Direction::Read))
}

fn contradictions(manifest: &Manifest, parts: &[Part]) -> Vec<&'static str> {
    let mut problems = Vec::new();
    let mut check =
        |declared: bool, part: Part, missing: &'static str, idle: &'static str| match (declared, parts.contains(&part))
        {
            (true, false) => problems.push(missing),
            (false, true) => problems.push(idle),
            (true, true) | (false, false) => {}
        };
    check(
        manifest.takes_webhooks(),
        Part::Webhook,
        "the manifest has webhook rules, but `export!` does not name `webhook`",
        "`export!` names `webhook`, but the manifest has no webhook rules",
    );
    check(
        manifest.has_actions(),
        Part::Actions,
        "the manifest has actions, but `export!` does not name `actions`",
        "`export!` names `actions`, but the manifest has none",
    );
    problems
}

/// Runs `call` with the typed config. The host has checked the config against the schema that was made from the type, so what
/// does not fit is a contradiction within the type.
pub(crate) fn with_config<P: Plugin, T>(
    json: &str,
    call: impl FnOnce(P::Config) -> Result<T, Error>,
) -> Result<T, Error> {
    match serde_json::from_str(json) {
        Ok(config) => call(config),
        Err(error) => Err(Error::failed("config-unreadable", format!("the config passes its schema, but {error}"))),
    }
}

/// Makes a type that implements [`Plugin`] the component's one plugin, with the parts that it handles: any of `webhook`,
/// `actions`, `lifecycle`, `timers`.
///
/// ```text
/// hookyard_sdk::export!(AfterShip: webhook, actions, lifecycle);
/// ```
///
/// The component exports these and nothing else, so that nobody takes it for something that it does not do. Parts and manifest
/// must agree: see [`describe`].
#[macro_export]
macro_rules! export {
    ($plugin:ident $(,)?) => {
        $crate::export!($plugin:);
    };
    ($plugin:ident : $($part:ident),* $(,)?) => {
        impl $crate::export::Exported for $plugin {
            const PARTS: &'static [$crate::export::Part] = &[$($crate::__part!($part)),*];
        }

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unused_qualifications)]
        const _: () = {
            type Guest = $crate::export::guest::Guest<$plugin>;
            $crate::bindings::definition::export_definition!(Guest with_types_in $crate::bindings::definition);
            $($crate::__export_part!($part Guest);)*
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __part {
    (webhook) => {
        $crate::export::Part::Webhook
    };
    (actions) => {
        $crate::export::Part::Actions
    };
    (lifecycle) => {
        $crate::export::Part::Lifecycle
    };
    (timers) => {
        $crate::export::Part::Timers
    };
    ($other:ident) => {
        compile_error!(concat!(
            "a plugin has the parts webhook, actions, lifecycle and timers, but no ",
            stringify!($other)
        ))
    };
}

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_part {
    (webhook $guest:ident) => {
        $crate::bindings::webhook::export_webhook!($guest with_types_in $crate::bindings::webhook);
    };
    (actions $guest:ident) => {
        $crate::bindings::actions::export_actions!($guest with_types_in $crate::bindings::actions);
    };
    (lifecycle $guest:ident) => {
        $crate::bindings::lifecycle::export_lifecycle!($guest with_types_in $crate::bindings::lifecycle);
    };
    (timers $guest:ident) => {
        $crate::bindings::timers::export_timers!($guest with_types_in $crate::bindings::timers);
    };
}

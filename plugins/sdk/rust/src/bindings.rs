//! What wit-bindgen makes of the contract: the imports once, and one world for each export, so that a component exports only
//! what its plugin handles.

pub mod imports {
    wit_bindgen::generate!({ path: "../../../wit", world: "imports" });
}

/// A world with a single export, and the macro that exports a type as it.
macro_rules! exported {
    ($module:ident, $world:literal, $inline:literal, $export:literal, $path:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../../wit",
                inline: $inline,
                world: $world,
                with: { "hookyard:plugin/types@0.1.0": crate::bindings::imports::hookyard::plugin::types },
                pub_export_macro: true,
                export_macro_name: $export,
                default_bindings_module: $path,
            });
        }
    };
}

exported!(
    definition,
    "sdk-definition",
    "package hookyard:sdk; world sdk-definition { export hookyard:plugin/definition@0.1.0; }",
    "export_definition",
    "hookyard_sdk::bindings::definition"
);
exported!(
    webhook,
    "sdk-webhook",
    "package hookyard:sdk; world sdk-webhook { export hookyard:plugin/webhook-handler@0.1.0; }",
    "export_webhook",
    "hookyard_sdk::bindings::webhook"
);
exported!(
    actions,
    "sdk-actions",
    "package hookyard:sdk; world sdk-actions { export hookyard:plugin/action-handler@0.1.0; }",
    "export_actions",
    "hookyard_sdk::bindings::actions"
);
exported!(
    lifecycle,
    "sdk-lifecycle",
    "package hookyard:sdk; world sdk-lifecycle { export hookyard:plugin/lifecycle@0.1.0; }",
    "export_lifecycle",
    "hookyard_sdk::bindings::lifecycle"
);
exported!(
    timers,
    "sdk-timers",
    "package hookyard:sdk; world sdk-timers { export hookyard:plugin/timer-handler@0.1.0; }",
    "export_timers",
    "hookyard_sdk::bindings::timers"
);

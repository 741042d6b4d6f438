//! The contract as Rust types, generated from the WIT package: the one place where it is read.
//!
//! World `plugin` has every import and every export there is. What a component really exports is found by
//! [`crate::exports`], so the generated struct for the whole world, which demands them all, is not used.

#![allow(missing_docs, unreachable_pub, reason = "generated code; the contract's documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
});

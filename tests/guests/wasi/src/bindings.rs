//! The contract as wit-bindgen has it, without the SDK.

wit_bindgen::generate!({ path: "../../../wit", world: "action-plugin" });

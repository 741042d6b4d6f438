//! Selarti: what customers write goes to the AI, and what it answers becomes events.
//!
//! What is public of it is described at <https://manual.selarti.com/>. README.md says how to set the plugin up.

use hookyard_sdk::manifest::Manifest;
use hookyard_sdk::{NoConfig, Plugin};

/// The plugin.
pub struct Selarti;

impl Plugin for Selarti {
    type Config = NoConfig;

    fn manifest() -> Manifest {
        Manifest::new("selarti", env!("CARGO_PKG_VERSION")).title("Selarti")
    }
}

hookyard_sdk::export!(Selarti:);

//! Says which version it is, after it has asked its provider something. Name and version are patched by whoever needs several of
//! it ([`NAME`], [`VERSION`]), and `swap_python` is another version of it in Python.

use std::hint::black_box;

use hookyard_sdk::http::Request;
use hookyard_sdk::manifest::{EventKind, Manifest, Verify, WebhookRules};
use hookyard_sdk::{Error, Event, Plugin, Response, Secret, Webhook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

struct Swap;

/// Digits at its end tell plugins apart.
const NAME: &str = "swap-guest-0000";
/// Digits at its end tell versions apart.
const VERSION: &str = "1.0.1000-swap.guest";

/// The config of a connection.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Signs the webhooks: HMAC-SHA-256 in base64.
    #[serde(rename = "secret")]
    _secret: Secret,
    /// What is asked, if anything.
    url: Option<String>,
}

/// What every answer and every event says.
#[derive(Serialize, JsonSchema)]
struct Said {
    version: String,
}

impl Plugin for Swap {
    type Config = Config;

    fn manifest() -> Manifest {
        // Behind a black box the compiler leaves them in one piece, where they can be found and patched.
        Manifest::new(black_box(NAME), black_box(VERSION))
            .webhook(
                WebhookRules::verified_by(Verify::hmac_sha256_base64("x-swap-signature", "/secret"))
                    .dedupe_header("x-swap-id"),
            )
            .event(EventKind::new::<Said>("version.heard"))
            .host("{config:/url}")
    }

    fn handle(config: Config, _webhook: Webhook) -> Result<Option<Response>, Error> {
        if let Some(url) = config.url {
            Request::get(url).send()?.success()?;
        }
        let said = Said { version: black_box(VERSION).to_owned() };
        Event::new("version.heard").emit(&said)?;
        Response::json(200, &said).map(Some)
    }
}

hookyard_sdk::export!(Swap: webhook);

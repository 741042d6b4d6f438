//! A doorbell: each ring becomes an event, and an action opens the door.

use hookyard_sdk::http::{Request, segment};
use hookyard_sdk::manifest::{ActionKind, Credential, EventKind, Manifest, Sample, Verify, WebhookRules};
use hookyard_sdk::{Action, Error, Event, Output, Plugin, Response, Secret, Secrets, Webhook, kv};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The plugin.
pub struct Doorbell;

/// What the operator configures.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the secrets are for the host: it sends the one, and verifies webhooks with the other")]
pub struct Config {
    api_base: String,
    api_key: Secret,
    webhook_secret: Secrets,
}

#[derive(Deserialize, JsonSchema)]
struct Door {
    door: String,
}

#[derive(Serialize, JsonSchema)]
struct Ring {
    door: String,
    times: i64,
}

impl Plugin for Doorbell {
    type Config = Config;
    fn manifest() -> Manifest {
        let signed = WebhookRules::verified_by(Verify::hmac_sha256_hex("x-bell-signature", "/webhook_secret"));
        Manifest::new("doorbell", env!("CARGO_PKG_VERSION"))
            .webhook(signed.dedupe_body("/id").order_body("/door")) // One ring of a door after the other.
            .event(EventKind::new::<Ring>("bell.rung"))
            .action(ActionKind::new::<Door, ()>("open-door"))
            .host("{config:/api_base}")
            .credential(Credential::header(&["{config:/api_base}"], "authorization", "Bearer {secret:/api_key}"))
            .sample(Sample::json("ring", r#"{"id": "1", "door": "garden"}"#))
    }

    fn handle(_: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        let Door { door } = webhook.json()?;
        let times = kv::increment(&kv::key("rings", &door)?, 1)?; // Counts with the commit: both happen, or neither.
        Event::new("bell.rung").subject(door.clone()).emit(&Ring { door, times })?;
        Ok(None)
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        let url = format!("{}/doors/{}/open", config.api_base, segment(&action.input::<Door>()?.door)?);
        Request::post(url).send()?.success()?;
        Output::new(&())
    }
}

hookyard_sdk::export!(Doorbell: webhook, actions);

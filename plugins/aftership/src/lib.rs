//! AfterShip: its tracking webhooks become `shipment.updated` events.
//!
//! What AfterShip sends is described at <https://www.aftership.com/docs/tracking/webhook/overview>; the shape read here is that of
//! webhook version "Legacy". README.md says how to set the plugin up.

mod config;
mod shipment;
mod tracking_update;

use hookyard_sdk::manifest::{EventKind, Manifest, Sample, Verify, WebhookRules};
use hookyard_sdk::{Error, Plugin, Response, Webhook};

use config::Config;
use shipment::ShipmentUpdated;

/// The plugin.
pub struct AfterShip;

impl Plugin for AfterShip {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("aftership", env!("CARGO_PKG_VERSION"))
            .title("AfterShip")
            .description("Tells a conversation when its parcel has moved.")
            .homepage("https://www.aftership.com/docs/tracking")
            .webhook(
                WebhookRules::verified_by(Verify::hmac_sha256_base64("aftership-hmac-sha256", "/webhook_secret"))
                    .methods(&["POST"])
                    .body_bytes_max(1024 * 1024)
                    .dedupe_body("/event_id")
                    .order_body("/msg/id")
                    .member("acknowledge", "after-handling"),
            )
            .event(EventKind::new::<ShipmentUpdated>("shipment.updated").title("A shipment has a new status"))
            .sample(sample("in-transit", include_str!("../samples/in-transit.json")))
            .sample(sample("delivered", include_str!("../samples/delivered.json")))
            .sample(sample("not-first-tag", include_str!("../samples/not-first-tag.json")))
            .sample(sample("no-conversation", include_str!("../samples/no-conversation.json")))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        tracking_update::handle(&config, &webhook).map(|()| None)
    }
}

hookyard_sdk::export!(AfterShip: webhook);

fn sample(name: &str, body: &str) -> Sample {
    Sample::json(name, body).header("content-type", "application/json")
}

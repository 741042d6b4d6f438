//! AfterShip: it follows shipments for conversations, and its tracking webhooks become `shipment.updated` events.
//!
//! Its API is described at <https://www.aftership.com/docs/tracking>. What AfterShip sends is described at <https://www.aftership.com/docs/tracking/webhook/overview>; the shape read here is that of
//! webhook version "Legacy". README.md says how to set the plugin up.

mod activate;
mod api;
mod config;
mod conversation;
mod get_tracking;
mod problem;
mod shipment;
mod track_shipment;
mod tracking;
mod tracking_update;

use std::time::Duration;

use hookyard_sdk::manifest::{ActionKind, Credential, EventKind, Manifest, Sample, Verify, WebhookRules};
use hookyard_sdk::{Action, Error, Output, Plugin, Response, Setup, Webhook};

use config::Config;
use get_tracking::{Found, GetTracking};
use shipment::ShipmentUpdated;
use track_shipment::{TrackShipment, Tracked};

/// Where the API is: the only host, and the only one that gets the key.
const API: &str = "{config:/api_base}";
/// Time for `track-shipment`: up to four calls, one after the other.
const TRACK_TIMEOUT: Duration = Duration::from_secs(35);

/// The plugin.
pub struct AfterShip;

impl Plugin for AfterShip {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("aftership", env!("CARGO_PKG_VERSION"))
            .title("AfterShip")
            .description("Follows shipments for conversations, and tells them when their parcel has moved.")
            .homepage("https://www.aftership.com/docs/tracking")
            .webhook(
                WebhookRules::verified_by(Verify::hmac_sha256_base64("aftership-hmac-sha256", "/webhook_secret"))
                    .methods(&["POST"])
                    .body_bytes_max(1024 * 1024)
                    .dedupe_body("/event_id")
                    .order_body("/msg/id")
                    .member("acknowledge", "after-handling"),
            )
            .action(
                ActionKind::new::<TrackShipment, Tracked>("track-shipment")
                    .title("Track a shipment")
                    .description("Has AfterShip follow a shipment, and its updates find the conversation.")
                    .idempotent()
                    .timeout(TRACK_TIMEOUT),
            )
            .action(
                ActionKind::new::<GetTracking, Found>("get-tracking")
                    .title("Look up a shipment")
                    .description("What AfterShip knows of a shipment that it follows.")
                    .idempotent(),
            )
            .event(EventKind::new::<ShipmentUpdated>("shipment.updated").title("A shipment has a new status"))
            .host(API)
            .credential(Credential::header(&[API], "as-api-key", "{secret:/api_key}"))
            .sample(sample("in-transit", include_str!("../samples/in-transit.json")))
            .sample(sample("delivered", include_str!("../samples/delivered.json")))
            .sample(sample("not-first-tag", include_str!("../samples/not-first-tag.json")))
            .sample(sample("no-conversation", include_str!("../samples/no-conversation.json")))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        tracking_update::handle(&config, &webhook).map(|()| None)
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        match action.name.as_str() {
            "track-shipment" => track_shipment::run(&config, &action.input()?),
            "get-tracking" => get_tracking::run(&config, &action.input()?),
            _ => Err(action.unknown()),
        }
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        activate::activate(&config)
    }
}

hookyard_sdk::export!(AfterShip: webhook, actions, lifecycle);

fn sample(name: &str, body: &str) -> Sample {
    Sample::json(name, body).header("content-type", "application/json")
}

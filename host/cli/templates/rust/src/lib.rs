//! My Plugin: the webhooks of a shop become events, and an action says what became of an order.

use hookyard_sdk::manifest::{ActionKind, EventKind, Manifest, Sample, Verify, WebhookRules};
use hookyard_sdk::{Action, Error, Event, Output, Plugin, Response, Secrets, Webhook, kv};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct MyPlugin;

/// What the operator configures. The schema in the manifest is made of it, documentation included.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Signs the webhooks. The host checks the signature before this code runs, so that nothing here reads it.
    #[allow(dead_code)]
    webhook_secret: Option<Secrets>,
}

/// What the shop sends. Only what is used is named: providers add fields as they please.
#[derive(Deserialize)]
struct Update {
    order: String,
    state: String,
}

/// The data of the event. Its schema is in the manifest, a promise to whoever reads the events.
#[derive(Serialize, JsonSchema)]
struct Order {
    /// The shop's number of the order.
    order: String,
    /// For example `placed` or `shipped`.
    state: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetOrder {
    order: String,
}

impl Plugin for MyPlugin {
    type Config = Config;

    fn manifest() -> Manifest {
        // Verification is data, not code. The dedupe key drops what the shop sends twice; the order key keeps the updates of one
        // order from overtaking each other.
        let webhook = WebhookRules::verified_by(Verify::hmac_sha256_hex(
            "x-shop-signature",
            "/webhook_secret",
        ))
        .dedupe_body("/id")
        .order_body("/order");
        Manifest::new("my-plugin", env!("CARGO_PKG_VERSION"))
            .title("My Plugin")
            .webhook(webhook)
            .event(EventKind::new::<Order>("order.updated").title("An order has a new state"))
            .action(ActionKind::new::<GetOrder, Order>("get-order").idempotent())
            .sample(Sample::json("order-shipped", include_str!("../samples/order-shipped.json")))
    }

    fn handle(_config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        let Update { order, state } = webhook.json()?;
        let key = format!("order/{order}");
        if kv::get(&key)?.is_some_and(|known| known.value == state.as_bytes()) {
            return Ok(None); // No news.
        }
        // Both take effect when this returns Ok, in one transaction, or not at all.
        kv::set(&key, &state)?;
        Event::new("order.updated").subject(order.clone()).emit(&Order { order, state })?;
        Ok(None) // Answers 200.
    }

    fn run(_config: Config, action: Action) -> Result<Output, Error> {
        match action.name.as_str() {
            "get-order" => {
                let GetOrder { order } = action.input()?;
                let Some(known) = kv::get(&format!("order/{order}"))? else {
                    let message = format!("no webhook had the order {order}");
                    return Err(Error::invalid("order-not-found", message));
                };
                Output::new(&Order {
                    order,
                    state: String::from_utf8_lossy(&known.value).into_owned(),
                })
            }
            _ => Err(action.unknown()),
        }
    }
}

hookyard_sdk::export!(MyPlugin: webhook, actions);

#[cfg(test)]
mod tests;

//! `hookyard deliveries`: what did not arrive at once, and what is tried again.

mod retry;

use std::num::NonZeroUsize;

use clap::Subcommand;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::id::{DeliveryId, SubscriptionId};
use serde_json::{Value, json};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Most deliveries that the host answers at a time.
const PAGE: usize = 1_000;

/// Which deliveries.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the deliveries that did not succeed at once, the newest first (the default)
    List(ListArguments),
    /// Show a delivery with its attempts
    Show {
        /// The delivery's id
        id: DeliveryId,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Try deliveries again now, whatever became of them
    Retry(retry::Arguments),
}

/// Which of them are listed.
#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Only deliveries in this state: pending, delivered, exhausted; may be repeated
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<DeliveryState>,
    /// Only deliveries to this subscription; may be repeated
    #[arg(long = "subscription", value_name = "ID")]
    subscriptions: Vec<SubscriptionId>,
    /// Only those in their state since then or later (2026-03-04T09:41:12Z)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only those in their state since before
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    limit: NonZeroUsize,
    /// Only those after the end of another list: the `next` that it gave with --json
    #[arg(long, value_name = "NEXT")]
    before: Option<String>,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints the list or one delivery, or has some tried again.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List(arguments.list)) {
        What::List(arguments) => list(&arguments).await,
        What::Show { id, host } => {
            let delivery: Value = Host::find(&host)?.get(&format!("/v1/deliveries/{id}"), &[]).await?;
            if host.json { Ok(output::json(&delivery)?) } else { show(&delivery) }
        }
        What::Retry(arguments) => retry::run(arguments).await,
    }
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let host = Host::find(&arguments.host)?;
    let (mut deliveries, mut before) = (Vec::new(), arguments.before.clone());
    while deliveries.len() < arguments.limit.get() {
        let limit = (arguments.limit.get() - deliveries.len()).min(PAGE).to_string();
        let filters = filters(arguments);
        let mut query: Vec<_> = filters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.push(("limit", &limit));
        query.extend(before.as_deref().map(|before| ("before", before)));
        let page: Value = host.get("/v1/deliveries", &query).await?;
        deliveries.extend(page["deliveries"].as_array().into_iter().flatten().cloned());
        before = page["next"].as_str().map(str::to_owned);
        if before.is_none() {
            break;
        }
    }
    if arguments.host.json {
        let mut answer = json!({ "deliveries": deliveries });
        if let Some(next) = before {
            answer["next"] = next.into();
        }
        return Ok(output::json(&answer)?);
    }
    let rows: Vec<_> = deliveries.iter().map(row).collect();
    output::table(&["id", "subscription", "type", "state", "attempts", "next attempt", "error"], &rows)?;
    Ok(())
}

fn filters(arguments: &ListArguments) -> Vec<(&'static str, String)> {
    let states = arguments.states.iter().map(|state| ("state", state.to_string()));
    let subscriptions = arguments.subscriptions.iter().map(|id| ("subscription", id.to_string()));
    let since = arguments.since.map(|since| ("since", since.to_string()));
    let until = arguments.until.map(|until| ("until", until.to_string()));
    states.chain(subscriptions).chain(since).chain(until).collect()
}

fn row(delivery: &Value) -> Vec<String> {
    vec![
        cell(&delivery["id"]),
        cell(&delivery["subscription"]),
        cell(&delivery["type"]),
        cell(&delivery["state"]),
        cell(&delivery["attempts"]),
        next(delivery),
        cell(&delivery["error"]["code"]),
    ]
}

/// When it is tried again, or what it waits for.
fn next(delivery: &Value) -> String {
    match delivery["awaits_activation"] == true {
        true => "when activated".to_owned(),
        false => cell(&delivery["next_attempt_at"]),
    }
}

fn show(delivery: &Value) -> anyhow::Result<()> {
    let at = |name: &str| cell(&delivery[name]);
    let rows = [
        ("id", at("id")),
        ("subscription", at("subscription")),
        ("event", at("event")),
        ("type", at("type")),
        ("offset", at("offset")),
        ("subject", at("subject")),
        ("state", at("state")),
        ("since", at("since")),
        ("attempts", at("attempts")),
        ("next attempt", next(delivery)),
        ("error", cell(&delivery["error"]["code"])),
        ("message", cell(&delivery["error"]["message"])),
    ];
    output::facts(&rows)?;
    let attempts = delivery["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !attempts.is_empty() {
        output::line("")?;
        let rows: Vec<_> = attempts.iter().map(attempt).collect();
        output::table(&["attempt", "took ms", "status", "error", "message"], &rows)?;
    }
    Ok(())
}

fn attempt(attempt: &Value) -> Vec<String> {
    let error = &attempt["error"];
    vec![
        cell(&attempt["at"]),
        cell(&attempt["took_ms"]),
        cell(&attempt["status"]),
        cell(&error["code"]),
        cell(&error["message"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_when_a_delivery_is_tried_again_or_what_it_waits_for() {
        let pending = json!({ "id": "dlv_1", "subscription": "crm", "type": "a.b", "state": "pending", "attempts": 3,
            "next_attempt_at": "2026-01-01T00:00:00Z", "error": { "code": "http-500" } });
        assert_eq!(row(&pending), ["dlv_1", "crm", "a.b", "pending", "3", "2026-01-01T00:00:00Z", "http-500"]);
        assert_eq!(next(&json!({ "awaits_activation": true })), "when activated");
        assert_eq!(next(&json!({ "state": "exhausted" })), "");
    }

    #[test]
    fn an_attempt_is_a_line() {
        let failed =
            json!({ "at": "2026-01-01T00:00:00Z", "took_ms": 12, "error": { "code": "dns", "message": "no name" } });
        assert_eq!(attempt(&failed), ["2026-01-01T00:00:00Z", "12", "", "dns", "no name"]);
    }
}

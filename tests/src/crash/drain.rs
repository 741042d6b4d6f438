//! After the last kill: a host that nothing happens to finishes what was kept, and tells what there is.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::deliveries::{Exhausted, Kind, Logged, Sent};
use super::grounds::{Grounds, Target};
use super::providers::Providers;
use super::verdict::{Fact, Found, Verdict};
use super::webhook::{Count, HANDLED, RECEIPT};
use super::{Plan, deliveries, verdict};
use crate::host::SECRET;
use crate::http::send;
use crate::sign;

/// How fast its clock runs: what waits for hours comes in seconds.
const CLOCK_SPEED: u32 = 2_000;
/// How often it is asked whether it has finished.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Keys whose counters one invocation reads.
const KEYS_PER_QUESTION: usize = 20;
/// How many the hosts have.
const SUBSCRIPTIONS: usize = 3;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Has every webhook acknowledged and everything handled, and compares.
pub(super) async fn run(plan: &Plan, grounds: &Grounds, providers: Providers) -> anyhow::Result<Verdict> {
    grounds.configure(true)?;
    let target = grounds.faulty(plan, CLOCK_SPEED).await?;
    providers.host_is_at(Some(target.address));
    let traffic = timeout(PATIENCE, providers.finish()).await.context("webhooks are not acknowledged")??;
    timeout(PATIENCE, settled(&target)).await.context("the inbox or the timers do not come to an end")??;
    let acknowledged = traffic.acknowledged();
    ask(&target, &acknowledged).await?;
    timeout(PATIENCE, settled(&target)).await.context("the counters are not told")??;
    timeout(PATIENCE, delivered(&target)).await.context("deliveries do not come to an end")??;
    let (found, sent) = found(&target).await?;
    target.stop().await?;
    let deliveries = deliveries::judge(&sent, &grounds.receiver.received());
    Ok(Verdict { deliveries, ..verdict::judge(&acknowledged, &found) })
}

/// Waits until nothing is pending, failed or running; what has failed is replayed, as an operator would once its cause is gone.
async fn settled(target: &Target) -> anyhow::Result<()> {
    loop {
        for connection in [HANDLED, RECEIPT] {
            target.post("/v1/webhooks/replay", &json!({ "connection": connection, "state": "failed" })).await?;
        }
        let webhooks = target.get("/v1/webhooks?state=pending&state=failed&limit=1").await?;
        let timers = target.get("/v1/timers").await?;
        if is_empty(&webhooks["webhooks"])? && is_empty(&timers["timers"])? {
            return Ok(());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Waits until every subscription has come to the end of the log, and nothing is to be tried again.
async fn delivered(target: &Target) -> anyhow::Result<()> {
    loop {
        let subscriptions = target.get("/v1/subscriptions").await?;
        let subscriptions = subscriptions["subscriptions"].as_array().context("subscriptions is a list")?;
        anyhow::ensure!(subscriptions.len() == SUBSCRIPTIONS, "there are others: {subscriptions:?}");
        let mut done = 0;
        for subscription in subscriptions.iter().filter(|subscription| subscription["pending"] == 0) {
            let cursor = subscription["cursor"].as_str().context("cursor is a text")?;
            let following = target.get(&format!("/v1/events?limit=1&after={cursor}")).await?;
            done += usize::from(is_empty(&following["events"])?);
        }
        if done == SUBSCRIPTIONS {
            return Ok(());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn is_empty(list: &Value) -> anyhow::Result<bool> {
    Ok(list.as_array().with_context(|| format!("{list} is no list"))?.is_empty())
}

/// Asks both plugins for the counters of their keys, which come as events.
async fn ask(target: &Target, acknowledged: &[(&'static str, Count)]) -> anyhow::Result<()> {
    for connection in [HANDLED, RECEIPT] {
        let of_this = acknowledged.iter().filter(|(of, _)| *of == connection);
        let keys: BTreeSet<_> = of_this.map(|(_, count)| count.key.as_str()).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        for (number, keys) in keys.chunks(KEYS_PER_QUESTION).enumerate() {
            let body = Bytes::from(json!({ "id": format!("report-{number}"), "report": keys }).to_string());
            let request = Request::post(format!("/webhooks/{connection}"))
                .header("host", target.address.to_string())
                .header("x-tally-signature", sign::hmac_sha256_base64(SECRET, &body))
                .body(Full::new(body))?;
            let reply = send(target.address, request).await?;
            anyhow::ensure!((200..300).contains(&reply.status()), "{}: {}", reply.status(), reply.text());
        }
    }
    Ok(())
}

/// What the events and the deliveries say, in the order of the log.
async fn found(target: &Target) -> anyhow::Result<(Found, Sent)> {
    let (mut found, mut after) = (Found::default(), String::new());
    let mut sent = Sent { exhausted: exhausted(target).await?, ..Sent::default() };
    loop {
        let page = target.get(&format!("/v1/events?limit=1000{after}")).await?;
        let events = page["events"].as_array().context("events is a list")?;
        if events.is_empty() {
            return Ok((found, sent));
        }
        for event in events {
            read(event, &mut found).with_context(|| format!("{event}"))?;
            note_delivery(event, &mut sent).with_context(|| format!("{event}"))?;
        }
        after = format!("&after={}", page["next"].as_str().context("next is a text")?);
    }
}

/// The deliveries that were given up.
async fn exhausted(target: &Target) -> anyhow::Result<Vec<Exhausted>> {
    let (mut all, mut before) = (Vec::new(), String::new());
    loop {
        let page = target.get(&format!("/v1/deliveries?state=exhausted&limit=1000{before}")).await?;
        for delivery in page["deliveries"].as_array().context("deliveries is a list")? {
            let text = |of: &Value| of.as_str().map(str::to_owned).with_context(|| format!("{delivery}"));
            let (subscription, event) = (text(&delivery["subscription"])?, text(&delivery["event"])?);
            all.push(Exhausted { subscription, event, code: text(&delivery["error"]["code"])? });
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return Ok(all),
        }
    }
}

/// Where an event has to go, or what an action says that an event has brought about.
fn note_delivery(event: &Value, sent: &mut Sent) -> anyhow::Result<()> {
    let kind = event["type"].as_str().context("an event has a type")?;
    if kind == "echo.any.heard" {
        sent.outcomes.push(event["data"].as_str().context("its data is an id")?.to_owned());
    } else if kind.starts_with("tally-") {
        let kind = match kind {
            _ if kind.ends_with(".entry.counted") => Kind::Counted,
            _ if kind.ends_with(".entry.fired") => Kind::Fired,
            _ => Kind::Other,
        };
        let id = event["id"].as_str().context("an event has an id")?.to_owned();
        let subject = event["subject"].as_str().map(str::to_owned);
        sent.events.push(Logged { id, kind, subject, event: event.clone() });
    }
    Ok(())
}

fn read(event: &Value, found: &mut Found) -> anyhow::Result<()> {
    let (kind, data) = (event["type"].as_str().context("an event has a type")?, &event["data"]);
    let id = || data["id"].as_str().map(str::to_owned).context("it has no id");
    if kind.ends_with(".entry.counted") {
        found.facts.push(Fact::Counted { id: id()?, previous: data["previous"].as_u64() });
    } else if kind.ends_with(".entry.fired") {
        found.facts.push(Fact::Fired { id: id()? });
    } else if kind.ends_with(".counters.reported") {
        let number = |of: &Value, name: &str| of[name].as_u64().with_context(|| format!("{name} is no number"));
        found.hot = found.hot.max(number(data, "hot")?);
        for counters in data["counters"].as_array().context("counters is no list")? {
            let key = counters["key"].as_str().context("key is no text")?.to_owned();
            found.counters.insert(key, (number(counters, "counted")?, number(counters, "fired")?));
        }
    }
    Ok(())
}

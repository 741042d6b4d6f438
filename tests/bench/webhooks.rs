//! The cost of a durable webhook: both servers write the same rows.

use hookyard_tests::guests;
use hookyard_tests::sign::hmac_sha256_base64;

use super::load::{Job, drive};
use super::process::Server;
use super::table;

/// Windows of each server; they alternate.
const WINDOWS: usize = 7;
/// Webhooks of one window.
const WEBHOOKS: usize = 6_000;
/// Connections that send one webhook after the other.
const CLIENTS: usize = 32;

/// The webhook that is sent, each time of another shipment: those of one shipment are handled one after the other.
const BODY: &str = include_str!("../vectors/a1_tracking_update.json");
const EVENT_ID: &str = "3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41";
const SHIPMENT: &str = "wj5k2lq8m3x7plvb0t4ea01n";
/// The secret that both servers know.
pub(crate) const SECRET: &str = "whs_test_9b1f6c2e";

/// Drives both servers in turn and prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn compare() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("native").display().to_string();
    let native = Server::bench(&["native", &data]).await?;
    let config = format!(
        "[connections.shop]\nplugin = \"aftership\"\n\
         config = {{ api_key = \"k\", webhook_secret = \"{SECRET}\", api_base = \"https://127.0.0.1:9\" }}\n"
    );
    let hookyard = Server::hookyard(directory.path(), guests::AFTERSHIP, &config).await?;
    println!(
        "hookyard: ready {:.0} ms after its start (cold cache), {:.1} MiB resident\n",
        hookyard.started_ms,
        hookyard.resident_mib()?
    );
    // One window each to warm up: compiled code, caches, connections.
    for server in [&native, &hookyard] {
        drive(server, webhooks("warm-up", WEBHOOKS / 4), CLIENTS).await?;
    }
    let (mut natives, mut hookyards) = (Vec::new(), Vec::new());
    for window in 0..WINDOWS {
        natives.push(drive(&native, webhooks(&window.to_string(), WEBHOOKS), CLIENTS).await?);
        hookyards.push(drive(&hookyard, webhooks(&window.to_string(), WEBHOOKS), CLIENTS).await?);
    }
    println!("{WINDOWS} windows of {WEBHOOKS} webhooks each, {CLIENTS} clients, durable commit on both sides");
    table::print("webhook", &natives, &hookyards);
    let expected = (WEBHOOKS * WINDOWS + WEBHOOKS / 4) as u64;
    println!(
        "\nevents at the end: native {}, hookyard {}, sent {expected} to each",
        native.events().await?,
        hookyard.events().await?
    );
    println!("hookyard after the load: {:.1} MiB resident", hookyard.resident_mib()?);
    drop(hookyard);
    let warm = Server::hookyard(directory.path(), guests::AFTERSHIP, &config).await?;
    println!(
        "hookyard again: ready {:.0} ms after its start (warm cache), {:.1} MiB resident",
        warm.started_ms,
        warm.resident_mib()?
    );
    Ok(())
}

/// The webhook with this id, of this shipment.
pub(crate) fn body(event: &str, shipment: &str) -> String {
    BODY.replace(EVENT_ID, event).replace(SHIPMENT, shipment)
}

/// So many webhooks with ids of their own, signed.
pub(crate) fn webhooks(window: &str, count: usize) -> Vec<Job> {
    let webhook = |number: usize| {
        let body = body(&format!("{window}-{number}"), &format!("s-{window}-{number}"));
        let signature = hmac_sha256_base64(SECRET, body.as_bytes());
        Job { path: "/webhooks/shop", header: ("aftership-hmac-sha256", signature), body: body.into() }
    };
    (0..count).map(webhook).collect()
}

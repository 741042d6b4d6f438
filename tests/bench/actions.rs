//! The cost of an action with one request to the provider, and of one that waits for it.

use hookyard_tests::guests;

use super::load::{Job, drive};
use super::process::{Server, TOKEN};
use super::table;

/// Windows of each server; they alternate.
const WINDOWS: usize = 7;
/// Actions of one window.
const ACTIONS: usize = 4_000;
/// Connections that call one action after the other.
const CLIENTS: usize = 32;
/// Actions that wait at the same time.
const WAITING: usize = 1_000;
/// Windows with waiting actions.
const WAITING_WINDOWS: usize = 5;
/// Actions of one such window.
const WAITING_ACTIONS: usize = 4 * WAITING;
/// Slots of the pool that let so many wait for one connection.
const SLOTS: usize = 1_400;

/// Drives both servers in turn and prints the tables.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn compare() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let upstream = Server::bench(&["upstream"]).await?;
    let base = format!("http://{}", upstream.address);
    let native = Server::bench(&["proxy", &base]).await?;
    let config = format!(
        "pool_slots = {SLOTS}\n[connections.shop]\nplugin = \"aftership\"\n\
         config = {{ api_key = \"k\", api_base = \"{base}\" }}\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n"
    );
    let hookyard = Server::hookyard(directory.path(), guests::AFTERSHIP, &config).await?;
    for server in [&native, &hookyard] {
        drive(server, actions("t1", ACTIONS / 4), CLIENTS).await?;
    }
    let (mut natives, mut hookyards) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        natives.push(drive(&native, actions("t1", ACTIONS), CLIENTS).await?);
        hookyards.push(drive(&hookyard, actions("t1", ACTIONS), CLIENTS).await?);
    }
    println!(
        "{WINDOWS} windows of {ACTIONS} calls of get-tracking each, {CLIENTS} clients, one request to a local provider"
    );
    table::print("action", &natives, &hookyards);

    let before = [native.resident_mib()?, hookyard.resident_mib()?];
    native.forget_peak()?;
    hookyard.forget_peak()?;
    let (mut natives, mut hookyards) = (Vec::new(), Vec::new());
    for _ in 0..WAITING_WINDOWS {
        natives.push(drive(&native, actions("wait-200", WAITING_ACTIONS), WAITING).await?);
        hookyards.push(drive(&hookyard, actions("wait-200", WAITING_ACTIONS), WAITING).await?);
    }
    println!(
        "\n{WAITING_WINDOWS} windows of {WAITING_ACTIONS} calls each, {WAITING} at a time, the provider waits 200 ms; all succeeded"
    );
    table::print("action", &natives, &hookyards);
    let each = |server: &Server, before: f64| -> anyhow::Result<f64> {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let waiting = WAITING as f64;
        Ok((server.peak_mib()? - before) * 1024.0 / waiting)
    };
    let [native_kib, hookyard_kib] = [each(&native, before[0])?, each(&hookyard, before[1])?];
    println!(
        "memory of each waiting action (peak above before): native {native_kib:.0} KiB, hookyard {hookyard_kib:.0} KiB, \
         so {:.0} KiB beyond native; hookyard before {:.0} MiB",
        hookyard_kib - native_kib,
        before[1]
    );
    Ok(())
}

/// Calls that ask for this tracking.
fn actions(id: &str, count: usize) -> Vec<Job> {
    let call = |_| Job {
        path: "/v1/connections/shop/actions/get-tracking",
        header: ("authorization", format!("Bearer {TOKEN}")),
        body: format!("{{\"tracking_id\":\"{id}\"}}").into(),
    };
    (0..count).map(call).collect()
}

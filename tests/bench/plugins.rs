//! What each plugin weighs, and what one of its webhooks or actions costs on a fresh instance.

use std::fs;

use anyhow::ensure;
use hookyard_tests::guests;

use super::load::{Job, Window, drive};
use super::process::{Server, TOKEN};
use super::table::median;

/// Windows of each row; they alternate.
const WINDOWS: usize = 5;
/// Jobs of one window.
const JOBS: usize = 1_000;

/// A plugin with its connection, which has the same name.
struct Plugin {
    name: &'static str,
    component: &'static str,
    /// In it, `BASE` stands for the URL of the local provider.
    config: &'static str,
}

const PLUGINS: [Plugin; 5] = [
    Plugin {
        name: "aftership",
        component: guests::AFTERSHIP,
        config: r#"{ api_key = "k", api_base = "https://127.0.0.1:9" }"#,
    },
    Plugin {
        name: "freshchat",
        component: guests::FRESHCHAT,
        config: r#"{ actor_id = "a", access_token = "t", app_id = "1d0c3f6a-7a51-4c57-8a7e-1f6b0d9a2c33", api_base = "https://127.0.0.1:9" }"#,
    },
    Plugin {
        name: "selarti",
        component: guests::SELARTI,
        config: r#"{ task_id = "1732603656932x383344135484473340" }"#,
    },
    Plugin {
        name: "feedbot",
        component: guests::FEEDBOT,
        // A connection has a thousand timers, so that polling would end in the first window.
        config: r#"{ auth_token = "t", send_url = "BASE/queue", status_url = "BASE/status", poll = { enabled = false } }"#,
    },
    Plugin {
        name: "generic-http",
        component: guests::GENERIC_HTTP,
        config: r#"{ secrets = { gh = "s", erp = "t" }, incoming = { verify = { scheme = "hmac", hash = "sha256", encoding = "hex", header = "x-hub-signature-256", prefix = "sha256=", secret = "/secrets/gh" }, subject = "/repository/full_name" }, requests = { tracking = { method = "POST", url = "BASE/t1", headers = [{ name = "authorization", value = { secret = "erp", prefix = "Bearer " } }], body = { rows = [{ key = "contacts[0][name]", value = { field = "name" } }, { key = "deal[rating]", type = "number", value = { text = "1" } }] }, reply = { template = "{data.tracking.tag}: {data.tracking.title}" } } } }"#,
    },
];

/// What a plugin is asked for.
struct Row {
    plugin: usize,
    what: &'static str,
    path: &'static str,
    body: &'static str,
    /// What in the body makes it another one each time.
    ids: &'static [&'static str],
    /// Whether an event comes of it.
    tells: bool,
}

const ROWS: [Row; 6] = [
    Row {
        plugin: 0,
        what: "webhook",
        path: "/v1/connections/aftership/webhooks",
        body: include_str!("../vectors/a1_tracking_update.json"),
        ids: &["3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41", "wj5k2lq8m3x7plvb0t4ea01n"],
        tells: true,
    },
    Row {
        plugin: 1,
        what: "webhook",
        path: "/v1/connections/freshchat/webhooks",
        body: include_str!("../vectors/f1_message_create_user.json"),
        ids: &["e2a4c7c0-95a4-4f66-8c14-3a6b5a0f7d21", "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10"],
        tells: true,
    },
    Row {
        plugin: 2,
        what: "webhook",
        path: "/v1/connections/selarti/webhooks",
        body: r#"{"message_type":"bot","message_id":"1772617272123x1","message_text":"Здравствуйте!","external_chat_id":"527700113","thread_id":"1772617000000x2","task_id":"1732603656932x383344135484473340","title":"Анна","contacts":{"phone":"+79990001122"},"close":false,"success":false,"interest":true,"get_contact":false,"operator":false,"is_bot":false,"panel_url":"https://selarti.com/panel?chat=1772617000000x2","share_url":"https://selarti.com/share/1772617000000x2"}"#,
        ids: &["1772617272123x1", "527700113"],
        tells: true,
    },
    Row {
        plugin: 3,
        what: "send-message",
        path: "/v1/connections/feedbot/actions/send-message",
        body: r#"{"conversation_id":"972500000001","text":"שלום דנה, ההזמנה יצאה לדרך 📦"}"#,
        ids: &[],
        tells: false,
    },
    Row {
        plugin: 4,
        what: "webhook",
        path: "/v1/connections/generic-http/webhooks",
        body: r#"{"action":"opened","number":12,"repository":{"id":123456789012345678,"full_name":"example/repo"},"title":"ação 😀"}"#,
        ids: &["example/repo"],
        tells: true,
    },
    Row {
        plugin: 4,
        what: "run",
        path: "/v1/connections/generic-http/actions/run",
        body: r#"{"request":"tracking","subject":"conv_01HTZQ8V3","fields":{"name":"Maria Souza"}}"#,
        ids: &["conv_01HTZQ8V3"],
        tells: true,
    },
];

/// Starts one host with all of them, drives them in turn with one client, and prints the table.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let plugins = directory.path().join("plugins");
    fs::create_dir(&plugins)?;
    let upstream = Server::bench(&["upstream"]).await?;
    let base = format!("http://{}", upstream.address);
    let mut config = String::new();
    for Plugin { name, component, config: of_plugin } in &PLUGINS {
        fs::copy(component, plugins.join(format!("{name}.wasm")))?;
        let of_plugin = of_plugin.replace("BASE", &base);
        let grants = match *name {
            "generic-http" => format!("{{ hosts = [\"{base}\"], private_addresses = [\"127.0.0.1/32\"] }}"),
            _ => "{ private_addresses = [\"127.0.0.1/32\"] }".to_owned(),
        };
        config
            .push_str(&format!("[connections.{name}]\nplugin = \"{name}\"\ngrants = {grants}\nconfig = {of_plugin}\n"));
    }
    let host = Server::hookyard_in(directory.path(), &config).await?;
    let mut windows: [Vec<Window>; ROWS.len()] = [const { Vec::new() }; ROWS.len()];
    for row in &ROWS {
        drive(&host, jobs(row, "warm-up", JOBS / 4), 1).await?;
    }
    for window in 0..WINDOWS {
        for (row, windows) in ROWS.iter().zip(&mut windows) {
            windows.push(drive(&host, jobs(row, &window.to_string(), JOBS), 1).await?);
        }
    }
    print(&windows)?;
    let telling = ROWS.iter().filter(|row| row.tells).count();
    let (events, least) = (host.events().await?, (telling * (WINDOWS * JOBS + JOBS / 4)) as u64);
    ensure!(events >= least, "{events} events of {least} webhooks and actions that tell something");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn print(windows: &[Vec<Window>; ROWS.len()]) -> anyhow::Result<()> {
    println!(
        "{WINDOWS} windows of {JOBS} test webhooks or actions of each, one client, a fresh instance for each and a durable commit; \
         an action makes one request to a local provider"
    );
    println!(
        "{:26} {:>10} {:>22} {:>22} {:>12}",
        "plugin", "KiB", "CPU us (min-max)", "p50 us (min-max)", "of the first"
    );
    let first = median(windows[0].iter().map(|window| window.cpu_us).collect()).0;
    for (row, windows) in ROWS.iter().zip(windows) {
        let Plugin { name, component, .. } = &PLUGINS[row.plugin];
        let kib = fs::metadata(component)?.len() / 1024;
        let figures = |figure: fn(&Window) -> f64| median(windows.iter().map(figure).collect());
        let (cpu, p50) = (figures(|window| window.cpu_us), figures(|window| window.p50_us));
        let shown = |(median, min, max): (f64, f64, f64)| format!("{median:.0} ({min:.0}-{max:.0})");
        let what = format!("{name} {}", row.what);
        println!("{what:26} {kib:>10} {:>22} {:>22} {:>12.2}", shown(cpu), shown(p50), cpu.0 / first);
    }
    Ok(())
}

/// So many of a row, with ids of their own.
fn jobs(row: &Row, window: &str, count: usize) -> Vec<Job> {
    let job = |number: usize| {
        let body = row.ids.iter().fold(row.body.to_owned(), |body, id| body.replace(id, &format!("{window}-{number}")));
        let body = if row.what == "webhook" { format!("{{\"body\":{body}}}") } else { body };
        Job { path: row.path, header: ("authorization", format!("Bearer {TOKEN}")), body: body.into() }
    };
    (0..count).map(job).collect()
}

//! What each plugin weighs, and what one of its webhooks costs on a fresh instance.

use std::fs;

use anyhow::ensure;
use hookyard_tests::guests;

use super::load::{Job, Window, drive};
use super::process::{Server, TOKEN};
use super::table::median;

/// Windows of each plugin; they alternate.
const WINDOWS: usize = 5;
/// Webhooks of one window.
const WEBHOOKS: usize = 1_000;

/// A plugin, the webhook that it gets, and what in it makes it another one each time.
struct Plugin {
    name: &'static str,
    component: &'static str,
    config: &'static str,
    path: &'static str,
    body: &'static str,
    /// Its ids: of the webhook, and of what it is about.
    ids: [&'static str; 2],
}

const PLUGINS: [Plugin; 3] = [
    Plugin {
        name: "aftership",
        component: guests::AFTERSHIP,
        config: r#"{ api_key = "k", api_base = "https://127.0.0.1:9" }"#,
        path: "/v1/connections/aftership/webhooks",
        body: include_str!("../vectors/a1_tracking_update.json"),
        ids: ["3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41", "wj5k2lq8m3x7plvb0t4ea01n"],
    },
    Plugin {
        name: "freshchat",
        component: guests::FRESHCHAT,
        config: r#"{ actor_id = "a", access_token = "t", app_id = "1d0c3f6a-7a51-4c57-8a7e-1f6b0d9a2c33", api_base = "https://127.0.0.1:9" }"#,
        path: "/v1/connections/freshchat/webhooks",
        body: include_str!("../vectors/f1_message_create_user.json"),
        ids: ["e2a4c7c0-95a4-4f66-8c14-3a6b5a0f7d21", "77d1e6b2-0c93-4f0e-8f6c-5a1e9b3c2d10"],
    },
    Plugin {
        name: "selarti",
        component: guests::SELARTI,
        config: r#"{ task_id = "1732603656932x383344135484473340" }"#,
        path: "/v1/connections/selarti/webhooks",
        body: r#"{"message_type":"bot","message_id":"1772617272123x1","message_text":"Здравствуйте!","external_chat_id":"527700113","thread_id":"1772617000000x2","task_id":"1732603656932x383344135484473340","title":"Анна","contacts":{"phone":"+79990001122"},"close":false,"success":false,"interest":true,"get_contact":false,"operator":false,"is_bot":false,"panel_url":"https://selarti.com/panel?chat=1772617000000x2","share_url":"https://selarti.com/share/1772617000000x2"}"#,
        ids: ["1772617272123x1", "527700113"],
    },
];

/// Starts one host with all of them, drives them in turn with one client, and prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let plugins = directory.path().join("plugins");
    fs::create_dir(&plugins)?;
    let mut config = String::new();
    for Plugin { name, component, config: of_plugin, .. } in &PLUGINS {
        fs::copy(component, plugins.join(format!("{name}.wasm")))?;
        config.push_str(&format!("[connections.{name}]\nplugin = \"{name}\"\nconfig = {of_plugin}\n"));
    }
    let host = Server::hookyard_in(directory.path(), &config).await?;
    let mut windows: [Vec<Window>; PLUGINS.len()] = [const { Vec::new() }; PLUGINS.len()];
    for plugin in &PLUGINS {
        drive(&host, webhooks(plugin, "warm-up", WEBHOOKS / 4), 1).await?;
    }
    for window in 0..WINDOWS {
        for (plugin, windows) in PLUGINS.iter().zip(&mut windows) {
            windows.push(drive(&host, webhooks(plugin, &window.to_string(), WEBHOOKS), 1).await?);
        }
    }
    println!(
        "{WINDOWS} windows of {WEBHOOKS} test webhooks of each, one client, a fresh instance and a durable commit for each"
    );
    println!(
        "{:12} {:>10} {:>22} {:>22} {:>12}",
        "plugin", "KiB", "CPU us (min-max)", "p50 us (min-max)", "of the first"
    );
    let first = median(windows[0].iter().map(|window| window.cpu_us).collect()).0;
    for (plugin, windows) in PLUGINS.iter().zip(&windows) {
        let kib = fs::metadata(plugin.component)?.len() / 1024;
        let figures = |figure: fn(&Window) -> f64| median(windows.iter().map(figure).collect());
        let (cpu, p50) = (figures(|window| window.cpu_us), figures(|window| window.p50_us));
        let shown = |(median, min, max): (f64, f64, f64)| format!("{median:.0} ({min:.0}-{max:.0})");
        println!("{:12} {kib:>10} {:>22} {:>22} {:>12.2}", plugin.name, shown(cpu), shown(p50), cpu.0 / first);
    }
    let (events, least) = (host.events().await?, (PLUGINS.len() * (WINDOWS * WEBHOOKS + WEBHOOKS / 4)) as u64);
    ensure!(events >= least, "{events} events of {least} webhooks");
    Ok(())
}

/// So many webhooks with ids of their own.
fn webhooks(plugin: &Plugin, window: &str, count: usize) -> Vec<Job> {
    let webhook = |number: usize| {
        let body =
            plugin.ids.iter().fold(plugin.body.to_owned(), |body, id| body.replace(id, &format!("{window}-{number}")));
        let body = format!("{{\"body\":{body}}}");
        Job { path: plugin.path, header: ("authorization", format!("Bearer {TOKEN}")), body: body.into() }
    };
    (0..count).map(webhook).collect()
}

//! `hookyard plugins`: what a running host has loaded, and which version of it serves.

use clap::Subcommand;
use hookyard_domain::id::PluginName;
use serde_json::{Map, Value};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Which plugins.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All of them, and the files that were rejected (the default)
    List {
        #[command(flatten)]
        host: HostArguments,
    },
    /// One of them, with its manifest
    Show {
        /// The plugin's name
        name: PluginName,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Let one version of a plugin serve, whatever else comes into the directory
    Pin {
        /// The plugin's name
        name: PluginName,
        /// Which version, of those that are loaded [default: the one that serves]
        version: Option<String>,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Let the files decide again, also for contents that were rolled back
    Unpin {
        /// The plugin's name
        name: PluginName,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Go back to the version that served before; the one that serves now does not come again by itself
    Rollback {
        /// The plugin's name
        name: PluginName,
        #[command(flatten)]
        host: HostArguments,
    },
}

/// Prints the list, or one plugin.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List { host: arguments.host }) {
        What::List { host } => list(&host).await,
        What::Show { name, host } => {
            let plugin: Value = Host::find(&host)?.get(&format!("/v1/plugins/{name}"), &[]).await?;
            if host.json { Ok(output::json(&plugin)?) } else { show(&plugin) }
        }
        What::Pin { name, version, host } => {
            let body = version.map(|version| ("version".to_owned(), Value::String(version)));
            steer(&name, "pin", body.into_iter().collect(), &host).await
        }
        What::Unpin { name, host } => steer(&name, "unpin", Map::new(), &host).await,
        What::Rollback { name, host } => steer(&name, "rollback", Map::new(), &host).await,
    }
}

/// Has another version serve, and shows what serves then.
async fn steer(name: &PluginName, how: &str, body: Map<String, Value>, host: &HostArguments) -> anyhow::Result<()> {
    let plugin = Host::find(host)?.post(&format!("/v1/plugins/{name}/{how}"), &Value::Object(body)).await?;
    if host.json { Ok(output::json(&plugin)?) } else { show(&plugin) }
}

async fn list(host: &HostArguments) -> anyhow::Result<()> {
    let answer: Value = Host::find(host)?.get("/v1/plugins", &[]).await?;
    if host.json {
        return Ok(output::json(&answer)?);
    }
    let plugins = answer["plugins"].as_array().map(Vec::as_slice).unwrap_or_default();
    output::table(&["name", "version", "state", "sha256", "file"], &plugins.iter().map(row).collect::<Vec<_>>())?;
    plugins.iter().filter_map(remark).for_each(|remark| output::note(&output::clean_lines(&remark)));
    Ok(())
}

fn row(plugin: &Value) -> Vec<String> {
    let sha256 = plugin["sha256"].as_str().unwrap_or_default().chars().take(12).collect();
    let pinned = if plugin["pinned"] == true { ", pinned" } else { "" };
    let state = match (plugin["state"].as_str(), plugin["since"].as_str()) {
        (Some(state @ ("compiling" | "waiting")), Some(since)) => format!("{state} since {since}"),
        (state, _) => format!("{}{pinned}", state.unwrap_or_default()),
    };
    vec![cell(&plugin["name"]), cell(&plugin["version"]), state, sha256, cell(&plugin["file"])]
}

/// Why a file does not serve, where the host says so. What a plugin that serves says is the same of another row.
fn remark(plugin: &Value) -> Option<String> {
    if plugin["state"] == "serving" {
        return None;
    }
    let reason = ["last_error", "reason"].into_iter().find_map(|member| plugin[member].as_str())?;
    Some(format!("{}: {reason}", cell(&plugin["file"])))
}

fn show(plugin: &Value) -> anyhow::Result<()> {
    let manifest = &plugin["manifest"];
    let names = |list: &str, member: &str| {
        let items = manifest[list].as_array().into_iter().flatten();
        items.map(|item| cell(if member.is_empty() { item } else { &item[member] })).collect::<Vec<_>>().join(", ")
    };
    let rows = [
        ("name", cell(&plugin["name"])),
        ("version", cell(&plugin["version"])),
        ("title", cell(&manifest["title"])),
        ("description", cell(&manifest["description"])),
        ("state", cell(&plugin["state"])),
        ("file", cell(&plugin["file"])),
        ("sha256", cell(&plugin["sha256"])),
        ("pooled", cell(&plugin["pooled"])),
        ("events", names("events", "kind")),
        ("actions", names("actions", "name")),
        ("hosts", names("hosts", "")),
        ("samples", names("samples", "name")),
        ("warnings", cell(&plugin["warnings"])),
        ("pinned", if plugin["pinned"] == true { "to this version".to_owned() } else { String::new() }),
        ("previous", version_of(&plugin["previous"])),
        ("held back", listed(&plugin["held_back"])),
        ("also loaded", listed(&plugin["kept"])),
        ("last error", cell(&plugin["last_error"])),
    ];
    Ok(output::facts(&rows)?)
}

/// Versions, a line each.
fn listed(versions: &Value) -> String {
    versions.as_array().into_iter().flatten().map(version_of).collect::<Vec<_>>().join("\n")
}

/// A version with the beginning of its content's hash, or the hash alone.
fn version_of(version: &Value) -> String {
    let short = |hash: &Value| hash.as_str().unwrap_or_default().chars().take(12).collect::<String>();
    match version {
        Value::Null => String::new(),
        Value::String(_) => short(version),
        version => format!("{}  {}", cell(&version["version"]), short(&version["sha256"])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_state_of_a_file_has_its_row_and_its_reason() {
        let compiling = json!({ "state": "compiling", "file": "a.wasm", "since": "2026-01-01T00:00:00Z" });
        assert_eq!(row(&compiling), ["", "", "compiling since 2026-01-01T00:00:00Z", "", "a.wasm"]);
        let pinned = json!({ "state": "serving", "name": "a", "version": "1.0.0", "pinned": true, "file": "a.wasm" });
        assert_eq!(row(&pinned)[2], "serving, pinned");
        assert_eq!(row(&json!({ "state": "superseded", "pinned": false }))[2], "superseded");
        let rejected = json!({ "state": "rejected", "file": "b.wasm", "last_error": "not WebAssembly" });
        assert_eq!(remark(&rejected).as_deref(), Some("b.wasm: not WebAssembly"));
        let behind = json!({ "state": "serving", "file": "a.wasm", "last_error": "b.wasm: not WebAssembly" });
        assert_eq!(remark(&behind), None, "b.wasm has a row");
    }

    #[test]
    fn versions_are_shown_with_their_contents() {
        let versions = json!(["0123456789abcdef", { "version": "1.1.0", "sha256": "fedcba9876543210" }]);
        assert_eq!(listed(&versions), "0123456789ab\n1.1.0  fedcba987654");
        assert_eq!(version_of(&Value::Null), "");
    }
}

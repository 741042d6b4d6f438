//! `hookyard plugins`: what a running host has loaded.

use clap::Subcommand;
use hookyard_domain::id::PluginName;
use serde_json::Value;

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
}

/// Prints the list, or one plugin.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List { host: arguments.host }) {
        What::List { host } => list(&host).await,
        What::Show { name, host } => {
            let plugin: Value = Host::find(&host)?.get(&format!("/v1/plugins/{name}"), &[]).await?;
            if host.json { Ok(output::json(&plugin)?) } else { show(&plugin) }
        }
    }
}

async fn list(host: &HostArguments) -> anyhow::Result<()> {
    let answer: Value = Host::find(host)?.get("/v1/plugins", &[]).await?;
    if host.json {
        return Ok(output::json(&answer)?);
    }
    let plugins = answer["plugins"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |plugin: &Value| {
        let sha256 = plugin["sha256"].as_str().unwrap_or_default().chars().take(12).collect();
        vec![cell(&plugin["name"]), cell(&plugin["version"]), cell(&plugin["state"]), sha256, cell(&plugin["file"])]
    };
    output::table(&["name", "version", "state", "sha256", "file"], &plugins.iter().map(row).collect::<Vec<_>>())?;
    for plugin in plugins.iter().filter(|plugin| !plugin["last_error"].is_null()) {
        output::note(&output::clean_lines(&format!("{}: {}", cell(&plugin["file"]), cell(&plugin["last_error"]))));
    }
    Ok(())
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
    ];
    Ok(output::facts(&rows)?)
}

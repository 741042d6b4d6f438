//! `hookyard connections`: the connections of a running host and how they are.

use clap::Subcommand;
use hookyard_domain::id::ConnectionId;
use serde_json::{Map, Value};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Which connections.
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
    /// All of them (the default)
    List {
        #[command(flatten)]
        host: HostArguments,
    },
    /// One of them, with its config; secrets are not shown
    Show {
        /// The connection's id
        id: ConnectionId,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Grant one of them what its plugin asks now
    Consent {
        /// The connection's id
        id: ConnectionId,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Activate one of them again, and say how it is doing
    Check {
        /// The connection's id
        id: ConnectionId,
        #[command(flatten)]
        host: HostArguments,
    },
}

/// Prints the list, or one connection. A check fails unless the connection is healthy.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List { host: arguments.host }) {
        What::List { host } => list(&host).await,
        What::Show { id, host } => {
            let connection: Value = Host::find(&host)?.get(&format!("/v1/connections/{id}"), &[]).await?;
            if host.json { Ok(output::json(&connection)?) } else { show(&connection) }
        }
        What::Check { id, host } => check(&id, &host).await,
        What::Consent { id, host } => consent(&id, &host).await,
    }
}

async fn check(id: &ConnectionId, host: &HostArguments) -> anyhow::Result<()> {
    let path = format!("/v1/connections/{id}/check");
    let connection: Value = Host::find_patient(host)?.post(&path, &Value::Object(Map::new())).await?;
    if host.json {
        output::json(&connection)?;
    } else {
        show(&connection)?;
    }
    let status = cell(&connection["health"]["status"]);
    anyhow::ensure!(status == "healthy", "{id} is {status}");
    Ok(())
}

async fn consent(id: &ConnectionId, host: &HostArguments) -> anyhow::Result<()> {
    let path = format!("/v1/connections/{id}/consent");
    let connection: Value = Host::find(host)?.post(&path, &Value::Object(Map::new())).await?;
    if host.json { Ok(output::json(&connection)?) } else { show(&connection) }
}

async fn list(host: &HostArguments) -> anyhow::Result<()> {
    let answer: Value = Host::find(host)?.get("/v1/connections", &[]).await?;
    if host.json {
        return Ok(output::json(&answer)?);
    }
    let connections = answer["connections"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |connection: &Value| {
        let (health, webhook_url) = (&connection["health"], &connection["webhook_url"]);
        vec![
            cell(&connection["id"]),
            plugin(connection),
            cell(&health["status"]),
            cell(&health["code"]),
            cell(webhook_url),
        ]
    };
    let rows: Vec<_> = connections.iter().map(row).collect();
    output::table(&["id", "plugin", "health", "code", "webhook url"], &rows)?;
    for connection in connections.iter().filter(|connection| !connection["health"]["message"].is_null()) {
        let text = format!("{}: {}", cell(&connection["id"]), cell(&connection["health"]["message"]));
        output::note(&output::clean_lines(&text));
    }
    Ok(())
}

fn plugin(connection: &Value) -> String {
    match connection["plugin_version"].as_str() {
        Some(version) => format!("{}@{version}", cell(&connection["plugin"])),
        None => cell(&connection["plugin"]),
    }
}

fn show(connection: &Value) -> anyhow::Result<()> {
    let health = &connection["health"];
    let rows = [
        ("id", cell(&connection["id"])),
        ("plugin", plugin(connection)),
        ("enabled", cell(&connection["enabled"])),
        ("health", cell(&health["status"])),
        ("code", cell(&health["code"])),
        ("message", cell(&health["message"])),
        ("since", cell(&health["since"])),
        ("webhook url", cell(&connection["webhook_url"])),
        ("config", cell(&connection["config"])),
        ("grants", cell(&connection["grants"])),
        ("may reach", cell(&connection["may_reach"])),
        ("needs consent", cell(&connection["needs_consent"])),
        ("needs config", cell(&connection["needs_config"])),
        ("pending version", cell(&connection["pending_version"])),
    ];
    output::facts(&rows)?;
    let setup = connection["setup"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !setup.is_empty() {
        output::line("left to do by hand:")?;
    }
    let lines = setup.iter().enumerate();
    lines
        .map(|(index, line)| format!("{:3}. {}", index + 1, output::clean_lines(&cell(line))))
        .try_for_each(|l| output::line(&l))?;
    Ok(())
}

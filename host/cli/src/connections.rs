//! `hookyard connections`: the connections of a running host, how they are, and what changes them.

mod set;

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
    /// Make one, or change one that the API made; one of hookyard.toml is changed there
    Set(set::Arguments),
    /// Delete one that the API made, with everything that it remembers; its events stay
    Delete {
        /// The connection's id
        id: ConnectionId,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Grant one of them what its plugin asks now
    Consent {
        /// The connection's id
        id: ConnectionId,
        /// Only if this is the version that asks
        #[arg(long = "version", value_name = "VERSION")]
        plugin_version: Option<String>,
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
        What::Consent { id, plugin_version, host } => consent(&id, plugin_version, &host).await,
        What::Set(arguments) => set::run(arguments).await,
        What::Delete { id, host } => {
            Host::find(&host)?.delete(&format!("/v1/connections/{id}")).await?;
            output::note(&format!("{id} is deleted; its id is free when everything it had is removed"));
            Ok(())
        }
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

async fn consent(id: &ConnectionId, version: Option<String>, host: &HostArguments) -> anyhow::Result<()> {
    let path = format!("/v1/connections/{id}/consent");
    let body = version.map(|version| ("version".to_owned(), Value::String(version))).into_iter().collect();
    let connection: Value = Host::find(host)?.post(&path, &Value::Object(body)).await?;
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
    connections.iter().flat_map(remarks).for_each(|remark| output::note(&output::clean_lines(&remark)));
    Ok(())
}

/// What the table has no room for: why a connection is not healthy, or stays on the version that it has.
fn remarks(connection: &Value) -> Vec<String> {
    let id = cell(&connection["id"]);
    let pending = connection["pending_version"].as_str().map(|version| format!("{version} ")).unwrap_or_default();
    let said = [
        (&connection["health"]["message"], String::new()),
        (&connection["needs_consent"], format!("{pending}needs consent (hookyard connections consent {id}): ")),
        (&connection["needs_config"], format!("{pending}needs another config (hookyard connections set {id}): ")),
    ];
    let said = said.into_iter().filter(|(value, _)| !value.is_null());
    said.map(|(value, what)| format!("{id}: {what}{}", cell(value))).collect()
}

fn plugin(connection: &Value) -> String {
    match connection["plugin_version"].as_str() {
        Some(version) => format!("{}@{version}", cell(&connection["plugin"])),
        None => cell(&connection["plugin"]),
    }
}

/// The texts of a list, separated by commas.
fn list_of(value: &Value) -> String {
    value.as_array().into_iter().flatten().map(cell).collect::<Vec<_>>().join(", ")
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
        ("may reach", list_of(&connection["may_reach"])),
        ("defined in", cell(&connection["origin"])),
        ("next version", cell(&connection["pending_version"])),
        ("needs consent", cell(&connection["needs_consent"])),
        ("needs config", cell(&connection["needs_config"])),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connection_that_stays_behind_says_why_and_what_to_do() {
        let connection = json!({ "id": "shop", "pending_version": "2.0.0", "needs_consent": "the host b.example.com",
            "needs_config": "/depot is missing", "health": { "status": "healthy" } });
        assert_eq!(
            remarks(&connection),
            [
                "shop: 2.0.0 needs consent (hookyard connections consent shop): the host b.example.com",
                "shop: 2.0.0 needs another config (hookyard connections set shop): /depot is missing",
            ]
        );
        assert!(remarks(&json!({ "id": "shop", "health": { "status": "healthy" } })).is_empty());
    }
}

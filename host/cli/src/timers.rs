//! `hookyard timers`: what the plugins of a running host want to be called for later.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use hookyard_domain::id::ConnectionId;
use serde_json::{Map, Value};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Which timers.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the timers that are to fire, and those that failed (the default)
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Show a timer with its payload
    Show(One),
    /// End a timer: it never fires again
    Cancel(One),
    /// Have a timer fire now, also one that failed
    Fire(One),
}

#[derive(Debug, Default, clap::Args)]
struct Filter {
    /// Those of this connection only
    #[arg(long, value_name = "ID")]
    connection: Option<ConnectionId>,
    /// Those in this state only
    #[arg(long, value_parser = PossibleValuesParser::new(["pending", "failed"]))]
    state: Option<String>,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The connection's id
    connection: ConnectionId,
    /// The timer's name
    name: String,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints the list, or one timer, or changes it.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List { filter: arguments.filter, host: arguments.host }) {
        What::List { filter, host } => list(&filter, &host).await,
        What::Show(one) => {
            let timer: Value = Host::find(&one.host)?.get(&one.path(), &[]).await?;
            if one.host.json { Ok(output::json(&timer)?) } else { show(&timer) }
        }
        What::Cancel(one) => {
            Host::find(&one.host)?.delete(&one.path()).await?;
            output::note(&output::clean_lines(&format!("{} of {} is cancelled", one.name, one.connection)));
            Ok(())
        }
        What::Fire(one) => {
            let path = format!("{}/fire", one.path());
            Host::find(&one.host)?.order(&path, &Value::Object(Map::new())).await?;
            let said = format!(
                "{} of {} fires; `hookyard invocations` and `timers` say what came of it",
                one.name, one.connection
            );
            output::note(&output::clean_lines(&said));
            Ok(())
        }
    }
}

impl One {
    fn path(&self) -> String {
        format!("/v1/connections/{}/timers/{}", self.connection, segment(&self.name))
    }
}

/// The name as one segment of a path.
fn segment(name: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Follows the pages: a connection has few timers, and a host can have many connections.
async fn list(filter: &Filter, arguments: &HostArguments) -> anyhow::Result<()> {
    let host = Host::find(arguments)?;
    let (mut timers, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "1000")];
        query.extend(filter.connection.as_ref().map(|id| ("connection", id.as_str())));
        query.extend(filter.state.as_deref().map(|state| ("state", state)));
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page: Value = host.get("/v1/timers", &query).await?;
        timers.extend(page["timers"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    if arguments.json {
        return Ok(output::json(&serde_json::json!({ "timers": timers }))?);
    }
    output::table(
        &["connection", "name", "state", "fires", "attempts", "error"],
        &timers.iter().map(row).collect::<Vec<_>>(),
    )?;
    Ok(())
}

fn row(timer: &Value) -> Vec<String> {
    vec![
        cell(&timer["connection"]),
        cell(&timer["name"]),
        cell(&timer["state"]),
        fires(timer),
        cell(&timer["attempts"]),
        cell(&timer["error"]["code"]),
    ]
}

/// When, or what it waits for.
fn fires(timer: &Value) -> String {
    match (timer["awaits_activation"] == true, timer["state"] == "failed") {
        (true, _) => "when activated".to_owned(),
        (false, true) => "by hand".to_owned(),
        (false, false) => cell(&timer["next_attempt_at"]),
    }
}

fn show(timer: &Value) -> anyhow::Result<()> {
    let rows = [
        ("connection", cell(&timer["connection"])),
        ("name", cell(&timer["name"])),
        ("state", cell(&timer["state"])),
        ("fires", fires(timer)),
        ("due", cell(&timer["due_at"])),
        ("started", cell(&timer["started_at"])),
        ("attempts", cell(&timer["attempts"])),
        ("error", cell(&timer["error"]["code"])),
        ("message", cell(&timer["error"]["message"])),
        ("payload", cell(&timer["payload"])),
    ];
    Ok(output::facts(&rows)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_one_segment_of_a_path() {
        assert_eq!(segment("poll-1.a_b~c"), "poll-1.a_b~c");
        assert_eq!(segment("a/b c%é?"), "a%2Fb%20c%25%C3%A9%3F");
    }

    #[test]
    fn a_row_says_when_a_timer_fires_or_what_it_waits_for() {
        let pending = json!({ "connection": "shop", "name": "poll", "state": "pending", "attempts": 0,
            "next_attempt_at": "2026-01-01T00:00:00Z", "awaits_activation": false });
        assert_eq!(row(&pending), ["shop", "poll", "pending", "2026-01-01T00:00:00Z", "0", ""]);
        assert_eq!(fires(&json!({ "state": "pending", "awaits_activation": true })), "when activated");
        assert_eq!(fires(&json!({ "state": "failed", "awaits_activation": false })), "by hand");
    }
}

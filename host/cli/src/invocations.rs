//! `hookyard invocations`: the most recent calls of plugins of a running host.

use clap::builder::RangedU64ValueParser;
use hookyard_domain::id::ConnectionId;
use serde_json::Value;

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Characters of an error that fit into a column.
const ERROR_CHARS_SHOWN: usize = 80;

/// Which invocations.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only those that ended like this: ok, invalid, unauthorized, unavailable, failed, trap, deadline, host-failure, busy; may be
    /// repeated
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<String>,
    /// Only those of this connection; may be repeated
    #[arg(long = "connection", value_name = "ID")]
    connections: Vec<ConnectionId>,
    /// How many at most; the host remembers 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_000))]
    limit: u64,
    /// Print what the plugins logged as well
    #[arg(long)]
    log: bool,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints them, the newest first.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let limit = arguments.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(arguments.states.iter().map(|state| ("state", state.as_str())));
    query.extend(arguments.connections.iter().map(|id| ("connection", id.as_str())));
    let answer: Value = Host::find(&arguments.host)?.get("/v1/invocations", &query).await?;
    if arguments.host.json {
        return Ok(output::json(&answer)?);
    }
    let invocations = answer["invocations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let head = ["at", "connection", "plugin", "occasion", "state", "wall ms", "cpu ms", "error"];
    output::table(&head, &invocations.iter().map(row).collect::<Vec<_>>())?;
    if arguments.log {
        invocations.iter().rev().flat_map(log).try_for_each(|line| output::line(&line))?;
    }
    Ok(())
}

fn row(invocation: &Value) -> Vec<String> {
    let error = cell(&invocation["error"]);
    let error = output::shortened(error.lines().next().unwrap_or_default(), ERROR_CHARS_SHOWN);
    vec![
        cell(&invocation["at"]),
        cell(&invocation["connection"]),
        cell(&invocation["plugin"]),
        occasion(invocation),
        cell(&invocation["state"]),
        millis(&invocation["wall_us"]),
        millis(&invocation["cpu_us"]),
        error,
    ]
}

/// Why the plugin was called, and about what.
fn occasion(invocation: &Value) -> String {
    let about =
        ["webhook", "action", "timer"].into_iter().map(|name| cell(&invocation[name])).find(|id| !id.is_empty());
    let occasion = cell(&invocation["occasion"]);
    about.map_or_else(|| occasion.clone(), |about| format!("{occasion} {about}"))
}

fn millis(micros: &Value) -> String {
    let micros = micros.as_u64().unwrap_or_default();
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

/// A line for each line of the plugin, and one for what was cut.
fn log(invocation: &Value) -> Vec<String> {
    let of = format!("{} {}", cell(&invocation["at"]), cell(&invocation["connection"]));
    let lines = invocation["log"].as_array().into_iter().flatten();
    let mut lines: Vec<_> = lines
        .map(|line| output::clean(&format!("{of} {:5} {}", cell(&line["level"]), cell(&line["message"]))))
        .collect();
    if let Some(dropped) = invocation["log_dropped"].as_u64().filter(|dropped| *dropped > 0) {
        lines.push(format!("{of} and {dropped} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_says_what_was_called_why_and_how_it_ended() {
        let invocation = json!({ "at": "t", "connection": "shop", "plugin": "echo@0.1.0", "occasion": "webhook",
            "webhook": "whk_1", "state": "trap", "error": "unreachable\n  at 0x1", "wall_us": 12_345, "cpu_us": 90 });
        let expected = ["t", "shop", "echo@0.1.0", "webhook whk_1", "trap", "12.345", "0.090", "unreachable"];
        assert_eq!(row(&invocation), expected);
        assert_eq!(occasion(&json!({ "occasion": "activation" })), "activation");
    }

    #[test]
    fn a_plugins_lines_stay_lines() {
        let invocation = json!({ "at": "t", "connection": "shop", "log": [{ "level": "warn", "message": "a\nb" }], "log_dropped": 2 });
        assert_eq!(log(&invocation), ["t shop warn  a\u{fffd}b", "t shop and 2 more lines"]);
    }
}

//! `hookyard webhooks replay`: has webhooks run now, or says what that would bring about.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::WebhookState;
use serde_json::{Value, json};

use super::{dry_run, each};
use crate::client::{Host, HostArguments};
use crate::output;

/// Which webhooks.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The webhooks' ids
    #[arg(required_unless_present_any = ["all_failed", "connection"], conflicts_with_all = ["all_failed", "connection", "state"])]
    ids: Vec<WebhookId>,
    /// All that have failed of this connection
    #[arg(long, value_name = "CONNECTION", conflicts_with_all = ["connection", "state"])]
    all_failed: Option<ConnectionId>,
    /// All of this connection that are in the state of --state
    #[arg(long, value_name = "ID", requires = "state")]
    connection: Option<ConnectionId>,
    /// pending, failed, handled or skipped
    #[arg(long, value_name = "STATE", requires = "connection")]
    state: Option<WebhookState>,
    /// Of those, only the ones received then or later (2026-03-04T09:41:12Z)
    #[arg(long, value_name = "TIME", conflicts_with = "ids")]
    since: Option<Timestamp>,
    /// Of those, only the ones received before
    #[arg(long, value_name = "TIME", conflicts_with = "ids")]
    until: Option<Timestamp>,
    /// Change nothing and send nothing: say what would be committed and sent
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    host: HostArguments,
}

/// Replays, and says how the webhooks stand then; their runs follow. A dry run is done whatever it finds.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let host = Host::find_patient(&arguments.host)?;
    match bulk(&arguments) {
        Some(body) => {
            let answer = host.post("/v1/webhooks/replay", &body).await?;
            if arguments.host.json { Ok(output::json(&answer)?) } else { show(&answer) }
        }
        None => {
            let body = json!({ "dry_run": arguments.dry_run });
            each(&arguments.ids, &arguments.host, |id| {
                let (host, body) = (&host, &body);
                async move { host.post(&format!("/v1/webhooks/{id}/replay"), body).await }
            })
            .await
        }
    }
}

/// What is asked of the host where no ids are given.
fn bulk(arguments: &Arguments) -> Option<Value> {
    let (connection, state) = match (&arguments.all_failed, &arguments.connection, arguments.state) {
        (Some(connection), _, _) => (connection, WebhookState::Failed),
        (None, Some(connection), Some(state)) => (connection, state),
        (None, _, _) => return None,
    };
    let mut body = json!({ "connection": connection.as_str(), "state": state.as_str() });
    for (name, time) in [("since", arguments.since), ("until", arguments.until)] {
        if let Some(time) = time {
            body[name] = time.to_string().into();
        }
    }
    if arguments.dry_run {
        body["dry_run"] = true.into();
    }
    Some(body)
}

fn show(answer: &Value) -> anyhow::Result<()> {
    if answer["dry_run"] != true {
        let replayed = answer["replayed"].as_u64().unwrap_or_default();
        output::line(&format!("{replayed} replayed; each runs when its turn comes"))?;
        return Ok(());
    }
    let shown = answer["webhooks"].as_array().map(Vec::as_slice).unwrap_or_default();
    for webhook in shown {
        dry_run::show(webhook)?;
        output::line("")?;
    }
    let matched = answer["matched"].as_u64().unwrap_or_default();
    output::line(&format!("{matched} would be replayed; the oldest {} of them are shown", shown.len()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn asked(line: &str) -> Option<Value> {
        bulk(&Line::try_parse_from(line.split(' ')).expect("right usage").arguments)
    }

    #[test]
    fn filters_become_one_request_and_ids_do_not() {
        assert_eq!(asked("replay whk_01h2xcejqtf2nbrexx3vqjhp41"), None);
        assert_eq!(asked("replay --all-failed shop"), Some(json!({ "connection": "shop", "state": "failed" })));
        let filtered = "replay --connection shop --state handled --since 2026-03-04T09:00:00Z --dry-run";
        let expected =
            json!({ "connection": "shop", "state": "handled", "since": "2026-03-04T09:00:00.000Z", "dry_run": true });
        assert_eq!(asked(filtered), Some(expected));
    }
}

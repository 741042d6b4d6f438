//! `hookyard deliveries retry`: has deliveries tried again, or says which would be.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::delivery::DeliveryState;
use hookyard_domain::id::{DeliveryId, SubscriptionId};
use serde_json::{Map, Value, json};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Which deliveries.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The deliveries' ids
    #[arg(required_unless_present_any = ["all", "subscription"], conflicts_with_all = ["all", "subscription", "state", "dry_run"])]
    ids: Vec<DeliveryId>,
    /// All that were given up, or are in the state of --state
    #[arg(long, conflicts_with = "subscription")]
    all: bool,
    /// The same of this subscription
    #[arg(long, value_name = "ID")]
    subscription: Option<SubscriptionId>,
    /// pending, delivered or exhausted [default: exhausted]
    #[arg(long, value_name = "STATE")]
    state: Option<DeliveryState>,
    /// Of those, only the ones in their state since then or later (2026-03-04T09:41:12Z)
    #[arg(long, value_name = "TIME", conflicts_with = "ids")]
    since: Option<Timestamp>,
    /// Of those, only the ones in their state since before
    #[arg(long, value_name = "TIME", conflicts_with = "ids")]
    until: Option<Timestamp>,
    /// Change nothing: say which would be tried again
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    host: HostArguments,
}

/// Has them tried again, and says how they stand; their attempts follow.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let host = Host::find_patient(&arguments.host)?;
    if arguments.ids.is_empty() {
        let answer = host.post("/v1/deliveries/retry", &bulk(&arguments)).await?;
        return if arguments.host.json { Ok(output::json(&answer)?) } else { show(&answer) };
    }
    let (mut done, mut refused) = (Vec::new(), 0);
    for id in &arguments.ids {
        match host.post(&format!("/v1/deliveries/{id}/retry"), &Value::Object(Map::new())).await {
            Ok(delivery) => {
                if !arguments.host.json {
                    let said = format!("{} is {}", cell(&delivery["id"]), cell(&delivery["state"]));
                    output::line(&output::clean(&said))?;
                }
                done.push(delivery);
            }
            Err(error) if arguments.ids.len() == 1 => return Err(error),
            Err(error) => {
                refused += 1;
                output::note(&format!("{id}: {error:#}"));
            }
        }
    }
    match (arguments.host.json, done.as_slice()) {
        (true, [one]) if arguments.ids.len() == 1 => output::json(one)?,
        (true, _) => output::json(&json!({ "deliveries": done }))?,
        (false, _) => {}
    }
    anyhow::ensure!(refused == 0, "{refused} of {} were refused", arguments.ids.len());
    Ok(())
}

/// What is asked of the host where no ids are given.
fn bulk(arguments: &Arguments) -> Value {
    let members = [
        ("subscription", arguments.subscription.as_ref().map(ToString::to_string)),
        ("state", arguments.state.map(|state| state.to_string())),
        ("since", arguments.since.map(|since| since.to_string())),
        ("until", arguments.until.map(|until| until.to_string())),
    ];
    let mut body: Map<_, _> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect();
    if arguments.dry_run {
        body.insert("dry_run".to_owned(), true.into());
    }
    Value::Object(body)
}

fn show(answer: &Value) -> anyhow::Result<()> {
    let matched = answer["matched"].as_u64().unwrap_or_default();
    if answer["dry_run"] != true {
        return Ok(output::line(&format!("{matched} are tried again, each when its turn comes"))?);
    }
    let shown = answer["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = shown.iter().map(super::row).collect();
    output::table(&["id", "subscription", "type", "state", "attempts", "next attempt", "error"], &rows)?;
    Ok(output::line(&format!("{matched} would be tried again; the newest {} of them are shown", shown.len()))?)
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

    #[test]
    fn filters_become_one_request() {
        let asked = |line: &str| bulk(&Line::try_parse_from(line.split(' ')).expect("right usage").arguments);
        assert_eq!(asked("retry --all"), json!({}));
        let filtered = "retry --subscription crm --state pending --since 2026-03-04T09:00:00Z --dry-run";
        let expected =
            json!({ "subscription": "crm", "state": "pending", "since": "2026-03-04T09:00:00.000Z", "dry_run": true });
        assert_eq!(asked(filtered), expected);
    }
}

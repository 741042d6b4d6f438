//! `hookyard subscriptions`: where the events of a running host go, and what changes that.

mod document;
mod show;

use clap::Subcommand;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use serde_json::{Map, Value, json};

use crate::client::{Host, HostArguments};
use crate::output;
use document::DocumentArguments;

/// Which subscriptions.
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
    /// All of them, and how each is (the default)
    List {
        #[command(flatten)]
        host: HostArguments,
    },
    /// One of them; values of headers are not shown
    Show(One),
    /// Make one, to everything that is appended from now on; prints its secret, once
    Create(Create),
    /// Change one that the API made; one of hookyard.toml is changed there
    Set(Set),
    /// Delete one that the API made, with its deliveries; or what is kept of one that was taken out of hookyard.toml
    Delete(One),
    /// Deliver nothing more to one of them until it is resumed
    Pause(One),
    /// Let one of them go on, whyever it was paused
    Resume(One),
    /// Make a new secret for one of them, and print it, once
    RotateSecret {
        /// The subscription's name
        id: SubscriptionId,
        /// For how many seconds the former secret signs beside the new one [default: a day]
        #[arg(long, value_name = "SECONDS")]
        overlap: Option<u64>,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Have one of them read the log again from an offset or a time
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
struct One {
    /// The subscription's name
    id: SubscriptionId,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    document: DocumentArguments,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, clap::Args)]
struct Set {
    /// The subscription's name
    id: SubscriptionId,
    #[command(flatten)]
    document: DocumentArguments,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, clap::Args)]
struct Replay {
    /// The subscription's name
    id: SubscriptionId,
    /// From the first event after this offset
    #[arg(long, value_name = "OFFSET", required_unless_present = "since", conflicts_with = "since")]
    after: Option<Offset>,
    /// From the first event that was appended then or later (2026-03-04T09:41:12Z)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints the list or one subscription, or changes one and prints it as it is then.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List { host: arguments.host }) {
        What::List { host } => {
            let answer: Value = Host::find(&host)?.get("/v1/subscriptions", &[]).await?;
            if host.json { Ok(output::json(&answer)?) } else { show::list(&answer) }
        }
        What::Show(one) => {
            let subscription: Value = Host::find(&one.host)?.get(&path(&one.id), &[]).await?;
            print(&subscription, &one.host)
        }
        What::Create(Create { document, host }) => {
            let document = document.read()?;
            print(&Host::find(&host)?.post("/v1/subscriptions", &document).await?, &host)
        }
        What::Set(Set { id, document, host }) => {
            let patch = document.read()?;
            print(&Host::find(&host)?.patch(&path(&id), &patch).await?, &host)
        }
        What::Delete(one) => {
            Host::find(&one.host)?.delete(&path(&one.id)).await?;
            output::note(&format!("{} is deleted", one.id));
            Ok(())
        }
        What::Pause(one) => post(&one.id, "pause", &Value::Object(Map::new()), &one.host).await,
        What::Resume(one) => post(&one.id, "resume", &Value::Object(Map::new()), &one.host).await,
        What::RotateSecret { id, overlap, host } => {
            let body = overlap.map_or_else(|| json!({}), |seconds| json!({ "overlap_seconds": seconds }));
            post(&id, "rotate-secret", &body, &host).await
        }
        What::Replay(Replay { id, after, since, host }) => {
            let body = match (after, since) {
                (Some(after), _) => json!({ "after": after.to_string() }),
                (None, since) => json!({ "since": since.map(|since| since.to_string()) }),
            };
            post(&id, "replay", &body, &host).await
        }
    }
}

async fn post(id: &SubscriptionId, verb: &str, body: &Value, host: &HostArguments) -> anyhow::Result<()> {
    // Attempts in flight end first.
    let client = Host::find_patient(host)?;
    print(&client.post(&format!("{}/{verb}", path(id)), body).await?, host)
}

fn path(id: &SubscriptionId) -> String {
    format!("/v1/subscriptions/{id}")
}

fn print(subscription: &Value, host: &HostArguments) -> anyhow::Result<()> {
    if host.json { Ok(output::json(subscription)?) } else { show::one(subscription) }
}

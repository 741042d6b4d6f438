//! `hookyard webhooks`: the inbox of a running host, and what is decided about what is in it.

mod dry_run;
mod replay;

use std::num::NonZeroUsize;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::{ConnectionId, WebhookId};
use hookyard_domain::inbox::WebhookState;
use serde_json::{Value, json};

use crate::client::{Host, HostArguments};
use crate::output::{self, cell};

/// Most webhooks that the host answers at a time.
const PAGE: usize = 1_000;

/// Which webhooks.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the webhooks in the inbox, the newest first (the default)
    List(ListArguments),
    /// Show a webhook with its headers and its body; signatures and credentials are left out
    Show {
        /// The webhook's id
        id: WebhookId,
        #[command(flatten)]
        host: HostArguments,
    },
    /// Run webhooks of the inbox now, whatever became of them; or say what that would bring about
    Replay(replay::Arguments),
    /// Have pending or failed webhooks not handled
    Skip {
        /// The webhooks' ids
        #[arg(required = true)]
        ids: Vec<WebhookId>,
        #[command(flatten)]
        host: HostArguments,
    },
}

/// Which of them are listed.
#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Only webhooks in this state: pending, failed, handled, skipped; may be repeated
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<WebhookState>,
    /// Only webhooks of this connection; may be repeated
    #[arg(long = "connection", value_name = "ID")]
    connections: Vec<ConnectionId>,
    /// Only those received then or later (2026-03-04T09:41:12Z)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only those received before
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    limit: NonZeroUsize,
    /// Only those after the end of another list: the `next` that it gave with --json
    #[arg(long, value_name = "NEXT")]
    before: Option<String>,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints the list or one webhook, or decides about some.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what.unwrap_or(What::List(arguments.list)) {
        What::List(arguments) => list(&arguments).await,
        What::Show { id, host } => {
            let webhook: Value = Host::find(&host)?.get(&format!("/v1/webhooks/{id}"), &[]).await?;
            if host.json { Ok(output::json(&webhook)?) } else { show(&webhook) }
        }
        What::Replay(arguments) => replay::run(arguments).await,
        What::Skip { ids, host } => {
            let client = Host::find(&host)?;
            let nothing = json!({});
            each(&ids, &host, |id| {
                let (client, nothing) = (&client, &nothing);
                async move { client.post(&format!("/v1/webhooks/{id}/skip"), nothing).await }
            })
            .await
        }
    }
}

/// Decides about one webhook after the other, also when one of them is refused, and says how each stands.
async fn each<F: Future<Output = anyhow::Result<Value>>>(
    ids: &[WebhookId],
    host: &HostArguments,
    decide: impl Fn(WebhookId) -> F,
) -> anyhow::Result<()> {
    if let [id] = ids {
        let webhook = decide(*id).await?;
        return if host.json { Ok(output::json(&webhook)?) } else { stands(&webhook) };
    }
    let (mut done, mut refused) = (Vec::new(), 0);
    for id in ids {
        match decide(*id).await {
            Ok(webhook) if host.json => done.push(webhook),
            Ok(webhook) => stands(&webhook)?,
            Err(error) => {
                refused += 1;
                output::note(&format!("{id}: {error:#}"));
            }
        }
    }
    if host.json {
        output::json(&json!({ "webhooks": done }))?;
    }
    anyhow::ensure!(refused == 0, "{refused} of {} were refused", ids.len());
    Ok(())
}

/// How a webhook stands, in a line; of a dry run, all that it found.
fn stands(webhook: &Value) -> anyhow::Result<()> {
    if webhook["dry_run"] == true {
        return dry_run::show(webhook);
    }
    let next = match next(webhook) {
        next if next.is_empty() => next,
        next => format!(", next attempt {next}"),
    };
    Ok(output::line(&output::clean(&format!("{} is {}{next}", cell(&webhook["id"]), cell(&webhook["state"]))))?)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let host = Host::find(&arguments.host)?;
    let (mut webhooks, mut before) = (Vec::new(), arguments.before.clone());
    while webhooks.len() < arguments.limit.get() {
        let limit = (arguments.limit.get() - webhooks.len()).min(PAGE).to_string();
        let filters = filters(arguments);
        let mut query: Vec<_> = filters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.push(("limit", &limit));
        query.extend(before.as_deref().map(|before| ("before", before)));
        let mut page: Value = host.get("/v1/webhooks", &query).await?;
        webhooks.extend(page["webhooks"].as_array_mut().map(std::mem::take).unwrap_or_default());
        before = page["next"].as_str().map(str::to_owned);
        if before.is_none() {
            break;
        }
    }
    if arguments.host.json {
        let mut list = json!({ "webhooks": webhooks });
        if let Some(next) = before {
            list["next"] = next.into();
        }
        return Ok(output::json(&list)?);
    }
    let head = ["id", "connection", "state", "attempts", "received", "next attempt", "order key", "code"];
    output::table(&head, &webhooks.iter().map(row).collect::<Vec<_>>())?;
    if before.is_some() {
        output::note(&format!("there are more; --limit shows more than {}", arguments.limit));
    }
    Ok(())
}

fn filters(arguments: &ListArguments) -> Vec<(&'static str, String)> {
    let states = arguments.states.iter().map(|state| ("state", state.to_string()));
    let connections = arguments.connections.iter().map(|id| ("connection", id.to_string()));
    let since = arguments.since.iter().map(|at| ("since", at.to_string()));
    let until = arguments.until.iter().map(|at| ("until", at.to_string()));
    states.chain(connections).chain(since).chain(until).collect()
}

fn row(webhook: &Value) -> Vec<String> {
    ["id", "connection", "state", "attempts", "received_at"]
        .map(|name| cell(&webhook[name]))
        .into_iter()
        .chain([next(webhook), cell(&webhook["order_key"]), cell(&webhook["error"]["code"])])
        .collect()
}

/// When it runs, or what it waits for.
fn next(webhook: &Value) -> String {
    if let Some(other) = webhook["waits_for"].as_str() {
        return format!("after {other}");
    }
    if webhook["awaits_activation"] == true {
        return "when activated".to_owned();
    }
    cell(&webhook["next_attempt_at"])
}

fn show(webhook: &Value) -> anyhow::Result<()> {
    let error = &webhook["error"];
    let flag = |name: &str, text: &str| if webhook[name] == true { text.to_owned() } else { String::new() };
    let rows = [
        ("id", cell(&webhook["id"])),
        ("connection", cell(&webhook["connection"])),
        ("source", cell(&webhook["source"])),
        ("received", cell(&webhook["received_at"])),
        ("from", cell(&webhook["remote_address"])),
        ("verified by", cell(&webhook["verified_by"])),
        ("state", cell(&webhook["state"])),
        ("since", cell(&webhook["since"])),
        ("attempts", cell(&webhook["attempts"])),
        ("next attempt", next(webhook)),
        ("code", cell(&error["code"])),
        ("message", cell(&error["message"])),
        ("rearmed", flag("rearmed", "by a repeat of the provider, which happens once")),
        ("blocks", flag("blocks", "its order key, until it is replayed or skipped")),
        ("order key", cell(&webhook["order_key"])),
        ("dedupe key", cell(&webhook["dedupe_key"])),
        ("method", cell(&webhook["method"])),
        ("path", cell(&webhook["path"])),
        ("query", cell(&webhook["query"])),
        ("headers", headers(&webhook["headers"])),
    ];
    output::facts(&rows)?;
    output::line("")?;
    Ok(output::line(&body(&webhook["body_base64"]))?)
}

/// A header a line.
fn headers(pairs: &Value) -> String {
    let line = |pair: &Value| format!("{}: {}", cell(&pair[0]), cell(&pair[1]));
    pairs.as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

/// The body where it is a text, else in base64.
fn body(base64: &Value) -> String {
    let base64 = base64.as_str().unwrap_or_default();
    let text = STANDARD.decode(base64).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or_else(|| base64.to_owned(), |text| output::clean_lines(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_a_webhook_waits_for() {
        let mut webhook = json!({ "id": "whk_1", "connection": "shop", "state": "pending", "attempts": 2,
            "received_at": "2026-01-01T00:00:00Z", "next_attempt_at": "2026-01-01T00:02:00Z", "awaits_activation": false,
            "order_key": "o-1", "error": { "code": "provider-unavailable" } });
        let expected = [
            "whk_1",
            "shop",
            "pending",
            "2",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:02:00Z",
            "o-1",
            "provider-unavailable",
        ];
        assert_eq!(row(&webhook), expected);
        webhook["awaits_activation"] = true.into();
        assert_eq!(next(&webhook), "when activated");
        webhook["waits_for"] = "whk_0".into();
        assert_eq!(next(&webhook), "after whk_0");
        assert_eq!(next(&json!({ "state": "handled" })), "");
    }

    #[test]
    fn a_body_that_is_no_text_stays_base64_and_a_text_cannot_write_over_the_terminal() {
        assert_eq!(body(&"/wA=".into()), "/wA=");
        assert_eq!(body(&STANDARD.encode("{\"a\": 1}\n\u{1b}[2J").into()), "{\"a\": 1}\n\u{fffd}[2J");
        assert_eq!(headers(&json!([["x-a", "1"], ["x-a", "•••"]])), "x-a: 1\nx-a: •••");
    }
}

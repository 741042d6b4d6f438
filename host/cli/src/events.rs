//! `hookyard events`: the event log of a running host, and what is added to it.

use std::borrow::Cow;
use std::time::Duration;

use hookyard_domain::id::ConnectionId;
use reqwest::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{Host, HostArguments, Refusal};
use crate::output;
use crate::sse::Parser;

/// How long to wait before a lost stream is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Characters of an event's data that fit into a line.
const DATA_CHARS_SHOWN: usize = 120;

/// Which events.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Go on with what is added, also after a restart of the host
    #[arg(long, short)]
    follow: bool,
    /// Start after the event with this offset [default: with the oldest event]
    #[arg(long, value_name = "OFFSET")]
    after: Option<String>,
    /// Only events of this type, which may end in `*`; may be repeated
    #[arg(long = "type", value_name = "PATTERN")]
    types: Vec<String>,
    /// Only events of this connection; may be repeated
    #[arg(long = "connection", value_name = "ID")]
    connections: Vec<ConnectionId>,
    /// Only events about this subject; may be repeated
    #[arg(long = "subject", value_name = "TEXT")]
    subjects: Vec<String>,
    #[command(flatten)]
    host: HostArguments,
}

/// Prints what is in the log, then follows it if asked to.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let reader = Reader { host: Host::find(&arguments.host)?, arguments: &arguments };
    let newest = reader.print_log().await?;
    if arguments.follow { reader.follow(newest).await } else { Ok(()) }
}

struct Reader<'a> {
    host: Host,
    arguments: &'a Arguments,
}

/// A page of the log. The events stay as the host wrote them: their data may hold numbers of any length.
#[derive(Deserialize)]
struct Page {
    events: Vec<Box<RawValue>>,
    next: String,
}

impl Reader<'_> {
    /// Prints page after page, and returns the offset of the last event that was looked at.
    async fn print_log(&self) -> anyhow::Result<String> {
        let mut after = self.arguments.after.clone();
        loop {
            let mut query = self.query(after.as_deref());
            query.push(("limit", "1000"));
            let page: Page = self.host.get("/v1/events", &query).await?;
            page.events.iter().try_for_each(|event| self.print(event.get()))?;
            if page.events.is_empty() && after.as_ref() == Some(&page.next) {
                return Ok(page.next);
            }
            after = Some(page.next);
        }
    }

    /// Prints what is added after `last`, for ever. A host that is down is waited for; one that refuses ends it.
    async fn follow(&self, mut last: String) -> anyhow::Result<()> {
        loop {
            match self.host.stream("/v1/events/stream", &self.query(Some(&last))).await {
                Ok(stream) => self.print_stream(stream, &mut last).await?,
                Err(error) if error.is::<Refusal>() => return Err(error),
                Err(_) => {}
            }
            output::progress(&format!("the stream of {} has ended; waiting for the next one", self.host.place()));
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }

    /// Prints a stream until it breaks off; `last` moves with it.
    async fn print_stream(&self, mut stream: Response, last: &mut String) -> std::io::Result<()> {
        let mut parser = Parser::default();
        while let Ok(Some(bytes)) = stream.chunk().await {
            let Ok(messages) = parser.push(&bytes) else { break };
            for message in messages {
                if let Some(event) = message.data {
                    self.print(&event)?;
                }
                if let Some(id) = message.id {
                    *last = id;
                }
            }
        }
        Ok(())
    }

    fn query<'q>(&'q self, after: Option<&'q str>) -> Vec<(&'q str, &'q str)> {
        let mut query: Vec<_> = after.map(|after| ("after", after)).into_iter().collect();
        query.extend(self.arguments.types.iter().map(|pattern| ("type", pattern.as_str())));
        query.extend(self.arguments.connections.iter().map(|id| ("connection", id.as_str())));
        query.extend(self.arguments.subjects.iter().map(|subject| ("subject", subject.as_str())));
        query
    }

    fn print(&self, event: &str) -> std::io::Result<()> {
        // Line ends within JSON stand between its tokens only, where a blank means the same.
        let json = event.replace(['\r', '\n'], " ");
        output::line(&if self.arguments.host.json { json } else { in_one_line(&json) })
    }
}

#[derive(Deserialize)]
struct Shown<'a> {
    time: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    connection: Option<Cow<'a, str>>,
    #[serde(default)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

fn in_one_line(event: &str) -> String {
    let Ok(event) = serde_json::from_str::<Shown<'_>>(event) else { return output::clean(event) };
    let data = output::shortened(event.data.map_or("", RawValue::get), DATA_CHARS_SHOWN);
    let (connection, subject) = (event.connection.unwrap_or("-".into()), event.subject.unwrap_or("-".into()));
    output::clean(&format!("{:24}  {:28}  {connection:12}  {subject}  {data}", event.time, event.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_its_data_as_received() {
        let event = r#"{"id":"evt_1","time":"2026-03-04T09:41:12.000Z","type":"aftership.shipment.updated","connection":"demo",
            "subject":"TR\u001b1","data":{"z":12345678901234567890123,"a":1.10}}"#;
        assert_eq!(
            in_one_line(event),
            "2026-03-04T09:41:12.000Z  aftership.shipment.updated    demo          TR\u{fffd}1  {\"z\":12345678901234567890123,\"a\":1.10}"
        );
    }

    #[test]
    fn long_data_is_cut() {
        let event = format!(r#"{{"time":"t","type":"x.y","data":"{}"}}"#, "x".repeat(500));
        assert!(in_one_line(&event).ends_with("x…"));
    }
}

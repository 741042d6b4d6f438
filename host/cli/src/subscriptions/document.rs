//! What a subscription is to be, on the command line.

use std::path::Path;
use std::str::FromStr;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::{json, limit};
use serde_json::{Map, Value, json};
use url::Url;

use crate::failure::WrongUsage;
use crate::source;

/// Its members. What is not named stays, or is as by default.
#[derive(Debug, Default, clap::Args)]
pub(super) struct DocumentArguments {
    /// Types of events; one may end in *; may be repeated
    #[arg(long = "type", value_name = "PATTERN")]
    types: Vec<String>,
    /// Only events of this connection; may be repeated
    #[arg(long = "from", value_name = "CONNECTION")]
    connections: Vec<ConnectionId>,
    /// Only events about this; may be repeated
    #[arg(long = "subject", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Only events for which this expression over `event` holds
    #[arg(long, value_name = "EXPRESSION")]
    when: Option<String>,
    /// Send them to this URL
    #[arg(long, value_name = "URL", conflicts_with_all = ["connection", "action", "input"])]
    url: Option<Url>,
    /// With this header; NAME=@FILE takes the value from a file; may be repeated
    #[arg(long = "header", value_name = "NAME=VALUE", conflicts_with_all = ["connection", "action", "input"])]
    headers: Vec<Header>,
    /// Make them calls of an action of this connection
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<ConnectionId>,
    /// The action
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Its input, whose texts are templates over `event`
    #[arg(long, value_name = "JSON | @FILE | -", allow_hyphen_values = true)]
    input: Option<String>,
    /// Attempts at a time
    #[arg(long, value_name = "NUMBER")]
    max_in_flight: Option<u32>,
    /// Whether an event waits for those of the same subject before it
    #[arg(long, value_name = "true | false")]
    ordered: Option<bool>,
    /// Let it work
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Let it rest; its place in the log stays
    #[arg(long)]
    disable: bool,
    /// The document, or the patch, as JSON; what else is named goes over it
    #[arg(long, value_name = "JSON | @FILE | -", allow_hyphen_values = true)]
    document: Option<String>,
}

/// `name=value`.
#[derive(Debug, Clone)]
struct Header {
    name: String,
    value: String,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("a header is NAME=VALUE or NAME=@FILE".to_owned()),
        }
    }
}

impl DocumentArguments {
    /// The members that are to be set.
    ///
    /// # Errors
    /// What is to be JSON is none, a file cannot be read, or nothing is said at all.
    pub(super) fn read(&self) -> anyhow::Result<Value> {
        let from_stdin = [&self.input, &self.document].into_iter().flatten().filter(|text| *text == "-").count();
        if from_stdin > 1 {
            return Err(WrongUsage("stdin can be read once only; take the other from a file".to_owned()).into());
        }
        let mut members = match self.document.as_deref().map(|text| parsed(text, "the document")).transpose()? {
            None => Map::new(),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(WrongUsage("the document is not a JSON object".to_owned()).into()),
        };
        let mut set = |name: &str, value: Option<Value>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("types", (!self.types.is_empty()).then(|| json!(self.types)));
        set("connections", (!self.connections.is_empty()).then(|| json!(self.connections)));
        set("subject", (!self.subjects.is_empty()).then(|| json!(self.subjects)));
        set("when", self.when.as_ref().map(|when| json!(when)));
        set("ordered", self.ordered.map(Value::from));
        set("enabled", (self.enable || self.disable).then_some(Value::from(self.enable)));
        let of_endpoint = self.endpoint()?;
        if !of_endpoint.is_empty() {
            match members.entry("endpoint").or_insert_with(|| json!({})) {
                Value::Object(endpoint) => endpoint.extend(of_endpoint),
                other => *other = Value::Object(of_endpoint),
            }
        }
        if members.is_empty() {
            return Err(WrongUsage("there is nothing to set; see --help".to_owned()).into());
        }
        Ok(Value::Object(members))
    }

    fn endpoint(&self) -> anyhow::Result<Map<String, Value>> {
        let mut endpoint = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            endpoint.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("url", self.url.as_ref().map(|url| json!(url.as_str())));
        set("connection", self.connection.as_ref().map(|id| json!(id)));
        set("action", self.action.as_ref().map(|action| json!(action)));
        set("input", self.input.as_deref().map(|text| parsed(text, "the input")).transpose()?);
        set("max_in_flight", self.max_in_flight.map(Value::from));
        let header = |header: &Header| Ok((header.name.clone(), Value::from(value(&header.value)?)));
        let headers: Map<_, _> = self.headers.iter().map(header).collect::<anyhow::Result<_>>()?;
        set("headers", (!headers.is_empty()).then_some(Value::Object(headers)));
        Ok(endpoint)
    }
}

/// The text itself, or what a file holds, without one line end at its end.
fn value(text: &str) -> anyhow::Result<String> {
    let Some(file) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    let mut text = read(file, limit::ENDPOINT_HEADERS_BYTES_MAX as u64, "a header")?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}

fn parsed(text: &str, what: &str) -> anyhow::Result<Value> {
    let read = match text.strip_prefix('@').or((text == "-").then_some(text)) {
        Some(file) => read(file, limit::API_BODY_BYTES_MAX, what)?,
        None => text.to_owned(),
    };
    // What is nested deeper than the host takes is not followed down; the parser refuses it, or the host does.
    if json::depth(&read) <= limit::JSON_DEPTH_MAX
        && let Some(json::Rounded { pointer, digits }) = json::rounded(&read)
    {
        return Err(WrongUsage(format!("{what}: {digits} at {pointer:?} would be rounded; write it as a text")).into());
    }
    // Without what the parser saw: it may be a secret.
    let not_json = |error: serde_json::Error| {
        WrongUsage(format!("{what} is not JSON (line {}, column {})", error.line(), error.column()))
    };
    Ok(serde_json::from_str(&read).map_err(not_json)?)
}

fn read(file: &str, most: u64, what: &str) -> anyhow::Result<String> {
    let bytes = source::read(Path::new(file), most, what)?;
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{file} is not text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: DocumentArguments,
    }

    fn members(arguments: &[&str]) -> anyhow::Result<Value> {
        let line = std::iter::once("set").chain(arguments.iter().copied());
        Line::try_parse_from(line).expect("right usage").arguments.read()
    }

    #[test]
    fn what_is_named_is_set_and_the_rest_is_left_out() {
        let url = ["--type", "aftership.*", "--url", "https://crm.example.com/hooks", "--header", "x-key=k=1"];
        let endpoint = json!({ "url": "https://crm.example.com/hooks", "headers": { "x-key": "k=1" } });
        assert_eq!(members(&url).expect("right"), json!({ "types": ["aftership.*"], "endpoint": endpoint }));
        let action =
            ["--connection", "crm", "--action", "note", "--input", r#"{"text": "{{ event.subject }}"}"#, "--disable"];
        let endpoint = json!({ "connection": "crm", "action": "note", "input": { "text": "{{ event.subject }}" } });
        assert_eq!(members(&action).expect("right"), json!({ "endpoint": endpoint, "enabled": false }));
    }

    #[test]
    fn a_document_is_the_ground_that_options_go_over() {
        let document = r#"{"types": ["a.*"], "when": null, "endpoint": {"url": "https://a.example"}}"#;
        let set = members(&["--document", document, "--max-in-flight", "2", "--type", "b.*"]).expect("right");
        let endpoint = json!({ "url": "https://a.example", "max_in_flight": 2 });
        assert_eq!(set, json!({ "types": ["b.*"], "when": null, "endpoint": endpoint }));
    }

    #[test]
    fn a_number_is_refused_rather_than_rounded() {
        let error = members(&["--input", r#"{"n": 12345678901234567890123}"#]).expect_err("too many digits");
        assert!(error.to_string().contains("12345678901234567890123 at \"/n\""), "{error}");
    }

    #[test]
    fn a_header_can_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "s3cret\n").expect("writes");
        let set = members(&["--header", &format!("authorization=@{}", file.path().display())]).expect("right");
        assert_eq!(set, json!({ "endpoint": { "headers": { "authorization": "s3cret" } } }));
    }

    #[test]
    fn what_says_nothing_or_is_no_json_is_wrong_usage() {
        for wrong in [&[][..], &["--input", "{"], &["--document", "[]"], &["--document", "-", "--input", "-"]] {
            assert!(members(wrong).expect_err("wrong").is::<WrongUsage>(), "{wrong:?}");
        }
        let said = members(&["--document", r#"{"x": s3cret}"#]).expect_err("no JSON").to_string();
        assert!(!said.contains("s3cret"), "{said}");
    }
}

//! `hookyard connections set`: makes a connection, or changes one.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use hookyard_domain::id::{ConnectionId, PluginName};
use hookyard_domain::limit;
use serde_json::{Map, Value, json};

use crate::client::{Host, HostArguments};
use crate::failure::WrongUsage;
use crate::{output, source};

/// What is to be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "FIELD=@FILE takes the value from a file and FIELD=- from stdin, so that a secret stands in no list of \
processes; one line end at the end is dropped. A field whose schema says that it is a text takes the value as it is, any other one \
takes JSON. What is not named stays; --config '{\"FIELD\": null}' takes a field away."
)]
pub(super) struct Arguments {
    /// The connection's id
    id: ConnectionId,
    /// Its plugin, for a new connection
    #[arg(long, value_name = "NAME")]
    plugin: Option<PluginName>,
    /// Its config, or a part of it
    #[arg(long, value_name = "JSON | @FILE | -", allow_hyphen_values = true)]
    config: Option<String>,
    /// What it may do beyond what its plugin asks: "as-asked" (nothing), or an object
    #[arg(long, value_name = "as-asked | JSON | @FILE")]
    grants: Option<String>,
    /// Let it work
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Let it rest
    #[arg(long)]
    disable: bool,
    /// Fields at the top of its config
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<Field>,
    /// The host's data directory [env: HOOKYARD_DATA; default: what the file of HOOKYARD_CONFIG or hookyard.toml says]
    #[arg(long, value_name = "DIR", help_heading = "Host")]
    data: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long, help_heading = "Host")]
    json: bool,
}

/// `name=value`.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    value: String,
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("a field is FIELD=VALUE, FIELD=@FILE or FIELD=-".to_owned()),
        }
    }
}

/// Puts a connection that is not there, patches one that is, and prints it as it is then.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // Before anything is asked of anybody: stdin and files may be wrong.
    let read = Read::of(&arguments)?;
    let host = Host::find(&HostArguments::of_data(arguments.data.clone(), arguments.json))?;
    let path = format!("/v1/connections/{}", arguments.id);
    let present = host.get_if_there(&path).await?;
    let plugin = arguments.plugin.as_ref().map(|name| name.to_string());
    let of_present = || present.as_ref().and_then(|present| present["plugin"].as_str()).map(str::to_owned);
    let Some(name) = plugin.clone().or_else(of_present) else {
        let text = format!("there is no connection {}; --plugin NAME makes one", arguments.id);
        return Err(WrongUsage(text).into());
    };
    let schema = match host.get_if_there(&format!("/v1/plugins/{name}")).await? {
        Some(mut plugin) => plugin["manifest"]["config"].take(),
        None => Value::Null,
    };
    let members = read.members(plugin, &schema)?;
    let connection = match present {
        None => host.put(&path, &members).await?,
        Some(_) => host.patch(&path, &members).await?,
    };
    if arguments.json { Ok(output::json(&connection)?) } else { super::show(&connection) }
}

/// What the arguments mean, with files and stdin read.
struct Read {
    config: Option<Map<String, Value>>,
    fields: Vec<Field>,
    grants: Option<Value>,
    enabled: Option<bool>,
}

impl Read {
    fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let from_stdin =
            arguments.fields.iter().map(|field| &field.value).chain(&arguments.config).chain(&arguments.grants);
        if from_stdin.filter(|value| *value == "-").count() > 1 {
            return Err(WrongUsage("stdin can be read once only; take the others from files".to_owned()).into());
        }
        let config = match arguments.config.as_deref().map(|text| parsed(text, "the config")).transpose()? {
            None => None,
            Some(Value::Object(config)) => Some(config),
            Some(_) => return Err(WrongUsage("the config is not a JSON object".to_owned()).into()),
        };
        let grants = match arguments.grants.as_deref() {
            Some("as-asked") => Some(json!("as-asked")),
            other => other.map(|text| parsed(text, "the grants")).transpose()?,
        };
        let read = |field: &Field| Ok(Field { name: field.name.clone(), value: resolved(&field.value)? });
        let fields = arguments.fields.iter().map(read).collect::<anyhow::Result<_>>()?;
        let enabled = (arguments.enable || arguments.disable).then_some(arguments.enable);
        Ok(Self { config, fields, grants, enabled })
    }

    /// The members of the connection that are to be set.
    fn members(self, plugin: Option<String>, schema: &Value) -> Result<Value, WrongUsage> {
        let Self { config, fields, grants, enabled } = self;
        let mut members = Map::new();
        if config.is_some() || !fields.is_empty() {
            let mut config = config.unwrap_or_default();
            for Field { name, value } in fields {
                let value = typed(value, &schema["properties"][&name]);
                if config.insert(name.clone(), value).is_some() {
                    return Err(WrongUsage(format!("{name} is set twice")));
                }
            }
            members.insert("config".to_owned(), Value::Object(config));
        }
        let rest = [("plugin", plugin.map(Value::from)), ("grants", grants), ("enabled", enabled.map(Value::from))];
        members.extend(rest.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if members.is_empty() {
            return Err(WrongUsage("there is nothing to set; see --help".to_owned()));
        }
        Ok(Value::Object(members))
    }
}

/// The text itself, or what a file or stdin holds, without one line end at its end.
fn resolved(text: &str) -> anyhow::Result<String> {
    let file = match text.strip_prefix('@') {
        Some(file) => file,
        None if text == "-" => text,
        None => return Ok(text.to_owned()),
    };
    let bytes = source::read(Path::new(file), limit::CONFIG_BYTES_MAX as u64, "a config")?;
    let mut text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{file} is not text in UTF-8"))?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}

fn parsed(text: &str, what: &str) -> anyhow::Result<Value> {
    // Without what the parser saw: it may be a secret.
    let not_json = |error: serde_json::Error| {
        WrongUsage(format!("{what} is not JSON (line {}, column {})", error.line(), error.column()))
    };
    Ok(serde_json::from_str(&resolved(text)?).map_err(not_json)?)
}

/// The value in the type that the schema wants: a text as it is; where the schema wants something else, or does not say, JSON if
/// it is that.
fn typed(value: String, property: &Value) -> Value {
    let kinds = match &property["type"] {
        Value::Array(kinds) => kinds.clone(),
        other => vec![other.clone()],
    };
    let wants_text = kinds.contains(&json!("string"));
    if wants_text { Value::String(value) } else { serde_json::from_str(&value).unwrap_or(Value::String(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(arguments: &[&str], schema: &Value) -> anyhow::Result<Value> {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            set: Arguments,
        }
        let line = Line::try_parse_from(["set", "shop"].iter().chain(arguments))?;
        let plugin = line.set.plugin.as_ref().map(|name| name.to_string());
        Ok(Read::of(&line.set)?.members(plugin, schema)?)
    }

    #[test]
    fn fields_have_the_type_that_the_schema_wants() {
        let schema = json!({ "properties": { "api_key": { "type": "string" }, "days": { "type": "integer" },
            "note": { "type": ["string", "null"] } } });
        let set = members(&["api_key=123", "days=30", "note=null", "more={\"a\": 1}", "free=text", "empty="], &schema);
        let config =
            json!({ "api_key": "123", "days": 30, "note": "null", "more": { "a": 1 }, "free": "text", "empty": "" });
        assert_eq!(set.expect("right"), json!({ "config": config }));
    }

    #[test]
    fn secrets_come_from_files_without_their_line_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "s3cret\r\n").expect("writable");
        let argument = format!("api_key=@{}", file.path().display());
        let set = members(&["--plugin", "aftership", &argument, "--disable"], &Value::Null).expect("right");
        assert_eq!(set, json!({ "plugin": "aftership", "config": { "api_key": "s3cret" }, "enabled": false }));
    }

    #[test]
    fn config_and_fields_go_together_and_contradict_each_other_nowhere() {
        let set = members(&["--config", r#"{"a": 1, "b": null}"#, "--grants", "as-asked", "c=x"], &Value::Null);
        assert_eq!(set.expect("right"), json!({ "config": { "a": 1, "b": null, "c": "x" }, "grants": "as-asked" }));
        for wrong in [
            &["--config", r#"{"a": 1}"#, "a=2"][..],
            &[],
            &["--config", "-", "a=-"],
            &["--config", "[]"],
            &["--config", "{"],
            &["--grants", "everything"],
        ] {
            assert!(members(wrong, &Value::Null).expect_err("wrong").is::<WrongUsage>(), "{wrong:?}");
        }
        let said = members(&["--config", r#"{"key": s3cret}"#], &Value::Null).expect_err("no JSON").to_string();
        assert!(!said.contains("s3cret"), "{said}");
    }
}

//! `hookyard trigger`: sends a test webhook to a connection of a running host.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use hookyard_domain::manifest::Manifest;
use hookyard_domain::manifest::webhook::WebhookRules;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::client::{Host, HostArguments};
use crate::curl::{self, Body, Outgoing};
use crate::failure::WrongUsage;
use crate::output;
use crate::source;

/// Which webhook, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection that gets it
    connection: ConnectionId,
    /// A sample of the plugin's manifest; may be left out where there is only one
    #[arg(conflicts_with = "file")]
    sample: Option<String>,
    /// Send this file as the body, `-` for stdin
    #[arg(long, value_name = "BODY")]
    file: Option<PathBuf>,
    /// Send nothing: print the curl command that sends it signed, with the secret taken from $SECRET
    #[arg(long)]
    print_curl: bool,
    #[command(flatten)]
    host: HostArguments,
}

/// Sends it and says what came of it. Fails unless the provider would have been answered with success.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let host = Host::find(&arguments.host)?;
    if arguments.print_curl {
        let (command, remark) = curl_command(&host, &arguments).await?;
        output::line(&command)?;
        output::note(&remark);
        return Ok(());
    }
    let request = match &arguments.file {
        Some(file) => of_file(&source::read(file, limit::WEBHOOK_BODY_BYTES_MAX, "a webhook")?),
        None => json!({ "sample": sample(&host, &arguments).await?, "fresh": true }),
    };
    let report = host.post(&format!("/v1/connections/{}/webhooks", arguments.connection), &request).await?;
    if arguments.host.json {
        output::json(&report)?;
    } else {
        show(&report)?;
    }
    let status = report["status"].as_u64().unwrap_or_default();
    anyhow::ensure!((200..400).contains(&status), "the provider would have been answered {status}");
    Ok(())
}

fn show(report: &Value) -> std::io::Result<()> {
    let (problem, response, error) = (&report["problem"], &report["response"], &report["error"]);
    output::facts(&[
        ("webhook", output::cell(&report["webhook"])),
        ("outcome", output::cell(&report["outcome"])),
        ("status", output::cell(&report["status"])),
        ("code", output::cell(&problem["code"])),
        ("detail", output::cell(&problem["detail"])),
        ("errors", output::cell(&problem["errors"])),
        ("reason", output::cell(&error["code"])),
        ("message", output::cell(&error["message"])),
        ("response", output::cell(&response["body"])),
    ])
}

/// The bytes as a test webhook.
fn of_file(body: &[u8]) -> Value {
    let mut request = json!({ "body_base64": STANDARD.encode(body), "fresh": true });
    if serde_json::from_slice::<Box<RawValue>>(body).is_ok() {
        request["headers"] = json!({ "content-type": "application/json" });
    }
    request
}

/// The connection's plugin, as the host tells it.
#[derive(Deserialize)]
struct PluginAnswer {
    manifest: Box<RawValue>,
}

async fn manifest(host: &Host, connection: &Value) -> anyhow::Result<Manifest> {
    let plugin = connection["plugin"].as_str().context("the host does not say which plugin the connection has")?;
    let answer: PluginAnswer = host.get(&format!("/v1/plugins/{plugin}"), &[]).await?;
    let parsed = Manifest::parse(answer.manifest.get());
    parsed
        .map(|parsed| parsed.manifest)
        .map_err(|problems| anyhow::anyhow!("the manifest cannot be read: {}", problems[0]))
}

async fn connection(host: &Host, arguments: &Arguments) -> anyhow::Result<Value> {
    host.get(&format!("/v1/connections/{}", arguments.connection), &[]).await
}

async fn sample(host: &Host, arguments: &Arguments) -> anyhow::Result<String> {
    if let Some(sample) = &arguments.sample {
        return Ok(sample.clone());
    }
    only_sample(&manifest(host, &connection(host, arguments).await?).await?)
}

fn only_sample(manifest: &Manifest) -> anyhow::Result<String> {
    match manifest.samples.as_slice() {
        [only] => Ok(only.name.clone()),
        [] => Err(WrongUsage(format!("{} brings no samples; use --file", manifest.name)).into()),
        several => {
            let names: Vec<_> = several.iter().map(|sample| sample.name.as_str()).collect();
            let text = format!("{} brings several samples; name one of {}", manifest.name, names.join(", "));
            Err(WrongUsage(text).into())
        }
    }
}

/// The command, and what to know about it.
async fn curl_command(host: &Host, arguments: &Arguments) -> anyhow::Result<(String, String)> {
    let connection = connection(host, arguments).await?;
    let manifest = manifest(host, &connection).await?;
    let rules = rules(&manifest, &connection)?;
    let url = connection["webhook_url"].as_str().context("the connection takes no webhooks")?;
    let (body, headers) = match &arguments.file {
        Some(file) if file == Path::new("-") => {
            return Err(WrongUsage("--print-curl needs a file that is still there later, not stdin".to_owned()).into());
        }
        Some(file) => (Body::File(file.display().to_string()), Vec::new()),
        None => {
            let name = match &arguments.sample {
                Some(name) => name.clone(),
                None => only_sample(&manifest)?,
            };
            let sample = manifest.samples.iter().find(|sample| sample.name == name);
            let sample = sample.ok_or_else(|| WrongUsage(format!("{} brings no sample {name}", manifest.name)))?;
            (Body::of_sample(sample)?, sample.headers.clone().into_iter().collect())
        }
    };
    let outgoing = Outgoing { url: url.to_owned(), headers, body };
    let (command, secret) = curl::command(&rules, &outgoing)?;
    let remark = match secret {
        Some(pointer) => format!("# set SECRET to what {pointer} of the config of {} holds", arguments.connection),
        None => "# needs no secret".to_owned(),
    };
    Ok((command, remark))
}

fn rules(manifest: &Manifest, connection: &Value) -> anyhow::Result<WebhookRules> {
    let declared = manifest.webhook.as_ref().context("the plugin takes no webhooks")?;
    let rules = declared.rules_in(&connection["config"]);
    let rules =
        rules.map_err(|problems| anyhow::anyhow!("the connection's webhook rules cannot be read: {}", problems[0]))?;
    rules.map(Cow::into_owned).context("the connection configures no webhooks")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_byte_for_byte_and_json_is_called_json() {
        let request = of_file(b"{\"n\": 1.10}\n");
        assert_eq!(request["body_base64"], "eyJuIjogMS4xMH0K");
        assert_eq!(request["headers"]["content-type"], "application/json");
        assert!(of_file(b"a=1&b=2").get("headers").is_none());
        assert_eq!(of_file(&[0xff, 0])["body_base64"], "/wA=");
    }

    #[test]
    fn a_sample_is_chosen_only_where_there_is_no_choice() {
        let manifest = |samples: Value| {
            let json = json!({ "name": "x", "version": "1.0.0", "samples": samples }).to_string();
            Manifest::parse(&json).expect("a manifest").manifest
        };
        let sample = |name: &str| json!({ "name": name, "body": {} });
        assert_eq!(only_sample(&manifest(json!([sample("a")]))).expect("one"), "a");
        let several = only_sample(&manifest(json!([sample("a"), sample("b")]))).expect_err("two");
        assert_eq!(several.to_string(), "x brings several samples; name one of a, b");
        assert!(several.is::<WrongUsage>());
        assert!(only_sample(&manifest(json!([]))).is_err());
    }

    #[test]
    fn rules_of_the_operator_are_read_past_what_the_plugin_keeps_beside_them() {
        let json = json!({ "name": "x", "version": "1.0.0", "webhook": { "config": "/incoming" } }).to_string();
        let manifest = Manifest::parse(&json).expect("a manifest").manifest;
        let with = |config: Value| rules(&manifest, &json!({ "config": config }));
        let verify = json!({ "scheme": "hmac", "header": "x-sig", "encoding": "hex", "hash": "sha256", "secret": "/secrets/gh" });
        let found = with(json!({
            "incoming": { "verify": verify, "methods": ["PUT"], "subject": "/id", "headers": ["x-event"] },
            "secrets": { "gh": { "set": true } },
        }));
        let outgoing =
            Outgoing { url: "http://h/webhooks/x".to_owned(), headers: vec![], body: Body::File("b".to_owned()) };
        let (command, secret) = curl::command(&found.expect("rules"), &outgoing).expect("a command");
        assert!(command.contains("-X PUT") && command.contains("\"x-sig: $SIGNATURE\""), "{command}");
        assert_eq!(secret.as_deref(), Some("/secrets/gh"));
        for none in [json!({}), json!({ "incoming": null }), Value::Null] {
            assert!(with(none).expect_err("none").to_string().contains("configures no webhooks"));
        }
        let wrong = with(json!({ "incoming": { "verify": { "scheme": "hmca" } } })).expect_err("no scheme");
        assert!(wrong.to_string().contains("/incoming/verify/scheme"), "{wrong}");
    }
}

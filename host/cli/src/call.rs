//! `hookyard call`: runs an action of a connection of a running host.

use std::path::Path;

use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use serde_json::value::RawValue;

use crate::client::{Host, HostArguments};
use crate::failure::WrongUsage;
use crate::output;
use crate::source;

/// Which action, and with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The connection
    connection: ConnectionId,
    /// The action, as its plugin names it
    action: String,
    /// The input: JSON, @FILE, or - for stdin [default: {}]
    #[arg(value_name = "JSON | @FILE | -", allow_hyphen_values = true)]
    input: Option<String>,
    /// A name for this call: repeated with it, an action that was carried out is not carried out again
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    host: HostArguments,
}

/// Runs it and prints its output as the plugin wrote it. Fails where the host answers with a problem.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let input = input(arguments.input.as_deref())?;
    let host = Host::find_patient(&arguments.host)?;
    let path = format!("/v1/connections/{}/actions/{}", arguments.connection, path_segment(&arguments.action)?);
    let key = arguments.idempotency_key.as_deref();
    let output = host.call(&path, input, key).await?;
    Ok(output::line(&output::clean_lines(output.get()))?)
}

fn input(argument: Option<&str>) -> anyhow::Result<String> {
    let text = match argument {
        None => "{}".to_owned(),
        Some("-") => read(Path::new("-"))?,
        Some(argument) => match argument.strip_prefix('@') {
            Some(file) => read(Path::new(file))?,
            None => argument.to_owned(),
        },
    };
    match serde_json::from_str::<&RawValue>(text.trim()) {
        Ok(_) => Ok(text),
        Err(error) => Err(WrongUsage(format!("the input is not JSON: {error}")).into()),
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let bytes = source::read(file, limit::JSON_BYTES_MAX as u64, "an input")?;
    String::from_utf8(bytes).map_err(|error| WrongUsage(format!("the input is not JSON: {error}")).into())
}

/// Names of actions are kebab-case; nothing else may lead to another path.
fn path_segment(action: &str) -> anyhow::Result<&str> {
    let usable = action.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if usable && !action.is_empty() {
        return Ok(action);
    }
    Err(WrongUsage(format!("{action:?} is not the name of an action, such as track-shipment")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_json_a_file_or_nothing() {
        assert_eq!(input(None).expect("nothing"), "{}");
        assert_eq!(input(Some(r#"{"a": 1.50}"#)).expect("JSON"), r#"{"a": 1.50}"#);
        assert!(input(Some("{")).expect_err("no JSON").is::<WrongUsage>());
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "[7]\n").expect("writes");
        assert_eq!(input(Some(&format!("@{}", file.path().display()))).expect("a file"), "[7]\n");
        assert!(input(Some("@/does/not/exist")).is_err());
    }

    #[test]
    fn an_action_cannot_lead_to_another_path() {
        assert_eq!(path_segment("track-shipment").expect("a name"), "track-shipment");
        for wrong in ["", "../webhooks", "a/b", "a?b", "a%2Fb"] {
            assert!(path_segment(wrong).is_err(), "{wrong}");
        }
    }
}

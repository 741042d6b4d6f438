//! `hookyard tokens create`: bearer tokens for the HTTP API.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::{Host, HostArguments};
use crate::output;

/// What about tokens.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, once; only over the host's socket
    Create {
        /// What it is for, to tell it from others
        #[arg(long, default_value = "cli")]
        name: String,
        #[command(flatten)]
        host: HostArguments,
    },
}

/// Makes a token. Only the token itself goes to stdout, so that a script can take it.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let What::Create { name, host } = arguments.what;
    let created = Host::find(&host)?.post("/v1/tokens", &json!({ "name": name })).await?;
    if host.json {
        return Ok(output::json(&created)?);
    }
    let member = |name: &str| created.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(&output::clean(member("token")))?;
    output::note(&format!("token {} ({name}): shown only now; keep it like a password", output::clean(member("id"))));
    Ok(())
}

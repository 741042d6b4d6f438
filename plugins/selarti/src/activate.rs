//! Can a message be sent, and what is left to do by hand?

use hookyard_sdk::{Error, Setup, connection};

use crate::config::{Auth, Config};
use crate::send_message::check_fields;

/// What to do about a `send_url` that is not set.
pub(crate) const SEND_URL_MISSING: &str = "the URL that messages to the AI are sent to is not set: Selarti's is not shipped with this \
     plugin; open docs.selarti.com, copy the URL of the method that sends a message from the user to the AI into `send_url`, and \
     compare its fields and its authentication with `send_fields` and `auth`";

/// Makes no request: no call of Selarti's is known that does nothing. Its errors carry the same steps as a success.
pub(crate) fn activate(config: &Config) -> Result<Setup, Error> {
    let setup = setup(config);
    if config.send_url().is_none() {
        return Err(Error::invalid("send-url-missing", SEND_URL_MISSING).with_setup(&setup));
    }
    check_fields(config).map_err(|error| error.with_setup(&setup))?;
    Ok(setup)
}

/// Selarti's panel, step by step.
fn setup(config: &Config) -> Setup {
    let token = match config.webhook_token {
        Some(_) => "the token is the webhook_token of this connection",
        None => {
            "make up a token of 22 characters or more and set it as webhook_token; until then webhooks are answered 503"
        }
    };
    let integration = format!(
        "Add an integration of the type \"Another\" with the webhook type \"All messages\" («Все сообщения») and this webhook URL: \
         {}?token=<webhook_token> ({token}).",
        connection::webhook_url()
    );
    let exchange = match &config.auth {
        Auth::Exchange { .. } => "the API key of `auth` is exchanged for a token with the first message that is sent",
        Auth::None | Auth::Header { .. } => "whether Selarti accepts `auth` shows with the first message that is sent",
    };
    Setup::default()
        .step("In Selarti's panel, add a channel of the type \"Page messenger\".")
        .step("Add an AI for incoming messages.")
        .step(integration)
        .step("Add a task of the type \"Web\" with that channel, AI and integration.")
        .step("Copy the id of the task into task_id.")
        .step(format!(
            "Compare send_url, send_fields and auth with docs.selarti.com: nothing of them can be tried without sending a message, so \
             {exchange}."
        ))
        .step(
            "A token in the URL is weaker than a signature: whoever sees the URL can send webhooks. Keep it out of logs and tickets, \
             and change it when it got out.",
        )
}

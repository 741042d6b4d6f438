//! The action `send-message`: what a customer wrote goes to the AI.

mod answer;
mod fields;

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_chat::{Attachment, ConversationId, check_not_empty, unsupported};
use hookyard_sdk::http::Request;
use hookyard_sdk::manifest::{ActionKind, Manifest};
use hookyard_sdk::{Error, Output, RawValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Auth, Config, SendEncoding, SendMethod};
use fields::Fields;

pub(crate) use fields::check as check_fields;

/// Milliseconds that Selarti has for its answer. The AI's own answer does not come with it.
const TIMEOUT_MS: u32 = 15_000;
/// Time for the action: two such calls and the exchange of the secret before each.
const ACTION_TIMEOUT: Duration = Duration::from_secs(90);
/// Bytes of the answer that are read. It is shown in the output, so that it must be small.
const ANSWER_BYTES_MAX: u32 = 64 * 1024;

/// A message for the AI.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    /// The conversation, by the id that the operator's messenger gives it: it is sent as `chat_id`, and comes back with the answer.
    /// Selarti joins all messages of one id, so that it needs a prefix (`tg:`) where several messengers share a task. No blanks.
    #[schemars(
        regex(pattern = r"^[^\s\u0000-\u001f\u007f-\u009f]*$"),
        extend("x-error" = "must have neither blanks nor control characters")
    )]
    pub(crate) conversation_id: ConversationId,
    /// What the customer wrote.
    pub(crate) text: Option<String>,
    /// None: Selarti gets texts only.
    #[serde(default)]
    pub(crate) attachments: Vec<Attachment>,
    /// What only Selarti has.
    #[serde(default)]
    pub(crate) selarti: Own,
}

/// What only Selarti has.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Own {
    /// Further fields of the body: key path to any JSON. What the config's `send_extra` has under the same key path counts less.
    pub(crate) extra: BTreeMap<String, Box<RawValue>>,
}

/// Selarti has the message. What the AI answers comes as the event `message.generated`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sent<'a> {
    /// The conversation.
    pub(crate) conversation_id: &'a ConversationId,
    /// None: whether Selarti names the message in its answer is not known.
    pub(crate) message_ids: [String; 0],
    /// What only Selarti has.
    pub(crate) selarti: Accepted,
}

/// What Selarti answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// The HTTP status: 2xx.
    pub(crate) status_code: u16,
    /// The body, if there is one: JSON as Selarti wrote it, or a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<Box<RawValue>>,
}

/// The action's part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest.action(
        ActionKind::new::<SendMessage, Sent<'_>>("send-message")
            .title("Send a message to the AI")
            .description("What a customer wrote goes to the AI; its answer comes as an event.")
            .timeout(ACTION_TIMEOUT),
    )
}

/// Sends it once. A call that was not answered may have been carried out: it is `outcome-unknown` and never repeated.
pub(crate) fn run(config: &Config, input: &SendMessage) -> Result<Output, Error> {
    if let Some(first) = input.attachments.first() {
        return Err(unsupported(0, first.kind, "Selarti gets texts only"));
    }
    check_not_empty(input.text.as_deref(), &[])?;
    let Some(url) = config.send_url() else {
        return Err(Error::failed("send-url-missing", crate::activate::SEND_URL_MISSING));
    };
    let fields = Fields::of(config, input);
    let request = match config.send_method {
        SendMethod::Post => Request::post(url),
        SendMethod::Put => Request::put(url),
    };
    let request = match config.send_encoding {
        SendEncoding::Json => request.header("content-type", "application/json").body(fields.json()?),
        SendEncoding::Form => {
            let pairs = fields.form()?;
            request.form(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        }
    };
    let request = request.header("accept", "application/json").timeout_ms(TIMEOUT_MS).max_body_bytes(ANSWER_BYTES_MAX);
    let response = with_secret(request, &config.auth).send()?;
    let response_json = answer::accepted(&response)?;
    Output::new(&Sent {
        conversation_id: &input.conversation_id,
        message_ids: [],
        selarti: Accepted { status_code: response.status, response: response_json },
    })
}

/// The name of the header is the operator's, so that the plugin places the secret. What a token needs is the host's.
fn with_secret(request: Request, auth: &Auth) -> Request {
    match auth {
        Auth::Header { name, prefix, secret } => {
            let value = format!("{}{}", prefix.as_deref().unwrap_or_default(), secret.placeholder());
            request.header(name.to_ascii_lowercase(), value)
        }
        Auth::None | Auth::Exchange { .. } => request,
    }
}

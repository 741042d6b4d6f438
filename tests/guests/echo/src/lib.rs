//! Does what a webhook's body tells it to, and answers with what it saw.
//!
//! A body that is a script, `{"id": "1", "do": [{"set": {"key": "a", "value": "1"}}, {"get": {"key": "a"}}]}`, is run step by step
//! (see [`Step`]); any other body is only looked at. The answer is 200 with a [`Seen`] in JSON, unless a step says otherwise.

mod seen;
mod step;

use hookyard_sdk::manifest::{ActionKind, EventKind, Manifest, Sample, Verify, WebhookRules};
use hookyard_sdk::{
    Action, Error, Event, Output, Plugin, RawValue, Response, Secret, Secrets, Setup, Timer, Webhook, log,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use seen::Seen;
use step::Step;

struct Echo;

/// The config of a connection.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Signs the webhooks (`x-echo-signature`: HMAC-SHA-256 in hex), or is their `x-echo-token`.
    #[serde(rename = "secret")]
    _secret: Option<Secrets>,
    /// A secret that the plugin may only pass on.
    #[serde(rename = "token")]
    _token: Option<Secret>,
    /// Stands in every answer.
    #[serde(default = "hello")]
    #[schemars(extend("x-aliases" = ["echo-greeting"]))]
    greeting: String,
}

fn hello() -> String {
    "hello".to_owned()
}

/// The data of `typed.heard`.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// How many.
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Deserialize)]
struct Script {
    #[serde(rename = "do")]
    steps: Vec<Step>,
}

impl Plugin for Echo {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("echo", env!("CARGO_PKG_VERSION"))
            .title("Echo")
            .webhook(
                WebhookRules::verified_by(Verify::hmac_sha256_hex("x-echo-signature", "/secret"))
                    .or_verified_by(Verify::token_header("x-echo-token", "/secret"))
                    .methods(&["POST", "PUT"])
                    .dedupe_body("/id")
                    .dedupe_header("x-echo-id")
                    .order_body("/order"),
            )
            .event(EventKind::new::<Value>("any.heard").title("Anything"))
            .event(EventKind::new::<Typed>("typed.heard").title("Something with a schema"))
            .action(ActionKind::new::<Value, Value>("echo").title("Returns its input").idempotent())
            .sample(Sample::json("emit", r#"{"id": "sample-1", "do": [{"emit": {"data": {"b": 1.50, "a": "é"}}}]}"#))
            .sample(Sample::text("text", "not JSON").header("content-type", "text/plain"))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        let mut answers = Vec::new();
        for step in script(&webhook)? {
            match step.run()? {
                step::Next::Go(answer) => answers.push(answer),
                step::Next::Respond(response) => return Ok(response),
            }
        }
        Response::json(200, &Seen::of(&config.greeting, &webhook, answers)).map(Some)
    }

    fn run(_config: Config, action: Action) -> Result<Output, Error> {
        match action.name.as_str() {
            "echo" => Output::new(&action.input::<Box<RawValue>>()?),
            _ => Err(action.unknown()),
        }
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        log::info("activated");
        Ok(Setup::default().step(format!("Say {}.", config.greeting)))
    }

    fn fire(_config: Config, timer: Timer) -> Result<(), Error> {
        Event::new("any.heard").subject(timer.name.clone()).emit(&timer.payload::<Box<RawValue>>()?)?;
        Ok(())
    }
}

hookyard_sdk::export!(Echo: webhook, actions, lifecycle, timers);

/// The steps of a body that is a script; none of any other.
fn script(webhook: &Webhook) -> Result<Vec<Step>, Error> {
    match webhook.json::<Value>() {
        Ok(Value::Object(members)) if members.contains_key("do") => Ok(webhook.json::<Script>()?.steps),
        _ => Ok(Vec::new()),
    }
}

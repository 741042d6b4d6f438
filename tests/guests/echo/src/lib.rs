//! Does what a webhook's body tells it to, and answers with what it saw.
//!
//! A body that is a script, `{"id": "1", "do": [{"set": {"key": "a", "value": "1"}}, {"get": {"key": "a"}}]}`, is run step by step
//! (see [`Step`]); any other body is only looked at. The answer is 200 with a [`Seen`] in JSON, unless a step says otherwise.
//! Actions and timers run scripts as well.

mod fetch;
mod seen;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_sdk::http::Request;
use hookyard_sdk::manifest::{ActionKind, Credential, EventKind, Manifest, Place, Sample, Verify, WebhookRules};
use hookyard_sdk::{
    Action, Error, Event, Output, Plugin, RawValue, Response, Secret, Secrets, Setup, Timer, Webhook, invocation, log,
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
    /// Where Basic authentication is asked for, with the password below.
    #[serde(rename = "basic_base")]
    _basic_base: Option<String>,
    /// The password for Basic authentication.
    #[serde(rename = "password")]
    _password: Option<Secret>,
    /// Secrets by name, which the plugin may place by itself.
    #[serde(rename = "placed", default)]
    _placed: BTreeMap<String, Secret>,
    /// Where the provider is. When it is set, `activate` and `deactivate` ask it.
    base: Option<String>,
    /// Stands in every answer.
    #[serde(default = "hello")]
    #[schemars(extend("x-aliases" = ["echo-greeting"]))]
    greeting: String,
}

fn hello() -> String {
    "hello".to_owned()
}

/// The data of `typed.heard`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// How many.
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Script {
    #[serde(rename = "do")]
    #[schemars(with = "Vec<Value>")]
    steps: Vec<Step>,
    /// Scripts with the same one run one after the other.
    #[serde(rename = "order")]
    _order: Option<String>,
}

/// What the steps of a script saw.
#[derive(Serialize, JsonSchema)]
struct Answers {
    attempt: u32,
    answers: Vec<Value>,
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
            .action(ActionKind::new::<Typed, Typed>("typed").title("Returns what the note of its input holds"))
            .action(ActionKind::new::<Script, Answers>("do").title("Runs a script").order("/order"))
            .action(ActionKind::new::<Script, Answers>("do-again").title("Runs a script").idempotent())
            .action(ActionKind::new::<Script, Answers>("do-quickly").order("/order").timeout(Duration::from_secs(1)))
            .host("{config:/base}")
            .host("*.granted.example")
            .host("http://plain.granted.example")
            .credential(Credential::header(&["{config:/base}"], "x-token", "Bearer {secret:/token}"))
            .host("{config:/basic_base}")
            .credential(Credential::basic(
                &["{config:/basic_base}", "basic.granted.example"],
                "robot",
                "{secret:/password}",
            ))
            .credential(Credential::place(
                &["{config:/base}"],
                &[Place::Header, Place::Path, Place::Query, Place::Form, Place::Json],
                "/placed/*",
            ))
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
            "typed" => match action.input::<Typed>()?.note {
                Some(note) => {
                    Output::new(&RawValue::from_string(note).map_err(|e| Error::invalid("note", e.to_string()))?)
                }
                None => Output::new(&action.input::<Box<RawValue>>()?),
            },
            "do" | "do-again" | "do-quickly" => Output::new(&answers(action.input()?)?),
            _ => Err(action.unknown()),
        }
    }

    fn activate(config: Config) -> Result<Setup, Error> {
        if let Some(base) = &config.base {
            Request::get(format!("{base}/activate")).send()?.success()?;
        }
        log::info("activated");
        Ok(Setup::default().step(format!("Say {}.", config.greeting)))
    }

    fn deactivate(config: Config) -> Result<(), Error> {
        if let Some(base) = &config.base {
            Request::get(format!("{base}/deactivate")).send()?.success()?;
        }
        log::info("deactivated");
        Ok(())
    }

    fn fire(_config: Config, timer: Timer) -> Result<(), Error> {
        if timer.payload::<Value>()?.get("do").is_some() {
            return answers(timer.payload()?).map(drop);
        }
        Event::new("any.heard").subject(timer.name.clone()).emit(&timer.payload::<Box<RawValue>>()?)?;
        Ok(())
    }
}

hookyard_sdk::export!(Echo: webhook, actions, lifecycle, timers);

fn answers(script: Script) -> Result<Answers, Error> {
    let mut answers = Vec::new();
    for step in script.steps {
        match step.run()? {
            step::Next::Go(answer) => answers.push(answer),
            step::Next::Respond(_) => break,
        }
    }
    Ok(Answers { attempt: invocation::attempt(), answers })
}

/// The steps of a body that is a script; none of any other.
fn script(webhook: &Webhook) -> Result<Vec<Step>, Error> {
    match webhook.json::<Value>() {
        Ok(Value::Object(members)) if members.contains_key("do") => Ok(webhook.json::<Script>()?.steps),
        _ => Ok(Vec::new()),
    }
}

//! A secret goes to the provider and nowhere else.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hookyard_tests::guests;
use hookyard_tests::host::TOKEN;
use hookyard_tests::http::send;
use hookyard_tests::process::HostProcess;
use hookyard_tests::provider::Provider;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");

const HEADER: &str = "tok+en/with=\"quotes\"&-7f3a91";
const PASSWORD: &str = "pässword:with%percent-5b20";
const PLACED: &str = "pl<ac>ed?secret#1-c4d8e2";
const WEBHOOK: &str = "webhook-sesame-90ab31";
const SECRETS: [&str; 5] = [HEADER, PASSWORD, PLACED, WEBHOOK, TOKEN];

/// Every way to write a secret that a reader could undo.
fn spellings(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let every_byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    let json = Value::from(secret).to_string();
    let mut spellings = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        hex.to_uppercase(),
        hex,
        percent.replace('+', "%20"),
        percent,
        secret.bytes().map(every_byte).collect(),
        STANDARD.encode(format!("robot:{secret}")),
    ];
    // Wherever it stands within something longer, what its own bytes alone decide.
    for shift in 0..3 {
        let shifted = [vec![0; shift], secret.as_bytes().to_vec()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            spellings.push(encoded[(shift * 4).div_ceil(3)..encoded.len() - 1].to_owned());
        }
    }
    spellings
}

fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("it can be read").map(|entry| entry.expect("it can be read").path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => match fs::read(&path) {
                Ok(bytes) => vec![(path.display().to_string(), bytes)],
                // The socket of the API is no file to read.
                Err(_) => Vec::new(),
            },
        })
        .collect()
}

/// Everything that the host has said or kept.
struct Outputs(Vec<(String, Vec<u8>)>);

impl Outputs {
    fn add(&mut self, what: impl Into<String>, said: impl Into<Vec<u8>>) {
        self.0.push((what.into(), said.into()));
    }

    fn assert_free_of_secrets(&self) {
        for secret in SECRETS {
            for spelling in spellings(secret) {
                for (what, said) in &self.0 {
                    let found = said.windows(spelling.len()).position(|window| window == spelling.as_bytes());
                    let around = found.map(|at| {
                        String::from_utf8_lossy(&said[at.saturating_sub(200)..(at + 100).min(said.len())]).into_owned()
                    });
                    assert!(around.is_none(), "{what} holds {spelling:?} of {secret:?}: {around:?}");
                }
            }
        }
    }
}

fn config(provider: &Provider, basic: &Provider) -> String {
    let config = json!({
        "base": provider.base(), "basic_base": basic.base(), "secret": WEBHOOK, "token": HEADER, "password": PASSWORD,
        "placed": { "one": PLACED },
    });
    let config: toml::Value = serde_json::from_value(config).expect("TOML can say it");
    format!(
        "[connections.bot]\nplugin = \"echo\"\nconfig = {config}\ngrants = {{ private_addresses = [\"127.0.0.1/32\"] }}"
    )
}

/// Scripts that use every secret at every place, and that try to get hold of it.
fn scripts(provider: &Provider, basic: &Provider, placeholder: &str, token: &str) -> Vec<Value> {
    let at = |path: &str| format!("{}{path}", provider.base());
    let form = json!({ "content-type": "application/x-www-form-urlencoded" });
    let json_type = json!({ "content-type": "application/json" });
    let placed = |path: &str| {
        json!([
            { "fetch": { "url": at(path), "headers": { "x-placed": placeholder } } },
            { "fetch": { "url": format!("{}?key={placeholder}", at(path)) } },
            { "fetch": { "url": at(&format!("/bot{placeholder}{path}")) } },
            { "fetch": { "url": at(path), "method": "POST", "headers": form, "body": format!("key={placeholder}") } },
            { "fetch": { "url": at(path), "method": "POST", "headers": json_type, "body": format!("{{\"key\": \"{placeholder}\"}}") } },
            { "derive": { "encoding": "base64", "text": format!("robot:{placeholder}") } },
            { "hmac": { "key": placeholder, "data": "x" } },
        ])
    };
    let misused = json!([
        { "fetch": { "url": format!("{}/status/{placeholder}", basic.base()) } },
        { "fetch": { "url": at("/echo"), "headers": { "x-token": token } } },
        { "fetch": { "url": at("/echo"), "method": "POST", "headers": { "content-type": "text/plain" }, "body": placeholder } },
        { "fetch": { "url": format!("{}/echo?key={placeholder}", basic.base()) } },
        { "fetch": { "url": format!("https://{placeholder}.granted.example/") } },
        { "sign": { "key": placeholder, "data": "x" } },
    ]);
    let told = json!([
        { "config": null }, { "log": { "level": "info", "message": placeholder } },
        { "set": { "key": "k", "value": placeholder } }, { "emit": { "data": { "it": placeholder } } },
    ]);
    vec![
        json!({ "do": placed("/status/200") }),
        json!({ "do": placed("/echo") }),
        json!({ "do": [{ "fetch": { "url": at("/echo") } }, { "fetch": { "url": format!("{}/echo", basic.base()) } }] }),
        json!({ "do": misused }),
        json!({ "do": told }),
        json!({ "do": [{ "confide": { "url": at("/late-echo") } }] }),
        json!({ "do": [{ "confide": { "url": format!("{}/late-echo", basic.base()) } }] }),
        json!({ "do": [{ "fail": { "kind": "failed", "code": placeholder, "message": token } }] }),
        json!({ "do": [{ "panic": { "message": token } }] }),
    ]
}

/// What a provider is answered, who has no token of the API.
async fn provider_sends(host: &HostProcess, webhook: http::request::Builder, body: &str) -> Bytes {
    let webhook = webhook.header("host", host.address().to_string()).body(Full::new(Bytes::from(body.to_owned())));
    send(host.address(), webhook.expect("a request")).await.expect("an answer").body
}

#[tokio::test]
async fn no_output_of_a_full_run_holds_any_secret_in_any_spelling() {
    let (provider, basic) = (Provider::start().await, Provider::start().await);
    provider.answer("/activate", 200, "");
    let mut host = HostProcess::start_with(BINARY, guests::ECHO, &config(&provider, &basic), "trace").await;
    let mut outputs = Outputs(Vec::new());
    let action = "/v1/connections/bot/actions/do";
    let seen =
        host.send(Request::post(action), json!({ "do": [{ "config": null }] }).to_string()).await.expect("an answer");
    let seen = seen.json()["answers"][0].clone();
    let (placeholder, token) = (seen["placed"]["one"].as_str().expect("set"), seen["token"].as_str().expect("set"));

    for (number, script) in scripts(&provider, &basic, placeholder, token).into_iter().enumerate() {
        let reply = host.send(Request::post(action), script.to_string()).await.expect("an answer");
        outputs.add(format!("action {number}"), reply.body.to_vec());
        let keyed = host.call_as(&format!("key-{number}"), "bot", "do", &script).await.expect("an answer");
        outputs.add(format!("action {number} with a key"), keyed.body.to_vec());
    }
    for (header, secret) in [("x-echo-token", WEBHOOK), ("x-echo-token", "wrong"), ("x-other", WEBHOOK)] {
        let webhook = Request::post("/webhooks/bot").header(header, secret);
        let body = json!({ "id": "1", "do": [{ "config": null }] }).to_string();
        outputs.add("webhook", provider_sends(&host, webhook, &body).await);
    }
    let webhook = Request::post(format!("/webhooks/bot?x-echo-token={WEBHOOK}"));
    outputs.add("webhook", provider_sends(&host, webhook, "{}").await);
    outputs.add(
        "check",
        host.send(Request::post("/v1/connections/bot/check"), "{}").await.expect("an answer").body.to_vec(),
    );
    let lists =
        ["connections", "connections/bot", "plugins", "plugins/echo", "events?limit=1000", "invocations", "nothing"];
    for path in lists.map(|list| format!("/v1/{list}")).into_iter().chain(["/metrics".to_owned(), "/readyz".to_owned()])
    {
        outputs.add(path.clone(), host.send(Request::get(path), "").await.expect("an answer").body.to_vec());
    }
    for arguments in [
        "connections",
        "connections show bot",
        "connections check bot",
        "plugins show echo",
        "events",
        "call bot do {\"do\":[{\"config\":null}]}",
        "call bot nothing",
        "check --config hookyard.toml",
        "trigger bot emit",
    ] {
        let command =
            Command::new(BINARY).args(arguments.split(' ')).current_dir(host.directory()).output().expect("it runs");
        outputs.add(format!("hookyard {arguments}"), [command.stdout, command.stderr].concat());
    }

    host.kill().await;
    for log in ["stdout.log", "stderr.log"] {
        outputs.add(log, fs::read(host.directory().join(log)).expect("it is there"));
    }
    files_below(&host.directory().join("data")).into_iter().for_each(|(name, bytes)| outputs.add(name, bytes));
    outputs.assert_free_of_secrets();

    assert_used(&provider, &basic);
    // And one was learnt, so that its lines and errors were worth reading.
    let log = fs::read_to_string(host.directory().join("stderr.log")).expect("it is there");
    assert!(log.contains("•••"), "what the plugin told of a secret is blotted out");
}

/// The secrets were used: the providers have them.
fn assert_used(provider: &Provider, basic: &Provider) {
    let asked = provider.requests();
    let has = |test: &dyn Fn(&hookyard_tests::provider::Received) -> bool| asked.iter().any(test);
    let percent: String = url::form_urlencoded::byte_serialize(PLACED.as_bytes()).collect();
    let percent = percent.replace('+', "%20");
    assert!(has(&|request| request
        .headers
        .get("x-token")
        .is_some_and(|value| value.as_bytes() == format!("Bearer {HEADER}").as_bytes())));
    assert!(has(&|request| request.headers.get("x-placed").is_some_and(|value| value == PLACED)));
    assert!(has(&|request| request.query == format!("key={percent}")), "in the query");
    assert!(has(&|request| request.path == format!("/bot{percent}/echo")), "in the path");
    assert!(has(&|request| request.body == format!("key={percent}")), "in a form");
    assert!(
        has(&|request| serde_json::from_slice::<Value>(&request.body).is_ok_and(|body| body["key"] == PLACED)),
        "in JSON"
    );
    let signed_in = format!("Basic {}", STANDARD.encode(format!("robot:{PASSWORD}")));
    assert!(basic.requests().iter().any(|request| request.headers["authorization"] == *signed_in));
}

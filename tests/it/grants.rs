//! A plugin reaches what it was granted, and nothing else; who is refused learns how it would be granted.

use std::fs;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::names::Names;
use hookyard_tests::provider::Provider;
use serde_json::{Value, json};

fn builder() -> Builder {
    Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::ECHO)
}

fn connection(id: &str, grants: &str) -> String {
    format!("[connections.{id}]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\" }}\ngrants = {grants}")
}

/// What became of one request of a connection.
async fn fetch(host: &TestHost, connection: &str, url: &str) -> Value {
    let reply = host.call(connection, "do", &json!({ "do": [{ "fetch": { "url": url } }] })).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    reply.json()["answers"][0].clone()
}

fn log(invocations: &Value) -> String {
    let all = invocations["invocations"].as_array().expect("a list");
    let newest = all.iter().find(|one| one["occasion"] == "action").expect("an action");
    let lines = newest["log"].as_array().expect("a log");
    lines.iter().filter_map(|line| line["message"].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_lines_in_a_refusal_grant_what_was_asked() {
    let provider = Provider::start().await;
    let names = Names::default().with("crm.example.net", &["127.0.0.1"]);
    let mut host = builder().names(names).config(&connection("bot", "\"as-asked\"")).start().await;
    let url = format!("http://crm.example.net:{}/status/204", provider.port());
    // First the host is not granted, then its address: each time the message has the way out.
    for _ in 0..2 {
        let refused = fetch(&host, "bot", &url).await;
        assert_eq!(refused["error"], "denied", "{refused}");
        let message = refused["message"].as_str().expect("a message");
        assert!(message.contains(&url), "what was asked: {message}");
        let logged = log(&host.get("/v1/invocations?connection=bot").await.json());
        assert!(logged.contains(&url) && logged.contains("grants = {"), "{logged}");
        let lines = &message[message.find("[connections.bot]").expect("the lines that grant it")..];
        let grants = lines.lines().nth(1).expect("the second line").trim();
        assert!(grants.starts_with("grants = {"), "{message}");
        let file = host.directory().join("hookyard.toml");
        let toml = fs::read_to_string(&file).expect("it is there");
        let kept: Vec<_> = toml.lines().filter(|line| !line.starts_with("grants")).collect();
        fs::write(&file, format!("{}\n{grants}\n", kept.join("\n"))).expect("can be written");
        host.restart().await;
    }
    assert_eq!(fetch(&host, "bot", &url).await["status"], 204);
    assert_eq!(provider.requests().len(), 1, "nothing was sent before");
}

/// Names whose only address must never be dialled, and what is said of it.
const NOT_PUBLIC: [(&str, &str); 38] = [
    ("this-network", "0.0.0.0"),
    ("this-network-2", "0.1.2.3"),
    ("loopback", "127.0.0.1"),
    ("loopback-2", "127.255.255.254"),
    ("ten", "10.0.0.1"),
    ("carrier", "100.64.0.1"),
    ("carrier-2", "100.127.255.255"),
    ("link-local", "169.254.1.1"),
    ("metadata", "169.254.169.254"),
    ("metadata-ecs", "169.254.170.2"),
    ("metadata-alibaba", "100.100.100.200"),
    ("metadata-azure", "168.63.129.16"),
    ("private-172", "172.16.0.1"),
    ("private-172-2", "172.31.255.255"),
    ("protocol", "192.0.0.1"),
    ("documentation", "192.0.2.1"),
    ("private-192", "192.168.1.1"),
    ("benchmark", "198.18.0.1"),
    ("benchmark-2", "198.19.255.255"),
    ("multicast", "224.0.0.1"),
    ("reserved", "240.0.0.1"),
    ("broadcast", "255.255.255.255"),
    ("unspecified-6", "::"),
    ("loopback-6", "::1"),
    ("mapped", "::ffff:127.0.0.1"),
    ("mapped-metadata", "::ffff:169.254.169.254"),
    ("compatible", "::7f00:1"),
    ("nat64", "64:ff9b::7f00:1"),
    ("nat64-local", "64:ff9b:1::7f00:1"),
    ("discard", "100::1"),
    ("teredo", "2001:0:7f00:1::1"),
    ("documentation-6", "2001:db8::1"),
    ("six-to-four", "2002:7f00:1::1"),
    ("unique-local", "fc00::1"),
    ("metadata-6", "fd00:ec2::254"),
    ("link-local-6", "fe80::1"),
    ("site-local", "fec0::1"),
    ("multicast-6", "ff02::1"),
];

#[tokio::test]
async fn no_name_leads_to_an_address_that_is_not_public() {
    let names = NOT_PUBLIC
        .iter()
        .fold(Names::default(), |names, (name, address)| names.with(&format!("{name}.granted.example"), &[address]));
    let host = builder().names(names).config(&connection("bot", "\"as-asked\"")).start().await;
    for (name, address) in NOT_PUBLIC {
        let refused = fetch(&host, "bot", &format!("https://{name}.granted.example/")).await;
        assert_eq!(refused["error"], "denied", "{address}: {refused}");
        let message = refused["message"].as_str().expect("a message");
        let never = name.starts_with("metadata") || name.ends_with("metadata");
        let never = never || name.starts_with("multicast") || name.starts_with("this-network");
        let never = never || name.starts_with("unspecified") || name == "broadcast";
        assert_eq!(!message.contains("grants ="), never, "lines only where a grant can help: {address}: {message}");
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_passes_the_guard() {
    let provider = Provider::start().await;
    let port = provider.port();
    let hosts =
        ["http://127.0.0.1", "http://[::1]", "http://[::ffff:7f00:1]", "http://169.254.169.254", "http://0.0.0.0"];
    let granted = format!("{{ hosts = {} }}", json!(hosts));
    let host = builder().config(&connection("bot", &granted)).start().await;
    for spelling in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "0.0.0.0",
        "0",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
    ] {
        let refused = fetch(&host, "bot", &format!("http://{spelling}:{port}/status/200")).await;
        let error = refused["error"].as_str().unwrap_or_default();
        assert!(matches!(error, "denied" | "invalid"), "{spelling}: {refused}");
    }
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_also_has_a_private_address_is_refused_as_a_whole_and_so_is_one_that_changes() {
    let provider = Provider::start().await;
    let names = Names::default()
        .with("mixed.granted.example", &["93.184.216.34", "127.0.0.1"])
        .with("plain.granted.example", &["10.9.8.7"]);
    names.then("plain.granted.example", &["127.0.0.1"]);
    let grants = "{ private_addresses = [\"10.9.8.7/32\"] }";
    let host = builder().names(names).config(&connection("bot", grants)).start().await;
    assert_eq!(fetch(&host, "bot", "https://mixed.granted.example/").await["error"], "denied");
    let url = format!("http://plain.granted.example:{}/status/200", provider.port());
    let script = json!({ "do": [{ "fetch": { "url": url, "timeout_ms": 50 } }, { "fetch": { "url": url } }] });
    let answers = host.call("bot", "do", &script).await.json()["answers"].clone();
    assert_ne!(answers[0]["error"], "denied", "the first answer is granted, though nobody is there: {answers}");
    assert_eq!(answers[1]["error"], "denied", "the second look-up leads elsewhere: {answers}");
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn a_connection_that_is_kept_open_for_one_serves_no_other_that_may_not_have_it() {
    let provider = Provider::start().await;
    let names = Names::default().with("plain.granted.example", &["127.0.0.1"]);
    let host = builder()
        .names(names)
        .config(&connection("may", "{ private_addresses = [\"127.0.0.1/32\"] }"))
        .config(&connection("may-not", "\"as-asked\""))
        .start()
        .await;
    let url = format!("http://plain.granted.example:{}/status/200", provider.port());
    for _ in 0..3 {
        assert_eq!(fetch(&host, "may", &url).await["status"], 200);
        assert_eq!(fetch(&host, "may-not", &url).await["error"], "denied");
    }
    assert_eq!(provider.requests().len(), 3);
}

#[tokio::test]
async fn redirects_are_followed_only_when_asked_and_are_checked_like_everything_else() {
    let (provider, stranger) = (Provider::start().await, Provider::start().await);
    let names = Names::default().with("plain.granted.example", &["127.0.0.1"]);
    let host =
        builder().names(names).config(&connection("bot", "{ private_addresses = [\"127.0.0.1/32\"] }")).start().await;
    let own = |path: &str| format!("http://plain.granted.example:{}{path}", provider.port());
    let to = |target: &str| own(&format!("/redirect?to={target}"));
    let follow = async |url: String, max_redirects: u32| {
        let script = json!({ "do": [{ "fetch": { "url": url, "max_redirects": max_redirects } }] });
        host.call("bot", "do", &script).await.json()["answers"][0].clone()
    };
    assert_eq!(follow(to("/status/204"), 0).await["status"], 302, "not asked");
    assert_eq!(follow(to("/status/204"), 1).await["status"], 204);
    let refused = follow(to(&stranger.base()), 5).await;
    // Not `denied`: the first request was sent.
    assert_eq!(refused["error"], "closed", "{refused}");
    assert!(refused["message"].as_str().is_some_and(|message| message.contains(&stranger.base())), "{refused}");
    assert!(stranger.requests().is_empty());
}

#[tokio::test]
async fn a_plugin_that_asks_for_more_does_without_it_until_it_is_granted() {
    let mut host = builder().config(&connection("bot", "\"as-asked\"")).start().await;
    let shown = host.get("/v1/connections/bot").await.json();
    assert_eq!(shown["may_reach"][0], "*.granted.example", "{shown}");
    // The same plugin, which now asks for another host and to send a secret there.
    let component = patched(guests::ECHO, "granted.example", "grabbed.example");
    fs::write(host.directory().join("plugins/echo.wasm"), component).expect("can be written");
    host.restart().await;

    let shown = host.get("/v1/connections/bot").await.json();
    let message = shown["needs_consent"].as_str().expect("it asks for more");
    assert!(message.contains("*.grabbed.example") && message.contains("password"), "what is asked: {message}");
    assert!(!shown["may_reach"].to_string().contains("grabbed"), "{shown}");
    assert_eq!(fetch(&host, "bot", "https://a.grabbed.example/").await["error"], "denied");

    // The host may be granted by itself, without the secret that would go there.
    let file = host.directory().join("hookyard.toml");
    let toml = fs::read_to_string(&file).expect("it is there");
    let more = "grants = { hosts = [\"*.grabbed.example\", \"http://plain.grabbed.example\"] }";
    fs::write(&file, toml.replace("grants = \"as-asked\"", more)).expect("can be written");
    host.restart().await;
    let granted = fetch(&host, "bot", "https://a.grabbed.example/").await;
    assert_eq!(granted["error"], "dns", "granted, though there is no such name");
    let checked = host.post("/v1/connections/bot/check", &json!({})).await.json();
    assert_eq!(checked["health"]["code"], "needs-consent", "the secret: {checked}");

    let consented = host.post("/v1/connections/bot/consent", &json!({})).await;
    assert_eq!((consented.status(), consented.json().get("needs_consent")), (200, None), "{}", consented.text());
    assert_eq!(fetch(&host, "bot", "https://b.grabbed.example/").await["error"], "dns");
    host.restart().await;
    let shown = host.get("/v1/connections/bot").await.json();
    assert_eq!(shown.get("needs_consent"), None, "it was written down: {shown}");
}

#[tokio::test]
async fn a_default_that_changes_is_not_followed_until_it_is_granted() {
    let mut host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::AFTERSHIP)
        .config("[connections.shop]\nplugin = \"aftership\"\nconfig = { api_key = \"k\" }")
        .start()
        .await;
    let code = async |host: &TestHost| {
        let reply = host.call("shop", "get-tracking", &json!({ "tracking_id": "t1" })).await.json();
        reply["code"].as_str().expect("a problem").to_owned()
    };
    assert_eq!(code(&host).await, "provider-unavailable", "granted, though there is no such name");
    // The next version would take the key to another host, which no list names but the schema's default.
    let component = patched(guests::AFTERSHIP, "https://api.aftership.com", "https://api.aftershop.com");
    fs::write(host.directory().join("plugins/aftership.wasm"), component).expect("can be written");
    host.restart().await;
    let shown = host.get("/v1/connections/shop").await.json();
    assert!(shown["needs_consent"].as_str().is_some_and(|text| text.contains("api.aftershop.com")), "{shown}");
    assert_eq!(code(&host).await, "provider-unavailable", "the version that it has works fully");
    assert!(!asked_for(&host, "api.aftershop.com").await, "and knows nothing of the other host");
    let consented = host.post("/v1/connections/shop/consent", &json!({})).await;
    assert_eq!((consented.status(), consented.json().get("needs_consent")), (200, None), "{}", consented.text());
    assert_eq!(code(&host).await, "provider-unavailable");
    assert!(asked_for(&host, "api.aftershop.com").await);
}

/// Whether any call of the connection `shop` has tried to reach a host.
async fn asked_for(host: &TestHost, name: &str) -> bool {
    host.get("/v1/invocations?connection=shop").await.text().contains(name)
}

/// A component in which one text stands for another of the same length.
fn patched(component: &str, old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut component = fs::read(component).expect("it was built");
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let places: Vec<_> = (0..component.len() - old.len()).filter(|at| component[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "the text stands in the component");
    places.iter().for_each(|at| component[*at..*at + old.len()].copy_from_slice(new));
    component
}

//! What a plugin that calls out sees of the host.

use std::cell::Cell;
use std::rc::Rc;

use hookyard_sdk::http::{self, Request, Response, percent, send_all};
use hookyard_sdk::manifest::{ActionKind, Credential, Hash, Manifest, Place};
use hookyard_sdk::secrets::{self, Encoding};
use hookyard_sdk::testing::Host;
use hookyard_sdk::{Action, Error, ErrorKind, Output, Plugin, Secret, crypto, kv, time};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// A placeholder of no secret.
const UNKNOWN: &str = "hysec_00000000000000000000000000000000";

struct Caller;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    password: Secret,
    #[serde(default = "base")]
    base: String,
}

fn base() -> String {
    "https://api.example.com:8443/v1".to_owned()
}

impl Plugin for Caller {
    type Config = Config;

    fn manifest() -> Manifest {
        let action = |name| ActionKind::new::<Value, Value>(name);
        Manifest::new("caller", "1.0.0")
            .host("{config:/base}")
            .credential(Credential::place(&["{config:/base}"], &[Place::Query, Place::Json], "/password"))
            .credential(Credential::place(&["{grant}"], &[Place::Header, Place::Path], "/password"))
            .action(action("get"))
            .action(action("place"))
            .action(action("ask-many"))
            .action(action("post-nonsense"))
            .action(action("send-odd"))
            .action(action("compute-with-unknown"))
            .action(action("compute"))
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        let password = config.password.placeholder();
        let base = config.base;
        let output = match action.name.as_str() {
            "get" => json!(Request::get(action.input::<String>()?).send()?.success()?.status),
            "place" => json!(placing(&action.input::<String>()?, base, password)?.send()?.status),
            "ask-many" => {
                let paths = action.input::<Vec<String>>()?;
                let requests = paths.iter().map(|path| Request::get(format!("{base}/{}", percent(path))));
                let answers = send_all(requests.collect());
                answers
                    .into_iter()
                    .map(|answer| answer.map_or_else(|error| json!(error.code), |ok| json!(ok.status)))
                    .collect()
            }
            "post-nonsense" => {
                let nonsense = std::collections::BTreeMap::from([(vec![1], 2)]);
                json!(Request::post(base).json(&nonsense).send()?.status)
            }
            "send-odd" => {
                let request = odd(&action.input::<String>()?, base);
                json!(request.send().err().map(|error| (error.code.clone(), error.may_have_acted())))
            }
            "compute-with-unknown" => {
                let codes =
                    [secrets::derive(Encoding::Hex, UNKNOWN).err(), crypto::hmac(Hash::Sha256, UNKNOWN, "x").err()];
                json!(codes.map(|refusal| refusal.map(|refusal| refusal.code)))
            }
            "compute" => {
                let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                json!({
                    "digest": hex(crypto::digest(Hash::Sha1, "abc")?),
                    "sha256": crypto::sha256_hex("abc")?,
                    "keys": [kv::key("ids", &"x".repeat(256))?, kv::key("ids", &"x".repeat(257))?],
                    "hmac": hex(crypto::hmac(Hash::Sha256, password, "what do ya want for nothing?")?),
                    "random": [hex(crypto::random(40)), hex(crypto::random(40))],
                    "now": time::now().as_secs(),
                })
            }
            _ => return Err(action.unknown()),
        };
        Output::new(&output)
    }
}

/// A request with the placeholder in this place.
fn placing(place: &str, base: String, password: &str) -> Result<Request, Error> {
    Ok(match place {
        "query" => Request::get(format!("{base}?key={password}")),
        "json" => Request::post(base).json(&json!({ "key": password })),
        "patch" => Request::patch(base)
            .header("Content-Type", "application/merge-patch+json; charset=utf-8")
            .body(format!("{{\"key\": \"{password}\"}}")),
        "no-json" => Request::post(base).header("content-type", "application/json").body(password),
        "two-types" => Request::post(base).json(&json!({ "key": password })).header("content-type", "text/plain"),
        "name" => Request::get(base).header(password, "x"),
        "fragment" => Request::get(format!("{base}#{password}")),
        "path" => Request::get(format!("{base}/{password}")),
        "form" => Request::post(base).form([("key", password)]),
        "header" => Request::get(base).header("x-key", password),
        "plain" => Request::post(base).body(password),
        "granted-path" => Request::get(format!("https://other.example.com/a/b{password}/c")),
        "granted-segment" => Request::get(format!("https://other.example.com/a/{password}")),
        "granted-dots" => Request::get(format!("https://other.example.com/a/%2E{password}/c")),
        "granted" => Request::get("https://other.example.com").header("x-key", password),
        "derived" => {
            let derived = secrets::derive(Encoding::Base64, &format!("u:{password}"))?;
            Request::get(base).header("x-key", derived.placeholder())
        }
        "derived-of-nothing" => {
            let derived = secrets::derive(Encoding::Hex, "no secret")?;
            Request::get(format!("{base}?key={}", derived.placeholder()))
        }
        "derived-of-nothing-in-text" => {
            let derived = secrets::derive(Encoding::Hex, "no secret")?;
            Request::post(base).body(derived.placeholder())
        }
        _ => Request::get(format!("{base}?key={UNKNOWN}")),
    })
}

/// A request that the host does not send.
fn odd(what: &str, base: String) -> Request {
    match what {
        "method" => Request::new("get", base),
        "trace" => Request::new("TRACE", base),
        "header-name" => Request::get(base).header("a b", "x"),
        "header-value" => Request::get(base).header("a", "x\r\ny"),
        "long-url" => Request::get(format!("{base}?{}", "x".repeat(16 * 1024))),
        "long-header" => Request::get(base).header("a", "x".repeat(64 * 1024)),
        "many-headers" => (0..101).fold(Request::get(base), |request, _| request.header("a", "x")),
        _ => Request::post(base).body(vec![0; 4 * 1024 * 1024 + 1]),
    }
}

hookyard_sdk::export!(Caller: actions);

fn host() -> Host<Caller> {
    Host::new(&json!({ "password": "Jefe" })).provider(|_| Ok(Response::new(200)))
}

fn code(answer: Result<Value, Error>) -> String {
    answer.expect_err("refused").code
}

#[test]
fn only_hosts_that_manifest_or_operator_name_are_reached() {
    let host = host();
    assert_eq!(host.action("get", &json!("https://api.example.com:8443/anything")), Ok(json!(200)));
    for other in
        ["https://api.example.com/", "http://api.example.com:8443/", "https://other.example.com/", "/v1", "ftp://x"]
    {
        assert_eq!(code(host.action("get", &json!(other))), http::EGRESS_DENIED, "{other}");
    }
    assert_eq!(host.requests().len(), 1, "what is refused does not reach the provider");
    let granted = host.grant("other.example.com");
    assert_eq!(granted.action("get", &json!("https://other.example.com/")), Ok(json!(200)));
}

#[test]
fn a_placeholder_goes_where_a_credential_lets_it_and_nowhere_else() {
    let host = host().grant("other.example.com");
    for place in ["query", "json", "patch", "granted", "fragment", "derived-of-nothing"] {
        assert_eq!(host.action("place", &json!(place)), Ok(json!(200)), "{place}");
    }
    let placeholder = host.placeholder("/password");
    assert!(placeholder.starts_with("hysec_") && placeholder.len() == 38, "{placeholder}");
    assert_eq!(host.requests()[0].url, format!("https://api.example.com:8443/v1?key={placeholder}"));
    let refused = [
        "path",
        "form",
        "header",
        "name",
        "plain",
        "no-json",
        "two-types",
        "derived",
        "derived-of-nothing-in-text",
        "unknown",
    ];
    for place in refused {
        assert_eq!(code(host.action("place", &json!(place))), http::EGRESS_DENIED, "{place}");
    }
    assert_eq!(host.requests().len(), 6);
}

#[test]
fn a_secret_that_cannot_stand_in_a_header_is_not_sent_in_one() {
    let host = Host::<Caller>::new(&json!({ "password": "pässwort" })).grant("other.example.com");
    let host = host.provider(|_| Ok(Response::new(200)));
    assert_eq!(code(host.action("place", &json!("granted"))), http::EGRESS_DENIED);
    assert_eq!(host.action("place", &json!("query")), Ok(json!(200)), "elsewhere it is encoded");
}

#[test]
fn a_secret_in_a_path_cannot_make_it_another_one() {
    for (password, ends) in [("a/b", [true, true, true]), ("..", [true, false, true]), (".", [true, false, false])] {
        let host = Host::<Caller>::new(&json!({ "password": password })).grant("other.example.com");
        let host = host.provider(|_| Ok(Response::new(200)));
        for (place, is_sent) in ["granted-path", "granted-segment", "granted-dots"].into_iter().zip(ends) {
            assert_eq!(host.action("place", &json!(place)).is_ok(), is_sent, "{password} {place}");
        }
    }
}

#[test]
fn what_is_no_request_or_too_large_a_one_is_invalid_and_not_sent() {
    let host = host();
    for odd in
        ["method", "trace", "header-name", "header-value", "long-url", "long-header", "many-headers", "long-body"]
    {
        assert_eq!(host.action("send-odd", &json!(odd)), Ok(json!(["invalid", false])), "{odd}");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn nothing_is_computed_with_a_placeholder_of_no_secret() {
    assert_eq!(host().action("compute-with-unknown", &json!(null)), Ok(json!(["denied", "denied"])));
}

#[test]
#[should_panic(expected = "is no http: or https: URL")]
fn a_config_whose_url_leads_nowhere_is_no_config() {
    Host::<Caller>::new(&json!({ "password": "Jefe", "base": "api.example.com" }));
}

#[test]
fn several_requests_are_answered_in_their_order() {
    let asked = Rc::new(Cell::new(0));
    let counter = Rc::clone(&asked);
    let host = Host::<Caller>::new(&json!({ "password": "Jefe" })).provider(move |request| {
        counter.set(counter.get() + 1);
        match request.url.rsplit_once('/') {
            Some((_, "a%2Fb")) => Err(http::Error::new("timeout", "no answer")),
            _ => Ok(Response::new(200 + counter.get())),
        }
    });
    assert_eq!(host.action("ask-many", &json!(["x", "a/b", "y"])), Ok(json!([201, "timeout", 203])));
    assert_eq!(host.action("ask-many", &json!([])), Ok(json!([])));
    assert_eq!(asked.get(), 3);
}

#[test]
fn whether_to_try_again_depends_on_what_the_request_could_have_done() {
    let failing = |answer: fn() -> Result<Response, http::Error>| {
        Host::<Caller>::new(&json!({ "password": "Jefe" })).provider(move |_| answer())
    };
    let timeout = || Err(http::Error::new("timeout", "no answer"));
    let safe = failing(timeout).action("get", &json!(base())).expect_err("no answer");
    assert_eq!((safe.kind, safe.code.as_str()), (ErrorKind::Unavailable, http::UNAVAILABLE));
    let unsafe_ = failing(timeout).action("place", &json!("json")).expect_err("no answer");
    assert_eq!((unsafe_.kind, unsafe_.code.as_str()), (ErrorKind::Failed, http::OUTCOME_UNKNOWN));
    let broken = failing(|| Ok(Response::new(503))).action("get", &json!(base())).expect_err("503");
    assert_eq!((broken.kind, broken.code.as_str()), (ErrorKind::Unavailable, http::UNAVAILABLE));
}

#[test]
fn a_pause_until_a_date_is_measured_from_the_hosts_time() {
    let host = Host::<Caller>::new(&json!({ "password": "Jefe" }))
        .provider(|_| Ok(Response::new(429).with_header("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT")));
    let wait = |host: &Host<Caller>| host.action("get", &json!(base())).expect_err("429").retry_after_ms;
    assert_eq!(wait(&host), Some(30_000));
    host.advance(20);
    assert_eq!(wait(&host), Some(10_000));
    host.advance(20);
    assert_eq!(wait(&host), Some(0));
}

#[test]
fn a_body_that_does_not_serialise_is_not_sent() {
    let host = host();
    assert_eq!(code(host.action("post-nonsense", &json!(null))), http::EGRESS_DENIED);
    assert!(host.requests().is_empty());
}

#[test]
fn keys_are_filled_in_before_the_host_computes_with_them() {
    let computed = host().action("compute", &json!(null)).expect("it computes");
    assert_eq!(computed["digest"], "a9993e364706816aba3e25717850c26c9cd0d89d");
    // FIPS 180-4's example.
    assert_eq!(computed["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(computed["keys"][0], format!("ids/{}", "x".repeat(256)));
    let long = computed["keys"][1].as_str().and_then(|key| key.strip_prefix("ids-sha256/")).expect("its hash");
    assert!(long.len() == 64 && long.bytes().all(|byte| byte.is_ascii_hexdigit()), "{long}");
    // RFC 4231, test case 2: the key is "Jefe".
    assert_eq!(computed["hmac"], "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(computed["now"], 1_767_225_600);
    let random = computed["random"].as_array().expect("two");
    assert_eq!((random[0].as_str().map(str::len), random[0] == random[1]), (Some(80), false));
    assert_eq!(host().action("compute", &json!(null)).expect("again")["random"], computed["random"]);
}

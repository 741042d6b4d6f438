//! What a plugin whose provider wants fetched tokens sees of the host.

use std::cell::RefCell;
use std::rc::Rc;

use hookyard_sdk::http::{self, Request, Response};
use hookyard_sdk::manifest::{ActionKind, Credential, Exchange, Manifest, OAuth2, Place};
use hookyard_sdk::secrets::{self, TokenDocument};
use hookyard_sdk::testing::Host;
use hookyard_sdk::{Action, Error, ErrorKind, Output, Plugin, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

struct Caller;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the credentials read some of it")]
struct Config {
    secret: Secret,
    login: Option<String>,
    #[serde(default = "field")]
    field: String,
    oauth: Option<String>,
    refresh: Option<Secret>,
}

fn field() -> String {
    "key".to_owned()
}

const API: &str = "https://api.example.com/";
const OAUTH: &str = "https://oauth.example.com/";
const REFRESH: &str = "https://refresh.example.com/";
const LOGIN: &str = "https://login.example.com/token";

impl Plugin for Caller {
    type Config = Config;

    fn manifest() -> Manifest {
        let exchange = Exchange::post("{config:/login}")
            .json_member("{config:/field}", "{secret:/secret}")
            .pointer("/response/token")
            .expires_in("/response/expires");
        let client = OAuth2::client_credentials("{config:/oauth}", "id:1", "{secret:/secret}").scope("a b");
        let refresh = OAuth2::refresh_token("{config:/login}", "id", "{secret:/refresh}");
        let granted = Exchange::post("{config:/login}").form_field("n", "1").pointer("/t");
        Manifest::new("caller", "1.0.0")
            .host("*.example.com")
            .credential(Credential::header(&["api.example.com"], "authorization", "Bearer {token}").exchange(exchange))
            .credential(Credential::header(&["oauth.example.com"], "x-token", "{token}").oauth2(client))
            .credential(Credential::header(&["refresh.example.com"], "x-token", "{token}").oauth2(refresh))
            .credential(Credential::header(&["{grant}"], "x-granted", "<{token}>").exchange(granted))
            .credential(Credential::place(&["login.example.com"], &[Place::Form, Place::Header], "/secret"))
            .action(ActionKind::new::<String, Value>("get"))
            .action(ActionKind::new::<String, Value>("post"))
            .action(ActionKind::new::<String, Value>("with-described"))
            .action(ActionKind::new::<Value, Value>("describe"))
    }

    fn run(config: Config, action: Action) -> Result<Output, Error> {
        if action.name == "describe" {
            let code = |document: &TokenDocument| secrets::token(document).map_err(|refusal| refusal.code);
            let many = |count: u32| {
                (0..count).map(|nth| code(&form_login(&format!("{LOGIN}?{nth}"), "x"))).collect::<Vec<_>>()
            };
            let bad = Exchange::post(LOGIN);
            let bad = code(&TokenDocument::exchange(&["api.example.com"], bad.form_field("a", "b")));
            let nowhere = code(&TokenDocument::exchange(&[], Exchange::post(LOGIN).pointer("/t")));
            let unknown = code(&form_login(LOGIN, "hysec_00000000000000000000000000000000"));
            let many: Vec<_> = many(17).into_iter().skip(15).map(|one| one.map(|_| ())).collect();
            return Output::new(&json!([bad, nowhere, unknown, many]));
        }
        let url = action.input::<String>()?;
        let request = match action.name.as_str() {
            "get" => Request::get(url),
            "post" => Request::post(url).header("Authorization", "mine").json(&json!({})),
            "with-described" => {
                let login = config.login.as_deref().unwrap_or(LOGIN);
                let token = secrets::token(&form_login(login, config.secret.placeholder()))?;
                match url.as_str() {
                    "query" => Request::get(format!("{OAUTH}?t={}", token.placeholder())),
                    _ => Request::get(url).header("x-mine", format!("T {}", token.placeholder())),
                }
            }
            _ => return Err(action.unknown()),
        };
        Output::new(&request.send()?.success()?.status)
    }
}

fn form_login(url: &str, secret: &str) -> TokenDocument {
    let exchange = Exchange::post(url).form_field("password", secret).pointer("/t");
    TokenDocument::exchange(&["mine.example.com", "other.example.com"], exchange)
}

hookyard_sdk::export!(Caller: actions);

/// Gives the tokens t1, t2, … and accepts only the newest, or none if `is_strict`.
fn host(config: &Value, is_strict: bool) -> (Host<Caller>, Rc<RefCell<u32>>) {
    let given = Rc::new(RefCell::new(0));
    let count = Rc::clone(&given);
    let host = Host::<Caller>::new(config).provider(move |request| {
        if request.url.starts_with(LOGIN) {
            *count.borrow_mut() += 1;
            let token = format!("t{}", count.borrow());
            let answer = json!({
                "response": { "token": token, "expires": "600" }, "t": token,
                "access_token": token, "token_type": "bearer", "expires_in": 600, "refresh_token": format!("r{token}"),
            });
            return Ok(Response::new(200).with_json(&answer));
        }
        let newest = format!("t{}", count.borrow());
        let is_newest = !is_strict && request.headers.iter().any(|(_, value)| value.ends_with(&newest));
        Ok(Response::new(if is_newest { 200 } else { 401 }))
    });
    (host, given)
}

fn config() -> Value {
    json!({ "secret": "s3cret", "login": LOGIN, "oauth": LOGIN, "refresh": "r0" })
}

fn sent(host: &Host<Caller>) -> Vec<String> {
    host.requests().iter().map(|request| request.url.clone()).collect()
}

fn header(request: &Request, name: &str) -> Vec<String> {
    let named = request.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.clone()).collect()
}

#[test]
fn a_token_is_fetched_once_and_put_where_the_manifest_says() {
    let (host, _) = host(&config(), false);
    for _ in 0..2 {
        assert_eq!(host.action("post", &json!(API)), Ok(json!(200)));
    }
    assert_eq!(sent(&host), [LOGIN, API, API]);
    let [login, post, _] = &host.requests()[..] else { panic!("three") };
    assert_eq!(login.method, "POST");
    let body: Value = serde_json::from_slice(login.body.as_deref().expect("a body")).expect("JSON");
    assert_eq!(body, json!({ "key": host.placeholder("/secret") }));
    assert_eq!(header(post, "authorization"), ["Bearer t1"], "in place of the plugin's own");
}

#[test]
fn a_token_is_fetched_again_when_it_is_about_to_expire() {
    let (host, given) = host(&config(), false);
    assert_eq!(host.action("get", &json!(API)), Ok(json!(200)));
    host.advance(539);
    assert_eq!(host.action("get", &json!(API)), Ok(json!(200)));
    assert_eq!(*given.borrow(), 1, "a tenth of 600 seconds is a minute");
    host.advance(1);
    assert_eq!(host.action("get", &json!(API)), Ok(json!(200)));
    assert_eq!(*given.borrow(), 2);
}

#[test]
fn a_token_that_is_not_accepted_is_fetched_anew_and_the_request_sent_once_more() {
    let (host, given) = host(&config(), false);
    assert_eq!(host.action("post", &json!(API)), Ok(json!(200)));
    *given.borrow_mut() += 1;
    assert_eq!(host.action("post", &json!(API)), Ok(json!(200)), "also if it may not be repeated: it was refused");
    assert_eq!(sent(&host), [LOGIN, API, API, LOGIN, API]);
}

#[test]
fn a_second_refusal_is_the_answer() {
    let (host, _) = host(&config(), true);
    let error = host.action("get", &json!(API)).expect_err("401");
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unauthorized, http::UNAUTHORIZED));
    assert_eq!(sent(&host), [LOGIN, API, LOGIN, API]);
}

#[test]
fn a_token_may_go_to_whatever_the_operator_granted_by_name() {
    let (host, given) = host(&config(), false);
    let host = host.grant("partner.test");
    assert_eq!(host.action("get", &json!("https://partner.test/")).expect_err("401").code, http::UNAUTHORIZED);
    let last = host.requests().pop().expect("a request");
    assert_eq!((last.url.as_str(), header(&last, "x-granted")), ("https://partner.test/", vec!["<t2>".to_owned()]));
    assert_eq!(*given.borrow(), 2, "the provider wants it without the brackets");
    assert_eq!(host.action("get", &json!(OAUTH)), Ok(json!(200)));
    assert!(header(&host.requests()[host.requests().len() - 1], "x-granted").is_empty());
}

#[test]
fn a_credential_that_names_what_is_not_set_is_left_out() {
    let (host, given) = host(&json!({ "secret": "s3cret" }), false);
    assert_eq!(host.action("get", &json!(API)).expect_err("401").code, http::UNAUTHORIZED);
    assert_eq!((sent(&host), *given.borrow()), (vec![API.to_owned()], 0));
    assert!(header(&host.requests()[0], "authorization").is_empty());
}

#[test]
fn a_client_says_who_it_is_as_rfc_6749_has_it() {
    let (host, _) = host(&config(), false);
    assert_eq!(host.action("get", &json!(OAUTH)), Ok(json!(200)));
    let [login, get] = &host.requests()[..] else { panic!("two") };
    assert_eq!(login.body.as_deref(), Some(b"grant_type=client_credentials&scope=a%20b".as_slice()));
    // base64 of `id%3A1:` and the placeholder of the secret.
    let basic = header(login, "authorization");
    assert!(basic[0].starts_with("Basic aWQlM0ExOmh5c2VjX"), "{basic:?}");
    assert_eq!(header(get, "x-token"), ["t1"]);
}

#[test]
fn the_newest_refresh_token_counts() {
    let (host, given) = host(&config(), false);
    assert_eq!(host.action("get", &json!(REFRESH)), Ok(json!(200)));
    *given.borrow_mut() += 1;
    assert_eq!(host.action("get", &json!(REFRESH)), Ok(json!(200)));
    let logins: Vec<_> = host.requests().into_iter().filter(|request| request.url == LOGIN).collect();
    let bodies: Vec<_> =
        logins.iter().map(|login| String::from_utf8_lossy(login.body.as_deref().unwrap_or_default())).collect();
    let first = host.placeholder("/refresh");
    assert_eq!(bodies[0], format!("grant_type=refresh_token&refresh_token={first}&client_id=id"));
    assert_eq!(bodies[1], "grant_type=refresh_token&refresh_token=rt1&client_id=id");
}

#[test]
fn what_a_request_for_a_token_comes_to_says_whether_to_try_again() {
    type Fails = fn() -> Result<Response, http::Error>;
    let rows: [(Fails, ErrorKind, &str, &str); 9] = [
        (
            || Ok(Response::new(400).with_json(&json!({ "error": "invalid_client", "error_description": "no such" }))),
            ErrorKind::Unauthorized,
            http::UNAUTHORIZED,
            "invalid_client: no such",
        ),
        (|| Ok(Response::new(403)), ErrorKind::Unauthorized, http::UNAUTHORIZED, "403"),
        (|| Ok(Response::new(429)), ErrorKind::Unavailable, http::UNAVAILABLE, "429"),
        (|| Ok(Response::new(502)), ErrorKind::Unavailable, http::UNAVAILABLE, "502"),
        (|| Err(http::Error::new("timeout", "no answer")), ErrorKind::Unavailable, http::UNAVAILABLE, "no answer"),
        (|| Ok(Response::new(200).with_body("<html>")), ErrorKind::Failed, http::PROTOCOL, "/response/token"),
        (
            || Ok(Response::new(200).with_json(&json!({ "response": { "token": 7 }, "error": "denied" }))),
            ErrorKind::Failed,
            http::PROTOCOL,
            "denied",
        ),
        (
            || Ok(Response::new(200).with_json(&json!({ "response": { "token": "t" }, "error": "expired" }))),
            ErrorKind::Failed,
            http::PROTOCOL,
            "expired",
        ),
        (|| Ok(Response::new(302)), ErrorKind::Failed, http::PROTOCOL, "302"),
    ];
    for (answer, kind, code, message) in rows {
        let host = Host::<Caller>::new(&config()).provider(move |_| answer());
        let error = host.action("post", &json!(API)).expect_err("no token");
        assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error:?}");
        assert!(error.message.contains(message), "{error:?}");
        assert_eq!(sent(&host), [LOGIN], "the request itself is not sent");
    }
}

#[test]
fn a_token_comes_from_hosts_that_are_granted_only() {
    let (host, _) = host(&json!({ "secret": "s", "login": "https://elsewhere.test/" }), false);
    let error = host.action("get", &json!(API)).expect_err("not granted");
    assert_eq!((error.code.as_str(), host.requests().len()), (http::EGRESS_DENIED, 0));
}

#[test]
fn a_described_token_stands_in_headers_to_its_hosts_and_nowhere_else() {
    let (host, given) = host(&config(), false);
    for url in ["https://mine.example.com/", "https://other.example.com/"] {
        assert_eq!(host.action("with-described", &json!(url)), Ok(json!(200)), "{url}");
    }
    assert_eq!(*given.borrow(), 1, "the next invocation describes the same");
    let body = host.requests()[0].body.clone().expect("a form");
    assert_eq!(String::from_utf8_lossy(&body), format!("password={}", host.placeholder("/secret")));
    assert_eq!(header(&host.requests()[1], "x-mine"), ["T t1"]);
    for elsewhere in [OAUTH, "query"] {
        let error = host.action("with-described", &json!(elsewhere)).expect_err("it may not go there");
        assert_eq!(error.code, http::EGRESS_DENIED, "{elsewhere}");
    }
}

#[test]
fn a_plugin_sends_a_secret_to_a_tokens_url_only_where_a_credential_lets_it() {
    let mut elsewhere = config();
    elsewhere["login"] = json!("https://unknown.example.com/");
    let (host, _) = host(&elsewhere, false);
    let error = host.action("with-described", &json!("https://mine.example.com/")).expect_err("no credential");
    assert_eq!((error.code.as_str(), host.requests().len()), ("denied", 0));
}

#[test]
fn what_describes_no_token_is_refused_at_once() {
    let (host, _) = host(&config(), false);
    let refused = host.action("describe", &json!(null)).expect("codes");
    let err = |code: &str| json!({ "Err": code });
    assert_eq!(refused, json!([err("invalid"), err("invalid"), err("denied"), [{ "Ok": null }, err("too-many")]]));
}

//! Where a token comes from: the request for it, and what the answer says.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::request;
use crate::http::{Error, Request, Response, excerpt};

/// A request that a token comes from; texts are filled in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    json: Option<Map<String, Value>>,
    form: Option<BTreeMap<String, String>>,
    pointer: String,
    expires_in: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

/// The same by OAuth 2.0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth2 {
    grant: Grant,
    token_url: String,
    client_id: String,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    client_auth: ClientAuth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Grant {
    ClientCredentials,
    RefreshToken,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClientAuth {
    #[default]
    Basic,
    Body,
}

/// Either of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenSource {
    Exchange(Exchange),
    OAuth2(OAuth2),
}

/// What an answer gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) token: String,
    /// Seconds.
    pub(super) expires_in: Option<u64>,
    /// The refresh token to use from now on.
    pub(super) refresh_token: Option<String>,
}

impl TokenSource {
    /// Exactly one of the two documents must be given. The error is a sentence that names the member.
    pub(super) fn read(exchange: Option<&Value>, oauth2: Option<&Value>) -> Result<Self, String> {
        match (exchange, oauth2) {
            (Some(exchange), None) => {
                let exchange = Exchange::deserialize(exchange).map_err(|error| format!("exchange: {error}"))?;
                if exchange.json.is_some() && exchange.form.is_some() {
                    return Err("exchange: json and form do not go together".to_owned());
                }
                Ok(Self::Exchange(exchange))
            }
            (None, Some(oauth2)) => {
                let oauth2 = OAuth2::deserialize(oauth2).map_err(|error| format!("oauth2: {error}"))?;
                match (oauth2.grant, &oauth2.refresh_token) {
                    (Grant::ClientCredentials, Some(_)) => {
                        Err("oauth2: refresh_token does not go with client_credentials".to_owned())
                    }
                    (Grant::RefreshToken, None) => Err("oauth2: refresh_token is missing".to_owned()),
                    _ => Ok(Self::OAuth2(oauth2)),
                }
            }
            _ => Err("a token comes from either exchange or oauth2".to_owned()),
        }
    }

    /// The request for a token, with this refresh token if the provider has given a newer one than the config has. `encoded`
    /// says how Basic authentication is written.
    pub(super) fn request(&self, newest: Option<&str>, encoded: fn(String) -> String) -> Request {
        match self {
            Self::Exchange(exchange) => exchange.request(),
            Self::OAuth2(oauth2) => oauth2.request(newest, encoded),
        }
    }

    /// What came of that request; the error is that of the request for which the token was to be fetched.
    pub(super) fn fetched(&self, answer: Result<Response, Error>) -> Result<Fetched, Error> {
        let failed = |code: &str, what: String| Error::new(code, format!("no token was fetched: {what}"));
        let answer = answer.map_err(|error| failed("token-unavailable", error.to_string()))?;
        let (status, body) = (answer.status, answer.json::<Value>().unwrap_or_default());
        let what = || format!("the token's URL answered {status}{}", reason(&body));
        match status {
            200..300 => {}
            400 | 401 | 403 => return Err(failed("token-refused", what())),
            408 | 429 | 500.. => return Err(failed("token-unavailable", what())),
            _ => return Err(failed("token-invalid", what())),
        }
        if body["error"].as_str().is_some_and(|error| !error.is_empty()) {
            return Err(failed("token-invalid", what()));
        }
        let (pointer, expires_in) = match self {
            Self::Exchange(exchange) => (exchange.pointer.as_str(), exchange.expires_in.as_deref()),
            Self::OAuth2(_) => ("/access_token", Some("/expires_in")),
        };
        let token = body.pointer(pointer).and_then(Value::as_str).filter(|token| !token.is_empty());
        let token = token.filter(|token| request::is_header_value(token));
        let token =
            token.ok_or_else(|| failed("token-invalid", format!("{}, without a token at {pointer}", what())))?;
        let refresh_token = match self {
            Self::Exchange(_) => None,
            Self::OAuth2(_) => body["refresh_token"].as_str().map(str::to_owned),
        };
        Ok(Fetched {
            token: token.to_owned(),
            expires_in: seconds(expires_in.and_then(|at| body.pointer(at))),
            refresh_token,
        })
    }
}

impl Exchange {
    fn request(&self) -> Request {
        let mut request = Request::new(&self.method, &self.url);
        if let Some(json) = &self.json {
            request = request.json(json);
        }
        if let Some(form) = &self.form {
            request = request.form(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        }
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

impl OAuth2 {
    fn request(&self, newest: Option<&str>, encoded: fn(String) -> String) -> Request {
        let mut fields = match self.grant {
            Grant::ClientCredentials => vec![("grant_type", "client_credentials")],
            Grant::RefreshToken => vec![("grant_type", "refresh_token")],
        };
        fields.extend(newest.or(self.refresh_token.as_deref()).map(|token| ("refresh_token", token)));
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let basic = self.client_secret.as_ref().filter(|_| self.client_auth == ClientAuth::Basic);
        if basic.is_none() {
            fields.push(("client_id", &self.client_id));
            fields.extend(self.client_secret.as_deref().map(|secret| ("client_secret", secret)));
        }
        let request = Request::post(&self.token_url).form(fields).header("accept", "application/json");
        match basic {
            None => request,
            Some(secret) => {
                let client = format!("{}:{}", form_encoded(&self.client_id), form_encoded(secret));
                request.header("authorization", format!("Basic {}", encoded(client)))
            }
        }
    }
}

/// As the real host writes Basic authentication; here with the placeholder of the secret in it.
pub(super) fn base64(text: String) -> String {
    STANDARD.encode(text)
}

/// RFC 6749, appendix B.
fn form_encoded(text: &str) -> String {
    crate::http::percent(text).replace("%20", "+")
}

/// A count of seconds, as a number or as digits.
fn seconds(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds.max(0.0) as u64)),
    }
}

/// What the answer says of an error (RFC 6749, 5.2), to be put into a message.
fn reason(body: &Value) -> String {
    let said = ["error", "error_description"].into_iter().filter_map(|member| body[member].as_str());
    let said = excerpt(&said.collect::<Vec<_>>().join(": "));
    if said.is_empty() { said } else { format!(" ({said})") }
}

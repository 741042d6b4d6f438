//! From a declaration and its texts to a fetch. Every text is looked at, so that everything wrong is told together.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};
use url::Url;

use super::oauth2::Client;
use super::{Kind, TextPlace, Texts, TokenFetch, percent};
use crate::host_pattern::Origin;
use crate::limit;
use crate::manifest::credential::fetched::{ClientAuth, Exchange, GrantType, OAuth2};
use crate::schema::escape;
use crate::secret::Secret;
use crate::signature::place::{header_name, json_pointer};

impl TokenFetch {
    /// An exchange; `None` where a text of it has no value, or something is wrong.
    pub fn of_exchange(declared: &Exchange, texts: &mut dyn Texts) -> Option<Self> {
        let Exchange { url, method, headers, json, form, pointer, expires_in } = declared;
        let url = read_url("/url", url, texts);
        let method = read_method(method, texts);
        let headers = read_headers(headers, texts);
        let pointer = read_pointer("/pointer", pointer, texts);
        let expires_in = match expires_in {
            Some(pointer) => read_pointer("/expires_in", pointer, texts).map(Some),
            None => Some(None),
        };
        let body = match (json, form) {
            (None, None) => Some(None),
            (Some(json), None) => read_json(json, texts).map(|body| Some(("application/json", body))),
            (None, Some(form)) => {
                let fields: Vec<_> = form.iter().map(|(name, value)| read_field(name, value, texts)).collect();
                let fields: Option<Vec<_>> = fields.into_iter().collect();
                fields.map(|fields| Some(("application/x-www-form-urlencoded", fields.join("&"))))
            }
            (Some(_), Some(_)) => {
                texts.wrong("/form", "stands in place of json: leave one of them out");
                None
            }
        };
        let (mut headers, body) = (headers?, body?);
        if let Some((content_type, _)) = &body
            && headers.iter().all(|(name, _)| *name != CONTENT_TYPE)
        {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        }
        let body = body.map(|(_, text)| Secret::new(text));
        let (url, origin) = url?;
        let kind = Kind::Exchange { method: method?, headers, body, pointer: pointer?, expires_in: expires_in? };
        Some(Self { url, origin, kind, secrets: Vec::new() })
    }

    /// A grant of OAuth 2.0; `None` where a text of it has no value, or something is wrong.
    pub fn of_oauth2(declared: &OAuth2, texts: &mut dyn Texts) -> Option<Self> {
        let OAuth2 { grant, token_url, client_id, client_secret, refresh_token, scope, client_auth } = declared;
        let url = read_url("/token_url", token_url, texts);
        // Basic authentication is a header, and everything else stands in the form.
        let basic = *client_auth == ClientAuth::Basic && client_secret.is_some();
        let client_place = if basic { TextPlace::Header } else { TextPlace::Form };
        let mut read = |at: &str, text: &Option<String>, place: TextPlace| match text {
            Some(text) => texts.text(at, text, place).map(|text| Some(Secret::new(text))),
            None => Some(None),
        };
        let id = read("/client_id", &Some(client_id.clone()), client_place);
        let secret = read("/client_secret", client_secret, client_place);
        let refresh = read("/refresh_token", refresh_token, TextPlace::Form);
        let scope = read("/scope", scope, TextPlace::Form);
        match (grant, refresh_token) {
            (GrantType::RefreshToken, None) => {
                texts.wrong("/refresh_token", "is needed for the grant refresh_token");
                return None;
            }
            (GrantType::ClientCredentials, Some(_)) => {
                texts.wrong("/refresh_token", "goes with the grant refresh_token only");
                return None;
            }
            _ => {}
        }
        let (url, origin) = url?;
        let client = Client { id: id??, secret: secret?, refresh_token: refresh?, scope: scope?, auth: *client_auth };
        Some(Self { url, origin, kind: Kind::OAuth2(client), secrets: Vec::new() })
    }
}

fn read_url(at: &str, template: &str, texts: &mut dyn Texts) -> Option<(Url, Origin)> {
    let text = texts.text(at, template, TextPlace::Url)?;
    let parsed = Url::parse(&text).ok().filter(|_| text.len() <= limit::EGRESS_URL_BYTES_MAX);
    let Some(mut url) = parsed else {
        texts.wrong(at, "is not an absolute URL, such as https://auth.example.com/token");
        return None;
    };
    url.set_fragment(None);
    match Origin::of(&url) {
        Ok(origin) => Some((url, origin)),
        Err(error) => {
            texts.wrong(at, &format!("cannot be asked: {error}"));
            None
        }
    }
}

fn read_method(text: &str, texts: &mut dyn Texts) -> Option<Method> {
    let capital = text.len() <= limit::EGRESS_METHOD_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let method = Method::from_bytes(text.as_bytes()).ok().filter(|_| capital);
    let method = method.filter(|method| *method != Method::CONNECT && *method != Method::TRACE);
    if method.is_none() {
        texts.wrong("/method", "is not an HTTP method in capital letters that the host sends");
    }
    method
}

fn read_headers(declared: &BTreeMap<String, String>, texts: &mut dyn Texts) -> Option<Vec<(HeaderName, HeaderValue)>> {
    if declared.len() > limit::TOKEN_HEADERS_MAX {
        texts.wrong("/headers", &format!("has more than {} entries", limit::TOKEN_HEADERS_MAX));
        return None;
    }
    let read: Vec<_> = declared.iter().map(|(name, template)| read_header(name, template, texts)).collect();
    read.into_iter().collect()
}

fn read_header(name: &str, template: &str, texts: &mut dyn Texts) -> Option<(HeaderName, HeaderValue)> {
    let at = format!("/headers/{}", escape(name));
    let text = texts.text(&at, template, TextPlace::Header);
    let name = match header_name(name) {
        Ok(name) if !OWN_HEADERS.contains(&name) => Some(name),
        Ok(_) => {
            texts.wrong(&at, "belongs to the host");
            None
        }
        Err(why) => {
            texts.wrong(&at, &why);
            None
        }
    };
    let (name, text) = (name?, text?);
    let fit = text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let Some(mut value) = HeaderValue::try_from(text).ok().filter(|_| fit) else {
        texts.wrong(&at, "holds more than visible ASCII characters, blanks and tabs");
        return None;
    };
    value.set_sensitive(true);
    Some((name, value))
}

/// Headers that say how a request travels; they belong to the host.
pub(crate) const OWN_HEADERS: [HeaderName; 8] = [
    http::header::CONNECTION,
    http::header::CONTENT_LENGTH,
    http::header::EXPECT,
    http::header::HOST,
    http::header::TE,
    http::header::TRAILER,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
];

fn read_pointer(at: &str, template: &str, texts: &mut dyn Texts) -> Option<String> {
    let text = texts.text(at, template, TextPlace::Name)?;
    json_pointer(&text).map_err(|why| texts.wrong(at, &why)).ok()
}

fn read_field(name: &str, value: &str, texts: &mut dyn Texts) -> Option<String> {
    let at = format!("/form/{}", escape(name));
    let name = texts.text(&at, name, TextPlace::Name);
    let value = texts.text(&at, value, TextPlace::Form);
    Some(format!("{}={}", percent(&name?), percent(&value?)))
}

fn read_json(members: &Map<String, Value>, texts: &mut dyn Texts) -> Option<String> {
    let filled = fill_members(members, "/json", texts)?;
    Some(Value::Object(filled).to_string())
}

fn fill_members(members: &Map<String, Value>, at: &str, texts: &mut dyn Texts) -> Option<Map<String, Value>> {
    let filled: Vec<_> = members
        .iter()
        .map(|(name, member)| {
            let at = format!("{at}/{}", escape(name));
            let name = texts.text(&at, name, TextPlace::Name);
            let member = fill_json(member, &at, texts);
            Some((name?, member?))
        })
        .collect();
    filled.into_iter().collect()
}

fn fill_json(value: &Value, at: &str, texts: &mut dyn Texts) -> Option<Value> {
    match value {
        Value::String(text) => texts.text(at, text, TextPlace::Json).map(Value::String),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let filled: Vec<_> = items.map(|(index, item)| fill_json(item, &format!("{at}/{index}"), texts)).collect();
            filled.into_iter().collect::<Option<_>>().map(Value::Array)
        }
        Value::Object(members) => fill_members(members, at, texts).map(Value::Object),
        scalar => Some(scalar.clone()),
    }
}

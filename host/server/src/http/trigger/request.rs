//! What a client says about a test webhook, and the webhook that comes of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hookyard_domain::limit;
use hookyard_domain::manifest::sample::Sample;
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connections::WebhookEntry;
use crate::http::problem::{InputError, Problem};

/// The request's body.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TriggerRequest {
    sample: Option<String>,
    method: Option<String>,
    path: Option<String>,
    query: Option<String>,
    headers: BTreeMap<String, String>,
    /// JSON, sent as it stands here, or a string, sent as its text.
    body: Option<Box<RawValue>>,
    body_base64: Option<String>,
    pub(super) fresh: bool,
}

/// A webhook's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Bytes,
}

impl TriggerRequest {
    /// The webhook that is meant.
    ///
    /// # Errors
    /// 422 with everything that is wrong; 413 for a body larger than the connection takes.
    pub(super) fn resolve(self, samples: &[Sample], entry: &WebhookEntry) -> Result<Given, Problem> {
        let first = entry.rules.methods.first().map_or("POST", String::as_str);
        self.webhook(samples, first).and_then(|given| {
            let fits = given.body.len() as u64 <= entry.body_bytes_max;
            if fits { Ok(given) } else { Err(Problem::too_large(entry.body_bytes_max)) }
        })
    }

    fn webhook(mut self, samples: &[Sample], method: &str) -> Result<Given, Problem> {
        let mut errors = Vec::new();
        let sample = self.sample.take().and_then(|name| {
            let found = samples.iter().find(|sample| sample.name == name);
            if found.is_none() {
                errors.push(InputError::new("/sample", "unknown", unknown_sample(&name, samples)));
            }
            found
        });
        let body = self.body(sample).unwrap_or_else(|error| {
            errors.push(error);
            Body::default()
        });
        let mut headers: BTreeMap<String, String> = body.content_type.into_iter().collect();
        let sample_headers = sample.map(|sample| sample.headers.clone()).unwrap_or_default();
        headers
            .extend(sample_headers.into_iter().chain(self.headers).map(|(name, value)| (name.to_lowercase(), value)));
        for (name, value) in &headers {
            if HeaderName::try_from(name.as_str()).is_err() || HeaderValue::try_from(value.as_str()).is_err() {
                errors.push(InputError::new("/headers", "invalid", format!("{name:?} is not a header")));
            }
        }
        let path = self.path.unwrap_or_default();
        if !path.is_empty() && !path.starts_with('/') {
            errors.push(InputError::new("/path", "invalid", "path is empty or starts with /"));
        }
        let method = self.method.unwrap_or_else(|| method.to_owned());
        if Method::from_bytes(method.as_bytes()).is_err() {
            errors.push(InputError::new("/method", "invalid", format!("{method:?} is not a method")));
        }
        let query = self.query.unwrap_or_default();
        let head: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let (head, max) = (head + path.len() + query.len(), limit::HTTP_HEAD_BYTES_MAX);
        if head > max {
            // A real one would not get in either, and the inbox has no room for it.
            let text = format!("path, query and headers have {head} bytes; at most {max} are received");
            errors.push(InputError::new("/headers", "too-large", text));
        }
        if !errors.is_empty() {
            return Err(Problem::invalid_input(errors));
        }
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        Ok(Given { method, path, query, headers, body: body.bytes })
    }

    fn body(&mut self, sample: Option<&Sample>) -> Result<Body, InputError> {
        match (sample, self.body.take(), self.body_base64.take()) {
            (None, None, None) => Ok(Body::default()),
            (Some(sample), None, None) => match &sample.body {
                Some(body) => of_sample(body),
                None => Ok(Body::default()),
            },
            (None, Some(body), None) => of_json(&body),
            (None, None, Some(base64)) => of_base64(&base64, "/body_base64"),
            _ => Err(InputError::new("", "ambiguous", "give one of sample, body and body_base64")),
        }
    }
}

fn unknown_sample(name: &str, samples: &[Sample]) -> String {
    let known: Vec<_> = samples.iter().map(|sample| sample.name.as_str()).collect();
    match known.is_empty() {
        true => format!("there is no sample {name}; the plugin brings none"),
        false => format!("there is no sample {name}; the plugin brings {}", known.join(", ")),
    }
}

/// Bytes, and what they are where that is known.
#[derive(Debug, Default)]
struct Body {
    bytes: Bytes,
    content_type: Option<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64 {
    base64: String,
}

fn of_sample(body: &RawValue) -> Result<Body, InputError> {
    match serde_json::from_str::<Base64>(body.get()) {
        Ok(Base64 { base64 }) => of_base64(&base64, "/sample"),
        Err(_) => of_json(body),
    }
}

fn of_json(body: &RawValue) -> Result<Body, InputError> {
    let text = body.get();
    if !text.starts_with('"') {
        let content_type = ("content-type".to_owned(), "application/json".to_owned());
        return Ok(Body { bytes: text.to_owned().into(), content_type: Some(content_type) });
    }
    let text: String =
        serde_json::from_str(text).map_err(|error| InputError::new("/body", "invalid", error.to_string()))?;
    Ok(Body { bytes: text.into(), content_type: None })
}

fn of_base64(text: &str, pointer: &str) -> Result<Body, InputError> {
    let bytes = STANDARD.decode(text).map_err(|error| {
        InputError::new(pointer, "invalid", format!("this is not base64 (standard alphabet, padded): {error}"))
    })?;
    Ok(Body { bytes: bytes.into(), content_type: None })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SAMPLES: &str = r#"[
        {"name": "delivered", "headers": {"X-Kind": "a"}, "body": {"n": 1.10, "a": "é"}},
        {"name": "bytes", "body": {"base64": "AP8="}},
        {"name": "form", "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "a=1&b=2"}
    ]"#;

    fn webhook(request: &str) -> Result<Given, Problem> {
        let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
        serde_json::from_str::<TriggerRequest>(request).unwrap().webhook(&samples, "PUT")
    }

    #[test]
    fn a_sample_is_sent_as_the_manifest_has_it() {
        let given = webhook(r#"{"sample": "delivered"}"#).unwrap();
        assert_eq!(given.body, r#"{"n": 1.10, "a": "é"}"#.as_bytes());
        assert_eq!(given.method, "PUT");
        let headers = [("content-type", "application/json"), ("x-kind", "a")];
        assert_eq!(given.headers, headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
        assert_eq!(webhook(r#"{"sample": "bytes"}"#).unwrap().body.as_ref(), b"\0\xff");
        assert_eq!(webhook(r#"{"sample": "form"}"#).unwrap().body.as_ref(), b"a=1&b=2");
    }

    #[test]
    fn what_the_client_gives_stands_over_the_sample() {
        let given = webhook(
            r#"{"sample": "delivered", "method": "POST", "path": "/%20x", "query": "a=b", "headers": {"x-kind": "b"}}"#,
        )
        .unwrap();
        assert_eq!((given.method.as_str(), given.path.as_str(), given.query.as_str()), ("POST", "/%20x", "a=b"));
        assert!(given.headers.contains(&("x-kind".to_owned(), b"b".to_vec())));
        assert_eq!(webhook(r#"{"body_base64": "/w=="}"#).unwrap().body.as_ref(), b"\xff");
        assert_eq!(webhook(r#"{"body": "x\u0000"}"#).unwrap().body.as_ref(), b"x\0");
        assert_eq!(webhook(r#"{"body": {"base64": "AP8="}}"#).unwrap().body.as_ref(), br#"{"base64": "AP8="}"#);
        assert_eq!(webhook("{}").unwrap().body.as_ref(), b"");
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_once() {
        let request = r#"{"sample": "nope", "path": "x", "method": "A B", "headers": {"a b": "c", "d": "e\n"}}"#;
        let document = webhook(request).unwrap_err().document();
        let pointers: Vec<_> =
            document["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
        assert_eq!(json!(pointers), json!(["/sample", "/headers", "/headers", "/path", "/method"]));
        assert!(document["detail"].as_str().unwrap().contains("delivered, bytes, form"), "{document}");
        assert!(webhook(r#"{"sample": "delivered", "body": 1}"#).is_err());
        assert!(webhook(r#"{"body_base64": "***"}"#).is_err());
    }

    #[test]
    fn nothing_is_sent_that_a_provider_could_not_send() {
        let of = |bytes: usize| webhook(&format!(r#"{{"query": "{}", "headers": {{"a": "b"}}}}"#, "q".repeat(bytes)));
        assert!(of(limit::HTTP_HEAD_BYTES_MAX - 2).is_ok());
        let document = of(limit::HTTP_HEAD_BYTES_MAX - 1).unwrap_err().document();
        assert_eq!(document["errors"][0]["code"], "too-large", "{document}");
    }
}

//! A request that a script sends.

use std::collections::BTreeMap;

use hookyard_sdk::http::{Error, Request, Response, send_all};
use serde::Deserialize;
use serde_json::{Value, json};

/// `{"url": "…"}`; the method is GET where none is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fetch {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    timeout_ms: Option<u32>,
    max_redirects: Option<u32>,
    max_body_bytes: Option<u32>,
}

fn get() -> String {
    "GET".to_owned()
}

impl Fetch {
    pub(crate) fn run(self) -> Value {
        answer(self.request().send())
    }

    pub(crate) fn run_all(all: Vec<Self>) -> Value {
        send_all(all.into_iter().map(Self::request).collect()).into_iter().map(answer).collect()
    }

    /// The last 300 bytes of an answer.
    pub(crate) fn tail(url: String) -> Result<String, hookyard_sdk::Error> {
        let body = Request::get(url).send()?.body;
        Ok(String::from_utf8_lossy(&body[body.len().saturating_sub(300)..]).into_owned())
    }

    fn request(self) -> Request {
        let mut request = Request::new(self.method, self.url);
        request.headers = self.headers.into_iter().collect();
        request.body = self.body.map(String::into_bytes);
        request.timeout_ms = self.timeout_ms;
        request.max_redirects = self.max_redirects;
        request.max_body_bytes = self.max_body_bytes;
        request
    }
}

fn answer(answer: Result<Response, Error>) -> Value {
    match answer {
        Ok(Response { status, headers, body, truncated, .. }) => {
            let headers: BTreeMap<_, _> = headers.into_iter().collect();
            json!({ "status": status, "headers": headers, "body": String::from_utf8_lossy(&body), "truncated": truncated })
        }
        Err(error) => json!({ "error": error.code, "message": error.message }),
    }
}

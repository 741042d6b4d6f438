//! What a message needs to be accepted.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::answer::Answer;

/// How a message proves that it may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Anybody may send.
    None,
    /// By a header of this name with this value.
    Header(String, String),
    /// By `Authorization: Bearer` and a token that the key was exchanged for.
    Exchange,
}

/// The key and the tokens that it became.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) key: String,
    pub(super) wants: Auth,
    accepted: BTreeSet<String>,
    exchanges: usize,
}

impl Tokens {
    pub(super) fn new(key: &str) -> Self {
        Self { key: key.to_owned(), wants: Auth::Exchange, accepted: BTreeSet::new(), exchanges: 0 }
    }

    pub(super) fn expire(&mut self) {
        self.accepted.clear();
    }

    pub(super) fn exchanges(&self) -> usize {
        self.exchanges
    }

    /// `POST /api/1.1/wf/auth` with `{"key": …}`.
    pub(super) fn exchange(&mut self, body: &Value) -> Answer {
        if body["key"].as_str() != Some(self.key.as_str()) {
            return refused(401);
        }
        self.exchanges += 1;
        let token = format!("t-{}-5b1d77c0a94e", self.exchanges);
        self.accepted.insert(token.clone());
        Answer::json(200, &json!({ "status": "success", "response": { "token": token, "expires": 86_400 } }))
    }

    pub(super) fn accepts(&self, headers: &HeaderMap) -> bool {
        let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match &self.wants {
            Auth::None => true,
            Auth::Header(name, value) => given(name) == Some(value),
            Auth::Exchange => {
                let token = given("authorization").and_then(|value| value.strip_prefix("Bearer "));
                token.is_some_and(|token| self.accepted.contains(token))
            }
        }
    }
}

/// An error that says no more than its status, in the shape of Bubble's workflow API.
pub(super) fn refused(status: u16) -> Answer {
    let word = match status {
        400 => "BAD_REQUEST",
        401 => "NOT_AUTHENTICATED",
        404 => "NOT_FOUND",
        429 => "RATE_LIMITED",
        _ => "ERROR",
    };
    error(status, word, "the request was not accepted")
}

pub(super) fn error(status: u16, word: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "statusCode": status, "body": { "status": word, "message": message } }))
}

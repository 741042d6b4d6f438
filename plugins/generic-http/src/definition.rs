//! A request as the operator defines it. The shapes stay loose where the grammar has a code of its own: an empty key is
//! `empty_key` and no violation of the schema.

mod auth;
mod body;
mod reply;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub(crate) use auth::Auth;
pub(crate) use body::{Body, Encoding, OnMissing, Row, Type};
pub(crate) use reply::Reply;
pub(crate) use value::{OnMissingPart, OnMissingSegment, PathValue, Value};

/// A request, and what is made of its answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The HTTP method.
    pub(crate) method: Method,
    /// Where it goes: absolute, `https://…`, without user and password. `/:name` in its path is filled from `path`.
    pub(crate) url: String,
    /// What stands for the segments `/:name` of the URL.
    #[serde(default)]
    pub(crate) path: BTreeMap<String, PathValue>,
    /// What is added to the URL's query, in this order.
    #[serde(default)]
    pub(crate) query: Vec<Pair>,
    /// Headers, in this order.
    #[serde(default)]
    pub(crate) headers: Vec<Pair>,
    /// The body. GET has none.
    pub(crate) body: Option<Body>,
    /// How it proves whose it is.
    pub(crate) auth: Option<Auth>,
    /// The statuses that are a success; 200 to 299, if nothing is said.
    #[schemars(inner(range(min = 100, max = 599)))]
    pub(crate) success_status: Option<Vec<u16>>,
    /// A key into the JSON of the answer: a value there that is not `null` makes it an error.
    pub(crate) fail_if_path: Option<String>,
    /// Redirects to follow.
    #[serde(default)]
    #[schemars(range(max = 5))]
    pub(crate) redirects_max: u32,
    /// Milliseconds for the whole of it, repetitions included.
    #[serde(default = "ten_seconds")]
    #[schemars(range(min = 100, max = 60_000))]
    pub(crate) timeout_ms: u32,
    /// Whether 429, 502, 503, 504 and a connection that was never made are the error `unavailable`, so that a flow tries again
    /// by its schedule.
    #[serde(default)]
    pub(crate) retry_later: bool,
    /// The message that is made of the answer.
    pub(crate) reply: Option<Reply>,
}

/// The HTTP method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending it twice does what sending it once does (RFC 9110, 9.2.2).
    pub(crate) fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }
}

/// A header, or a parameter of the query.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: Value,
    /// What becomes of it when its field is missing.
    #[serde(default)]
    pub(crate) on_missing: OnMissingPart,
}

/// A request in a call: one of the config by its name, or a whole one.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Asked {
    /// The name of a request in the config.
    Named(String),
    /// The request itself.
    Inline(Box<Request>),
}

impl JsonSchema for Asked {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Asked".into()
    }

    /// Which of the two is meant is decided by the type, so that an error speaks of that one only.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inline = generator.subschema_for::<Request>();
        json_schema!({
            "description": "The name of a request in the config, or a whole request.",
            "type": ["string", "object"],
            "if": { "type": "object" },
            "then": inline,
        })
    }
}

fn ten_seconds() -> u32 {
    10_000
}

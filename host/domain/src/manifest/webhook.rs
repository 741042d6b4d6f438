//! How a plugin's webhooks come in: what is accepted, how it is verified, and what makes one webhook the same as another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::{ManifestProblem, document};
use crate::config::Config;
use crate::limit;

/// The webhook rules: of the manifest itself, or of the operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum WebhookDeclaration {
    /// The rules stand in the connection's config.
    FromConfig(FromConfig),
    /// The rules stand here.
    Rules(Box<WebhookRules>),
}

impl WebhookDeclaration {
    /// The rules that hold for a connection with this config; `None` where the operator has given none (404).
    ///
    /// Rules in a config may have further members at their top, which are the plugin's own and for its config schema to
    /// check. Problems carry the pointer into the config.
    pub fn rules(&self, config: &Config) -> Result<Option<Cow<'_, WebhookRules>>, Vec<ManifestProblem>> {
        self.rules_in(config.effective())
    }

    /// As [`rules`](Self::rules), of a config as clients see it: rules hold no secrets.
    pub fn rules_in(&self, config: &Value) -> Result<Option<Cow<'_, WebhookRules>>, Vec<ManifestProblem>> {
        match self {
            Self::Rules(rules) => Ok(Some(Cow::Borrowed(rules))),
            Self::FromConfig(FromConfig { config: pointer }) => match config.pointer(pointer) {
                None | Some(Value::Null) => Ok(None),
                Some(found) => document::operator_rules(found, pointer).map(|rules| Some(Cow::Owned(rules))),
            },
        }
    }
}

impl JsonSchema for WebhookDeclaration {
    fn schema_name() -> Cow<'static, str> {
        "WebhookDeclaration".into()
    }

    /// Which of the two is meant is decided by one member, so that errors speak of that one only.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The webhook rules: of the manifest itself, or of the operator.",
            "type": "object",
            "if": { "required": ["config"] },
            "then": generator.subschema_for::<FromConfig>(),
            "else": generator.subschema_for::<WebhookRules>(),
        })
    }
}

/// A pointer to rules of the operator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromConfig {
    /// JSON pointer into the config, where rules of the same shape stand; webhooks get 404 while nothing does. At their top
    /// they may have further members, which are the plugin's own and for the schema of its config to check; below it,
    /// unknown members are refused.
    pub config: String,
}

/// What is accepted, and what becomes of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRules {
    /// HTTP methods; any other gets 405.
    #[serde(default = "post_only")]
    pub methods: Vec<String>,
    /// Largest body in bytes, 1,048,576 (1 MiB) when absent and at most; a larger one gets 413.
    #[serde(default)]
    pub body_bytes_max: Option<u64>,
    /// How webhooks are verified.
    pub verify: OneOrMany<VerifyRule>,
    /// Where the provider's id of a webhook stands; the first place with a string or number counts.
    #[serde(default)]
    pub dedupe: Vec<KeySource>,
    /// Where the key stands whose webhooks are handled one after the other.
    #[serde(default)]
    pub order: Vec<KeySource>,
    /// When the provider gets its answer.
    #[serde(default)]
    pub acknowledge: Acknowledge,
    /// Milliseconds that the provider waits for an answer, less a margin; the plugin's deadline when absent, and at most. What takes
    /// longer is kept, answered 202 and run again.
    #[serde(default)]
    pub answer_within_ms: Option<u64>,
    /// Requests that the host answers by itself.
    #[serde(default)]
    pub handshake: Vec<Handshake>,
    /// Whether a webhook that failed for good goes on blocking its order key.
    #[serde(default)]
    pub order_blocks: bool,
}

fn post_only() -> Vec<String> {
    vec!["POST".to_owned()]
}

impl WebhookRules {
    /// Largest body in bytes: as asked, up to the host's own bound.
    pub fn body_bytes_max(&self) -> u64 {
        self.body_bytes_max.unwrap_or(limit::WEBHOOK_BODY_BYTES_DEFAULT).min(limit::WEBHOOK_BODY_BYTES_MAX)
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A list.
    Many(Vec<T>),
    /// A single one.
    One(T),
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "if": { "type": "array" }, "then": { "type": "array", "items": one }, "else": one })
    }
}

impl<T> OneOrMany<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(values) => values,
            Self::One(value) => std::slice::from_ref(value),
        }
    }
}

/// When the provider gets its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Acknowledge {
    /// After the plugin has handled the webhook and its effects are durable.
    #[default]
    AfterHandling,
    /// As soon as the webhook itself is durable.
    OnReceipt,
}

/// Where a key of a webhook stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum KeySource {
    /// JSON pointer into the body.
    Body(String),
    /// Header name.
    Header(String),
    /// Field of a form-encoded body, which must occur once.
    Form(String),
}

impl JsonSchema for KeySource {
    fn schema_name() -> Cow<'static, str> {
        "KeySource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where a key of a webhook stands: one of the three.",
            "type": "object",
            "properties": {
                "body": { "description": "JSON pointer into the body.", "type": "string" },
                "header": { "description": "Header name.", "type": "string" },
                "form": { "description": "Field of a form-encoded body, which must occur once.", "type": "string" },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// A request that the host answers by itself, for example a provider's test of the URL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// Which requests.
    pub when: Condition,
    /// Template of the answer, sent as `text/plain`: `{body:/challenge}`, `{query:hub.challenge}`.
    pub respond: String,
    /// Whether the request must pass verification first.
    #[serde(default = "yes")]
    pub verified: bool,
}

fn yes() -> bool {
    true
}

/// Which requests a rule is for; all stated members must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The HTTP method is this one.
    #[serde(default)]
    pub method: Option<String>,
    /// This query parameter is present.
    #[serde(default)]
    pub query: Option<String>,
    /// This header is present.
    #[serde(default)]
    pub header: Option<String>,
    /// At each JSON pointer into the body stands this value.
    #[serde(default)]
    pub body: BTreeMap<String, Value>,
}

/// One way in which a webhook may prove where it comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRule {
    /// Which requests this rule is for; all, when absent.
    #[serde(default)]
    pub when: Condition,
    /// How the proof works.
    pub scheme: Scheme,
    /// `hmac`: the hash function.
    #[serde(default)]
    pub hash: Option<HashName>,
    /// How the signature is written. Required for `hmac`; a public-key signature without it is base64, or hex.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// Header that holds the signature or the token; must occur exactly once. `standard-webhooks`: another name for
    /// `webhook-signature`, whose beginning is that of the other two headers: `svix-signature`.
    #[serde(default)]
    pub header: Option<String>,
    /// Place of the signature or the token, where the other members cannot say it: `query:sig`, `path`,
    /// `body:/signature/signature`, `form:sig`.
    #[serde(default)]
    pub signature: Option<String>,
    /// `token`: query parameter that holds it.
    #[serde(default)]
    pub query: Option<String>,
    /// `token`: it is the first path segment after the connection.
    #[serde(default)]
    pub path: bool,
    /// What stands before the signature or the token: `sha256=`.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Separator of the header's `name=value` parts.
    #[serde(default)]
    pub parts: Option<String>,
    /// Name of the parts that are signatures; each occurrence may pass.
    #[serde(default)]
    pub signature_part: Option<String>,
    /// Template of the signed bytes; the body, when absent.
    #[serde(default)]
    pub signed: Option<String>,
    /// Where the time of signing stands.
    #[serde(default)]
    pub timestamp: Option<TimestampSource>,
    /// How far that time may be away from now, both ways.
    #[serde(default)]
    pub tolerance_seconds: Option<u64>,
    /// JSON pointer into the config: the secret, or a list of secrets. `basic` without `user`: `user:password`.
    #[serde(default)]
    pub secret: Option<String>,
    /// JSON pointer into the config: the public key, or a list of them.
    #[serde(default)]
    pub public_key: Option<String>,
    /// `basic`: JSON pointer into the config, where the user name stands.
    #[serde(default)]
    pub user: Option<String>,
}

/// How a webhook proves where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// A keyed hash of the body or of a template.
    Hmac,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// Ed25519.
    Ed25519,
    /// Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`).
    StandardWebhooks,
    /// A shared token in the query, a header or the path.
    Token,
    /// HTTP Basic authentication.
    Basic,
    /// Nothing is checked; the operator must grant `allow_unsigned`.
    None,
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HashName {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Digits in any case.
    Hex,
    /// Standard alphabet, padded.
    Base64,
    /// URL-safe alphabet, with or without padding.
    Base64url,
}

/// Where the time of signing stands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimestampSource {
    /// In this header.
    #[serde(default)]
    pub header: Option<String>,
    /// In this part of the signature header.
    #[serde(default)]
    pub part: Option<String>,
    /// At this JSON pointer of the body.
    #[serde(default)]
    pub body: Option<String>,
    /// Its unit.
    #[serde(default)]
    pub unit: TimestampUnit,
}

/// The unit of a time of signing, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TimestampUnit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

//! Generic HTTP against REST systems: requests of the config, what is made of their answers, and webhooks by rules of the operator.

mod answers;
mod auth;
mod incoming;
mod later;
mod secrecy;
mod sending;
mod targets;
mod vectors;

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use hookyard_tests::http::Reply;
use hookyard_tests::names::Names;
use hookyard_tests::rest::{CLIENT_SECRET, DEALS_TOKEN, Rest};
use serde_json::{Map, Value, json};

/// A server and a host with the connection `crm` to it.
struct Crm {
    rest: Rest,
    host: TestHost,
}

impl Crm {
    /// With the requests `create-deal` and `boleto`.
    async fn start() -> Self {
        Self::with(&json!({})).await
    }

    /// The same with these further members of the config.
    async fn with(more: &Value) -> Self {
        let rest = Rest::start().await;
        let host =
            Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::GENERIC_HTTP).names(names()).start().await;
        let crm = Self { rest, host };
        let grants = json!({ "hosts": [crm.rest.base()], "private_addresses": ["127.0.0.1/32"] });
        crm.connect("crm", &config(&crm.rest, more), &grants).await;
        crm
    }

    /// Makes a connection.
    async fn connect(&self, id: &str, config: &Value, grants: &Value) {
        let connection = json!({ "plugin": "generic-http", "config": config, "grants": grants });
        let reply = self.host.put(&format!("/v1/connections/{id}"), &connection).await;
        assert_eq!(reply.status(), 201, "{}", reply.text());
    }

    async fn call(&self, action: &str, input: &Value) -> Reply {
        self.host.call("crm", action, input).await
    }

    /// The record of a request to this path, with these further members.
    async fn tried(&self, method: &str, path: &str, more: &Value) -> Value {
        self.tried_at(method, &format!("{}{path}", self.rest.base()), more).await
    }

    /// The same at any URL.
    async fn tried_at(&self, method: &str, url: &str, more: &Value) -> Value {
        let request = merged(json!({ "method": method, "url": url }), more);
        let reply = self.call("test", &json!({ "request": request })).await;
        assert_eq!(reply.status(), 200, "{url}: {}", reply.text());
        reply.json()
    }

    /// The record of a request of the config that is run.
    async fn ran(&self, input: &Value) -> Value {
        let reply = self.call("run", input).await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        reply.json()
    }
}

/// Names that lead to where nothing is sent.
fn names() -> Names {
    Names::default().with("inside.example", &["10.0.0.1"]).with("metadata.example", &["169.254.169.254"])
}

fn config(rest: &Rest, more: &Value) -> Value {
    let base = rest.base();
    let config = json!({
        "secrets": { "rd": DEALS_TOKEN, "client": CLIENT_SECRET },
        "requests": {
            "create-deal": {
                "method": "POST",
                "url": format!("{base}/api/v1/deals"),
                "query": [{ "name": "token", "value": { "secret": "rd" } }],
                "headers": [{ "name": "Content-Type", "value": { "text": "application/json" } }],
                "body": { "encoding": "json", "rows": [
                    { "key": "deal[name]", "value": { "field": "nome" } },
                    { "key": "deal[rating]", "type": "number", "value": { "text": "1" } },
                    { "key": "contacts[0][name]", "value": { "field": "nome" } },
                    { "key": "contacts[0][emails][0][email]", "value": { "field": "email" }, "on_missing": "omit" },
                ] },
                "reply": { "template": "Negócio {_id} criado", "on_missing": "error", "on_error": "Tente mais tarde" },
            },
            "boleto": {
                "method": "GET",
                "url": format!("{base}/boleto"),
                "query": [{ "name": "cpf", "value": { "field": "cpf" } }],
                "reply": { "template": "Segue o boleto: {data[url]}", "on_error": "Sem boleto: {error}" },
            },
        },
    });
    merged(config, more)
}

/// The object with these further members.
fn merged(object: Value, more: &Value) -> Value {
    let Value::Object(mut members) = object else { panic!("no object: {object}") };
    members.extend(more.as_object().into_iter().flat_map(Map::clone));
    Value::Object(members)
}

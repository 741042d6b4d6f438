//! Guests against the contract, against contracts that are off by one, and against released ones. Each is an example of this
//! package, so that each is a component of its own; what they share is here.

/// A manifest that is right.
pub const MANIFEST: &str = r#"{
  "manifest": 1,
  "name": "contract",
  "version": "0.1.0",
  "config": {
    "type": "object",
    "properties": { "secret": { "type": "string", "minLength": 1, "writeOnly": true } }
  },
  "webhook": { "verify": { "scheme": "token", "header": "x-token", "secret": "/secret" } },
  "events": [{ "kind": "thing.happened", "data": {} }]
}"#;

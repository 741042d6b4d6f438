//! Webhooks that a plugin brings along to be tried with.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

/// A webhook as the provider would send it; the host signs it.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Box<RawValue>,
}

impl Sample {
    /// A sample with a JSON body, kept as it is written: `Sample::json("delivered", include_str!("../samples/delivered.json"))`.
    ///
    /// # Panics
    ///
    /// If `body` is no JSON.
    pub fn json(name: impl Into<String>, body: &str) -> Self {
        let name = name.into();
        let body = body.trim_ascii().to_owned();
        match RawValue::from_string(body) {
            Ok(body) => Self { name, headers: BTreeMap::new(), body },
            Err(error) => panic!("the body of the sample `{name}` is no JSON: {error}"),
        }
    }

    /// A sample whose body is a text other than JSON.
    pub fn text(name: impl Into<String>, body: &str) -> Self {
        let body = serde_json::value::to_raw_value(body).expect("a string serialises");
        Self { name: name.into(), headers: BTreeMap::new(), body }
    }

    /// With one more header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

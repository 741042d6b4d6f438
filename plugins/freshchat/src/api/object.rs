//! Answers that are one object.

use std::collections::BTreeMap;

use hookyard_sdk::Error;
use hookyard_sdk::http::Response;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The body as `T`, if it is an object at all: a struct would be read from an array, too, by the order of its fields.
pub(crate) fn object<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<T, Error> {
    response.json::<BTreeMap<String, IgnoredAny>>()?;
    response.json()
}

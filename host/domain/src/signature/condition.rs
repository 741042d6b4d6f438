//! Which requests a rule is for.

use serde_json::Value;

use super::request::Request;
use crate::manifest::webhook::Condition;

/// Whether everything that the condition states holds. It may be asked before verification.
pub(crate) fn holds(condition: &Condition, request: &Request<'_>) -> bool {
    let Condition { method, query, header, body } = condition;
    method.as_ref().is_none_or(|method| *method == request.webhook.method)
        && query.as_ref().is_none_or(|name| request.has_query(name))
        && header.as_ref().is_none_or(|name| request.has_header(name))
        && body.iter().all(|(pointer, expected)| {
            let found = request.json().and_then(|json| json.at(pointer));
            found.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|found| found == *expected))
        })
}

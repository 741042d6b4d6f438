//! A CRM and a shop's payment slips.

use serde_json::{Value, json};

use super::Shared;
use super::serve::parameter;
use crate::answer::Answer;
use crate::locked;
use crate::provider::Received;

/// What `token` in the query of the CRM must be.
pub const DEALS_TOKEN: &str = "rd-5f0c7e9a41b2d83e6c17";
/// The customer who has a payment slip.
pub const CPF: &str = "00123456789";

/// Both statuses of refusals are assumed: the CRM's own are not documented.
pub(super) fn create_deal(state: &Shared, request: &Received) -> Answer {
    if parameter(request.query.as_bytes(), "token").as_deref() != Some(DEALS_TOKEN) {
        return Answer::json(401, &json!({ "error": "invalid token" }));
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(name) = body["deal"]["name"].as_str().filter(|name| !name.is_empty()) else {
        return Answer::json(422, &json!({ "errors": { "name": ["can't be blank"] } }));
    };
    let mut deals = locked(&state.deals);
    *deals += 1;
    Answer::json(200, &json!({ "_id": format!("6565f1c2a7b3d9001e{:06x}", *deals), "name": name }))
}

/// The digits count, in whatever text they stand.
pub(super) fn find_slip(query: &str) -> Answer {
    let asked = parameter(query.as_bytes(), "cpf").unwrap_or_default();
    let digits: String = asked.chars().filter(char::is_ascii_digit).collect();
    if digits != CPF {
        return Answer::json(404, &json!({ "error": "no boleto for this cpf" }));
    }
    // Written by hand, since the zero at the end of the amount has to stay.
    let slip = r#"{"data":{"url":"https://pay.example/b/1","valor":10.50}}"#;
    Answer::text(200, "application/json; charset=utf-8", slip.to_owned())
}

//! AfterShip's answers and their wrapper.

use serde_json::{Value, json};

/// An answer before it goes onto the wire.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Answer {
    /// `{"meta": {"code": status}, "data": …}`.
    pub(super) fn success(status: u16, data: &Value) -> Self {
        Self::json(status, &json!({ "meta": { "code": status }, "data": data }))
    }

    /// The error with this `meta.code`, as AfterShip's table of errors has it.
    pub(super) fn error(code: u32) -> Self {
        let (status, kind, message) = match code {
            4001 => (400, "BadRequest", "Invalid JSON data."),
            4003 => (400, "BadRequest", "Tracking already exists."),
            4004 => (404, "NotFound", "Tracking does not exist."),
            4005 => (400, "BadRequest", "The value of `tracking_number` is invalid."),
            4006 => (400, "BadRequest", "`tracking` object is required."),
            4007 => (400, "BadRequest", "`tracking_number` is required."),
            4008 => (400, "BadRequest", "The value of a field is invalid."),
            4010 => (400, "BadRequest", "The value of `slug` is invalid."),
            4011 => (400, "BadRequest", "The courier needs further fields."),
            4012 => (400, "BadRequest", "The courier cannot be detected."),
            4013 => (400, "BadRequest", "Retrack is not allowed. You can only retrack an inactive tracking."),
            4015 => (400, "BadRequest", "The value of `id` is invalid."),
            4016 => (400, "BadRequest", "Retrack is not allowed. You can only retrack each shipment once."),
            401 => (401, "Unauthorized", "The API key is invalid."),
            403 => (403, "Forbidden", "The request is understood, but it has been refused."),
            404 => (404, "NotFound", "The URI requested is invalid."),
            429 => (
                429,
                "TooManyRequests",
                "You have exceeded the API call rate limit. The default limit is 10 requests per second.",
            ),
            500..600 => {
                (u16::try_from(code).unwrap_or(500), "InternalError", "Something went wrong on AfterShip's end.")
            }
            _ => (400, "BadRequest", "The request was invalid or cannot be otherwise served."),
        };
        Self::json(status, &json!({ "meta": { "code": code, "message": message, "type": kind }, "data": {} }))
    }

    /// What a gateway in front of AfterShip shows.
    pub(super) fn page(status: u16) -> Self {
        let body =
            format!("<html>\r\n<head><title>{status} Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n");
        Self { status, content_type: "text/html", body }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json; charset=utf-8", body: body.to_string() }
    }
}

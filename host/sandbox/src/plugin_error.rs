//! Errors that plugins return, made safe to store and to show.

use std::time::Duration;

use hookyard_capability::SharedLog;
use hookyard_domain::invocation::{ErrorKind, LogLevel, PluginError};
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use serde_json::{Map, Value};

use crate::bindings::hookyard::plugin::types::{self, ErrorKind as WitErrorKind};

/// The domain's error for one of the contract. Details that are not a JSON object within their bound are left out, and the
/// log says so; texts are as the guest wrote them: see [`shown`].
pub(crate) fn from_wit(error: types::Error, log: &SharedLog) -> PluginError {
    let kind = match error.kind {
        WitErrorKind::Invalid => ErrorKind::Invalid,
        WitErrorKind::Unauthorized => ErrorKind::Unauthorized,
        WitErrorKind::Unavailable => ErrorKind::Unavailable,
        WitErrorKind::Failed => ErrorKind::Failed,
    };
    PluginError {
        kind,
        code: error.code,
        message: error.message,
        retry_after: error.retry_after_ms.map(|millis| Duration::from_millis(millis.into())),
        details: error.details.map(|json| details(&json, log)).unwrap_or_default(),
    }
}

/// The error without any secret of the connection in its texts, which are cut at their bounds.
pub(crate) fn shown(error: PluginError, redactor: &Redactor) -> PluginError {
    let beginning = |text: &str, bytes_max| redactor.redact_beginning(text, bytes_max).into_owned();
    PluginError {
        code: beginning(&error.code, limit::ERROR_CODE_BYTES_MAX),
        message: beginning(&error.message, limit::ERROR_MESSAGE_BYTES_MAX),
        details: redacted_members(error.details, redactor),
        ..error
    }
}

fn redacted_members(members: Map<String, Value>, redactor: &Redactor) -> Map<String, Value> {
    let redacted = |(name, value): (String, _)| (redactor.redact(&name).into_owned(), redacted_value(value, redactor));
    members.into_iter().map(redacted).collect()
}

fn redacted_value(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(text) => Value::String(redactor.redact(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(|item| redacted_value(item, redactor)).collect(),
        Value::Object(members) => Value::Object(redacted_members(members, redactor)),
        other => other,
    }
}

fn details(json: &str, log: &SharedLog) -> Map<String, Value> {
    let problem = if json.len() > limit::ERROR_DETAILS_BYTES_MAX {
        format!("have {} bytes; at most {} are kept", json.len(), limit::ERROR_DETAILS_BYTES_MAX)
    } else {
        match serde_json::from_str(json) {
            Ok(details) => return details,
            Err(error) => format!("are not a JSON object: {error}"),
        }
    };
    log.write_of_host(LogLevel::Warn, &format!("the details of the returned error {problem}; they are left out"));
    Map::new()
}

#[cfg(test)]
mod tests {
    use hookyard_domain::secret::Secret;

    use super::*;

    fn error(details: &str) -> types::Error {
        types::Error {
            kind: WitErrorKind::Unavailable,
            code: "busy".into(),
            message: "é".repeat(limit::ERROR_MESSAGE_BYTES_MAX),
            retry_after_ms: Some(1_500),
            details: Some(details.into()),
        }
    }

    #[test]
    fn details_join_the_error_and_long_texts_are_cut() {
        let log = SharedLog::default();
        let error = shown(from_wit(error(r#"{"http_status": 429}"#), &log), &Redactor::new([]));
        assert_eq!(error.details["http_status"], 429);
        assert_eq!(error.message.len(), limit::ERROR_MESSAGE_BYTES_MAX);
        assert_eq!(error.retry_after, Some(Duration::from_millis(1_500)));
        assert!(log.take().lines.is_empty());
    }

    #[test]
    fn a_secret_across_a_bound_is_not_shown_by_its_beginning() {
        let across = |bytes: usize| format!("{}correct-horse", "x".repeat(bytes - 3));
        let error = types::Error {
            code: across(limit::ERROR_CODE_BYTES_MAX),
            message: across(limit::ERROR_MESSAGE_BYTES_MAX),
            ..error(r#"{"correct-horse": ["correct-horse", {"a": "correct-horse"}]}"#)
        };
        let error = shown(from_wit(error, &SharedLog::default()), &Redactor::new([&Secret::new("correct-horse")]));
        for (text, bound) in
            [(&error.code, limit::ERROR_CODE_BYTES_MAX), (&error.message, limit::ERROR_MESSAGE_BYTES_MAX)]
        {
            assert_eq!(*text, format!("{}•", "x".repeat(bound - 3)));
        }
        assert_eq!(Value::Object(error.details), serde_json::json!({ "•••": ["•••", { "a": "•••" }] }));
    }

    #[test]
    fn details_that_are_no_object_are_left_out_and_the_log_says_so() {
        for wrong in ["[1]", "{", &format!("{{\"x\": \"{}\"}}", "y".repeat(limit::ERROR_DETAILS_BYTES_MAX))] {
            let log = SharedLog::default();
            assert!(from_wit(error(wrong), &log).details.is_empty());
            assert_eq!(log.take().lines.len(), 1);
        }
    }
}

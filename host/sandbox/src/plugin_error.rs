//! Errors that plugins return, made safe to store and to show.

use std::time::Duration;

use hookyard_capability::SharedLog;
use hookyard_domain::invocation::{ErrorKind, LogLevel, PluginError};
use hookyard_domain::limit;
use serde_json::{Map, Value};

use crate::bindings::hookyard::plugin::types::{self, ErrorKind as WitErrorKind};
use crate::trap::cut;

/// The domain's error for one of the contract. Texts are cut at their bounds; details that are not a JSON object within
/// theirs are left out, and the log says so.
pub(crate) fn from_wit(error: types::Error, log: &SharedLog) -> PluginError {
    let kind = match error.kind {
        WitErrorKind::Invalid => ErrorKind::Invalid,
        WitErrorKind::Unauthorized => ErrorKind::Unauthorized,
        WitErrorKind::Unavailable => ErrorKind::Unavailable,
        WitErrorKind::Failed => ErrorKind::Failed,
    };
    PluginError {
        kind,
        code: cut(error.code, limit::ERROR_CODE_BYTES_MAX),
        message: cut(error.message, limit::ERROR_MESSAGE_BYTES_MAX),
        retry_after: error.retry_after_ms.map(|millis| Duration::from_millis(millis.into())),
        details: error.details.map(|json| details(&json, log)).unwrap_or_default(),
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
    log.write(LogLevel::Warn, &format!("the details of the returned error {problem}; they are left out"));
    Map::new()
}

#[cfg(test)]
mod tests {
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
        let error = from_wit(error(r#"{"http_status": 429}"#), &log);
        assert_eq!(error.details["http_status"], 429);
        assert_eq!(error.message.len(), limit::ERROR_MESSAGE_BYTES_MAX);
        assert_eq!(error.retry_after, Some(Duration::from_millis(1_500)));
        assert!(log.take().lines.is_empty());
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

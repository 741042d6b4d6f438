//! `lifecycle.activate`.

use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use serde::Deserialize;
use serde_json::{Map, Value};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::component::{Component, Loaded};
use crate::guest::Guest;
use crate::invocation::Invocation;
use crate::invoke::{Call, CallError};
use crate::outcome::Finished;
use crate::sandbox::Sandbox;

/// What a plugin says once its connection is active.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Activated {
    /// What is left to do by hand, one sentence each.
    #[serde(default)]
    pub setup: Vec<String>,
}

impl Activated {
    /// What is left to do, within its bounds and without secrets.
    pub fn bounded(setup: &[String], redactor: &Redactor) -> Self {
        let lines = setup.iter().take(limit::SETUP_LINES_MAX);
        let lines = lines.map(|line| redactor.redact_beginning(line, limit::SETUP_LINE_BYTES_MAX).into_owned());
        Self { setup: lines.collect() }
    }
}

impl Sandbox {
    /// Has a component activate a connection, in an instance of its own: check its credentials, say what is left to do.
    ///
    /// Nothing becomes true here: that is for whoever commits the effects. A component without `lifecycle` ends as a trap
    /// that says so; ask [`Component::exports`] first. Dropping the future ends the guest.
    pub async fn activate(&self, component: &Component, invocation: Invocation) -> Finished<Activated> {
        self.invoke(component, invocation, Activate).await
    }
}

struct Activate;

impl Call for Activate {
    type Answer = Activated;

    async fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Activated, CallError>> {
        let Some(indices) = &component.exports.lifecycle else {
            return Err(wasmtime::Error::msg("the component does not export lifecycle"));
        };
        let lifecycle = indices.load(&mut *store, instance)?;
        let answer = lifecycle.call_activate(&mut *store).await?;
        let redactor = store.data_mut().effects("lifecycle.activate")?.redactor();
        Ok(answer.map_err(CallError::Returned).and_then(|json| read(&json, &redactor)))
    }
}

/// Unknown members are for a newer host; what is too much is cut. No line holds a secret.
fn read(json: &str, redactor: &Redactor) -> Result<Activated, CallError> {
    let refused =
        |reason: String| CallError::unusable("invalid-response", format!("the plugin's `activate` returned {reason}"));
    if json.len() > limit::JSON_BYTES_MAX {
        return Err(refused(format!("{} bytes; {} are the most", json.len(), limit::JSON_BYTES_MAX)));
    }
    // By way of a map, because a list would pass for a struct.
    let members = serde_json::from_str::<Map<String, Value>>(json);
    let activated = members.and_then(|members| serde_json::from_value(Value::Object(members)));
    let activated: Activated = activated.map_err(|error| refused(format!("what is no {{\"setup\": […]}}: {error}")))?;
    Ok(Activated::bounded(&activated.setup, redactor))
}

#[cfg(test)]
mod tests {
    use hookyard_domain::secret::Secret;

    use super::*;

    #[test]
    fn setup_is_read_leniently_and_bounded() {
        let lines = |json: &str| {
            read(json, &Redactor::new([])).map(|activated| activated.setup).unwrap_or_else(|_| panic!("{json}"))
        };
        assert_eq!(lines(r#"{"setup": ["a"], "later": 1}"#), ["a"]);
        assert_eq!(lines("{}"), Vec::<String>::new());
        let many =
            serde_json::json!({ "setup": vec!["é".repeat(limit::SETUP_LINE_BYTES_MAX); limit::SETUP_LINES_MAX + 1] });
        let read_back = lines(&many.to_string());
        assert_eq!((read_back.len(), read_back[0].len()), (limit::SETUP_LINES_MAX, limit::SETUP_LINE_BYTES_MAX));
        for wrong in ["", "null", "[]", r#"{"setup": "a"}"#, r#"{"setup": [1]}"#] {
            assert!(matches!(read(wrong, &Redactor::new([])), Err(CallError::Unusable(_))), "{wrong}");
        }
    }

    #[test]
    fn a_secret_across_the_end_of_a_line_is_not_shown_by_its_beginning() {
        let redactor = Redactor::new([&Secret::new("correct-horse")]);
        let line = format!("{}correct-horse", "x".repeat(limit::SETUP_LINE_BYTES_MAX - 3));
        let Ok(activated) = read(&serde_json::json!({ "setup": [line] }).to_string(), &redactor) else {
            panic!("readable")
        };
        assert_eq!(activated.setup, [format!("{}•", "x".repeat(limit::SETUP_LINE_BYTES_MAX - 3))]);
    }
}

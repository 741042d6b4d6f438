//! What keeps a connection from working.

use hookyard_domain::schema::Violation;

use crate::config::ConnectionSettings;

/// One thing that is wrong with a connection's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the settings as the API has them: `/config/api_key`, `/plugin`.
    pub pointer: String,
    /// A stable word.
    pub code: String,
    /// A sentence. Never holds a secret.
    pub detail: String,
    /// The same with the place where it stands in front, for whoever does not see the settings.
    pub line: String,
}

impl Fault {
    /// The config breaks its plugin's schema.
    pub(super) fn of_schema(settings: &ConnectionSettings, violation: &Violation) -> Self {
        let Violation { pointer, code, detail } = violation;
        Self {
            pointer: format!("/config{pointer}"),
            code: code.clone(),
            line: format!("{}: {detail}", settings.line_of(pointer)),
            detail: detail.clone(),
        }
    }

    /// What follows from the config cannot be made.
    pub(super) fn of_config(settings: &ConnectionSettings, detail: String) -> Self {
        let line = format!("{}: {detail}", settings.location);
        Self { pointer: "/config".to_owned(), code: "invalid".to_owned(), detail, line }
    }

    /// No such plugin is there.
    pub(super) fn of_plugin(settings: &ConnectionSettings, detail: String) -> Self {
        let line = format!("{}: {detail}", settings.location);
        Self { pointer: "/plugin".to_owned(), code: "not-loaded".to_owned(), detail, line }
    }

    /// Found where the settings were read, with its place in it.
    pub(super) fn of_settings(line: &str) -> Self {
        Self { pointer: String::new(), code: "invalid".to_owned(), detail: line.to_owned(), line: line.to_owned() }
    }
}

//! Hosts as manifests name them.

use serde_json::Value;
use url::Url;

use crate::config::Config;
use crate::grant::{Ask, Grant};
use crate::host_pattern::HostPattern;
use crate::signature::place::json_pointer;

/// One entry of `hosts`, of the manifest or of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostEntry {
    /// A host pattern.
    Pattern(HostPattern),
    /// `{config:/pointer}`: scheme, host and port of the URL that stands there.
    Config(String),
    /// `{grant}`: every host that the operator granted beyond what is asked. In credentials only.
    Grant,
}

impl HostEntry {
    /// Reads an entry of a manifest's `hosts`; the error is a sentence for the author.
    pub(crate) fn asked(text: &str) -> Result<Self, String> {
        match text.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}')) {
            Some(pointer) => json_pointer(pointer).map(Self::Config),
            None => {
                text.parse().map(Self::Pattern).map_err(|error| format!("{text:?} {error}, or {{config:/POINTER}}"))
            }
        }
    }

    /// Reads an entry of a credential's `hosts`; the error is a sentence for the author.
    pub(crate) fn of_credential(text: &str) -> Result<Self, String> {
        if text == "{grant}" { Ok(Self::Grant) } else { Self::asked(text) }
    }

    /// The patterns that it stands for: none where the config is not set, and has no default that the operator consented to.
    /// What he sets himself needs no other consent. The error is a sentence for the operator; it does not show the value.
    pub(crate) fn patterns(&self, config: &Config, grant: &Grant, consented: &Ask) -> Result<Vec<HostPattern>, String> {
        let pointer = match self {
            Self::Pattern(pattern) => return Ok(vec![pattern.clone()]),
            Self::Grant => return Ok(grant.hosts.clone()),
            Self::Config(pointer) => pointer,
        };
        let is_set = config.value().pointer(pointer).is_some();
        let text = match config.effective().pointer(pointer) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::String(text)) if text.is_empty() => return Ok(Vec::new()),
            Some(Value::String(text)) if is_set || consented.has_default(pointer, text) => text,
            Some(_) if !is_set => return Ok(Vec::new()),
            Some(_) => return Err(format!("the config's {pointer} is not a text with a URL")),
        };
        let url = Url::parse(text).map_err(|error| format!("the config's {pointer} is not a URL: {error}"))?;
        let pattern = HostPattern::of_url(&url).map_err(|error| format!("the config's {pointer}: {error}"))?;
        Ok(vec![pattern])
    }
}

//! Which conversation is meant.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most characters of an id.
const CHARS_MAX: usize = 256;

/// The id of a conversation, as the provider writes it: 1 to 256 characters without control characters.
///
/// The schema says the same, so that the host has checked what an action gets. What comes in a webhook goes through
/// [`from_provider`](Self::from_provider).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConversationId(
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$"))] String,
);

impl ConversationId {
    /// The id that a provider wrote, if it can be one.
    pub fn from_provider(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let chars = id.chars().count();
        ((1..=CHARS_MAX).contains(&chars) && !id.chars().any(char::is_control)).then_some(Self(id))
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_1_to_256_characters_and_no_control_characters() {
        let longest = "é".repeat(CHARS_MAX);
        for id in ["c", "tg:527700113", "with a blank", "+972 50", longest.as_str()] {
            assert_eq!(ConversationId::from_provider(id).as_ref().map(ConversationId::as_str), Some(id));
        }
        let longer = "é".repeat(CHARS_MAX + 1);
        for id in ["", "a\nb", "a\u{0}", "a\u{7f}", "a\u{85}", longer.as_str()] {
            assert_eq!(ConversationId::from_provider(id), None, "{id:?}");
        }
    }
}

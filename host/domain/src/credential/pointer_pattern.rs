//! Which secrets of a config a credential speaks of.

use std::fmt;

use crate::signature::place::json_pointer;

/// A JSON pointer, which may end in `/*` for whatever stands directly below. A list of secrets counts as one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerPattern {
    pointer: String,
    below: bool,
}

impl PointerPattern {
    /// Reads a pattern; the error is a sentence for the author.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (pointer, below) = text.strip_suffix("/*").map_or((text, false), |around| (around, true));
        Ok(Self { pointer: json_pointer(pointer)?, below })
    }

    /// What `/*` stands after, if the pattern ends so.
    pub(crate) fn below(&self) -> Option<&str> {
        self.below.then_some(&self.pointer)
    }

    /// Whether the secret at this pointer is meant.
    pub fn matches(&self, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix(&self.pointer) else { return false };
        let rest = if self.below {
            let Some(member) = rest.strip_prefix('/') else { return false };
            member.find('/').map_or("", |end| &member[end..])
        } else {
            rest
        };
        // Nothing, or the index of an item.
        let index = rest.strip_prefix('/');
        rest.is_empty() || index.is_some_and(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()))
    }
}

impl fmt::Display for PointerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.pointer, if self.below { "/*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_one_place_or_all_that_stand_directly_below() {
        // The test host of the plugin SDK is held to this table as well.
        let rows = include_str!("../../../../tests/vectors/pointer_patterns.json");
        let rows: Vec<serde_json::Value> = serde_json::from_str(rows).expect("JSON");
        assert!(!rows.is_empty());
        for row in rows {
            let [pattern, pointer] = ["pattern", "pointer"].map(|member| row[member].as_str().expect("a text"));
            let parsed = PointerPattern::parse(pattern).expect(pattern);
            assert_eq!(Some(parsed.matches(pointer)), row["matches"].as_bool(), "{row}");
            assert_eq!(parsed.to_string(), pattern);
        }
        assert!(PointerPattern::parse("api_key").is_err());
        assert!(PointerPattern::parse("*").is_err());
    }
}

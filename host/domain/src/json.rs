//! JSON text from outside, before it is parsed.

mod decimal;
mod rounded;

pub(crate) use decimal::Decimal;
pub use rounded::{Rounded, rounded};

/// How many arrays and objects of a JSON text stand open at once at most: 0 for a scalar, 1 for `[]`.
///
/// Counted without recursion and without memory, so that a text can be refused (see
/// [`limit::JSON_DEPTH_MAX`](crate::limit::JSON_DEPTH_MAX)) before a parser follows it down. Exact for valid JSON; of text that
/// is not JSON the count means nothing, and the parser will say so.
pub fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_place_counts_wherever_it_stands() {
        for (text, levels) in [("7", 0), ("[]", 1), (r#"{"a": [1], "b": [[{}]], "c": []}"#, 4), ("[[], [], []]", 2)] {
            assert_eq!(depth(text), levels, "{text}");
        }
    }

    #[test]
    fn brackets_within_strings_do_not_nest() {
        assert_eq!(depth(r#"{"a": "[[[\"[[", "b": [[]]}"#), 3);
        assert_eq!(depth(r#"["\\", [], "}"]"#), 2);
    }

    #[test]
    fn what_is_no_json_is_counted_all_the_same() {
        assert_eq!(depth("]]}[\""), 1);
        assert_eq!(depth(&"[".repeat(500_000)), 500_000);
    }
}

//! Which secrets of a config a credential speaks of.

/// Whether `pattern`, a JSON pointer that may end in `/*` for whatever stands directly below, means the secret at `pointer`. A
/// list of secrets counts as one.
pub(super) fn means(pattern: &str, pointer: &str) -> bool {
    let (around, below) = pattern.strip_suffix("/*").map_or((pattern, false), |around| (around, true));
    let rest = pointer.strip_prefix(around);
    let rest = if below {
        rest.and_then(|rest| rest.strip_prefix('/')).map(|member| member.find('/').map_or("", |end| &member[end..]))
    } else {
        rest
    };
    // Nothing, or the index of an item.
    rest.is_some_and(|rest| {
        let index = rest.strip_prefix('/');
        rest.is_empty()
            || index.is_some_and(|index| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::means;
    use serde_json::Value;

    #[test]
    fn a_pattern_means_what_it_means_to_the_real_host() {
        let rows = include_str!("../../../../../tests/vectors/pointer_patterns.json");
        let rows: Vec<Value> = serde_json::from_str(rows).expect("JSON");
        assert!(!rows.is_empty());
        for row in rows {
            let [pattern, pointer] = ["pattern", "pointer"].map(|member| row[member].as_str().expect("a text"));
            assert_eq!(Some(means(pattern, pointer)), row["matches"].as_bool(), "{row}");
        }
    }
}

//! "Did you mean": the known name that is closest to a mistyped one.

/// A sentence about a key that nobody knows.
pub(crate) fn unknown_key(key: &str, known: &[&str]) -> String {
    match closest(key, known) {
        Some(name) => format!("unknown key; did you mean {name}?"),
        None => format!("unknown key; known here: {}", known.join(", ")),
    }
}

/// The known name that a typing mistake may have turned into `name`.
fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let near = |candidate: &&'a str| (distance(&name, candidate), *candidate);
    let (distance, candidate) = known.iter().map(near).min()?;
    let tolerance = (candidate.len().max(name.len()) / 3).max(1);
    let begins = name.len() >= 3 && (candidate.starts_with(&name) || name.starts_with(candidate));
    (distance <= tolerance || begins).then_some(candidate)
}

/// Insertions, deletions and replacements of characters that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_mistakes_find_their_key_and_other_words_do_not() {
        let known = ["plugin", "config", "grants", "enabled"];
        for (typed, meant) in
            [("plugn", "plugin"), ("Plugin", "plugin"), ("grant", "grants"), ("enable", "enabled"), ("conf", "config")]
        {
            assert_eq!(closest(typed, &known), Some(meant), "{typed}");
        }
        assert_eq!(closest("secret", &known), None);
        assert_eq!(closest("public-url", &["public_url", "plugins"]), Some("public_url"));
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

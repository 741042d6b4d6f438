//! Fields of a config as query parameters.

use hookyard_domain::limit;

use crate::http::problem::{InputError, Problem};

/// Names and texts. One pair of quotes around a text is dropped, for those who write URLs in a shell.
///
/// # Errors
/// 422: a name occurs twice, or there are too many. No value is shown.
pub(super) fn fields(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()).take(limit::CONFIG_FIELDS_MAX + 1) {
        if fields.iter().any(|(known, _)| *known == name) {
            let detail = format!("{name:?} occurs more than once");
            let pointer = format!("/config/{}", name.replace('~', "~0").replace('/', "~1"));
            wrong.push(InputError::new(pointer, "duplicate-name", detail));
        }
        fields.push((name.into_owned(), without_quotes(&text).to_owned()));
    }
    if fields.len() > limit::CONFIG_FIELDS_MAX {
        let detail = format!("a query may set {} fields", limit::CONFIG_FIELDS_MAX);
        wrong.push(InputError::new("/config", "too-many", detail));
    }
    if wrong.is_empty() { Ok(fields) } else { Err(Problem::invalid_input(wrong)) }
}

fn without_quotes(text: &str) -> &str {
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_of_quotes_is_dropped() {
        let all = fields("a=%22x%20y%22&b='z'&c=%22%22q%22%22&d=%22&e=&f=1+2").expect("right");
        let all: Vec<_> = all.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(all, [("a", "x y"), ("b", "z"), ("c", "\"q\""), ("d", "\""), ("e", ""), ("f", "1 2")]);
    }

    #[test]
    fn a_name_stands_once_and_no_value_is_shown() {
        let problem = fields("key=s3cret&key=s3cret2").expect_err("twice").document();
        assert_eq!(problem["errors"][0]["pointer"], "/config/key");
        assert!(!problem.to_string().contains("s3cret"));
        let many: Vec<_> = (0..=limit::CONFIG_FIELDS_MAX).map(|number| format!("a{number}=1")).collect();
        assert_eq!(fields(&many.join("&")).expect_err("many").status(), 422);
    }
}

//! Fields of a config as query parameters.

use hookyard_domain::limit;

use crate::http::problem::{InputError, Problem};

/// Names and texts. One pair of quotes around a text is dropped, for those who write URLs in a shell.
///
/// # Errors
/// 422: a name occurs twice, there are too many, or something is no text once it is decoded. No value is shown.
pub(super) fn fields(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()).take(limit::CONFIG_FIELDS_MAX + 1) {
        // What is decoded leaves this in the place of bytes that are no text. A secret would be another one without a word.
        if text.contains(char::REPLACEMENT_CHARACTER) || name.contains(char::REPLACEMENT_CHARACTER) {
            let detail = format!("{name:?} is not percent-encoded UTF-8");
            wrong.push(InputError::new(pointer(&name), "invalid", detail));
        }
        if fields.iter().any(|(known, _)| *known == name) {
            let detail = format!("{name:?} occurs more than once");
            wrong.push(InputError::new(pointer(&name), "duplicate-name", detail));
        }
        fields.push((name.into_owned(), without_quotes(&text).to_owned()));
    }
    if fields.len() > limit::CONFIG_FIELDS_MAX {
        let detail = format!("a query may set {} fields", limit::CONFIG_FIELDS_MAX);
        wrong.push(InputError::new("/config", "too-many", detail));
    }
    if wrong.is_empty() { Ok(fields) } else { Err(Problem::invalid_input(wrong)) }
}

fn pointer(name: &str) -> String {
    format!("/config/{}", name.replace('~', "~0").replace('/', "~1"))
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
    fn what_is_no_text_is_refused_and_not_kept_as_something_else() {
        let problem = fields("a=x&key=s3cret%ff").expect_err("no UTF-8").document();
        assert_eq!(problem["errors"][0]["pointer"], "/config/key");
        assert!(!problem.to_string().contains("s3cret"));
        assert_eq!(fields("caf%e9=1").expect_err("no UTF-8").status(), 422);
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

//! The body of a request.

use hookyard_key_path::{Leaf, RowError, RowProblem, Tree, ValueError};
use hookyard_sdk::http;

use super::scope::{Resolved, Scope};
use crate::definition::{Body, Encoding, OnMissing, Request, Row, Type, Value};
use crate::problem::Problems;
use crate::record::json_bytes;

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a body as a JSON string, as records show it: half of what an output may have. Only control characters need more.
const SHOWN_BYTES_MAX: usize = 512 * 1024;

/// The text of the body; nothing, if there is none or if something is wrong with it.
pub(super) fn build(request: &Request, scope: &Scope<'_>, problems: &mut Problems) -> Option<String> {
    let body = request.body.as_ref()?;
    match (body.encoding, &body.raw) {
        (Encoding::Raw, Some(raw)) if body.rows.is_empty() => bounded(Some(raw.clone()), problems),
        (Encoding::Raw, _) => {
            problems.at("/body", "bad_body", "with the encoding raw, `raw` has the text and there are no rows");
            None
        }
        (Encoding::Json | Encoding::Form, Some(_)) => {
            problems.at("/body/raw", "bad_body", "`raw` goes with the encoding raw");
            None
        }
        (Encoding::Json | Encoding::Form, None) => {
            let text = of_rows(body, scope, problems);
            bounded(text, problems)
        }
    }
}

fn bounded(text: Option<String>, problems: &mut Problems) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    let detail = if text.len() > BODY_BYTES_MAX {
        format!("the body has more than {BODY_BYTES_MAX} bytes")
    } else if json_bytes(&text).is_ok_and(|bytes| bytes > SHOWN_BYTES_MAX) {
        format!("with its escapes, the body has more than {SHOWN_BYTES_MAX} bytes where it is shown")
    } else {
        return Some(text);
    };
    problems.push(true, "/body", "body_too_large", detail);
    None
}

/// Of each row, the first thing that is wrong is reported, and what is wrong with its key comes first.
fn of_rows(body: &Body, scope: &Scope<'_>, problems: &mut Problems) -> Option<String> {
    let mut tree = Tree::default();
    let mut of_values = Vec::new();
    for (nth, row) in body.rows.iter().enumerate() {
        let mut wrong = Problems::default();
        let leaf = leaf(row, body.encoding, nth, scope, &mut wrong);
        of_values.push(wrong);
        if tree.add(&row.key, leaf).is_break() {
            break;
        }
    }
    let built = match body.encoding {
        Encoding::Form => tree.into_form().map(|fields| {
            let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Some(http::query(pairs))
        }),
        Encoding::Json | Encoding::Raw => tree.into_json(),
    };
    let (text, errors) = match built {
        Ok(text) => (text, Vec::new()),
        Err(errors) => (None, errors),
    };
    for (nth, wrong) in of_values.into_iter().enumerate() {
        match errors.iter().find(|error| error.row == nth) {
            Some(error) => report(error, &body.rows[nth], problems),
            None => problems.extend(wrong),
        }
    }
    text
}

fn report(error: &RowError, row: &Row, problems: &mut Problems) {
    let nth = error.row;
    let (of_call, pointer) = match &error.problem {
        RowProblem::TooManyRows => (false, "/body/rows".to_owned()),
        RowProblem::Value(ValueError::FormNeedsText) => (false, format!("/body/rows/{nth}/type")),
        RowProblem::Value(_) => (matches!(row.value, Value::Field { .. }), format!("/body/rows/{nth}/value")),
        _ => (false, format!("/body/rows/{nth}/key")),
    };
    problems.push(of_call, pointer, error.code(), error.to_string());
}

/// What stands at the end of the row's key. Where that cannot be said, the key counts all the same.
fn leaf(
    row: &Row,
    encoding: Encoding,
    nth: usize,
    scope: &Scope<'_>,
    wrong: &mut Problems,
) -> Result<Leaf, ValueError> {
    let is_null = row.on_missing == OnMissing::Null && matches!(row.value, Value::Field { .. });
    if encoding == Encoding::Form && (row.of_type != Type::Text || is_null) {
        return Err(ValueError::FormNeedsText);
    }
    let pointer = format!("/body/rows/{nth}/value");
    match scope.resolve(&row.value, &pointer, wrong) {
        Some(Resolved::Known { text, .. }) => Leaf::typed(row.of_type.into(), &text),
        Some(Resolved::Missing) => match row.on_missing {
            OnMissing::Empty if row.of_type == Type::Text => Ok(Leaf::text("")),
            OnMissing::Empty | OnMissing::Null => Leaf::json("null"),
            OnMissing::Omit => Ok(Leaf::Omitted),
            OnMissing::Fail => {
                let detail = format!("row {}: the call has no value for this field", nth + 1);
                wrong.push(true, pointer, "missing_field", detail);
                Ok(Leaf::Omitted)
            }
        },
        Some(Resolved::Unknown) | None => Ok(Leaf::Omitted),
    }
}

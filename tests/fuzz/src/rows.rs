//! Keys, and rows of them.

use hookyard_key_path::{KEY_BYTES_MAX, Leaf, Path, SEGMENTS_MAX, Segment, Tree, ValueType, build, form};
use hookyard_reply_template::value_at;
use serde::Deserialize as _;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{PART, RECORD};

struct Row<'i> {
    key: &'i str,
    value_type: ValueType,
    value: &'i str,
}

/// Checks the rows that an input is: key, type and value of each.
///
/// # Panics
/// Something does not hold.
pub fn check(input: &str) {
    let rows: Vec<_> = input.split(RECORD).map(row).collect();
    rows.iter().for_each(|row| check_key(row.key));
    check_typed(&rows);
    check_texts(&rows);
}

fn row(record: &str) -> Row<'_> {
    let mut parts = record.splitn(3, PART);
    let (key, value_type, value) = (parts.next(), parts.next(), parts.next());
    let value_type = match value_type.unwrap_or_default() {
        "number" => ValueType::Number,
        "boolean" => ValueType::Boolean,
        "null" => ValueType::Null,
        "json" => ValueType::Json,
        _ => ValueType::Text,
    };
    Row { key: key.unwrap_or_default(), value_type, value: value.unwrap_or_default() }
}

/// A key that is read and written is the same, and no longer; one that cannot be read is wrong at a place within it.
fn check_key(key: &str) {
    match Path::parse(key) {
        Ok(path) => {
            let written = path.to_string();
            assert!(written.len() <= KEY_BYTES_MAX, "{key:?} is written longer than a key may be");
            assert!((1..=SEGMENTS_MAX).contains(&path.segments().len()), "{key:?}");
            let above = path.segments().split_last().map(|(_, above)| above).unwrap_or_default();
            assert!(!above.contains(&Segment::Append), "{key:?} appends before its end");
            assert_eq!(Path::parse(&written).as_ref(), Ok(&path), "{key:?} is written as {written:?}");
        }
        Err(error) => assert!((1..=key.chars().count().max(1)).contains(&error.column), "{key:?}: {error}"),
    }
}

/// What the rows make is JSON, whatever their values are, and every error names one of them.
fn check_typed(rows: &[Row<'_>]) {
    let mut tree = Tree::default();
    for Row { key, value_type, value } in rows {
        if tree.add(key, Leaf::typed(*value_type, value)).is_break() {
            break;
        }
    }
    match tree.into_json() {
        Ok(None) => {}
        Ok(Some(body)) => assert!(is_json(&body), "{body:?} is no JSON"),
        Err(errors) => {
            assert!(!errors.is_empty() && errors.is_sorted_by_key(|error| error.row), "{errors:?}");
            for error in errors {
                let key = rows[error.row].key;
                assert_eq!(error.key, key);
                let end = key.chars().count().max(1);
                assert!(error.column().is_none_or(|column| (1..=end).contains(&column)), "{error}");
            }
        }
    }
}

/// Texts stand in the body where their keys say, unchanged; a form has one field for each of them, and is right where the body is.
fn check_texts(rows: &[Row<'_>]) {
    let texts = || rows.iter().map(|row| (row.key, Leaf::text(row.value)));
    let (body, form) = (build(texts()), form(texts()));
    assert_eq!(form.is_ok(), body.is_ok(), "a form and a body have the same rules");
    assert!(form.is_ok_and(|form| form.len() == rows.len()) || body.is_err());
    let Ok(Some(body)) = body else { return };
    let body: &RawValue = serde_json::from_str(&body).expect("a body of texts is JSON that is not deep");
    for Row { key, value, .. } in rows {
        let path = Path::parse(key).expect("it was built");
        if path.segments().last() != Some(&Segment::Append) {
            let found = value_at(body, &path).expect("it was built");
            assert_eq!(serde_json::from_str::<String>(found.get()).as_deref().ok(), Some(*value), "{key:?}");
        }
    }
}

fn is_json(text: &str) -> bool {
    let mut json = serde_json::Deserializer::from_str(text);
    // The tree is at most as deep as a key has steps and a value has levels.
    json.disable_recursion_limit();
    IgnoredAny::deserialize(&mut json).is_ok() && json.end().is_ok()
}

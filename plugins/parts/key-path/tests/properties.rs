//! What holds for any key and any tree.

use hookyard_key_path::{INDEX_MAX, Leaf, Path, ROWS_MAX, SEGMENTS_MAX, Segment, Tree, ValueType, build, form};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Names with all that has to be escaped, and numbers.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zé\\[\\]\\\\{}0-9.]([a-z \u{a0}é\\[\\]\\\\{}0-9.]{0,4}[a-zé\\[\\]\\\\{}0-9.])?",
        "0|[1-9][0-9]{0,3}|0[0-9]",
        Just("__proto__".to_owned()),
    ]
}

fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![name().prop_map(Segment::Member), (0..=INDEX_MAX).prop_map(Segment::Index)]
}

/// Writes a name so that every escape that may stand there does, which is more than `Display` writes.
fn escaped(name: &str) -> String {
    let special = |c: char| matches!(c, '[' | ']' | '\\' | '{' | '}' | '0'..='9');
    name.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn key_of(segments: &[Segment]) -> String {
    let bracket = |segment: &Segment| match segment {
        Segment::Member(name) => format!("[{}]", escaped(name)),
        Segment::Index(index) => format!("[{index}]"),
        Segment::Append => "[]".to_owned(),
    };
    segments.iter().map(bracket).collect()
}

/// Any JSON of objects and arrays around strings, numbers, `true`, `null` and empty containers.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(Value::Object(Map::new())),
        Just(Value::Array(Vec::new())),
    ];
    let container = |inner: BoxedStrategy<Value>| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Value::Array),
            prop::collection::btree_map(name(), inner, 1..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    };
    container(leaf.prop_recursive(5, ROWS_MAX as u32 / 2, 4, move |inner| container(inner.boxed())).boxed())
}

/// One row for each leaf of the tree.
fn rows_of(tree: &Value, above: &mut Vec<Segment>, rows: &mut Vec<(String, String, Leaf)>) {
    let inside: Vec<_> = match tree {
        Value::Object(members) => members.iter().map(|(name, value)| (Segment::Member(name.clone()), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(nth, value)| (Segment::Index(nth), value)).collect()
        }
        _ => Vec::new(),
    };
    if inside.is_empty() {
        let leaf = match tree {
            Value::String(text) => Leaf::text(text),
            other => Leaf::json(&other.to_string()).expect("JSON"),
        };
        rows.push((key_of(above), tree.to_string(), leaf));
    }
    for (segment, value) in inside {
        above.push(segment);
        rows_of(value, above, rows);
        above.pop();
    }
}

fn any_rows() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof![any::<String>(), "[ab01\\[\\]\\\\{} \t]{0,12}", "[ab](\\[[ab01]?\\]){0,4}"];
    prop::collection::vec((key, any::<String>()), 0..40)
}

proptest! {
    #[test]
    fn a_path_that_is_written_and_read_is_the_same(mut segments in prop::collection::vec(segment(), 1..=SEGMENTS_MAX), append: bool) {
        if append {
            segments.pop();
            segments.push(Segment::Append);
        }
        let key = key_of(&segments);
        prop_assume!(key.len() <= hookyard_key_path::KEY_BYTES_MAX);
        let path = Path::parse(&key).expect("a key");
        prop_assert_eq!(path.segments(), &segments[..]);
        prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn any_tree_taken_apart_into_rows_is_built_again(tree in tree(), turned in any::<prop::sample::Index>()) {
        let mut rows = Vec::new();
        rows_of(&tree, &mut Vec::new(), &mut rows);
        prop_assume!(rows.len() <= ROWS_MAX && rows.iter().all(|(key, ..)| key.len() <= hookyard_key_path::KEY_BYTES_MAX));
        // In any order the tree is the same, and in this order its text is, since the members of the tree are sorted.
        let built = build(rows.iter().map(|(key, _, leaf)| (key, leaf.clone()))).expect("the rows agree").expect("a body");
        prop_assert_eq!(&built, &tree.to_string());
        let at = turned.index(rows.len());
        rows.rotate_left(at);
        let built = build(rows.into_iter().map(|(key, _, leaf)| (key, leaf))).expect("the rows agree").expect("a body");
        prop_assert_eq!(serde_json::from_str::<Value>(&built).expect("JSON"), tree);
    }

    #[test]
    fn no_input_panics_and_every_error_names_its_place(rows in any_rows()) {
        for value_type in [ValueType::Text, ValueType::Number, ValueType::Boolean, ValueType::Null, ValueType::Json] {
            let mut tree = Tree::default();
            for (key, value) in &rows {
                prop_assert!(tree.add(key, Leaf::typed(value_type, value)).is_continue());
            }
            match tree.into_json() {
                Ok(body) => prop_assert!(body.is_none_or(|body| serde_json::from_str::<Value>(&body).is_ok())),
                Err(errors) => for error in errors {
                    let key = &rows[error.row].0;
                    prop_assert!(error.column().is_none_or(|column| (1..=key.chars().count().max(1)).contains(&column)), "{error}");
                    prop_assert!(error.to_string().starts_with(&format!("row {}", error.row + 1)), "{}", error);
                },
            }
        }
        let texts = || rows.iter().map(|(key, value)| (key, Leaf::text(value)));
        prop_assert_eq!(form(texts()).map(|fields| fields.len()).ok(), build(texts()).map(|_| rows.len()).ok());
    }
}

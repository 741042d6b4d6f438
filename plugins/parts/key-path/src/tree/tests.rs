use super::*;

/// The row, counted from 0, the code and the column.
type Seen = (usize, &'static str, Option<usize>);

fn built(keys: &[&str]) -> Result<String, Vec<Seen>> {
    let built = build(keys.iter().map(|key| (key, Leaf::text("x"))));
    let errors = |errors: Vec<RowError>| errors.iter().map(|e| (e.row, e.code(), e.column())).collect();
    built.map(Option::unwrap_or_default).map_err(errors)
}

#[test]
fn rows_that_do_not_agree_are_refused_where_they_meet() {
    let rows: [(&[&str], &[Seen]); 12] = [
        (&["a", "a"], &[(1, "duplicate_key", Some(1))]),
        (&["a[0]", " [a][0]"], &[(1, "duplicate_key", Some(5))]),
        (&["a", "a[b]"], &[(1, "conflict", Some(2))]),
        (&["a[b][c]", "a[b]"], &[(1, "conflict", Some(2))]),
        (&["a[b]", "a[0]", "a[]"], &[(1, "conflict", Some(2)), (2, "conflict", Some(2))]),
        (&["[0]", "b"], &[(1, "conflict", Some(1))]),
        (&["b", "[0]"], &[(1, "conflict", Some(1))]),
        (&["a[0]", "a[]"], &[(1, "mixed_append_index", Some(2))]),
        (&["a[]", "a[0]"], &[(1, "mixed_append_index", Some(2))]),
        (&["a[1]"], &[(0, "sparse_array", Some(2))]),
        (&["a[3]", "a[0]", "b[0][5]", "a[4]"], &[(0, "sparse_array", Some(2)), (2, "sparse_array", Some(5))]),
        (&["a[", "a[1]", "b]"], &[(0, "unclosed_bracket", Some(2)), (2, "unexpected_bracket", Some(2))]),
    ];
    for (keys, errors) in rows {
        assert_eq!(built(keys), Err(errors.to_vec()), "{keys:?}");
    }
}

#[test]
fn errors_read_as_sentences_for_people() {
    let rows = [
        (vec!["deal[name"], r#"row 1, column 5: the bracket is not closed, in "deal[name""#),
        (
            vec!["a[b][c]", "a[b]"],
            r#"row 2, column 2: rows before make something else of `a[b]`, which is an object and here a value, in "a[b]""#,
        ),
        (
            vec!["b", "[0]"],
            r#"row 2, column 1: rows before make something else of `the whole body`, which is an object and here an array, in "[0]""#,
        ),
        (
            vec!["a[0]", "a[2]"],
            r#"row 2, column 2: no row has the position 1 of this array; positions count from 0 without gaps, in "a[2]""#,
        ),
        (vec![""], "row 1, column 1: the key is empty"),
    ];
    for (keys, message) in rows {
        let errors = build(keys.iter().map(|key| (key, Leaf::text("x")))).expect_err("they do not agree");
        assert_eq!(errors[0].to_string(), message);
    }
}

#[test]
fn a_value_that_is_none_is_reported_and_its_place_counts() {
    let mut tree = Tree::default();
    for (key, value) in
        [("a[0]", Err(ValueError::BadNumber)), ("a[1]", Ok(Leaf::text("x"))), ("b[", Err(ValueError::BadNumber))]
    {
        assert!(tree.add(key, value).is_continue());
    }
    let errors = tree.into_json().expect_err("a number is none");
    let seen: Vec<_> = errors.iter().map(|error| (error.row, error.code())).collect();
    assert_eq!(seen, [(0, "bad_number"), (2, "unclosed_bracket")]);
}

#[test]
fn rows_beyond_the_bound_are_not_read() {
    let rows = |count: usize| (0..count).map(|nth| (format!("a[{}]", nth.min(199)), Leaf::text("x")));
    assert!(build(rows(ROWS_MAX)).is_ok());
    let mut taken = 0;
    let errors = build(rows(usize::MAX).inspect(|_| taken += 1)).expect_err("endless");
    assert_eq!((errors.len(), errors[0].row, errors[0].code()), (1, ROWS_MAX, "too_many_rows"));
    assert_eq!(taken, ROWS_MAX + 1);
}

#[test]
fn what_is_omitted_leaves_no_trace() {
    let row = |key, leaf| (key, leaf);
    let rows = [
        row("a[0]", Leaf::Omitted),
        row("a[2]", Leaf::text("c")),
        row("a[1]", Leaf::text("b")),
        row("o[p][q]", Leaf::Omitted),
        row("l[]", Leaf::Omitted),
        row("l[]", Leaf::text("z")),
    ];
    assert_eq!(build(rows.clone()).expect("no error").as_deref(), Some(r#"{"a":["b","c"],"l":["z"]}"#));
    assert_eq!(form(rows).expect("no error").len(), 3);
    assert_eq!(build([("a[b][0]", Leaf::Omitted)]).expect("no error"), None);
    assert!(build([("a[1]", Leaf::Omitted)]).is_err(), "positions count as they are written");
}

#[test]
fn a_form_has_one_field_for_each_row() {
    let rows = [("c[0][n]", "1"), ("filter\\[x\\]", "a&b"), ("t[]", "2"), (" t[] ", "3")];
    let fields = form(rows.map(|(key, text)| (key, Leaf::text(text)))).expect("a form");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("c[0][n]", "1"), ("filter[x]", "a&b"), ("t[]", "2"), ("t[]", "3")]);
    let number = Leaf::json("1").expect("JSON");
    let errors = form([("a", number.clone()), ("a", Leaf::text("x")), ("b[", number)]).expect_err("a number");
    let codes: Vec<_> = errors.iter().map(RowError::code).collect();
    assert_eq!(codes, ["form_needs_text", "duplicate_key", "unclosed_bracket"]);
}

#[test]
fn a_row_makes_at_most_one_node_for_each_of_its_segments() {
    let keys: Vec<_> = (0..ROWS_MAX).map(|nth| format!("a[b][{}][c{nth}][d]", nth % 7)).collect();
    let tree = Tree::of(keys.iter().map(|key| (key, Leaf::text("x"))));
    assert_eq!(tree.nodes.len(), 1 + 2 + 7 + 2 * ROWS_MAX);
}

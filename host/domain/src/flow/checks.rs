//! MiniJinja's tests (`x is gt(5)`), which fail where something undefined is tested: they would say that it is not so.

use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, State, Value, tests};

/// Puts strict tests in the place of those that are not. `defined` and `undefined` stay, and what they are for.
pub(super) fn make_strict(environment: &mut Environment<'static>) {
    let table: [(&[&'static str], Value); 26] = [
        (&["boolean"], Value::from_function(tests::is_boolean)),
        (&["divisibleby"], Value::from_function(tests::is_divisibleby)),
        (&["endingwith"], Value::from_function(tests::is_endingwith)),
        (&["eq", "equalto", "=="], Value::from_function(tests::is_eq)),
        (&["even"], Value::from_function(tests::is_even)),
        (&["false"], Value::from_function(tests::is_false)),
        (&["float"], Value::from_function(tests::is_float)),
        (&["ge", ">="], Value::from_function(tests::is_ge)),
        (&["gt", "greaterthan", ">"], Value::from_function(tests::is_gt)),
        (&["in"], Value::from_function(tests::is_in)),
        (&["integer", "int"], Value::from_function(tests::is_integer)),
        (&["iterable"], Value::from_function(tests::is_iterable)),
        (&["le", "<="], Value::from_function(tests::is_le)),
        (&["lower"], Value::from_function(tests::is_lower)),
        (&["lt", "lessthan", "<"], Value::from_function(tests::is_lt)),
        (&["mapping"], Value::from_function(tests::is_mapping)),
        (&["ne", "!="], Value::from_function(tests::is_ne)),
        (&["none"], Value::from_function(tests::is_none)),
        (&["number"], Value::from_function(tests::is_number)),
        (&["odd"], Value::from_function(tests::is_odd)),
        (&["sequence"], Value::from_function(tests::is_sequence)),
        (&["startingwith"], Value::from_function(tests::is_startingwith)),
        (&["string"], Value::from_function(tests::is_string)),
        (&["sameas"], Value::from_function(tests::is_sameas)),
        (&["true"], Value::from_function(tests::is_true)),
        (&["upper"], Value::from_function(tests::is_upper)),
    ];
    for (names, test) in table {
        for name in names {
            let test = test.clone();
            environment.add_test(*name, move |state: &mut State<'_, '_>, args: Rest<Value>| {
                if args.iter().any(Value::is_undefined) {
                    return Err(Error::new(ErrorKind::UndefinedError, "what is tested is undefined"));
                }
                Ok(test.call(state, &args)?.is_true())
            });
        }
    }
}

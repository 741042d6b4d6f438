//! Numbers of an event.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use crate::json::Decimal;

/// A number that can only be printed, with its digits.
#[derive(Debug)]
pub(super) struct Digits(Box<str>);

impl Digits {
    /// Any number of JSON.
    pub(super) fn of(json: &str) -> Value {
        Value::from_object(Self(json.into()))
    }

    pub(super) fn json(&self) -> &str {
        &self.0
    }
}

impl Object for Digits {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// As for other numbers: all but zero.
    fn is_true(self: &Arc<Self>) -> bool {
        let mantissa = self.0.split(['e', 'E']).next().unwrap_or_default();
        mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number to compute with; `None` where that would change its value.
pub(super) fn computable(json: &str) -> Option<Value> {
    if !json.contains(['.', 'e', 'E']) {
        // MiniJinja computes with integers of 128 bits with a sign; a larger one would come out wrong.
        return match json.parse::<i64>() {
            Ok(small) => Some(Value::from(small)),
            Err(_) => json.parse::<i128>().ok().map(Value::from),
        };
    }
    let float = json.parse::<f64>().ok().filter(|float| float.is_finite())?;
    let value = Decimal::of(json);
    // Of two shortest decimals that are equally near to a float, the one prints the one and the other the other.
    let printed = [float.to_string(), serde_json::Number::from_f64(float)?.to_string()];
    printed.iter().all(|printed| Decimal::of(printed) == value).then(|| Value::from(float))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_computed_with_where_that_does_not_change_its_value() {
        for (json, is_number) in [
            ("0", true),
            ("-7", true),
            ("170141183460469231731687303715884105727", true),
            ("170141183460469231731687303715884105728", false),
            ("10.50", true),
            ("0.1", true),
            ("1e2", true),
            ("1.5E-7", true),
            ("0.0", true),
            ("-0.0", true),
            ("0.10000000000000001", false),
            ("12345678901234567890.5", false),
            // Both are the same float, of which one part of the host prints the one and another the other.
            ("880984187667105.2", false),
            ("880984187667105.3", false),
            ("1e400", false),
            ("1e-400", false),
            ("1e99999999999999999999", false),
        ] {
            let value = computable(json);
            assert_eq!(value.as_ref().is_some_and(Value::is_number), is_number, "{json}");
            assert_eq!(value.is_some(), is_number, "{json}");
        }
    }

    #[test]
    fn a_number_that_only_prints_is_true_unless_it_is_zero() {
        for (json, is_true) in [("1e400", true), ("0e400", false), ("0.00", false), ("-0.0001", true)] {
            assert_eq!(Digits::of(json).is_true(), is_true, "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_float_is_computed_with(number in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite())) {
            let json = serde_json::to_string(&number).expect("a number");
            let is_printed_one_way = Decimal::of(&json) == Decimal::of(&number.to_string());
            let computed = computable(&json).and_then(|value| f64::try_from(value).ok());
            prop_assert_eq!(computed, is_printed_one_way.then_some(number), "{}", json);
        }

        #[test]
        fn what_is_computed_with_has_the_value_that_was_written(json in r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?") {
            if let Some(value) = computable(&json) {
                let printed = if value.is_integer() { value.to_string() } else { f64::try_from(value).expect("a float").to_string() };
                prop_assert_eq!(Decimal::of(&printed).map(|d| (d.digits, d.exponent)), Decimal::of(&json).map(|d| (d.digits, d.exponent)));
            }
        }
    }
}

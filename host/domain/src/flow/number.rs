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

/// A number to compute with, where that does not change its value.
pub(super) fn computable(json: &str) -> Value {
    if !json.contains(['.', 'e', 'E']) {
        // MiniJinja computes with integers of 128 bits with a sign; a larger one would come out wrong.
        return match (json.parse::<i64>(), json.parse::<i128>()) {
            (Ok(small), _) => Value::from(small),
            (_, Ok(large)) => Value::from(large),
            _ => Digits::of(json),
        };
    }
    match json.parse::<f64>() {
        Ok(float) if float.is_finite() && Decimal::of(json) == Decimal::of(&float.to_string()) => Value::from(float),
        _ => Digits::of(json),
    }
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
            ("1e400", false),
            ("1e-400", false),
            ("1e99999999999999999999", false),
        ] {
            let value = computable(json);
            assert_eq!(value.is_number(), is_number, "{json}");
            assert!(is_number || value.to_string() == json, "{json}");
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
            prop_assert_eq!(f64::try_from(computable(&json)).ok(), Some(number), "{}", json);
        }

        #[test]
        fn what_is_computed_with_has_the_value_that_was_written(json in r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?") {
            let value = computable(&json);
            if value.is_number() && !value.is_integer() {
                let float = f64::try_from(value).expect("a float");
                prop_assert_eq!(Decimal::of(&float.to_string()), Decimal::of(&json));
            } else if value.is_number() {
                prop_assert_eq!(Decimal::of(&value.to_string()).map(|d| (d.digits, d.exponent)), Decimal::of(&json).map(|d| (d.digits, d.exponent)));
            } else {
                prop_assert_eq!(value.to_string(), json);
            }
        }
    }
}

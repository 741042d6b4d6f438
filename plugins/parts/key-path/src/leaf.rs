//! What stands at the end of a key.

use serde_json::value::RawValue;

use crate::json;

/// The value of a row.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// A string.
    Text(String),
    /// JSON, as it is written: digits, order of members. Blanks between its parts are left out.
    Json(Box<RawValue>),
    /// Nothing: the row says that there is such a place, and that it stays free. An element of an array that is left out lets
    /// the following ones move up, and a container in which nothing is left is left out as well.
    Omitted,
}

/// How the text of a value becomes JSON. It is never guessed from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Always a string: `00123456789`, `true` and nothing at all, too.
    Text,
    /// A number of RFC 8259, whose digits stay as they are written. Blanks around it do not count.
    Number,
    /// `true` or `false`, in any case.
    Boolean,
    /// `null`; the text must be empty.
    Null,
    /// Any JSON.
    Json,
}

impl Leaf {
    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Any JSON: a number, `true`, `null`, a whole object. It is one leaf: no other row can go into it.
    pub fn json(text: &str) -> Result<Self, ValueError> {
        RawValue::from_string(text.trim_matches(json::is_blank).to_owned()).map(Self::Json).map_err(|error| {
            // `at line 1 column 5`, as serde_json writes it.
            ValueError::BadJson(error.to_string())
        })
    }

    /// The text as JSON of this type.
    pub fn typed(value_type: ValueType, text: &str) -> Result<Self, ValueError> {
        match value_type {
            ValueType::Text => Ok(Self::text(text)),
            ValueType::Number => number(text.trim_matches(json::is_blank)).ok_or(ValueError::BadNumber),
            ValueType::Boolean => {
                let written = ["true", "false"].into_iter().find(|written| text.eq_ignore_ascii_case(written));
                Self::json(written.ok_or(ValueError::BadBoolean)?)
            }
            ValueType::Null if text.is_empty() => Self::json("null"),
            ValueType::Null => Err(ValueError::NullWithValue),
            ValueType::Json => Self::json(text),
        }
    }
}

/// JSON that begins like a number is one.
fn number(text: &str) -> Option<Leaf> {
    let begins = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    begins.then(|| Leaf::json(text).ok()).flatten()
}

/// Why a text is no value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No number as JSON has them.
    #[error("the value is no number; write it as in 10.50, without leading zeros")]
    BadNumber,
    /// Neither `true` nor `false`.
    #[error("the value is neither true nor false")]
    BadBoolean,
    /// There is a value where `null` is to stand.
    #[error("the type is null, so the value has to be empty")]
    NullWithValue,
    /// No JSON; why, in the words of the parser.
    #[error("the value is no JSON: {0}")]
    BadJson(String),
    /// A form has only texts.
    #[error("a form has only values of the type text")]
    FormNeedsText,
}

impl ValueError {
    /// A word for programs: `bad_number`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadNumber => "bad_number",
            Self::BadBoolean => "bad_boolean",
            Self::NullWithValue => "null_with_value",
            Self::BadJson(_) => "bad_json",
            Self::FormNeedsText => "form_needs_text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value_type: ValueType, text: &str) -> Result<String, &'static str> {
        let leaf = Leaf::typed(value_type, text).map_err(|error| error.code())?;
        let mut written = String::new();
        json::push_leaf(&mut written, &leaf);
        Ok(written)
    }

    #[test]
    fn numbers_keep_their_digits_and_everything_else_is_none() {
        for (text, number) in
            [("12345678901234567890", "12345678901234567890"), (" 10.50\r\n", "10.50"), ("-0", "-0"), ("1e3", "1e3")]
        {
            assert_eq!(written(ValueType::Number, text).as_deref(), Ok(number));
        }
        for other in ["", "-", "10,50", "007", "NaN", "+1", "1.", ".5", "1 2", "0x1", "\"1\"", "true", "1e", "1\u{a0}"]
        {
            assert_eq!(written(ValueType::Number, other), Err("bad_number"), "{other:?}");
        }
    }

    #[test]
    fn no_type_is_guessed() {
        for text in ["00123456789", "12", "true", "null", ""] {
            assert_eq!(written(ValueType::Text, text), Ok(format!("\"{text}\"")));
        }
        assert_eq!(written(ValueType::Boolean, "TruE").as_deref(), Ok("true"));
        for other in ["sim", "1", "", "true "] {
            assert_eq!(written(ValueType::Boolean, other), Err("bad_boolean"), "{other:?}");
        }
        assert_eq!(written(ValueType::Null, "").as_deref(), Ok("null"));
        assert_eq!(written(ValueType::Null, "null"), Err("null_with_value"));
    }

    #[test]
    fn json_stays_as_it_is_written_but_for_blanks() {
        let json = " { \"b\" : [ 1.0 , \"x \\\" : y\" ] ,\n\"a\":\t{ } } ";
        assert_eq!(written(ValueType::Json, json).as_deref(), Ok(r#"{"b":[1.0,"x \" : y"],"a":{}}"#));
        for other in ["", "{x:1}", "[1,]", "'a'", "1 2", "nul", "{\"a\":1", "\"\n\""] {
            assert_eq!(written(ValueType::Json, other), Err("bad_json"), "{other:?}");
        }
    }
}

//! A TOML value as JSON, with the line of each of its members.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::entry::Entry;
use super::problem::Problem;

/// JSON pointer → line in the file.
pub(super) type Lines = BTreeMap<String, usize>;

/// Turns the value of `entry` into JSON and notes where each member stands. Integers stay integers. What cannot become JSON
/// (a date, an infinite number, a variable that is not set) is a problem and becomes `null`.
pub(super) fn to_json(entry: &Entry<'_>, lines: &mut Lines, problems: &mut Vec<Problem>) -> Value {
    Conversion { lines, problems }.value(entry, "")
}

struct Conversion<'a> {
    lines: &'a mut Lines,
    problems: &'a mut Vec<Problem>,
}

impl Conversion<'_> {
    fn value(&mut self, entry: &Entry<'_>, pointer: &str) -> Value {
        self.lines.insert(pointer.to_owned(), entry.document.line(&entry.span));
        match entry.value {
            DeValue::String(_) => entry.text(self.problems).map_or(Value::Null, |text| Value::String(text.value)),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(integer) => match exact(integer) {
                Some(number) => Value::Number(number),
                None => self.refuse(entry, format!("{integer} does not fit into 64 bits; write it as a string")),
            },
            DeValue::Float(float) => match float.as_str().parse::<f64>().ok().and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => self.refuse(entry, format!("{float} is not a number in JSON")),
            },
            DeValue::Datetime(date) => self.refuse(entry, format!("dates have no type in JSON; write \"{date}\"")),
            DeValue::Array(array) => {
                let item = |(index, item): (usize, &Spanned<DeValue<'_>>)| {
                    let member = member(entry, &format!("[{index}]"), item.span(), item.get_ref());
                    self.value(&member, &format!("{pointer}/{index}"))
                };
                Value::Array(array.iter().enumerate().map(item).collect())
            }
            DeValue::Table(table) => {
                let mut object = Map::new();
                for (key, value) in table {
                    let member = member(entry, &format!(".{}", key.get_ref()), key.span(), value.get_ref());
                    let value = self.value(&member, &format!("{pointer}/{}", escape(key.get_ref())));
                    object.insert(key.get_ref().to_string(), value);
                }
                Value::Object(object)
            }
        }
    }

    fn refuse(&mut self, entry: &Entry<'_>, text: String) -> Value {
        self.problems.push(entry.problem(text));
        Value::Null
    }
}

fn member<'a>(parent: &Entry<'a>, suffix: &str, span: Range<usize>, value: &'a DeValue<'a>) -> Entry<'a> {
    Entry { document: parent.document, key: parent.key, path: format!("{}{suffix}", parent.path), span, value }
}

fn exact(integer: &DeInteger<'_>) -> Option<Number> {
    let signed = i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Number::from))
}

/// A member's name as part of a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

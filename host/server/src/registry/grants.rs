//! `grants` as JSON: in the API, and in the records of connections.

use hookyard_domain::grant::Grant;
use hookyard_domain::host_pattern::HostPattern;
use hookyard_domain::limit;
use serde_json::{Map, Value, json};

use crate::config::grantable;
use crate::http::problem::InputError;

/// `"as-asked"` where nothing is granted beyond what the plugin asks, else all that is.
pub(crate) fn to_json(grant: &Grant) -> Value {
    if *grant == Grant::default() {
        return Value::from("as-asked");
    }
    let hosts: Vec<_> = grant.hosts.iter().map(ToString::to_string).collect();
    let private_addresses: Vec<_> = grant.private_addresses.iter().map(ToString::to_string).collect();
    json!({ "hosts": hosts, "allow_unsigned": grant.allow_unsigned, "private_addresses": private_addresses })
}

/// Reads what [`to_json`] writes. A member that is not there grants nothing.
///
/// # Errors
/// Everything that is wrong; pointers begin at `pointer`.
pub(super) fn read(value: &Value, pointer: &str) -> Result<Grant, Vec<InputError>> {
    let members = match value {
        Value::String(text) if text == "as-asked" => return Ok(Grant::default()),
        Value::Object(members) => members,
        _ => {
            let expected =
                "grants is \"as-asked\" or {\"hosts\": […], \"allow_unsigned\": false, \"private_addresses\": […]}";
            return Err(vec![InputError::new(pointer, "type", expected)]);
        }
    };
    let mut wrong = Vec::new();
    for name in members.keys().filter(|name| !["hosts", "allow_unsigned", "private_addresses"].contains(&name.as_str()))
    {
        let detail = format!("{name:?} is no part of grants: hosts, allow_unsigned, private_addresses");
        wrong.push(InputError::new(format!("{pointer}/{}", escape(name)), "unknown-member", detail));
    }
    let grant = Grant {
        hosts: list(members, "hosts", pointer, &mut wrong, |text| {
            text.parse::<HostPattern>().map_err(|error| error.to_string())
        }),
        private_addresses: list(members, "private_addresses", pointer, &mut wrong, grantable),
        allow_unsigned: match members.get("allow_unsigned") {
            None => false,
            Some(Value::Bool(allow)) => *allow,
            Some(_) => {
                let pointer = format!("{pointer}/allow_unsigned");
                wrong.push(InputError::new(pointer, "type", "allow_unsigned is true or false"));
                false
            }
        },
    };
    if wrong.is_empty() { Ok(grant) } else { Err(wrong) }
}

fn list<T>(
    members: &Map<String, Value>,
    name: &str,
    pointer: &str,
    wrong: &mut Vec<InputError>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let pointer = format!("{pointer}/{name}");
    let items = match members.get(name) {
        None => return Vec::new(),
        Some(Value::Array(items)) if items.len() <= limit::GRANT_ENTRIES_MAX => items,
        Some(_) => {
            let detail = format!("{name} is a list of at most {} texts", limit::GRANT_ENTRIES_MAX);
            wrong.push(InputError::new(pointer, "type", detail));
            return Vec::new();
        }
    };
    let mut parsed = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.as_str().ok_or_else(|| "is no text".to_owned()).and_then(&parse) {
            Ok(item) => parsed.push(item),
            Err(why) => wrong.push(InputError::new(format!("{pointer}/{index}"), "invalid", format!("{item}: {why}"))),
        }
    }
    parsed
}

/// A member's name as a token of a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for value in [
            json!("as-asked"),
            json!({ "hosts": ["http://*.example.com:81"], "allow_unsigned": true, "private_addresses": ["10.0.0.0/8"] }),
        ] {
            assert_eq!(to_json(&read(&value, "").expect("right")), value);
        }
        assert_eq!(to_json(&read(&json!({}), "").expect("right")), "as-asked");
    }

    #[test]
    fn everything_that_is_wrong_is_named_by_its_place() {
        let value = json!({
            "hosts": ["a.example", "a b", 7], "allow_unsigned": "yes", "private_addresses": ["169.254.169.254/32"], "host/s": [],
        });
        let wrong = read(&value, "/grants").expect_err("wrong");
        let pointers: Vec<_> = wrong.iter().map(|error| error.pointer.as_str()).collect();
        let expected = [
            "/grants/host~1s",
            "/grants/hosts/1",
            "/grants/hosts/2",
            "/grants/private_addresses/0",
            "/grants/allow_unsigned",
        ];
        assert_eq!(pointers, expected);
        assert_eq!(read(&json!(null), "/grants").expect_err("wrong")[0].pointer, "/grants");
    }
}

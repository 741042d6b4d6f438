//! How the customer can be reached. In which shape Selarti writes it is not known, so that all that are likely are read.

use hookyard_sdk::{RawValue, json};
use schemars::JsonSchema;
use serde::Serialize;

use super::members::{Members, plain};
use super::text;

/// How many objects and lists are looked into, one within the other.
const DEPTH_MAX: usize = 4;

/// What `contacts` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contacts {
    /// Whether it holds anything; `None` if it says nothing.
    pub(super) given: Option<bool>,
    /// What of it is understood.
    pub(super) found: Contact,
}

/// What is known of how the customer can be reached: the first of each.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Contact {
    /// A phone number, as the customer wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    /// A name in a messenger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    /// A mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Phone,
    Username,
    Email,
}

/// Reads a text, an object (`{"phone": …}`), or a list of these or of `{"type": "phone", "value": …}`.
pub(super) fn read(contacts: Option<&RawValue>) -> Contacts {
    let mut read = Contacts::default();
    if let Some(json) = contacts.filter(|json| json.get() != "null") {
        read.given = Some(false);
        read.collect(json, None, DEPTH_MAX);
    }
    read
}

impl Contacts {
    fn collect(&mut self, json: &RawValue, kind: Option<Kind>, depth: usize) {
        let bytes = json.get().as_bytes();
        match bytes.first() {
            Some(b'{' | b'[') if depth == 0 => self.given = Some(true),
            Some(b'{') => {
                let Ok(mut members) = json::parse::<Members<'_>>(bytes) else { return };
                if let Some(value) = members.take("value") {
                    let named = members.take("type").or_else(|| members.take("name")).and_then(text::id);
                    self.collect(value, named.and_then(|name| Kind::named(&name)).or(kind), depth - 1);
                    return;
                }
                for (name, value) in members.iter() {
                    self.collect(value, Kind::named(name).or(kind), depth - 1);
                }
            }
            Some(b'[') => {
                for element in json::parse::<Vec<&RawValue>>(bytes).unwrap_or_default() {
                    self.collect(element, kind, depth - 1);
                }
            }
            _ => {
                let Some(text) = text::id(json) else { return };
                self.collect_text(&text, kind, depth);
            }
        }
    }

    /// A form has texts only, so that a text may hold JSON.
    fn collect_text(&mut self, text: &str, kind: Option<Kind>, depth: usize) {
        if text.starts_with(['{', '['])
            && depth > 0
            && let Ok(within) = json::parse::<&RawValue>(text.as_bytes())
        {
            return self.collect(within, kind, depth - 1);
        }
        self.given = Some(true);
        match kind {
            Some(kind) => self.found.add(kind, text),
            None => {
                for part in text.split([',', ';', '\n']).map(str::trim) {
                    if let Some(kind) = Kind::of(part) {
                        self.found.add(kind, part);
                    }
                }
            }
        }
    }
}

impl Contact {
    fn add(&mut self, kind: Kind, text: &str) {
        let place = match kind {
            Kind::Phone => &mut self.phone,
            Kind::Username => &mut self.username,
            Kind::Email => &mut self.email,
        };
        place.get_or_insert_with(|| text.to_owned());
    }
}

impl Kind {
    /// What a member of this name holds.
    fn named(name: &str) -> Option<Self> {
        match plain(name).as_ref() {
            "phone" | "phone_number" | "telephone" | "tel" | "mobile" | "телефон" => Some(Self::Phone),
            "username" | "user_name" | "nickname" | "nick" | "login" | "ник" => Some(Self::Username),
            "email" | "e-mail" | "e_mail" | "mail" | "почта" => Some(Self::Email),
            _ => None,
        }
    }

    /// What a text looks like.
    fn of(text: &str) -> Option<Self> {
        /// Fewest and most digits of a phone number (E.164 has 15 at most).
        const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_number = text.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c));
        match text.split_once('@') {
            _ if text.contains(char::is_whitespace) && !is_number => None,
            Some(("", name)) if !name.is_empty() && !name.contains('@') => Some(Self::Username),
            Some((user, host)) if !user.is_empty() && host.contains('.') && !host.contains('@') => Some(Self::Email),
            None if is_number && DIGITS.contains(&digits) => Some(Self::Phone),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> (Option<bool>, [Option<String>; 3]) {
        let json = RawValue::from_string(json.to_owned()).expect("JSON");
        let Contacts { given, found: Contact { phone, username, email } } = read(Some(&json));
        (given, [phone, username, email])
    }

    fn found(phone: &str, username: &str, email: &str) -> (Option<bool>, [Option<String>; 3]) {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (Some(true), [text(phone), text(username), text(email)])
    }

    #[test]
    fn every_likely_shape_is_understood() {
        let all = found("+79990001122", "@anna_p", "anna@example.com");
        let shapes = [
            r#"{"phone":"+79990001122","username":"@anna_p","email":"anna@example.com"}"#,
            r#"{"Phone Number":" +79990001122 ","LOGIN":"@anna_p","E-mail":"anna@example.com","phone":"+1"}"#,
            r#"[{"type":"phone","value":"+79990001122"},{"type":"username","value":"@anna_p"},{"type":"mail","value":"anna@example.com"}]"#,
            r#"["+79990001122", "@anna_p", "anna@example.com"]"#,
            r#"[{"phone":"+79990001122"},{"telegram":"@anna_p"},"anna@example.com"]"#,
            r#""anna@example.com, +79990001122; @anna_p""#,
            r#""{\"phone\":\"+79990001122\",\"username\":\"@anna_p\",\"email\":\"anna@example.com\"}""#,
        ];
        for shape in shapes {
            assert_eq!(of(shape), all, "{shape}");
        }
        assert_eq!(of("79990001122"), found("79990001122", "", ""));
        assert_eq!(of(r#""+7 (999) 000-11-22""#), found("+7 (999) 000-11-22", "", ""));
        assert_eq!(of(r#"{"phone":79990001122345678901234}"#), found("79990001122345678901234", "", ""));
    }

    #[test]
    fn what_is_not_understood_is_a_value_all_the_same() {
        for shape in [r#""call me in the evening""#, r#"{"note":"x"}"#, r#"[[[[["x"]]]]]"#, r#""@""#, "\"12\""] {
            assert_eq!(of(shape), found("", "", ""), "{shape}");
        }
    }

    #[test]
    fn what_is_empty_is_no_value() {
        let empty = ["\"\"", "\" \"", "[]", "{}", "[{}]", r#"{"phone":"","username":null}"#];
        for shape in empty.into_iter().chain([r#"[{"type":"phone","value":""}]"#, "false"]) {
            assert_eq!(of(shape), (Some(false), [None, None, None]), "{shape}");
        }
        assert_eq!((of("null").0, read(None).given), (None, None));
    }
}

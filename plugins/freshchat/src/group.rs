//! Groups by their names.
//!
//! The API wants a group's id, and operators know its name. Names are read from the list and kept for an hour.

use hookyard_sdk::http::excerpt;
use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::{Error, json};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

use crate::api::{Api, Item, Listed, Listing, Problem};

/// Seconds for which a group's id is believed without looking.
const KEPT_SECONDS: u32 = 3_600;
/// Most groups that an error names.
const CANDIDATES_MAX: usize = 20;
/// Longest list of them in a message, in bytes, but for the first.
const CANDIDATES_SHOWN_BYTES_MAX: usize = 200;

/// The group of this name if it was looked up within the last hour.
pub(crate) fn kept(name: &str) -> Result<Option<Item>, Error> {
    // What cannot be read is looked up anew.
    Ok(kv::get(&key(name)?)?.and_then(|entry| entry.json().ok()))
}

/// Looks the group of this name up, and keeps what was found.
///
/// Names are compared in their composed form (NFC) without blanks around them, to the letter first; if none fits, without regard
/// to case. `invalid` `group-unknown` and `group-ambiguous` name the candidates.
pub(crate) fn look_up(api: &Api, name: &str) -> Result<Item, Problem> {
    let listed = api.list(Listing::Groups)?;
    let group = choose(&listed.items, name).map_err(|mismatch| mismatch.into_error(name, &listed))?;
    // Whoever keeps it last keeps the same.
    let options = Options { ttl_seconds: Some(KEPT_SECONDS), expected: Expected::Anything };
    kv::set_with(&key(name)?, json::to_vec(group)?, options).map_err(Error::from)?;
    Ok(group.clone())
}

fn key(name: &str) -> Result<String, Error> {
    Ok(kv::key("group", &composed(name))?)
}

/// Why no group can be chosen.
#[derive(Debug, PartialEq, Eq)]
enum Mismatch<'a> {
    Unknown,
    Ambiguous(Vec<&'a Item>),
}

fn choose<'a>(groups: &'a [Item], name: &str) -> Result<&'a Item, Mismatch<'a>> {
    let fitting = |fits: &dyn Fn(&str) -> bool| groups.iter().filter(|group| fits(&group.name)).collect::<Vec<_>>();
    let exact = composed(name);
    let folded = without_case(name);
    let found = Some(fitting(&|other| composed(other) == exact)).filter(|found| !found.is_empty());
    let found = found.unwrap_or_else(|| fitting(&|other| without_case(other) == folded));
    match found[..] {
        [group] => Ok(group),
        [] => Err(Mismatch::Unknown),
        _ => Err(Mismatch::Ambiguous(found)),
    }
}

fn composed(name: &str) -> String {
    name.trim().nfc().collect()
}

fn without_case(name: &str) -> String {
    composed(name).to_lowercase().nfc().collect()
}

impl Mismatch<'_> {
    fn into_error(self, name: &str, listed: &Listed) -> Error {
        let name = excerpt(name);
        let (code, what, candidates) = match self {
            Self::Unknown => {
                let all: Vec<&Item> = listed.items.iter().collect();
                let whole = if listed.complete { "" } else { " among the first 500" };
                ("group-unknown", format!("Freshchat has no group named \"{name}\"{whole}"), all)
            }
            Self::Ambiguous(found) => {
                ("group-ambiguous", format!("Freshchat has {} groups named \"{name}\"", found.len()), found)
            }
        };
        let named = candidates_named(&candidates, code == "group-ambiguous");
        let candidates: Vec<Item> = candidates.into_iter().take(CANDIDATES_MAX).map(shortened).collect();
        Error::invalid(code, format!("{what}; there are: {named}")).details(&Details { candidates })
    }
}

/// As many as fit into a message. Only groups of the same name are told apart by their ids.
fn candidates_named(groups: &[&Item], with_ids: bool) -> String {
    let mut named = String::new();
    for (at, group) in groups.iter().enumerate() {
        let name = excerpt(&group.name);
        let one = if with_ids { format!("\"{name}\" ({})", excerpt(&group.id)) } else { format!("\"{name}\"") };
        let separator = if at == 0 { "" } else { ", " };
        if at > 0 && named.len() + separator.len() + one.len() > CANDIDATES_SHOWN_BYTES_MAX {
            return format!("{named} and {} more", groups.len() - at);
        }
        named.push_str(separator);
        named.push_str(&one);
    }
    if named.is_empty() { "none".to_owned() } else { named }
}

#[derive(Serialize)]
struct Details {
    candidates: Vec<Item>,
}

fn shortened(group: &Item) -> Item {
    Item { id: excerpt(&group.id), name: excerpt(&group.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<Item> {
        let named = |(at, name): (usize, &&str)| Item { id: at.to_string(), name: (*name).to_owned() };
        names.iter().enumerate().map(named).collect()
    }

    #[test]
    fn a_name_is_found_to_the_letter_first_and_then_without_regard_to_case() {
        let rows: [(&[&str], &str, Result<&str, usize>); 13] = [
            (&["Support", "Sales"], "Sales", Ok("1")),
            (&["Support", "Sales"], " Sales\n", Ok("1")),
            (&["Support", " Sales "], "Sales", Ok("1")),
            (&["Support", "Sales"], "sALES", Ok("1")),
            (&["sales", "Sales"], "Sales", Ok("1")),
            (&["sales", "Sales"], "SALES", Err(2)),
            (&["Sales", "Sales"], "Sales", Err(2)),
            (&["Sales", "Sales", "sales"], "Sales", Err(2)),
            (&["Support"], "Sales", Err(0)),
            (&[], "Sales", Err(0)),
            // One letter, and a letter with a mark.
            (&["\u{c9}quipe"], "E\u{301}quipe", Ok("0")),
            (&["e\u{301}quipe"], "\u{c9}QUIPE", Ok("0")),
            (&["\u{c9}quipe", "E\u{301}quipe"], "\u{c9}quipe", Err(2)),
        ];
        for (names, name, expected) in rows {
            let groups = groups(names);
            let chosen = match choose(&groups, name) {
                Ok(group) => Ok(group.id.as_str()),
                Err(Mismatch::Unknown) => Err(0),
                Err(Mismatch::Ambiguous(found)) => Err(found.len()),
            };
            assert_eq!(chosen, expected, "{name:?} of {names:?}");
        }
    }

    #[test]
    fn an_error_names_the_candidates_and_stays_short() {
        let names: Vec<String> = (0..100).map(|at| format!("Group {at} {}", "é".repeat(300))).collect();
        let items = groups(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let error = Mismatch::Unknown.into_error(&"x".repeat(1_000), &Listed { items, complete: false });
        assert!(error.message.len() < 600 && error.message.contains("Group 0"), "{}", error.message);
        assert!(error.message.contains("among the first 500"), "{}", error.message);
        assert!(error.message.ends_with(" and 99 more"), "{}", error.message);
        let details = error.details.expect("candidates");
        assert_eq!(details.matches("\"id\"").count(), CANDIDATES_MAX);
        let few = groups(&["Sales", "Care"]);
        let unknown = Mismatch::Unknown.into_error("Support", &Listed { items: few.clone(), complete: true });
        assert_eq!(unknown.message, "Freshchat has no group named \"Support\"; there are: \"Sales\", \"Care\"");
        let twins = Mismatch::Ambiguous(few.iter().collect());
        let ambiguous = twins.into_error("Care", &Listed { items: Vec::new(), complete: true });
        assert!(ambiguous.message.ends_with("there are: \"Sales\" (0), \"Care\" (1)"), "{}", ambiguous.message);
        let none = Mismatch::Unknown.into_error("Sales", &Listed { items: Vec::new(), complete: true });
        assert_eq!(none.message, "Freshchat has no group named \"Sales\"; there are: none");
    }
}

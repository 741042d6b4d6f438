//! Lists, page by page.

use std::borrow::Cow;
use std::collections::BTreeSet;

use hookyard_sdk::http::{Request, query};
use hookyard_sdk::{RawValue, json, lenient, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{ITEMS_PER_PAGE, Next, Page, follow};
use super::{Api, Problem};

/// Most entries that are read.
const ITEMS_MAX: usize = 500;
/// Most pages that are read, so that a list whose pages are empty ends too.
const PAGES_MAX: usize = 50;

/// A list of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// `GET /groups`.
    Groups,
    /// `GET /channels`.
    Channels,
    /// `GET /agents`.
    Agents,
}

impl Listing {
    /// The last part of its path, and the member of the answer.
    fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Channels => "channels",
            Self::Agents => "agents",
        }
    }
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item {
    /// Freshchat's id of it.
    pub(crate) id: String,
    /// Its name; an agent without one has the e-mail address instead.
    pub(crate) name: String,
}

/// What was read of a list.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// The entries in Freshchat's order, at most 500.
    pub(crate) items: Vec<Item>,
    /// Whether these are all.
    pub(crate) complete: bool,
}

impl Api {
    /// Reads the list. `provider-protocol` where a page leads to another host: the token would go there.
    pub(crate) fn list(&self, listing: Listing) -> Result<Listed, Problem> {
        let name = listing.name();
        let numbered = |page: &str| {
            let asked = query([("page", page), ("items_per_page", ITEMS_PER_PAGE)]);
            format!("{}/{name}?{asked}", self.base)
        };
        let mut items: Vec<Item> = Vec::new();
        let (mut ids, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut next = Some(numbered("1"));
        while let Some(url) = next {
            if items.len() >= ITEMS_MAX || seen.len() >= PAGES_MAX || !seen.insert(url.clone()) {
                items.truncate(ITEMS_MAX);
                log::warn(format_args!("read {} {name} of Freshchat, and not the rest", items.len()));
                return Ok(Listed { items, complete: false });
            }
            let response = self.send(Request::get(url))?;
            let page = Page::read(&response, name)?;
            // Something that moves to a later page while they are read is in both.
            let read = page.items.iter().filter_map(|item| read(item)).filter(|item| ids.insert(item.id.clone()));
            items.extend(read);
            next = match &page.next {
                None => None,
                Some(Next::Number(number)) => Some(numbered(&number.to_string())),
                Some(Next::Link(href)) => {
                    let elsewhere = || response.protocol("links.next_page leads to another host");
                    Some(follow(&self.base, name, href).ok_or_else(elsewhere)?)
                }
            };
        }
        let complete = items.len() <= ITEMS_MAX;
        items.truncate(ITEMS_MAX);
        Ok(Listed { items, complete })
    }
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    first_name: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    last_name: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    email: Option<Cow<'a, str>>,
}

/// What has no id cannot be named in a config, and is left out.
fn read(item: &RawValue) -> Option<Item> {
    let entry: Entry<'_> = json::parse(item.get().as_bytes()).ok()?;
    let id = entry.id.filter(|id| !id.is_empty())?.into_owned();
    let full_name: Vec<&str> = [&entry.first_name, &entry.last_name]
        .into_iter()
        .filter_map(|part| part.as_deref().map(str::trim))
        .filter(|part| !part.is_empty())
        .collect();
    let name = match (entry.name, entry.email) {
        (Some(name), _) => name.into_owned(),
        (None, email) if full_name.is_empty() => email.unwrap_or_default().into_owned(),
        (None, _) => full_name.join(" "),
    };
    Some(Item { id, name })
}

//! One page of a list, and where the next one is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_sdk::http::Response;
use hookyard_sdk::{Error, RawValue, json, lenient};
use serde::Deserialize;

/// Entries of a page; this is what Freshchat documents for groups.
pub(super) const ITEMS_PER_PAGE: &str = "20";

/// A page as Freshchat answers it.
pub(super) struct Page<'a> {
    /// The entries, as they are written.
    pub(super) items: Vec<&'a RawValue>,
    /// What leads to the next page; nothing on the last one.
    pub(super) next: Option<Next<'a>>,
}

/// What leads to the next page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A link.
    Link(Cow<'a, str>),
    /// Its number.
    Number(i64),
}

impl<'a> Page<'a> {
    /// Reads the entries under `member`, the list's name.
    pub(super) fn read(response: &'a Response, member: &str) -> Result<Self, Error> {
        let mut page: BTreeMap<String, &RawValue> = response.json()?;
        let items = page.remove(member).and_then(|items| json::parse(items.get().as_bytes()).ok());
        let items = items.ok_or_else(|| response.protocol(&format!("it has no list of {member}")))?;
        Ok(Self { items, next: next(page.get("links").copied(), page.get("pagination").copied()) })
    }
}

/// `links.next_page` where there are links at all; otherwise the numbers.
fn next<'a>(links: Option<&'a RawValue>, pagination: Option<&'a RawValue>) -> Option<Next<'a>> {
    if let Some(links) = links.and_then(|links| json::parse::<Links<'_>>(links.get().as_bytes()).ok()) {
        let link = links.next_page?;
        let href = json::parse::<Link<'_>>(link.get().as_bytes()).ok().and_then(|link| link.href);
        let href = href.or_else(|| json::parse::<String>(link.get().as_bytes()).ok().map(Cow::Owned));
        return href.filter(|href| !href.trim().is_empty()).map(Next::Link);
    }
    let Numbers { current_page, total_pages } = json::parse(pagination?.get().as_bytes()).ok()?;
    let (current, total) = (current_page?, total_pages?);
    (1..total).contains(&current).then(|| Next::Number(current + 1))
}

#[derive(Deserialize)]
struct Links<'a> {
    #[serde(default, borrow)]
    next_page: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    href: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Numbers {
    #[serde(default, deserialize_with = "lenient::integer")]
    current_page: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    total_pages: Option<i64>,
}

/// Where a link of a list leads: `None` if that is no place below the API's scheme, host and port, because the token would go there.
///
/// `base` is the API's, without a slash at its end; `list` the list's path below it.
pub(super) fn follow(base: &str, list: &str, href: &str) -> Option<String> {
    let href = href.trim();
    // A backslash is a slash to some, and a blank or a control character nothing that a link may have.
    if href.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return None;
    }
    if href.starts_with('?') {
        return Some(format!("{base}/{list}{href}"));
    }
    let of_api = origin(base)?;
    let path = match origin(href).filter(|_| !href.starts_with('/')) {
        Some(of_link) if of_link.eq_ignore_ascii_case(of_api) => &href[of_link.len()..],
        Some(_) => return None,
        None => href,
    };
    // Two slashes would be before another host.
    (path.starts_with('/') && !path.starts_with("//")).then(|| format!("{of_api}{path}"))
}

/// Scheme, host and port of an absolute URL, as they are written.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    Some(&url[..scheme.len() + "://".len() + host.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_within_the_api_and_nowhere_else() {
        let rows = [
            (
                "/v2/groups?page=2&items_per_page=20",
                Some("https://api.freshchat.com/v2/groups?page=2&items_per_page=20"),
            ),
            ("?page=2", Some("https://api.freshchat.com/v2/groups?page=2")),
            ("/v2/groups?of=x://y", Some("https://api.freshchat.com/v2/groups?of=x://y")),
            ("https://api.freshchat.com/v2/groups?page=2", Some("https://api.freshchat.com/v2/groups?page=2")),
            ("HTTPS://API.Freshchat.com/v2/groups?page=2", Some("https://api.freshchat.com/v2/groups?page=2")),
            ("https://evil.example/v2/groups?page=2", None),
            ("https://api.freshchat.com.evil.example/v2/groups", None),
            ("https://api.freshchat.com@evil.example/v2/groups", None),
            ("https://api.freshchat.com:444/v2/groups", None),
            ("https://api.freshchat.com?x=/v2", None),
            ("http://api.freshchat.com/v2/groups?page=2", None),
            ("//evil.example/v2/groups", None),
            ("/\\evil.example/v2/groups", None),
            ("\\\\evil.example", None),
            ("javascript:alert(1)", None),
            ("groups?page=2", None),
            ("/v2/groups?page=2\r\nx: y", None),
            ("", None),
        ];
        for (href, expected) in rows {
            assert_eq!(follow("https://api.freshchat.com/v2", "groups", href).as_deref(), expected, "{href:?}");
        }
    }

    #[test]
    fn the_next_page_is_a_link_or_a_number() {
        let next_of = |body: &str| {
            let response = Response::new(200).with_body(body);
            let page = Page::read(&response, "groups").expect("a page");
            page.next.map(|next| match next {
                Next::Link(link) => link.into_owned(),
                Next::Number(number) => number.to_string(),
            })
        };
        let rows = [
            (r#"{"groups":[],"links":{"next_page":{"href":"/v2/a","rel":"next_page"}}}"#, Some("/v2/a")),
            (r#"{"groups":[],"links":{"next_page":"/v2/a"}}"#, Some("/v2/a")),
            (r#"{"groups":[],"links":{"next_page":null}}"#, None),
            (r#"{"groups":[],"links":{"next_page":{"href":""}}}"#, None),
            (r#"{"groups":[],"links":{"first_page":{}},"pagination":{"current_page":1,"total_pages":3}}"#, None),
            (r#"{"groups":[],"pagination":{"current_page":1,"total_pages":3}}"#, Some("2")),
            (r#"{"groups":[],"pagination":{"current_page":3,"total_pages":3}}"#, None),
            (r#"{"groups":[],"pagination":{"current_page":-7,"total_pages":3}}"#, None),
            (r#"{"groups":[],"links":[],"pagination":null}"#, None),
            (r#"{"groups":[]}"#, None),
        ];
        for (body, expected) in rows {
            assert_eq!(next_of(body).as_deref(), expected, "{body}");
        }
        for body in ["[]", "{}", r#"{"groups":{}}"#, "<html>", ""] {
            assert!(Page::read(&Response::new(200).with_body(body), "groups").is_err(), "{body}");
        }
    }
}

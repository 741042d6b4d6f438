//! Lists that come in pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Most items of a page, whatever is asked for: as many as fit three pages of groups.
const ITEMS_MAX: usize = 20;

/// The page that a query asks for: `{name: […], "pagination": …, "links": …}`.
pub(super) fn page(name: &str, all: &[Value], query: &BTreeMap<String, String>, origin: &str) -> Value {
    let number = |of: &str, default: usize| query.get(of).and_then(|text| text.parse().ok()).unwrap_or(default).max(1);
    let (current, size) = (number("page", 1), number("items_per_page", 10).min(ITEMS_MAX));
    let last = all.len().div_ceil(size).max(1);
    let items: Vec<_> = all.iter().skip((current - 1) * size).take(size).collect();
    let link = |page: usize, rel: &str| json!({ "href": format!("{origin}/v2/{name}?page={page}&items_per_page={size}"), "rel": rel });
    let mut links = json!({ "first_page": link(1, "first_page"), "last_page": link(last, "last_page") });
    if current < last {
        links["next_page"] = link(current + 1, "next_page");
    }
    json!({
        name: items, "links": links,
        "pagination": { "total_items": all.len(), "total_pages": last, "current_page": current, "items_per_page": size },
    })
}

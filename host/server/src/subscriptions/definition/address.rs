//! Which URLs may be endpoints.

use std::net::IpAddr;

use hookyard_domain::address::AddressPolicy;
use hookyard_domain::limit;
use ipnet::IpNet;
use serde_json::{Map, Value};
use url::{Host, Url};

/// Parses the URL of an endpoint. What a name stands for is checked when it is dialled; an address is checked here as well.
///
/// # Errors
/// A sentence with the way out. It does not hold user and password.
pub(super) fn url(text: &str, private_addresses: &[IpNet]) -> Result<Url, String> {
    if text.len() > limit::ENDPOINT_URL_BYTES_MAX {
        return Err(format!("the URL has more than {} bytes", limit::ENDPOINT_URL_BYTES_MAX));
    }
    let url =
        Url::parse(text).map_err(|error| format!("not a URL ({error}), such as https://crm.example.com/hooks"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL may not hold a user or a password; use headers = { authorization = \"…\" }".to_owned());
    }
    if url.fragment().is_some() {
        return Err("a URL that is called has no fragment (#…)".to_owned());
    }
    let is_https = match url.scheme() {
        "https" => true,
        "http" => false,
        other => return Err(format!("a URL of {other} cannot be called; use https")),
    };
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err("the URL names no host".to_owned()),
    };
    let public = AddressPolicy::new(private_addresses.iter().copied());
    let policy = if is_https { public } else { public.private_only() };
    match address.map(|address| policy.check(address)) {
        Some(Err(refusal)) if refusal.grantable.is_empty() => Err(format!("{refusal}, which is never called")),
        Some(Err(refusal)) if !is_https && policy_of_public(&refusal.address) => {
            Err("http is for private addresses only; use https".to_owned())
        }
        Some(Err(refusal)) => Err(format!("{refusal}; list it in [egress] private_addresses to permit it")),
        None if !is_https && private_addresses.is_empty() => {
            Err("http is for private addresses only, and [egress] private_addresses lists none; use https".to_owned())
        }
        Some(Ok(())) | None => Ok(url),
    }
}

/// Whether a patch of an endpoint has another scheme, host or port than the endpoint.
pub(super) fn leads_elsewhere(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let origin = |endpoint: &Map<String, Value>| {
        let text = endpoint.get("url")?.as_str()?;
        Url::parse(text).ok().map(|url| url.origin())
    };
    after.contains_key("url") && origin(before) != origin(after)
}

fn policy_of_public(address: &IpAddr) -> bool {
    AddressPolicy::default().check(*address).is_ok()
}

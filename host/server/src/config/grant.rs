//! `grants` of a connection: what the operator allows beyond what the manifest asks.

use std::net::IpAddr;

use hookyard_domain::address::{AddressPolicy, range};
use hookyard_domain::grant::Grant;
use hookyard_domain::host_pattern::HostPattern;
use ipnet::IpNet;
use toml::de::DeValue;

use super::entry::Entry;
use super::problem::Problem;

/// A range of addresses, unless it has none that may be granted.
pub(crate) fn grantable(text: &str) -> Result<IpNet, String> {
    let range = range::parse(text).map_err(|error| error.to_string())?;
    let policy = AddressPolicy::new([range]);
    let never = |address| policy.check(address).is_err_and(|refusal| refusal.grantable.is_empty());
    // A wide range begins and ends with such addresses as well; what lies in its middle tells.
    if never(range.network()) && never(range.broadcast()) && never(middle(&range)) {
        return Err("holds addresses that cannot be granted: of this network, multicast, or cloud metadata".to_owned());
    }
    Ok(range)
}

fn middle(range: &IpNet) -> IpAddr {
    match (range.network(), range.broadcast()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => IpAddr::V4((u32::from(first).midpoint(u32::from(last))).into()),
        (IpAddr::V6(first), IpAddr::V6(last)) => IpAddr::V6((u128::from(first).midpoint(u128::from(last))).into()),
        (first, _) => first,
    }
}

/// Reads `"as-asked"`, which is nothing beyond, or a table.
pub(super) fn read(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Grant {
    if let DeValue::String(_) = entry.value {
        let as_asked = |text: &str| (text == "as-asked").then(Grant::default);
        let expected = "\"as-asked\" or { hosts = […], allow_unsigned = false, private_addresses = […] }";
        return entry.parsed(expected, problems, as_asked).unwrap_or_default();
    }
    let Some(section) = entry.section(problems) else { return Grant::default() };
    section.refuse_unknown(&["hosts", "allow_unsigned", "private_addresses"], problems);
    let hosts = section.get("hosts").and_then(|hosts| hosts.list(problems, str::parse::<HostPattern>));
    let allow_unsigned = section.get("allow_unsigned").and_then(|allow| allow.boolean(problems));
    let private_addresses = section.get("private_addresses").and_then(|ranges| ranges.list(problems, grantable));
    Grant {
        hosts: hosts.unwrap_or_default(),
        allow_unsigned: allow_unsigned.unwrap_or_default(),
        private_addresses: private_addresses.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_never_be_granted_is_said_at_once() {
        for useless in ["169.254.169.254/32", "224.0.0.0/4", "0.0.0.0/8", "fd00:ec2::254/128", "ff00::/8"] {
            assert!(grantable(useless).is_err(), "{useless}");
        }
        for useful in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "169.254.0.0/16", "127.0.0.1/32", "fd00::/8"] {
            assert!(grantable(useful).is_ok(), "{useful}");
        }
    }
}

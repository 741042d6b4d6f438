//! `grants` of a connection: what the operator allows beyond what the manifest asks.

use hookyard_domain::connection::Grant;
use toml::de::DeValue;

use super::cidr;
use super::entry::Entry;
use super::host_pattern;
use super::problem::Problem;

/// Reads `"as-asked"` (nothing beyond: `None`) or a table.
pub(super) fn read(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Option<Grant> {
    if let DeValue::String(_) = entry.value {
        let as_asked = |text: &str| (text == "as-asked").then_some(());
        let expected = "\"as-asked\" or { hosts = […], allow_unsigned = false, private_addresses = […] }";
        entry.parsed(expected, problems, as_asked)?;
        return None;
    }
    let section = entry.section(problems)?;
    section.refuse_unknown(&["hosts", "allow_unsigned", "private_addresses"], problems);
    Some(Grant {
        hosts: section.get("hosts").and_then(|hosts| hosts.texts(problems, host_pattern::check)).unwrap_or_default(),
        allow_unsigned: section.get("allow_unsigned").and_then(|allow| allow.boolean(problems)).unwrap_or_default(),
        private_addresses: section
            .get("private_addresses")
            .and_then(|ranges| ranges.texts(problems, cidr::check))
            .unwrap_or_default(),
    })
}

//! Which hosts a connection may reach: what its plugin asked for, as far as the operator consented, and what the operator
//! granted beyond that.

mod ask;
mod overlap;

use ipnet::IpNet;
use serde_json::json;
use url::Host;

pub use ask::Ask;

use crate::address::AddressPolicy;
use crate::config::Config;
use crate::host_pattern::{HostMatch, HostPattern, Origin};
use crate::id::ConnectionId;
use crate::manifest::host::HostEntry;

/// What the operator allows a connection beyond what its manifest asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Hosts.
    pub hosts: Vec<HostPattern>,
    /// Whether webhooks without a verifiable signature are accepted.
    pub allow_unsigned: bool,
    /// Private addresses that may be reached.
    pub private_addresses: Vec<IpNet>,
}

/// What one connection may reach. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressGrant {
    hosts: Vec<HostPattern>,
    explicit: Grant,
    policy: AddressPolicy,
    changed_in: ChangedIn,
}

/// Where the operator changes what he grants a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChangedIn {
    /// In hookyard.toml.
    #[default]
    File,
    /// By the API, for which there is a command.
    Api,
}

/// No pattern of the connection grants this origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin} is not among the hosts that this connection may reach")]
pub struct NotGranted {
    /// Where the request was to go.
    pub origin: Origin,
}

impl EgressGrant {
    /// `asked` is what the manifest asks and the operator consented to: [`Ask::within`]. Where it names a pointer of the
    /// config that is not set, and whose default it does not have, nothing is granted. The error is everything wrong with the config's URLs, a sentence each.
    pub fn resolve(asked: &Ask, config: &Config, grant: &Grant) -> Result<Self, Vec<String>> {
        let mut hosts = grant.hosts.clone();
        let mut wrong = Vec::new();
        for host in &asked.hosts {
            match HostEntry::asked(host).and_then(|entry| entry.patterns(config, grant, asked)) {
                Ok(patterns) => hosts.extend(patterns),
                Err(sentence) => wrong.push(sentence),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        hosts.sort_unstable();
        hosts.dedup();
        let policy = AddressPolicy::new(grant.private_addresses.iter().copied());
        Ok(Self { hosts, explicit: grant.clone(), policy, changed_in: ChangedIn::default() })
    }

    /// The same, where grants are changed in another place.
    #[must_use]
    pub fn changed_in(self, changed_in: ChangedIn) -> Self {
        Self { changed_in, ..self }
    }

    /// Whether a request may go to this origin, and to which addresses. Plain http without a pattern for it goes to the
    /// operator's private ranges only ([`AddressPolicy::private_only`]), which shows when the address is known.
    pub fn check(&self, origin: &Origin) -> Result<AddressPolicy, NotGranted> {
        let mut policy = None;
        for pattern in &self.hosts {
            match pattern.matches(origin) {
                HostMatch::Yes => return Ok(self.policy.clone()),
                HostMatch::PlainToPrivate => policy = Some(self.policy.private_only()),
                HostMatch::No => {}
            }
        }
        policy.ok_or_else(|| NotGranted { origin: origin.clone() })
    }

    /// Every pattern that is granted.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// What the operator granted beyond what is asked.
    pub fn explicit(&self) -> &Grant {
        &self.explicit
    }

    /// What the operator has to write so that this origin is granted beside what is granted today, and the address as well where
    /// the host is one: a sentence, then lines of hookyard.toml or a command. Empty where no grant can help.
    pub fn suggest_host(&self, connection: &ConnectionId, origin: &Origin) -> String {
        let address = match &origin.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
        };
        let missing = address.and_then(|address| self.policy.check(address).err()).map(|refusal| refusal.grantable);
        match missing {
            Some(ranges) if ranges.is_empty() => String::new(),
            ranges => self.lines(connection, Some(&HostPattern::granting(origin)), &ranges.unwrap_or_default()),
        }
    }

    /// The same for these ranges beside what is granted today. Empty where there are none:
    /// see [`AddressRefusal::grantable`](crate::address::AddressRefusal::grantable).
    pub fn suggest_addresses(&self, connection: &ConnectionId, ranges: &[IpNet]) -> String {
        if ranges.is_empty() { String::new() } else { self.lines(connection, None, ranges) }
    }

    fn lines(&self, connection: &ConnectionId, host: Option<&HostPattern>, ranges: &[IpNet]) -> String {
        let mut hosts: Vec<_> = self.explicit.hosts.iter().chain(host).collect();
        let mut addresses: Vec<_> = self.explicit.private_addresses.iter().chain(ranges).collect();
        keep_first(&mut hosts);
        keep_first(&mut addresses);
        let (hosts, addresses) = (texts(&hosts), texts(&addresses));
        match self.changed_in {
            ChangedIn::File => {
                let list =
                    |name: &str, texts: &[String]| (!texts.is_empty()).then(|| format!("{name} = [{}]", quoted(texts)));
                let members = [
                    list("hosts", &hosts),
                    self.explicit.allow_unsigned.then(|| "allow_unsigned = true".to_owned()),
                    list("private_addresses", &addresses),
                ];
                let members: Vec<_> = members.into_iter().flatten().collect();
                let grants = members.join(", ");
                format!(
                    "These lines in hookyard.toml would permit it:\n[connections.{connection}]\ngrants = {{ {grants} }}"
                )
            }
            ChangedIn::Api => {
                let allow_unsigned = self.explicit.allow_unsigned;
                let grants =
                    json!({ "hosts": hosts, "allow_unsigned": allow_unsigned, "private_addresses": addresses });
                format!("This command would permit it:\nhookyard connections set {connection} --grants '{grants}'")
            }
        }
    }
}

fn texts<T: ToString>(values: &[&T]) -> Vec<String> {
    values.iter().map(|value| value.to_string()).collect()
}

/// Patterns and ranges hold nothing that would have to be escaped.
fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

fn keep_first<T: PartialEq>(values: &mut Vec<T>) {
    let mut index = 0;
    while index < values.len() {
        if values[..index].contains(&values[index]) {
            values.remove(index);
        } else {
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests;

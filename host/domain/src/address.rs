//! Which addresses may be dialled. Plugins choose names, and names lead anywhere: what counts is the address itself.

mod class;
pub mod range;

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use class::{Class, Reach};

/// Which addresses a request may be sent to: those of the public internet, and the operator's private ranges.
///
/// Requests of two connections may share an open connection only where their policies are equal, so this is the key of a
/// client. Policies of the same addresses are equal, however their ranges were written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressPolicy {
    private: Vec<IpNet>,
    public: bool,
}

impl AddressPolicy {
    /// The public internet and these ranges. Some addresses stay refused in any range: see [`AddressRefusal::grantable`].
    pub fn new(private: impl IntoIterator<Item = IpNet>) -> Self {
        let ranges: Vec<_> = private.into_iter().map(|range| range.trunc()).collect();
        let mut private = IpNet::aggregate(&ranges);
        private.sort_unstable();
        Self { private, public: true }
    }

    /// The same ranges without the public internet: for plain http that no pattern grants.
    pub fn private_only(&self) -> Self {
        Self { private: self.private.clone(), public: false }
    }

    /// Whether the public internet is left out.
    pub fn is_private_only(&self) -> bool {
        !self.public
    }

    /// Whether this address may be dialled. To be asked of every address that is really dialled, not of names.
    ///
    /// An address that embeds an IPv4 address (mapped, 6to4, NAT64 and so on) is never public, and a range that lists it
    /// permits it only where the embedded address is permitted as well.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressRefusal> {
        let class = Class::of(address);
        let refusal = |grantable: Vec<IpNet>| AddressRefusal { address, reason: class.reason, grantable };
        if class.reach == Reach::Never {
            return Err(refusal(Vec::new()));
        }
        let missing: Vec<_> = std::iter::once((address, class.reach))
            .chain(class.embedded.iter().map(|v4| (IpAddr::V4(*v4), Class::of(IpAddr::V4(*v4)).reach)))
            .filter(|(address, reach)| !self.permits(*address, *reach))
            .map(|(address, _)| IpNet::from(address))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(refusal(missing)) }
    }

    fn permits(&self, address: IpAddr, reach: Reach) -> bool {
        (self.public && reach == Reach::Public) || self.private.iter().any(|range| range.contains(&address))
    }
}

impl Default for AddressPolicy {
    /// The public internet and nothing else.
    fn default() -> Self {
        Self::new([])
    }
}

/// Why an address is not dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRefusal {
    /// The address.
    pub address: IpAddr,
    /// What sort of address it is: `loopback`, `private`, `cloud metadata`; `public` where only private ones are permitted.
    pub reason: &'static str,
    /// The ranges of one address each that would permit it. Empty where no grant can help: unspecified and multicast
    /// addresses, the broadcast address, and the addresses at which clouds hand out credentials.
    pub grantable: Vec<IpNet>,
}

impl fmt::Display for AddressRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, reason, .. } = self;
        let article = if reason.starts_with(['I', 'u']) && *reason != "unique local" { "an" } else { "a" };
        write!(f, "{address} is {article} {reason} address")
    }
}

impl std::error::Error for AddressRefusal {}

#[cfg(test)]
mod tests;

//! What is not granted, and what the operator would write to grant it.

use hookyard_domain::address::AddressPolicy;
use hookyard_domain::host_pattern::Origin;

use crate::egress::AddressesRefused;
use crate::outbound::Outbound;

use super::failure::Failure;

/// No pattern grants this origin.
pub(crate) fn not_granted(outbound: &Outbound, origin: &Origin) -> Failure {
    let why = format!("the connection {} is not granted requests to {origin}", outbound.connection);
    Failure::denied(why).with_remedy(Some(outbound.grant.suggest_host(&outbound.connection, origin)))
}

/// A public address is refused only for plain http that no `http://` grants; the way out is that, not a range.
pub(crate) fn address_refused(
    outbound: &Outbound,
    origin: &Origin,
    policy: &AddressPolicy,
    refused: &AddressesRefused,
) -> Failure {
    let internet = AddressPolicy::new([]);
    let plain = policy.is_private_only() && refused.0.iter().all(|refusal| internet.check(refusal.address).is_ok());
    if plain {
        let why = format!("{refused}, and plain http goes to private ones unless the grant says http://");
        return Failure::denied(why).with_remedy(Some(outbound.grant.suggest_host(&outbound.connection, origin)));
    }
    let grantable = refused.0.iter().all(|refusal| !refusal.grantable.is_empty());
    let ranges: Vec<_> = refused.0.iter().flat_map(|refusal| refusal.grantable.iter().copied()).collect();
    let remedy = grantable.then(|| outbound.grant.suggest_addresses(&outbound.connection, &ranges));
    Failure::denied(refused.to_string()).with_remedy(remedy)
}

//! What an ask and a consent have in common.

use std::collections::BTreeSet;

use crate::host_pattern::HostPattern;
use crate::manifest::credential::Credential;

/// Whether one of these hosts covers `asked`.
pub(super) fn covers_host<'a>(consented: impl IntoIterator<Item = &'a String>, asked: &str) -> bool {
    let pattern = asked.parse::<HostPattern>().ok();
    let covers = |consented: &String| match (&pattern, consented.parse::<HostPattern>()) {
        (Some(asked), Ok(consented)) => consented.covers(asked),
        // `{config:/pointer}` and `{grant}` cover themselves only.
        _ => consented == asked,
    };
    consented.into_iter().any(covers)
}

/// The hosts of either list that the other one covers.
pub(super) fn shared_hosts<'a, L>(asked: &'a L, consented: &'a L) -> Vec<String>
where
    &'a L: IntoIterator<Item = &'a String>,
{
    let covered = asked.into_iter().filter(|host| covers_host(consented, host));
    let narrower = consented.into_iter().filter(|host| covers_host(asked, host));
    let shared: BTreeSet<_> = covered.chain(narrower).cloned().collect();
    shared.into_iter().collect()
}

/// Whether `asked` does nothing that `consented` does not do.
pub(super) fn covers_credential(consented: &Credential, asked: &Credential) -> bool {
    does_the_same(consented, asked)
        && places(asked).is_subset(&places(consented))
        && (consented.reflects || !asked.reflects)
        && asked.hosts.iter().all(|host| covers_host(&consented.hosts, host))
}

/// What both credentials do, if they do the same and have a host and, where it is placed, a place in common.
pub(super) fn shared(asked: &Credential, consented: &Credential) -> Option<Credential> {
    if !does_the_same(consented, asked) {
        return None;
    }
    let mut shared = asked.clone();
    shared.hosts = shared_hosts(&asked.hosts, &consented.hosts);
    shared.reflects = asked.reflects && consented.reflects;
    shared.place = asked.place.as_ref().map(|_| places(asked).intersection(&places(consented)).cloned().collect());
    let placed_nowhere = shared.place.as_ref().is_some_and(Vec::is_empty);
    (!shared.hosts.is_empty() && !placed_nowhere).then_some(shared)
}

/// Whether they differ in hosts, places and `reflects` only.
fn does_the_same(one: &Credential, other: &Credential) -> bool {
    let rest = |credential: &Credential| {
        let mut rest = credential.clone();
        rest.hosts.clear();
        rest.reflects = false;
        rest.place = rest.place.map(|_| Vec::new());
        rest.canonical()
    };
    rest(one) == rest(other)
}

fn places(credential: &Credential) -> BTreeSet<String> {
    credential.place.iter().flatten().cloned().collect()
}

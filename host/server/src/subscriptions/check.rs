//! What is wrong with subscriptions, for those who want to know before anything is delivered.

use hookyard_domain::subscription::Subscription;

use super::Subscriptions;
use super::build::{built_of_file, line};
use super::entry::Entry;
use super::references::{Present, faults};
use crate::config::{Settings, SubscriptionSettings};
use crate::connections::Connection;
use crate::http::problem::InputError;

/// Everything that is wrong with the subscriptions of a file, each with file and line; also what they name that is none
/// of these connections. Nothing is kept.
pub(crate) fn problems_of_file<'a>(
    settings: &Settings,
    connections: impl IntoIterator<Item = &'a Connection>,
) -> Vec<String> {
    let present = Present::of(connections);
    let problems = settings.subscriptions.iter().flat_map(|(id, subscription)| {
        match built_of_file(id, subscription, &settings.egress_private_addresses) {
            Ok(built) => unknown(&built.subscription, subscription, &present),
            Err(problems) => problems,
        }
    });
    problems.collect()
}

fn unknown(subscription: &Subscription, settings: &SubscriptionSettings, present: &Present<'_>) -> Vec<String> {
    let faults = faults(subscription, |id| present.named(id));
    faults.iter().map(|fault| line(settings, fault)).collect()
}

impl Subscriptions {
    /// For each subscription, why it is invalid; or what it names that is not there now: deliveries that need it are tried again until
    /// it is.
    pub(crate) fn problems_of<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Vec<String>> {
        let connections = self.parts.connections.all();
        let present = Present::of(connections.iter().map(|connection| &**connection));
        entries.into_iter().map(|entry| problems_of(entry, &present)).collect()
    }
}

fn problems_of(entry: &Entry, present: &Present<'_>) -> Vec<String> {
    let Some(active) = &entry.active else { return entry.problems.clone() };
    match &entry.settings {
        Some(settings) => unknown(&active.definition, settings, present),
        None => {
            let faults = faults(&active.definition, |id| present.named(id));
            let line = |fault: &InputError| format!("subscription {}: {}: {}", entry.id, fault.pointer, fault.detail);
            faults.iter().map(line).collect()
        }
    }
}

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
    /// Why a subscription is invalid; or what it names that is not there now: deliveries that need it are tried again until it is.
    pub(crate) fn problems_of(&self, entry: &Entry) -> Vec<String> {
        let Some(active) = &entry.active else { return entry.problems.clone() };
        let connections = self.parts.connections.all();
        let present = Present::of(connections.iter().map(|connection| &**connection));
        match &entry.settings {
            Some(settings) => unknown(&active.definition, settings, &present),
            None => {
                let faults = faults(&active.definition, |id| present.named(id));
                let line =
                    |fault: &InputError| format!("subscription {}: {}: {}", entry.id, fault.pointer, fault.detail);
                faults.iter().map(line).collect()
            }
        }
    }
}

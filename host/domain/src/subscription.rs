//! Subscriptions: which events go where.

use crate::clock::Timestamp;
use crate::event::{EventFilter, Offset};
use crate::id::{ConnectionId, SubscriptionId};
use crate::inbox::Reason;

/// What a subscription is, as the operator wrote it. Its texts are checked where it is put together; what a subscription has
/// done so far is its [`Position`].
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Its name.
    pub id: SubscriptionId,
    /// Types, connections and subjects of its events.
    pub filter: EventFilter,
    /// An expression over the event that must hold as well.
    pub when: Option<String>,
    /// Where they go.
    pub endpoint: Endpoint,
    /// Whether an event waits for those of the same subject that came before it, also while they are tried again. Events without
    /// a subject wait for each other.
    pub ordered: bool,
    /// Whether anything is delivered. While it is not, its position stays.
    pub enabled: bool,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq)]
pub enum Endpoint {
    /// They are sent to a URL.
    Url(UrlEndpoint),
    /// They become calls of an action.
    Action(ActionEndpoint),
}

/// A URL that takes events.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlEndpoint {
    /// `https`, or `http` to a host whose addresses all lie in `egress.private_addresses`. Without user and password.
    pub url: url::Url,
    /// Sent with every event, beside those that the host sets itself. Their values may be secret.
    pub headers: Vec<(String, String)>,
    /// Attempts at a time; from 1.
    pub max_in_flight: u32,
    /// Attempts that begin within a second; any number, when absent.
    pub max_per_second: Option<u32>,
}

impl UrlEndpoint {
    /// Where it is, for those who need not know everything: without the query, in which some receivers want a secret.
    pub fn without_query(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.into()
    }
}

impl std::fmt::Debug for UrlEndpoint {
    /// Without the query and the values of headers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("UrlEndpoint")
            .field("url", &self.without_query())
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// An action that events become calls of.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionEndpoint {
    /// The connection.
    pub connection: ConnectionId,
    /// The action.
    pub action: String,
    /// The input; its strings are templates over the event.
    pub input: serde_json::Value,
    /// Calls at a time; from 1.
    pub max_in_flight: u32,
    /// Calls of one subject that begin within a minute. Further ones wait: what leads back to itself by way of a provider, which
    /// no count of hops can see, is slowed down to that. Events without a subject are not counted.
    pub max_per_minute_and_subject: u32,
}

/// How far a subscription has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Which one.
    pub subscription: SubscriptionId,
    /// Every event up to here was looked at: it did not match, was delivered, or is a [`Delivery`](crate::delivery::Delivery)
    /// that is kept.
    pub cursor: Offset,
    /// How often the operator has set the cursor back.
    pub replays: u32,
    /// Since when no attempt has succeeded, if the last one failed.
    pub failing_since: Option<Timestamp>,
    /// Why nothing is delivered.
    pub paused: Option<Paused>,
}

/// A subscription that delivers nothing until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// `operator`; `failing`: no attempt has succeeded for too long; `gone`: the endpoint has answered 410.
    pub reason: Reason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_of_an_endpoint_is_not_shown() {
        let endpoint = UrlEndpoint {
            url: "https://crm.example.com/hooks?key=s3cret".parse().expect("a URL"),
            headers: vec![("x-key".to_owned(), "s3cret".to_owned())],
            max_in_flight: 8,
            max_per_second: None,
        };
        assert_eq!(endpoint.without_query(), "https://crm.example.com/hooks");
        let shown = format!("{endpoint:?}");
        assert!(
            shown.contains("crm.example.com/hooks") && shown.contains("x-key") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}

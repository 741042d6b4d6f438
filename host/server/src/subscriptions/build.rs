//! From what is wanted to subscriptions that work, or say why they do not.

use std::sync::Arc;

use hookyard_domain::flow::{Flow, FlowProblem};
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::{Endpoint, Subscription};
use ipnet::IpNet;
use serde_json::{Map, Value};

use super::Subscriptions;
use super::active::{Active, SigningSecret};
use super::definition::{self, Definition, Rules};
use super::entry::Entry;
use super::kept::Kept;
use crate::config::SubscriptionSettings;
use crate::connections::Origin;
use crate::http::problem::InputError;

/// A definition with its templates compiled.
pub(super) struct Built {
    pub(super) subscription: Subscription,
    pub(super) flow: Flow,
    /// The secrets that the file gives.
    pub(super) secrets: Option<Vec<Secret>>,
}

/// Reads a document and compiles its templates. What it names is not looked for.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn build(
    id: &SubscriptionId,
    document: &Map<String, Value>,
    origin: Origin,
    private_addresses: &[IpNet],
) -> Result<Built, Vec<InputError>> {
    let Definition { subscription, secrets } = definition::read(id, document, Rules { origin, private_addresses })?;
    let input = match &subscription.endpoint {
        Endpoint::Url(_) => None,
        Endpoint::Action(endpoint) => Some(&endpoint.input),
    };
    let flow = Flow::compile(subscription.when.as_deref(), input);
    let flow = flow.map_err(|problems| problems.into_iter().map(of_flow).collect::<Vec<_>>())?;
    Ok(Built { subscription, flow, secrets })
}

fn of_flow(FlowProblem { pointer, detail }: FlowProblem) -> InputError {
    InputError { pointer, code: "template".to_owned(), detail }
}

impl Built {
    /// Ready to be worked with. The secrets that the file gives go before those that are kept.
    fn active(self, kept: &Kept) -> Result<Active, String> {
        let Self { subscription, flow, secrets } = self;
        let secrets = match (definition::is_signed(&subscription), secrets) {
            (false, _) => Vec::new(),
            (true, Some(given)) => given.into_iter().map(|secret| SigningSecret { secret, until: None }).collect(),
            (true, None) => match kept.secrets.clone() {
                Ok(secrets) if secrets.is_empty() => return Err("it has no secret to sign with".to_owned()),
                Ok(secrets) => secrets,
                Err(why) => return Err(format!("its secret cannot be read or made: {why}")),
            },
        };
        Ok(Active { definition: subscription, flow, secrets, made_at: kept.created_at() })
    }
}

impl Subscriptions {
    /// A subscription of the API.
    pub(super) fn of_api(&self, id: &SubscriptionId, kept: &Kept) -> Entry {
        let line = |error: &InputError| format!("subscription {id}: {}: {}", error.pointer, error.detail);
        let whole = |why: String| vec![format!("subscription {id}: {why}; or delete it")];
        let active = match &kept.document {
            Some(Ok(document)) => build(id, document, Origin::Api, &self.parts.private_addresses)
                .map_err(|wrong| wrong.iter().map(line).collect())
                .and_then(|built| built.active(kept).map_err(whole)),
            Some(Err(why)) => Err(whole(format!("what is stored of it cannot be read: {why}"))),
            None => Err(whole("it is none of the API".to_owned())),
        };
        entry(id, None, active, kept)
    }

    /// A subscription of the file.
    pub(super) fn of_file(&self, id: &SubscriptionId, settings: &SubscriptionSettings, kept: &Kept) -> Entry {
        let active = built_of_file(id, settings, &self.parts.private_addresses);
        let active = active.and_then(|built| {
            built.active(kept).map_err(|why| vec![format!("{}: subscriptions.{id}: {why}", settings.location)])
        });
        entry(id, Some(settings.clone()), active, kept)
    }
}

/// The same as far as the file says it.
///
/// # Errors
/// Everything that is wrong with it, each with file and line.
pub(super) fn built_of_file(
    id: &SubscriptionId,
    settings: &SubscriptionSettings,
    private_addresses: &[IpNet],
) -> Result<Built, Vec<String>> {
    if !settings.problems.is_empty() {
        // What a variable would have held is missing from the document, so that more would be found than there is.
        return Err(settings.problems.clone());
    }
    build(id, &settings.document, Origin::File, private_addresses)
        .map_err(|wrong| wrong.iter().map(|error| line(settings, error)).collect())
}

/// What is wrong, where it stands in the file.
pub(super) fn line(settings: &SubscriptionSettings, error: &InputError) -> String {
    format!("{}: {}", settings.line_of(&error.pointer), error.detail)
}

fn entry(
    id: &SubscriptionId,
    settings: Option<SubscriptionSettings>,
    active: Result<Active, Vec<String>>,
    kept: &Kept,
) -> Entry {
    let origin = if settings.is_some() { Origin::File } else { Origin::Api };
    let (active, problems) = match active {
        Ok(active) => (Some(Arc::new(active)), Vec::new()),
        Err(problems) => (None, problems),
    };
    let (created_at, updated_at) = (kept.created_at(), kept.updated_at());
    Entry { id: id.clone(), origin, active, problems, settings, created_at, updated_at }
}

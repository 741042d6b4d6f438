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
use super::definition::{self, Definition, Rules, UNKNOWN_MEMBER};
use super::entry::Entry;
use super::kept::Kept;
use crate::config::SubscriptionSettings;
use crate::connections::Origin;
use crate::http::problem::InputError;

/// The code of a text that cannot be compiled.
const TEMPLATE: &str = "template";

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
    let read = definition::read(id, document, Rules { origin, private_addresses });
    let Definition { subscription, secrets } = read.map_err(|mut wrong| {
        wrong.extend(mistakes(document));
        wrong
    })?;
    let input = match &subscription.endpoint {
        Endpoint::Url(_) => None,
        Endpoint::Action(endpoint) => Some(&endpoint.input),
    };
    let flow = Flow::compile(subscription.when.as_deref(), input);
    let flow = flow.map_err(|problems| problems.into_iter().map(of_flow).collect::<Vec<_>>())?;
    Ok(Built { subscription, flow, secrets })
}

/// What is wrong with the templates of a document that is wrong otherwise.
fn mistakes(document: &Map<String, Value>) -> Vec<InputError> {
    let when = document.get("when").and_then(Value::as_str);
    let input = document.get("endpoint").and_then(|endpoint| endpoint.get("input"));
    Flow::compile(when, input).err().into_iter().flatten().map(of_flow).collect()
}

fn of_flow(FlowProblem { pointer, detail }: FlowProblem) -> InputError {
    InputError::new(pointer, TEMPLATE, detail)
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
    let built = build(id, &settings.document, Origin::File, private_addresses);
    if settings.problems.is_empty() {
        return built.map_err(|wrong| wrong.iter().map(|error| line(settings, error)).collect());
    }
    // What a variable would have held is missing from the document, so that more is found than there is; but for this.
    let is_certain = |error: &InputError| matches!(error.code.as_str(), UNKNOWN_MEMBER | TEMPLATE);
    let certain = built.err().into_iter().flatten().filter(is_certain);
    Err(settings.problems.iter().cloned().chain(certain.map(|error| line(settings, &error))).collect())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(document: Value, problems: &[&str]) -> Vec<String> {
        let Value::Object(document) = document else { panic!("the tests give objects") };
        let mut settings = SubscriptionSettings::new(document);
        settings.problems = problems.iter().map(ToString::to_string).collect();
        built_of_file(&"crm".parse().expect("a name"), &settings, &[]).err().expect("wrong")
    }

    #[test]
    fn templates_are_compiled_also_where_something_else_is_wrong() {
        let input = json!({ "text": "{% include 'x' %}" });
        let endpoint = json!({ "connection": "desk", "action": "note", "input": input });
        let said = wrong(json!({ "tyeps": ["a"], "when": "{{", "endpoint": endpoint }), &[]).join("\n");
        for expected in ["\"tyeps\"", "types is required", "line 1, column 2", "include"] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }

    #[test]
    fn where_a_variable_is_missing_only_that_is_said_beside_it_which_no_variable_mends() {
        let document = json!({ "types": ["a"], "colour": 1, "when": "(", "endpoint": { "url": null } });
        let said = wrong(document, &["x.toml:3: the variable URL is not set"]);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(
            said[0].contains("URL is not set") && said[1].contains("colour") && said[2].contains("line 1"),
            "{said:?}"
        );
    }
}

//! What a manifest must fulfil beyond its shape.

use std::collections::HashSet;

use serde_json::Value;

use super::credential;
use super::host::HostEntry;
use super::problem::Problems;
use super::sample::Sample;
use super::webhook::{FromConfig, WebhookDeclaration, WebhookRules};
use super::{Manifest, rules};
use crate::event::HOST_TYPES;
use crate::limit;
use crate::schema::secret_place::SecretPlace;
use crate::schema::{self, Schema};
use crate::signature::place::json_pointer;

/// Notes everything that is wrong, and warns of what is weak.
pub(super) fn check(manifest: &Manifest, problems: &mut Problems, warnings: &mut Vec<String>) {
    if manifest.semantic_version().is_none() {
        problems.at("/version", format!("{:?} is not a semantic version, such as 1.0.0", manifest.version));
    }
    if manifest.name.as_str() == HOST_TYPES {
        problems.at("/name", format!("{HOST_TYPES:?} is the host's own: its events have types of that name"));
    }
    check_lengths(manifest, problems);
    let config = problems.accept("/config", Schema::compile(&manifest.config));
    if config.is_some() && SecretPlace::all_of(&manifest.config).iter().any(SecretPlace::is_whole) {
        problems.at("/config", "marks the whole config as a secret, or more places than can be written down");
    }
    check_actions(manifest, problems);
    check_events(manifest, problems);
    for (index, host) in manifest.hosts.iter().enumerate() {
        let at = format!("/hosts/{index}");
        let entry = problems.accept(&at, HostEntry::asked(host));
        credential::check_host(entry.as_ref(), &at, config.as_ref(), problems);
    }
    for (index, declared) in manifest.credentials.iter().enumerate() {
        credential::check(declared, &format!("/credentials/{index}"), config.as_ref(), problems);
    }
    warn_of_secret_defaults(&manifest.config, "/config", warnings);
    check_samples(&manifest.samples, problems);
    match &manifest.webhook {
        Some(WebhookDeclaration::Rules(declared)) => {
            check_webhook(declared, config.as_ref(), problems, warnings);
        }
        Some(WebhookDeclaration::FromConfig(FromConfig { config })) => {
            problems.accept("/webhook/config", json_pointer(config).map(drop));
        }
        None => {}
    }
}

fn check_webhook(
    declared: &WebhookRules,
    config: Option<&Schema>,
    problems: &mut Problems,
    warnings: &mut Vec<String>,
) {
    let plans = rules::check(declared, "/webhook", problems);
    if declared.body_bytes_max.is_some_and(|asked| asked > limit::WEBHOOK_BODY_BYTES_MAX) {
        let max = limit::WEBHOOK_BODY_BYTES_MAX;
        warnings.push(format!("/webhook/body_bytes_max: this host accepts at most {max} bytes"));
    }
    let Some(config) = config else { return };
    for secret in plans.iter().filter_map(|(_, plan)| plan.secret()) {
        let tokens = schema::tokens(secret).unwrap_or_default();
        let place = config.place().below(&tokens);
        if !place.is_secret() && !place.items().is_secret() {
            warnings.push(format!("/webhook/verify: config {secret} is not \"writeOnly\", so that the plugin sees it"));
        }
    }
}

/// The host fills in no default of a secret.
fn warn_of_secret_defaults(schema: &Value, at: &str, warnings: &mut Vec<String>) {
    match schema {
        Value::Object(keywords) => {
            let is_secret = keywords.get("writeOnly") == Some(&Value::Bool(true));
            if is_secret && keywords.contains_key("default") && warnings.len() < limit::VIOLATIONS_MAX {
                warnings.push(format!("{at}/default: a secret has no default, since everybody could read it: ignored"));
            }
            for (name, below) in keywords {
                warn_of_secret_defaults(below, &format!("{at}/{}", schema::escape(name)), warnings);
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                warn_of_secret_defaults(below, &format!("{at}/{index}"), warnings);
            }
        }
        _ => {}
    }
}

fn check_lengths(manifest: &Manifest, problems: &mut Problems) {
    let lists = [
        ("actions", manifest.actions.len()),
        ("events", manifest.events.len()),
        ("hosts", manifest.hosts.len()),
        ("credentials", manifest.credentials.len()),
        ("samples", manifest.samples.len()),
    ];
    for (list, length) in lists {
        if length > limit::MANIFEST_ENTRIES_MAX {
            let max = limit::MANIFEST_ENTRIES_MAX;
            problems.at(format!("/{list}"), format!("has {length} entries; at most {max} are allowed"));
        }
    }
}

fn check_actions(manifest: &Manifest, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (index, action) in manifest.actions.iter().enumerate() {
        let at = format!("/actions/{index}");
        let name = &action.name;
        if !is_kebab_case(name) {
            problems.at(format!("{at}/name"), format!("{name:?} is not kebab-case, such as track-shipment"));
        }
        if !seen.insert(name) {
            problems.at(format!("{at}/name"), format!("{name:?} is declared twice"));
        }
        for (member, schema) in [("input", &action.input), ("output", &action.output)] {
            if let Some(schema) = schema {
                problems.accept(format!("{at}/{member}"), Schema::compile(schema));
            }
        }
        if action.timeout_ms == Some(0) {
            problems.at(format!("{at}/timeout_ms"), "must be at least 1");
        }
        if let Some(order) = &action.order {
            problems.accept(format!("{at}/order"), json_pointer(order).map(drop));
        }
    }
}

fn check_events(manifest: &Manifest, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (index, event) in manifest.events.iter().enumerate() {
        let at = format!("/events/{index}");
        let kind = &event.kind;
        if kind.len() > limit::EVENT_KIND_BYTES_MAX || !kind.split('.').all(is_kebab_case) {
            problems.at(format!("{at}/kind"), format!("{kind:?} is not a dotted kind, such as shipment.updated"));
        }
        if !seen.insert(kind) {
            problems.at(format!("{at}/kind"), format!("{kind:?} is declared twice"));
        }
        if let Some(schema) = &event.data {
            problems.accept(format!("{at}/data"), Schema::compile(schema));
        }
    }
}

fn check_samples(samples: &[Sample], problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (index, sample) in samples.iter().enumerate() {
        if sample.name.is_empty() || !seen.insert(&sample.name) {
            problems.at(format!("/samples/{index}/name"), format!("{:?} is empty or declared twice", sample.name));
        }
        if let Err(reason) = sample.body_bytes() {
            problems.at(format!("/samples/{index}/body"), reason);
        }
    }
}

fn is_kebab_case(name: &str) -> bool {
    let words = |name: &str| name.split('-').all(|word| !word.is_empty() && word.bytes().all(is_word_byte));
    name.len() <= limit::ACTION_NAME_BYTES_MAX && name.starts_with(|c: char| c.is_ascii_lowercase()) && words(name)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

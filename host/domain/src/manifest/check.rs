//! What a manifest must fulfil beyond its shape.

use std::collections::HashSet;

use super::credential::Credential;
use super::problem::Problems;
use super::sample::Sample;
use super::webhook::{FromConfig, WebhookDeclaration, WebhookRules};
use super::{Manifest, rules};
use crate::limit;
use crate::schema::{self, Schema};
use crate::signature::place::json_pointer;

/// Notes everything that is wrong, and warns of what is weak.
pub(super) fn check(manifest: &Manifest, problems: &mut Problems, warnings: &mut Vec<String>) {
    if manifest.semantic_version().is_none() {
        problems.at("/version", format!("{:?} is not a semantic version, such as 1.0.0", manifest.version));
    }
    check_lengths(manifest, problems);
    let config = problems.accept("/config", Schema::compile(&manifest.config));
    check_actions(manifest, problems);
    check_events(manifest, problems);
    for (index, pattern) in manifest.hosts.iter().enumerate() {
        problems.accept(format!("/hosts/{index}"), host_pattern(pattern, false));
    }
    for (index, credential) in manifest.credentials.iter().enumerate() {
        check_credential(credential, &format!("/credentials/{index}"), problems);
    }
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

fn check_credential(credential: &Credential, at: &str, problems: &mut Problems) {
    if credential.hosts.is_empty() {
        problems.at(format!("{at}/hosts"), "must name the hosts that the secret may go to");
    }
    for (index, pattern) in credential.hosts.iter().enumerate() {
        problems.accept(format!("{at}/hosts/{index}"), host_pattern(pattern, true));
    }
    let header = credential.header.is_some() || credential.value.is_some();
    let place = credential.place.is_some() || credential.secret.is_some();
    let forms = [header, credential.basic.is_some(), place].into_iter().filter(|given| *given).count();
    if forms != 1 {
        problems.at(at, "is exactly one of: header and value; basic; place and secret");
    }
    if credential.header.is_some() != credential.value.is_some() {
        problems.at(at, "header and value go together");
    }
    if credential.place.is_some() != credential.secret.is_some() {
        problems.at(at, "place and secret go together");
    }
    for (index, place) in credential.place.iter().flatten().enumerate() {
        if !["header", "query", "form", "json"].contains(&place.as_str()) {
            problems.at(format!("{at}/place/{index}"), format!("{place:?} is not one of header, query, form, json"));
        }
    }
    if let Some(secret) = &credential.secret {
        problems.accept(format!("{at}/secret"), json_pointer(secret).map(drop));
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

/// `[http://]NAME[:PORT]` with `NAME`, `*.NAME` or an IP literal, or `{config:/pointer}`; `{grant}` in credentials only.
fn host_pattern(pattern: &str, in_credentials: bool) -> Result<(), String> {
    if pattern == "{grant}" && in_credentials {
        return Ok(());
    }
    if let Some(pointer) = pattern.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}')) {
        return json_pointer(pointer).map(drop);
    }
    let refused = || format!("{pattern:?} is not a host pattern: [http://]NAME[:PORT], *.NAME, or {{config:/POINTER}}");
    let rest = pattern.strip_prefix("http://").unwrap_or(pattern);
    let (name, port) = match rest.strip_prefix('[') {
        Some(_) => rest.split_once(']').map(|(name, port)| (name, port.strip_prefix(':'))).ok_or_else(refused)?,
        None => rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port))),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let valid = match name.strip_prefix('[') {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let labels = name.strip_prefix("*.").unwrap_or(name);
            labels.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            })
        }
    };
    if valid && port_fits { Ok(()) } else { Err(refused()) }
}

fn is_kebab_case(name: &str) -> bool {
    let words = |name: &str| name.split('-').all(|word| !word.is_empty() && word.bytes().all(is_word_byte));
    name.len() <= limit::ACTION_NAME_BYTES_MAX && name.starts_with(|c: char| c.is_ascii_lowercase()) && words(name)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

//! What a credential must fulfil beyond its shape.

mod token;

use super::Credential;
use crate::credential::place::Place;
use crate::credential::pointer_pattern::PointerPattern;
use crate::credential::template::{Piece, Template};
use crate::fetched_token::build::OWN_HEADERS;
use crate::manifest::host::HostEntry;
use crate::manifest::problem::Problems;
use crate::schema::{Schema, tokens};
use crate::signature::place::header_name;

/// Checks the credential at the pointer `at`. `config` is the plugin's config schema, if that can be used.
pub(in crate::manifest) fn check(credential: &Credential, at: &str, config: Option<&Schema>, problems: &mut Problems) {
    let Credential { hosts, header, value, basic, place, secret, token, oauth2, reflects: _ } = credential;
    if hosts.is_empty() {
        problems.at(format!("{at}/hosts"), "must name the hosts that the secret may go to");
    }
    for (index, host) in hosts.iter().enumerate() {
        let pointer = format!("{at}/hosts/{index}");
        let entry = problems.accept(&pointer, HostEntry::of_credential(host));
        check_host(entry.as_ref(), &pointer, config, problems);
    }
    let (by_header, by_place) = (header.is_some() || value.is_some(), place.is_some() || secret.is_some());
    if [by_header, basic.is_some(), by_place].into_iter().filter(|given| *given).count() != 1 {
        problems.at(at, "is exactly one of: header and value; basic; place and secret");
    }
    if header.is_some() != value.is_some() {
        problems.at(at, "header and value go together");
    }
    if place.is_some() != secret.is_some() {
        problems.at(at, "place and secret go together");
    }
    if let Some(name) = header.as_ref().and_then(|name| problems.accept(format!("{at}/header"), header_name(name)))
        && OWN_HEADERS.contains(&name)
    {
        problems.at(format!("{at}/header"), format!("the header {name} belongs to the host"));
    }
    let parts = basic.iter().flatten().enumerate().map(|(index, text)| (format!("{at}/basic/{index}"), text));
    token::check(credential, at, config, problems);
    let parse = if token.is_some() || oauth2.is_some() { Template::parse_with_token } else { Template::parse };
    for (pointer, text) in value.iter().map(|text| (format!("{at}/value"), text)).chain(parts) {
        if let Some(template) = problems.accept(&pointer, parse(text)) {
            check_template(&template, &pointer, config, problems);
        }
    }
    if place.as_ref().is_some_and(Vec::is_empty) {
        problems.at(format!("{at}/place"), "names no place");
    }
    for (index, place) in place.iter().flatten().enumerate() {
        problems.accept(format!("{at}/place/{index}"), place.parse::<Place>());
    }
    if let Some(secret) = secret {
        check_secret_pattern(secret, &format!("{at}/secret"), config, problems);
    }
}

/// Checks an entry of any `hosts`: it may not stand on a secret, or requests would show it as their host.
pub(in crate::manifest) fn check_host(
    entry: Option<&HostEntry>,
    at: &str,
    config: Option<&Schema>,
    problems: &mut Problems,
) {
    if let (Some(HostEntry::Config(pointer)), Some(config)) = (entry, config)
        && is_secret(config, pointer)
    {
        problems.at(at, format!("config {pointer} is \"writeOnly\"; a host cannot be a secret"));
    }
}

fn check_template(template: &Template, at: &str, config: Option<&Schema>, problems: &mut Problems) {
    let Some(config) = config else { return };
    for piece in template.pieces() {
        match piece {
            Piece::Secret(pointer) if !is_secret(config, pointer) => {
                problems
                    .at(at, format!("config {pointer} is not \"writeOnly\"; write {{config:{pointer}}}, or mark it"));
            }
            Piece::Config(pointer) if is_secret(config, pointer) => {
                problems.at(at, format!("config {pointer} is \"writeOnly\"; write {{secret:{pointer}}}"));
            }
            Piece::Text(_) | Piece::Secret(_) | Piece::Config(_) | Piece::Token => {}
        }
    }
}

fn check_secret_pattern(text: &str, at: &str, config: Option<&Schema>, problems: &mut Problems) {
    let Some(pattern) = problems.accept(at, PointerPattern::parse(text)) else { return };
    let Some(config) = config else { return };
    let marked = match pattern.below() {
        None => is_secret(config, text),
        Some(around) => {
            let place = config.place().below(&tokens(around).unwrap_or_default());
            let named = place.properties().map(|(name, _)| name.to_owned());
            is_secret(config, around)
                || named.chain(["*".to_owned()]).any(|name| {
                    let member = place.member(&name);
                    member.is_secret() || member.items().is_secret()
                })
        }
    };
    if !marked {
        problems.at(at, format!("config {text} is not \"writeOnly\", so that the plugin sees it as it is"));
    }
}

/// Whether what stands at a pointer is secret: itself, something around it, or the items of its list.
fn is_secret(config: &Schema, pointer: &str) -> bool {
    let tokens = tokens(pointer).unwrap_or_default();
    let around = (0..=tokens.len()).any(|length| config.place().below(&tokens[..length]).is_secret());
    around || config.place().below(&tokens).items().is_secret()
}

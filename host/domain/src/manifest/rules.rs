//! What webhook rules must fulfil beyond their shape.

use super::problem::Problems;
use super::webhook::{Condition, KeySource, WebhookRules};
use crate::limit;
use crate::signature::place::{header_name, json_pointer};
use crate::signature::plan::Plan;
use crate::signature::template::{Piece, Template};

/// Checks rules that stand at `pointer`, and reads the entries of `verify` that can be used.
pub(crate) fn check(rules: &WebhookRules, pointer: &str, problems: &mut Problems) -> Vec<(Condition, Plan)> {
    check_lists(rules, pointer, problems);
    check_methods(rules, pointer, problems);
    if rules.body_bytes_max == Some(0) {
        problems.at(format!("{pointer}/body_bytes_max"), "must be at least 1");
    }
    if rules.answer_within_ms == Some(0) {
        problems.at(format!("{pointer}/answer_within_ms"), "must be at least 1");
    }
    for (list, sources) in [("dedupe", &rules.dedupe), ("order", &rules.order)] {
        for (index, source) in sources.iter().enumerate() {
            let at = format!("{pointer}/{list}/{index}");
            match source {
                KeySource::Body(body) => problems.accept(format!("{at}/body"), json_pointer(body).map(drop)),
                KeySource::Header(name) => problems.accept(format!("{at}/header"), header_name(name).map(drop)),
                KeySource::Form(name) if name.is_empty() => {
                    problems.at(format!("{at}/form"), "names no field");
                    None
                }
                KeySource::Form(_) => None,
            };
        }
    }
    check_handshakes(rules, pointer, problems);
    let many = matches!(rules.verify, super::webhook::OneOrMany::Many(_));
    let entries = rules.verify.as_slice().iter().enumerate();
    entries
        .filter_map(|(index, rule)| {
            let at = if many { format!("{pointer}/verify/{index}") } else { format!("{pointer}/verify") };
            check_condition(&rule.when, rules, &format!("{at}/when"), problems);
            Plan::parse(rule, &at, problems).map(|plan| (rule.when.clone(), plan))
        })
        .collect()
}

fn check_lists(rules: &WebhookRules, pointer: &str, problems: &mut Problems) {
    let lists = [
        ("methods", rules.methods.len()),
        ("verify", rules.verify.as_slice().len()),
        ("dedupe", rules.dedupe.len()),
        ("order", rules.order.len()),
        ("handshake", rules.handshake.len()),
    ];
    for (list, length) in lists {
        if length > limit::RULES_MAX {
            problems.at(
                format!("{pointer}/{list}"),
                format!("has {length} entries; at most {} are allowed", limit::RULES_MAX),
            );
        }
    }
    if rules.verify.as_slice().is_empty() {
        problems.at(
            format!("{pointer}/verify"),
            "must have an entry; {\"scheme\": \"none\"} says that nothing is verified",
        );
    }
}

fn check_methods(rules: &WebhookRules, pointer: &str, problems: &mut Problems) {
    if rules.methods.is_empty() {
        problems.at(format!("{pointer}/methods"), "must name a method, or be left out for POST");
    }
    for (index, method) in rules.methods.iter().enumerate() {
        if method.is_empty()
            || method.len() > 32
            || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        {
            problems.at(
                format!("{pointer}/methods/{index}"),
                format!("{method:?} is not an HTTP method in capital letters"),
            );
        }
    }
}

fn check_handshakes(rules: &WebhookRules, pointer: &str, problems: &mut Problems) {
    for (index, handshake) in rules.handshake.iter().enumerate() {
        let at = format!("{pointer}/handshake/{index}");
        if handshake.when == Condition::default() {
            problems.at(format!("{at}/when"), "must state something, or no webhook would ever reach the plugin");
        }
        check_condition(&handshake.when, rules, &format!("{at}/when"), problems);
        let Some(template) = problems.accept(format!("{at}/respond"), Template::parse(&handshake.respond)) else {
            continue;
        };
        let known = |piece: &Piece| {
            matches!(piece, Piece::Text(_) | Piece::Body | Piece::Header(_) | Piece::Query(_) | Piece::Pointer(_))
        };
        if !template.pieces().iter().all(known) {
            problems.at(format!("{at}/respond"), "knows {body} {body:/POINTER} {header:NAME} and {query:NAME} only");
        }
    }
}

fn check_condition(condition: &Condition, rules: &WebhookRules, pointer: &str, problems: &mut Problems) {
    if let Some(method) = &condition.method
        && !rules.methods.contains(method)
    {
        problems.at(format!("{pointer}/method"), format!("{method:?} is not one of methods, so that this never holds"));
    }
    if condition.query.as_deref() == Some("") {
        problems.at(format!("{pointer}/query"), "names no parameter");
    }
    if let Some(name) = &condition.header {
        problems.accept(format!("{pointer}/header"), header_name(name).map(drop));
    }
    for body in condition.body.keys() {
        problems.accept(format!("{pointer}/body"), json_pointer(body).map(drop));
    }
}

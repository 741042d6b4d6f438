//! What the operator should know of a connection that works: a code and a sentence.

use hookyard_domain::id::ConnectionId;

use super::{Consented, Origin, Pending, Ready};

/// The most urgent of it, if there is anything.
pub(super) fn of(
    id: &ConnectionId,
    origin: Origin,
    ready: &Ready,
    consented: &Consented,
    pending: Option<&Pending>,
) -> Option<(String, String)> {
    let version = ready.plugin.manifest.plugin();
    if let Some(pending) = pending {
        return Some(stays(id, origin, &version.to_string(), pending));
    }
    if !consented.beyond.is_empty() {
        let beyond = &consented.beyond;
        let text = format!(
            "{version} asks for more than {id} was granted, and does without it: {beyond}; \
             `hookyard connections consent {id}` grants it"
        );
        return Some(("needs-consent".to_owned(), text));
    }
    let lacks_secret = ready.webhook.as_ref().is_some_and(|entry| entry.verifier.lacks_secret());
    lacks_secret.then(|| {
        let text = "no secret to verify webhooks with: they are answered 503";
        ("unsigned-not-allowed".to_owned(), text.to_owned())
    })
}

fn stays(id: &ConnectionId, origin: Origin, version: &str, pending: &Pending) -> (String, String) {
    let Pending { version: next, beyond, faults, .. } = pending;
    if !faults.is_empty() {
        let faults = faults.join("; ");
        let way_out = match origin {
            Origin::File => String::new(),
            Origin::Api => format!("; `hookyard connections set {id}` changes it"),
        };
        let text = format!("stays on {version}, because {next} cannot use the config: {faults}{way_out}");
        return ("needs-config".to_owned(), text);
    }
    let text = format!(
        "stays on {version}, because {next} asks for more than {id} was granted: {beyond}; \
         `hookyard connections consent {id}` grants it"
    );
    ("needs-consent".to_owned(), text)
}

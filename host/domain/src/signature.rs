//! Verification as data: a manifest says how a provider signs, and the host checks it on the exact bytes, before any guest
//! runs. Whatever is missing, repeated, malformed or ambiguous is a refusal, never a pass.

mod check;
mod comparison;
mod condition;
mod encoding;
mod evidence;
mod form;
mod freshness;
mod handshake;
mod json_body;
pub(crate) mod keys;
pub(crate) mod place;
pub(crate) mod plan;
mod public_key;
mod request;
mod signed;
mod standard;
pub(crate) mod template;
mod token;

use std::fmt;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::grant::Grant;
use crate::limit;
use crate::manifest::ManifestProblem;
use crate::manifest::problem::Problems;
use crate::manifest::rules;
use crate::manifest::webhook::{Condition, KeySource, WebhookRules};
use crate::webhook::{Blanks, Keys, UnverifiedWebhook, VerifiedWebhook};
use check::Check;
use evidence::{Evidence, Proof};
pub(crate) use form::blank as blank_query;
use handshake::Responder;
use place::Place;
use plan::Plan;
use request::Request;

/// The webhook rules of one connection, with its secrets. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Rules>);

struct Rules {
    methods: Vec<String>,
    body_bytes_max: usize,
    groups: Vec<Group>,
    handshakes: Vec<Responder>,
    dedupe: Vec<KeySource>,
    order: Vec<KeySource>,
    allow_unsigned: bool,
    blanks: Blanks,
}

/// The entries of `verify` with the same `when`: any of them may pass.
#[derive(Debug)]
struct Group {
    when: Condition,
    /// Those entries for which a secret is configured.
    checks: Vec<Check>,
}

/// What a request that is accepted turned out to be.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "taken apart at once, and nearly always a webhook: a box would not pay")]
pub enum Receipt {
    /// A webhook for the plugin.
    Webhook(VerifiedWebhook),
    /// A handshake: the host answers 200 with this `text/plain`; it never reaches the plugin and marks nothing.
    Handshake(String),
}

/// Why a request is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 405.
    #[error("the method is not one of {allow}")]
    MethodNotAllowed {
        /// Value of the `Allow` header.
        allow: String,
    },
    /// 413.
    #[error("the body is too large")]
    TooLarge,
    /// 401, without any detail on the wire.
    #[error("not verified: {reason}")]
    Unauthorized {
        /// For logs only; holds nothing of the request and nothing of the config.
        reason: &'static str,
    },
    /// 503: nothing is configured to verify with, and the operator has not granted `allow_unsigned`.
    #[error("no secret is configured to verify webhooks with")]
    NoSecret,
}

impl Verifier {
    /// Prepares the rules of a connection with its config. `public_url` is where providers reach this host. Problems of
    /// keys and secrets carry the pointer into the config, others that into the rules.
    pub fn compile(
        rules: &WebhookRules,
        config: &Config,
        public_url: Option<&str>,
        grant: &Grant,
    ) -> Result<Self, Vec<ManifestProblem>> {
        let mut problems = Problems::default();
        let plans = rules::check(rules, "", &mut problems);
        let public_url = public_url.map(|url| url.trim_end_matches('/'));
        let mut blanks = Blanks::default();
        let mut groups: Vec<Group> = Vec::new();
        for (when, plan) in plans {
            note_blanks(&plan, &mut blanks);
            let check = Check::arm(&plan, config, public_url, grant.allow_unsigned, &mut problems);
            match groups.iter_mut().find(|group| group.when == when) {
                Some(group) => group.checks.extend(check),
                None => groups.push(Group { when, checks: check.into_iter().collect() }),
            }
        }
        let handshakes = rules.handshake.iter().filter_map(|handshake| {
            let respond = template::Template::parse(&handshake.respond).ok()?;
            Some(Responder { when: handshake.when.clone(), respond, verified: handshake.verified })
        });
        let compiled = Rules {
            methods: rules.methods.clone(),
            body_bytes_max: usize::try_from(rules.body_bytes_max()).unwrap_or(usize::MAX),
            groups,
            handshakes: handshakes.collect(),
            dedupe: rules.dedupe.clone(),
            order: rules.order.clone(),
            allow_unsigned: grant.allow_unsigned,
            blanks,
        };
        problems.into_result(Self(Arc::new(compiled)))
    }

    /// Checks a request as received.
    ///
    /// Of the entries of `verify`, those whose `when` holds decide: of each set with the same `when` one must pass. None
    /// that holds is a refusal.
    pub fn verify(&self, webhook: UnverifiedWebhook, now: Timestamp) -> Result<Receipt, Refused> {
        let rules = &*self.0;
        if !rules.methods.contains(&webhook.method) {
            return Err(Refused::MethodNotAllowed { allow: rules.methods.join(", ") });
        }
        if webhook.body.len() > rules.body_bytes_max {
            return Err(Refused::TooLarge);
        }
        let request = Request::new(&webhook);
        if let Some(answer) = rules.handshake(&request, false)? {
            return Ok(Receipt::Handshake(answer));
        }
        let evidence = rules.prove(&request, now)?;
        if let Some(answer) = rules.handshake(&request, true)? {
            return Ok(Receipt::Handshake(answer));
        }
        let keys = rules.keys(&request, &evidence);
        let path_is_token = rules.path_is_token(&request);
        Ok(Receipt::Webhook(VerifiedWebhook::new(webhook, keys, &rules.blanks, path_is_token)))
    }

    /// Takes the operator's word for a test webhook: nothing is verified, and the keys are those of the real one.
    pub fn trust(&self, webhook: UnverifiedWebhook) -> VerifiedWebhook {
        let request = Request::new(&webhook);
        let keys = self.0.keys(&request, &[Evidence { scheme: "trigger", proof: Proof::Sender }]);
        let path_is_token = self.0.path_is_token(&request);
        VerifiedWebhook::new(webhook, keys, &self.0.blanks, path_is_token)
    }

    /// Whether some requests would be refused with [`Refused::NoSecret`].
    pub fn lacks_secret(&self) -> bool {
        !self.0.allow_unsigned && self.0.groups.iter().any(|group| group.checks.is_empty())
    }

    /// The largest body that is accepted, in bytes: more need not be read.
    pub fn body_bytes_max(&self) -> usize {
        self.0.body_bytes_max
    }

    /// The methods that are accepted.
    pub fn methods(&self) -> &[String] {
        &self.0.methods
    }
}

impl Rules {
    fn handshake(&self, request: &Request<'_>, verified: bool) -> Result<Option<String>, Refused> {
        let mut responders = self.handshakes.iter().filter(|responder| responder.verified == verified);
        match responders.find(|responder| responder.is_for(request)) {
            None => Ok(None),
            Some(responder) => responder.answer(request).map(Some).map_err(|reason| Refused::Unauthorized { reason }),
        }
    }

    fn prove<'w>(&self, request: &Request<'w>, now: Timestamp) -> Result<Vec<Evidence<'w>>, Refused> {
        let mut tries = limit::SIGNATURES_TRIED_MAX;
        let mut proven = Vec::new();
        for group in self.groups.iter().filter(|group| condition::holds(&group.when, request)) {
            proven.push(self.prove_one(group, request, now, &mut tries)?);
        }
        if proven.is_empty() {
            return Err(Refused::Unauthorized { reason: "no entry of verify is for this request" });
        }
        Ok(proven)
    }

    fn prove_one<'w>(
        &self,
        group: &Group,
        request: &Request<'w>,
        now: Timestamp,
        tries: &mut usize,
    ) -> Result<Evidence<'w>, Refused> {
        if group.checks.is_empty() {
            return if self.allow_unsigned { Ok(check::unsigned(request)) } else { Err(Refused::NoSecret) };
        }
        let mut refused = "";
        for check in &group.checks {
            match check.check(request, now, tries) {
                Ok(evidence) => return Ok(evidence),
                Err(reason) => refused = reason,
            }
        }
        Err(Refused::Unauthorized { reason: refused })
    }

    fn keys(&self, request: &Request<'_>, evidence: &[Evidence<'_>]) -> Keys {
        Keys {
            dedupe: keys::dedupe(&self.dedupe, request, evidence),
            order: keys::order(&self.order, request),
            verified_by: evidence.first().map_or("none", |evidence| evidence.scheme).into(),
        }
    }

    fn path_is_token(&self, request: &Request<'_>) -> bool {
        let mut checks = self.groups.iter().flat_map(|group| &group.checks);
        checks.any(|check| matches!(check, Check::Token(token) if token.is_in_path(request)))
    }
}

/// What the plugin must not see, and what lists of webhooks must not show.
fn note_blanks(plan: &Plan, blanks: &mut Blanks) {
    match plan {
        Plan::Token { places, .. } => {
            for place in places {
                match place {
                    Place::Query(name) => blanks.query.push(name.clone()),
                    Place::Header(name) => blanks.headers.push(name.to_string()),
                    _ => {}
                }
            }
        }
        Plan::Basic { .. } => blanks.headers.push(token::AUTHORIZATION.to_string()),
        Plan::Hmac { shape, .. } | Plan::Public { shape, .. } => {
            if let Place::Header(name) = &shape.place {
                blanks.signature_headers.push(name.to_string());
            }
        }
        Plan::Standard { header, .. } => blanks.signature_headers.push(header.clone()),
        Plan::Unsigned => {}
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("methods", &self.0.methods)
            .field("groups", &self.0.groups)
            .field("handshakes", &self.0.handshakes)
            .field("allow_unsigned", &self.0.allow_unsigned)
            .finish_non_exhaustive()
    }
}

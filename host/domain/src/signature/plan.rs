//! One entry of `verify`, read and checked, before it has a connection's secrets.

use super::freshness::Freshness;
use super::place::{Place, header_name, json_pointer};
use super::signed::{Parts, Shape};
use super::standard;
use super::template::{Piece, Template};
use crate::limit;
use crate::manifest::problem::Problems;
use crate::manifest::webhook::{HashName, Scheme, VerifyRule};

/// What an entry of `verify` asks for.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    Hmac { shape: Shape, hash: HashName, secret: String },
    Public { shape: Shape, key: String },
    Standard { header: String, tolerance_seconds: u64, secret: String },
    Token { places: Vec<Place>, prefix: String, secret: String },
    Basic { user: Option<String>, secret: String },
    Unsigned,
}

impl Plan {
    /// Reads an entry that stands at `pointer`; `None` if it cannot be used, which is then a problem.
    pub(crate) fn parse(rule: &VerifyRule, pointer: &str, problems: &mut Problems) -> Option<Self> {
        let before = problems.count();
        refuse_strangers(rule, pointer, problems);
        let plan = match rule.scheme {
            Scheme::Hmac => {
                let shape = shape(rule, "hmac", pointer, problems);
                let hash = required(rule.hash, pointer, "hash", problems);
                required(rule.encoding, pointer, "encoding", problems);
                let secret = config_pointer(rule.secret.as_deref(), pointer, "secret", problems);
                Self::Hmac { shape: shape?, hash: hash?, secret: secret? }
            }
            Scheme::RsaPkcs1Sha256 | Scheme::Ed25519 => {
                let shape = shape(rule, scheme_name(rule.scheme), pointer, problems);
                let key = config_pointer(rule.public_key.as_deref(), pointer, "public_key", problems);
                Self::Public { shape: shape?, key: key? }
            }
            Scheme::StandardWebhooks => {
                let header = rule.header.as_deref().unwrap_or(standard::SIGNATURE_HEADER).to_ascii_lowercase();
                problems.accept(format!("{pointer}/header"), standard::beginning(&header).map(drop));
                let secret = config_pointer(rule.secret.as_deref(), pointer, "secret", problems);
                let tolerance_seconds = rule.tolerance_seconds.unwrap_or(limit::WEBHOOK_TOLERANCE_SECONDS_DEFAULT);
                Self::Standard { header, tolerance_seconds, secret: secret? }
            }
            Scheme::Token => {
                let places = token_places(rule, pointer, problems);
                let secret = config_pointer(rule.secret.as_deref(), pointer, "secret", problems);
                Self::Token { places, prefix: rule.prefix.clone().unwrap_or_default(), secret: secret? }
            }
            Scheme::Basic => {
                let secret = config_pointer(rule.secret.as_deref(), pointer, "secret", problems);
                let user = rule.user.as_deref().map(json_pointer);
                let user = user.and_then(|user| problems.accept(format!("{pointer}/user"), user));
                Self::Basic { user, secret: secret? }
            }
            Scheme::None => Self::Unsigned,
        };
        (problems.count() == before).then_some(plan)
    }

    /// JSON pointer into the config, where the secret stands that this entry cannot do without.
    pub(crate) fn secret(&self) -> Option<&str> {
        match self {
            Self::Hmac { secret, .. }
            | Self::Standard { secret, .. }
            | Self::Token { secret, .. }
            | Self::Basic { secret, .. } => Some(secret),
            Self::Public { .. } | Self::Unsigned => None,
        }
    }
}

/// The word that manifests use.
pub(crate) const fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Hmac => "hmac",
        Scheme::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
        Scheme::Ed25519 => "ed25519",
        Scheme::StandardWebhooks => "standard-webhooks",
        Scheme::Token => "token",
        Scheme::Basic => "basic",
        Scheme::None => "none",
    }
}

/// Members that mean nothing to the scheme are problems: whoever wrote them believes that something is checked.
fn refuse_strangers(rule: &VerifyRule, pointer: &str, problems: &mut Problems) {
    const SIGNATURE: &[&str] = &[
        "encoding",
        "header",
        "signature",
        "prefix",
        "parts",
        "signature_part",
        "signed",
        "timestamp",
        "tolerance_seconds",
    ];
    let (own, signature): (&[&str], bool) = match rule.scheme {
        Scheme::Hmac => (&["hash", "secret"], true),
        Scheme::RsaPkcs1Sha256 | Scheme::Ed25519 => (&["public_key"], true),
        Scheme::StandardWebhooks => (&["header", "secret", "tolerance_seconds"], false),
        Scheme::Token => (&["header", "path", "prefix", "query", "secret", "signature"], false),
        Scheme::Basic => (&["secret", "user"], false),
        Scheme::None => (&[], false),
    };
    let given = [
        ("hash", rule.hash.is_some()),
        ("encoding", rule.encoding.is_some()),
        ("header", rule.header.is_some()),
        ("signature", rule.signature.is_some()),
        ("query", rule.query.is_some()),
        ("path", rule.path),
        ("prefix", rule.prefix.is_some()),
        ("parts", rule.parts.is_some()),
        ("signature_part", rule.signature_part.is_some()),
        ("signed", rule.signed.is_some()),
        ("timestamp", rule.timestamp.is_some()),
        ("tolerance_seconds", rule.tolerance_seconds.is_some()),
        ("secret", rule.secret.is_some()),
        ("public_key", rule.public_key.is_some()),
        ("user", rule.user.is_some()),
    ];
    for (member, _) in given.iter().filter(|(_, given)| *given) {
        let known = own.contains(member) || signature && SIGNATURE.contains(member);
        if !known {
            let scheme = scheme_name(rule.scheme);
            problems.at(format!("{pointer}/{member}"), format!("means nothing to the scheme {scheme}; leave it out"));
        }
    }
}

fn required<T>(value: Option<T>, pointer: &str, member: &str, problems: &mut Problems) -> Option<T> {
    if value.is_none() {
        problems.at(format!("{pointer}/{member}"), "is required for this scheme");
    }
    value
}

fn config_pointer(value: Option<&str>, pointer: &str, member: &str, problems: &mut Problems) -> Option<String> {
    let value = required(value, pointer, member, problems)?;
    if value.is_empty() {
        problems.at(format!("{pointer}/{member}"), "is a JSON pointer into the config, such as /webhook_secret");
        return None;
    }
    problems.accept(format!("{pointer}/{member}"), json_pointer(value))
}

fn token_places(rule: &VerifyRule, pointer: &str, problems: &mut Problems) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(name) = &rule.query {
        places.extend(problems.accept(format!("{pointer}/query"), Place::parse(&format!("query:{name}"))));
    }
    if let Some(name) = &rule.header {
        places.extend(problems.accept(format!("{pointer}/header"), header_name(name)).map(Place::Header));
    }
    if rule.path {
        places.push(Place::Path);
    }
    if let Some(place) = &rule.signature {
        places.extend(problems.accept(format!("{pointer}/signature"), Place::parse(place)));
    }
    if places.is_empty() {
        problems.at(pointer, "a token needs a place: query, header, path or signature");
    }
    places
}

/// The common part of the schemes with a signature over a template.
fn shape(rule: &VerifyRule, scheme: &'static str, pointer: &str, problems: &mut Problems) -> Option<Shape> {
    let place = match (&rule.header, &rule.signature) {
        (Some(name), None) => problems.accept(format!("{pointer}/header"), header_name(name)).map(Place::Header),
        (None, Some(place)) => problems.accept(format!("{pointer}/signature"), Place::parse(place)),
        _ => {
            problems.at(pointer, "say where the signature stands, by one of header and signature");
            None
        }
    };
    let parts = match (&rule.parts, &rule.signature_part) {
        (None, None) => None,
        (Some(separator), Some(part)) if !separator.is_empty() && !part.is_empty() => {
            Some(Parts { separator: separator.clone(), signature: part.clone() })
        }
        _ => {
            problems.at(format!("{pointer}/parts"), "parts and signature_part go together, and neither is empty");
            None
        }
    };
    let template = match &rule.signed {
        Some(signed) => problems.accept(format!("{pointer}/signed"), Template::parse(signed)),
        None => Some(Template::body()),
    };
    let freshness = rule.timestamp.as_ref().and_then(|source| {
        problems.accept(format!("{pointer}/timestamp"), Freshness::parse(source, rule.tolerance_seconds))
    });
    if let Some(template) = &template {
        check_template(rule, template, freshness.as_ref(), pointer, problems);
    }
    let prefix = rule.prefix.clone().unwrap_or_default();
    Some(Shape { scheme, place: place?, prefix, parts, encoding: rule.encoding, template: template?, freshness })
}

fn check_template(
    rule: &VerifyRule,
    template: &Template,
    freshness: Option<&Freshness>,
    pointer: &str,
    problems: &mut Problems,
) {
    let pieces = template.pieces();
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_) | Piece::Method | Piece::Timestamp | Piece::Path)) {
        problems
            .at(format!("{pointer}/signed"), "signs nothing of the request: anyone could repeat it with another body");
    }
    if pieces.contains(&Piece::Timestamp) && rule.timestamp.is_none() {
        problems.at(format!("{pointer}/timestamp"), "is required, because signed uses {timestamp}");
    }
    let uses_parts = pieces.iter().any(|piece| matches!(piece, Piece::Part(_)));
    if rule.parts.is_none() && (uses_parts || freshness.is_some_and(Freshness::needs_parts)) {
        problems.at(format!("{pointer}/parts"), "is required, because a part of the header is used");
    }
    if rule.tolerance_seconds.is_some() {
        match (&rule.timestamp, freshness) {
            (None, _) => {
                problems.at(format!("{pointer}/timestamp"), "is required, because tolerance_seconds measures it");
            }
            (Some(_), Some(freshness)) if !freshness.is_signed_by(template) => {
                let message = "is not part of what is signed, so that anyone could write another time: add {timestamp}";
                problems.at(format!("{pointer}/signed"), message);
            }
            _ => {}
        }
    }
}

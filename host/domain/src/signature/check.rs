//! One entry of `verify` with a connection's secrets.

use ring::hmac;
use serde_json::Value;

use super::evidence::{Evidence, Proof};
use super::plan::Plan;
use super::public_key::PublicKey;
use super::request::{Reason, Request};
use super::signed::{Keys, Signed};
use super::standard::Standard;
use super::template::Piece;
use super::token::{Basic, Token};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::limit;
use crate::manifest::problem::Problems;
use crate::manifest::webhook::HashName;
use crate::secret::Secret;

/// A way to prove where a request comes from.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Signed(Box<Signed>),
    Standard(Standard),
    Token(Token),
    Basic(Basic),
    Unsigned,
}

impl Check {
    /// Gives a plan its secrets; `None` without a problem if none is configured, or if unsigned webhooks are not granted.
    pub(crate) fn arm(
        plan: &Plan,
        config: &Config,
        public_url: Option<&str>,
        allow_unsigned: bool,
        problems: &mut Problems,
    ) -> Option<Self> {
        let secrets = match plan.secret() {
            Some(pointer) => Some(secrets(config, pointer, problems)?),
            None => None,
        }
        .unwrap_or_default();
        let signed = |shape: &super::signed::Shape, keys| {
            Self::Signed(Box::new(Signed { shape: shape.clone(), public_url: public_url.map(str::to_owned), keys }))
        };
        match plan {
            Plan::Hmac { shape, hash, .. } => {
                require_public_url(shape.template.pieces(), public_url, problems);
                let key = |secret: &Secret| hmac::Key::new(algorithm(*hash), secret.expose().as_bytes());
                Some(signed(shape, Keys::Hmac(secrets.iter().map(key).collect())))
            }
            Plan::Public { shape, key } => {
                require_public_url(shape.template.pieces(), public_url, problems);
                let texts = self::secrets(config, key, problems)?;
                let parse = if shape.scheme == "ed25519" { PublicKey::ed25519 } else { PublicKey::rsa };
                let keys = texts.iter().filter_map(|text| problems.accept(key, parse(text.expose()))).collect();
                Some(signed(shape, Keys::Public(keys)))
            }
            Plan::Standard { header, tolerance_seconds, secret } => {
                problems.accept(secret, Standard::new(header, *tolerance_seconds, &secrets)).map(Self::Standard)
            }
            Plan::Token { places, prefix, .. } => {
                Some(Self::Token(Token::new(places.clone(), prefix.clone(), &secrets)))
            }
            Plan::Basic { user: None, .. } => Some(Self::Basic(Basic::new(None, &secrets))),
            Plan::Basic { user: Some(user), .. } => {
                let user = config.effective().pointer(user).and_then(Value::as_str).filter(|user| !user.is_empty())?;
                Some(Self::Basic(Basic::new(Some(user), &secrets)))
            }
            Plan::Unsigned => allow_unsigned.then_some(Self::Unsigned),
        }
    }

    /// Looks for the proof. What is looked at is taken from `tries`.
    pub(crate) fn check<'w>(
        &self,
        request: &Request<'w>,
        now: Timestamp,
        tries: &mut usize,
    ) -> Result<Evidence<'w>, Reason> {
        match self {
            Self::Signed(signed) => signed.check(request, now, tries),
            Self::Standard(standard) => standard.check(request, now, tries),
            Self::Token(token) => token.check(request, tries),
            Self::Basic(basic) => basic.check(request),
            Self::Unsigned => Ok(unsigned(request)),
        }
    }
}

/// What is known of a request that nothing has verified.
pub(crate) fn unsigned<'w>(request: &Request<'w>) -> Evidence<'w> {
    Evidence { scheme: "none", proof: Proof::Nothing { body: &request.webhook.body } }
}

/// The texts at a pointer; `None` if there are none.
fn secrets(config: &Config, pointer: &str, problems: &mut Problems) -> Option<Vec<Secret>> {
    let secrets = config.secrets_at(pointer);
    if secrets.is_empty() && config.value().pointer(pointer).is_some_and(|value| !value.is_null()) {
        problems.at(pointer, "holds no text that could be checked against; leave it out to have none");
    }
    if secrets.len() > limit::SECRETS_MAX {
        problems.at(pointer, format!("holds more than {} secrets", limit::SECRETS_MAX));
    }
    (!secrets.is_empty()).then_some(secrets)
}

fn require_public_url(pieces: &[Piece], public_url: Option<&str>, problems: &mut Problems) {
    if pieces.contains(&Piece::Url) && public_url.is_none() {
        problems.at("", "the provider signs the webhook's URL: set public_url in hookyard.toml to what it calls");
    }
}

fn algorithm(hash: HashName) -> hmac::Algorithm {
    match hash {
        HashName::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        HashName::Sha256 => hmac::HMAC_SHA256,
        HashName::Sha512 => hmac::HMAC_SHA512,
    }
}

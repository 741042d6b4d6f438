//! The schemes `token` and `basic`: the sender shows a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};

use super::comparison::Expected;
use super::evidence::{Evidence, Proof};
use super::place::Place;
use super::request::{Reason, Request, trim};
use crate::secret::Secret;

/// A secret that stands in one of several places.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    places: Vec<Place>,
    prefix: String,
    secrets: Vec<Expected>,
}

impl Token {
    /// `prefix` stands before the token in every place, for example `Bearer `.
    pub(crate) fn new(places: Vec<Place>, prefix: String, secrets: &[Secret]) -> Self {
        let secrets = secrets.iter().map(|secret| Expected::new(secret.expose().as_bytes())).collect();
        Self { places, prefix, secrets }
    }

    /// Whether the token stands in one of the places.
    pub(crate) fn check<'w>(&self, request: &Request<'w>, tries: &mut usize) -> Result<Evidence<'w>, Reason> {
        for place in &self.places {
            let Ok(value) = place.read(request) else { continue };
            if *tries == 0 {
                return Err("too many tokens");
            }
            *tries -= 1;
            if self.is_token(&value) {
                return Ok(Evidence { scheme: "token", proof: Proof::Sender });
            }
        }
        Err("there is no token, or another one")
    }

    /// Whether the first path segment is the token, so that it must not go any further.
    pub(crate) fn is_in_path(&self, request: &Request<'_>) -> bool {
        self.places.contains(&Place::Path) && Place::Path.read(request).is_ok_and(|value| self.is_token(&value))
    }

    fn is_token(&self, value: &[u8]) -> bool {
        let presented = trim(value).strip_prefix(self.prefix.as_bytes());
        presented.is_some_and(|presented| self.secrets.iter().any(|secret| secret.is(presented)))
    }
}

/// User name and password in the `Authorization` header (RFC 7617).
#[derive(Debug, Clone)]
pub(crate) struct Basic {
    /// `user:password`.
    credentials: Vec<Expected>,
}

/// The header that carries them.
pub(crate) const AUTHORIZATION: HeaderName = header::AUTHORIZATION;

impl Basic {
    /// The passwords of one user; without a user, each secret is `user:password`.
    pub(crate) fn new(user: Option<&str>, secrets: &[Secret]) -> Self {
        let whole = |secret: &Secret| match user {
            Some(user) => format!("{user}:{}", secret.expose()),
            None => secret.expose().to_owned(),
        };
        Self { credentials: secrets.iter().map(|secret| Expected::new(whole(secret).as_bytes())).collect() }
    }

    /// Whether the request shows one of the credentials.
    pub(crate) fn check<'w>(&self, request: &Request<'w>) -> Result<Evidence<'w>, Reason> {
        let value = request.header(&AUTHORIZATION)?;
        let (scheme, encoded) = value.split_at_checked(b"basic ".len()).ok_or("the authorization is not Basic")?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return Err("the authorization is not Basic");
        }
        let presented = STANDARD.decode(trim(encoded)).map_err(|_| "the credentials are not base64")?;
        if self.credentials.iter().any(|expected| expected.is(&presented)) {
            Ok(Evidence { scheme: "basic", proof: Proof::Sender })
        } else {
            Err("other credentials")
        }
    }
}

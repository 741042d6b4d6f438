//! How the request proves whose it is.

use hookyard_sdk::manifest::OAuth2;
use hookyard_sdk::secrets::{self, Encoding, TokenDocument};
use hookyard_sdk::{Refusal, http};

use super::headers::{BAD_HEADER, NO_VALUE, is_value};
use super::scope::{Resolved, Scope, missing};
use crate::decode;
use crate::definition::{Auth, Value};
use crate::problem::Problems;
use crate::target::Target;

/// What comes into the header `authorization`.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// A token, or the placeholder of one.
    Bearer(String),
    /// `user:password`, with placeholders if there is a secret in it.
    Basic { text: String, has_secret: bool },
    /// A token that the host fetches.
    Fetched(Box<TokenDocument>),
}

impl Authorization {
    /// The value of the header. Described and derived here and not before, since nothing of it is needed for a preview.
    pub(crate) fn value(&self) -> Result<String, Refusal> {
        Ok(match self {
            Self::Bearer(token) => format!("Bearer {token}"),
            Self::Basic { text, has_secret: true } => {
                format!("Basic {}", secrets::derive(Encoding::Base64, text)?.placeholder())
            }
            Self::Basic { text, has_secret: false } => format!("Basic {}", decode::base64(text.as_bytes())),
            Self::Fetched(document) => format!("Bearer {}", secrets::token(document)?.placeholder()),
        })
    }

    /// The value as it may be shown.
    pub(crate) fn shown(&self) -> &'static str {
        match self {
            Self::Bearer(_) | Self::Fetched(_) => "Bearer •••",
            Self::Basic { .. } => "Basic •••",
        }
    }
}

/// Nothing, if something is wrong or only a call can tell.
pub(super) fn build(
    auth: &Auth,
    target: Option<&Target>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Authorization> {
    let mut known = |value: &Value, member: &str| known(value, &format!("/auth/{member}"), scope, problems);
    match auth {
        Auth::Bearer { token } => {
            let (token, of_call) = known(token, "token")?;
            if is_value(&token) {
                return Some(Authorization::Bearer(token));
            }
            problems.push(of_call, "/auth/token", BAD_HEADER, NO_VALUE);
            None
        }
        Auth::Basic { username, password } => {
            let has_secret = [username, password].into_iter().any(|value| matches!(value, Value::Secret { .. }));
            let (username, password) = (known(username, "username"), known(password, "password"));
            if let Some((username, of_call)) = &username
                && username.contains(':')
            {
                problems.push(*of_call, "/auth/username", BAD_HEADER, "the user of Basic authentication has no `:`");
                return None;
            }
            let ((username, _), (password, _)) = (username?, password?);
            Some(Authorization::Basic { text: format!("{username}:{password}"), has_secret })
        }
        Auth::Oauth2 { token_url, client_id, client_secret, scope: wanted } => {
            let (id, secret) = (known(client_id, "client_id"), known(client_secret, "client_secret"));
            let token_url = match Target::parse(token_url) {
                Ok(token_url) => token_url.url(|_| None, ""),
                Err(hint) => {
                    problems.at("/auth/token_url", "bad_url", http::excerpt(&hint));
                    return None;
                }
            };
            let ((id, _), (secret, _)) = (id?, secret?);
            let oauth2 = OAuth2::client_credentials(&token_url, &id, &secret);
            let oauth2 = match wanted {
                Some(wanted) => oauth2.scope(wanted),
                None => oauth2,
            };
            Some(Authorization::Fetched(Box::new(TokenDocument::oauth2(&[&target?.pattern()], oauth2))))
        }
    }
}

/// The text, and whether it is the call's.
fn known(value: &Value, pointer: &str, scope: &Scope<'_>, problems: &mut Problems) -> Option<(String, bool)> {
    match scope.resolve(value, pointer, problems)? {
        Resolved::Known { text, of_call } => Some((text, of_call)),
        Resolved::Missing => {
            missing(pointer, problems);
            None
        }
        Resolved::Unknown => None,
    }
}

//! The only places that a secret may go to.

mod check;
pub mod fetched;

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::credential::template::{Piece, Template};
pub(super) use check::{check, check_host};
use fetched::{FetchedToken, OAuth2};

/// One way in which the host puts a secret into a request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Host patterns of the requests: as in the manifest's `hosts`, or `{grant}` for all that the operator granted beyond what is asked.
    pub hosts: Vec<String>,
    /// Header that the host adds, with `value`.
    #[serde(default)]
    pub header: Option<String>,
    /// Template of the header's value: `Bearer {secret:/access_token}`, or `Bearer {token}` with a token that the host fetches.
    #[serde(default)]
    pub value: Option<String>,
    /// Templates of user and password of Basic authentication.
    #[serde(default)]
    pub basic: Option<[String; 2]>,
    /// Where the guest may place the placeholder by itself: `header`, `path`, `query`, `form`, `json`.
    #[serde(default)]
    pub place: Option<Vec<String>>,
    /// JSON pointer of the secret that `place` speaks of; may end in `/*`.
    #[serde(default)]
    pub secret: Option<String>,
    /// How the host fetches the token that `value` names as `{token}`, by an exchange of the provider's own.
    #[serde(default)]
    pub token: Option<FetchedToken>,
    /// How the host gets that token by OAuth 2.0: `client_credentials` or `refresh_token`.
    #[serde(default)]
    pub oauth2: Option<OAuth2>,
    /// Whether the provider's answers legitimately hold the secret.
    #[serde(default)]
    pub reflects: bool,
}

impl Credential {
    /// As JSON that is the same for all ways of writing the same credential: members and lists sorted, and none that says
    /// what its absence says as well.
    pub fn canonical(&self) -> String {
        let mut sorted = self.clone();
        for list in [Some(&mut sorted.hosts), sorted.place.as_mut()].into_iter().flatten() {
            list.sort_unstable();
            list.dedup();
        }
        let mut json = serde_json::to_value(sorted).expect("texts, lists and JSON are JSON");
        if let Some(members) = json.as_object_mut() {
            members.retain(|_, member| !member.is_null() && *member != Value::Bool(false));
        }
        json.to_string()
    }

    /// Where the token comes from that it puts in, and the secrets that go there: pointers into the config.
    fn fetched_from(&self) -> Option<(&str, BTreeSet<String>)> {
        match (&self.token, &self.oauth2) {
            (Some(FetchedToken { exchange }), _) => Some((&exchange.url, exchange.secrets())),
            (None, Some(oauth2)) => Some((&oauth2.token_url, oauth2.secrets())),
            (None, None) => None,
        }
    }

    /// Pointers into the config that decide where the token is fetched.
    pub(crate) fn token_url_pointers(&self) -> Vec<String> {
        let template = self.fetched_from().and_then(|(url, _)| Template::parse(url).ok());
        let pieces = template.iter().flat_map(|template| template.pieces());
        pieces
            .filter_map(|piece| if let Piece::Config(pointer) = piece { Some(pointer.clone()) } else { None })
            .collect()
    }
}

impl fmt::Display for Credential {
    /// For the operator who is asked to consent: `{secret:/api_key} to api.x.com in the header as-api-key`; with a fetched token
    /// also where that comes from, and what goes there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts.join(", ");
        match (&self.header, &self.value, &self.basic, &self.place, &self.secret) {
            (Some(header), Some(value), ..) => write!(f, "{value} to {hosts} in the header {header}")?,
            (_, _, Some([user, password]), ..) => {
                write!(f, "{user} and {password} to {hosts} as Basic authentication")?;
            }
            (_, _, _, Some(places), Some(secret)) => {
                write!(f, "{{secret:{secret}}} to {hosts}, placed by the plugin: {}", places.join(", "))?;
            }
            _ => write!(f, "nothing to {hosts}")?,
        }
        if let Some((url, secrets)) = self.fetched_from() {
            let secrets: Vec<_> = secrets.iter().map(|pointer| format!("{{secret:{pointer}}}")).collect();
            let sent = if secrets.is_empty() { "no secret".to_owned() } else { secrets.join(" and ") };
            write!(f, ", where the token is fetched with {sent} sent to {url}")?;
        }
        if self.reflects { f.write_str("; answers may hold it") } else { Ok(()) }
    }
}

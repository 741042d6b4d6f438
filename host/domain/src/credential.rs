//! What the host puts into the requests of one connection: the manifest's credentials with the config's secrets in them.

pub(crate) mod place;
pub(crate) mod pointer_pattern;
pub(crate) mod template;
mod texts;
mod token_value;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};

pub use place::Place;
pub use pointer_pattern::PointerPattern;
pub use token_value::TokenValue;

use crate::config::Config;
use crate::fetched_token::TokenFetch;
use crate::grant::{Ask, EgressGrant, Grant};
use crate::host_pattern::{HostMatch, HostPattern, Origin};
use crate::manifest::credential::Credential as Declared;
use crate::manifest::credential::fetched::FetchedToken;
use crate::manifest::host::HostEntry;
use crate::manifest::problem::Problems;
use crate::manifest::{Manifest, ManifestProblem};
use crate::secret::Secret;
use crate::signature::place::header_name;
use template::{Rendered, Template};
use texts::ConfigTexts;

/// The credentials of one connection. The default is none.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    all: Vec<Credential>,
    grant: EgressGrant,
}

/// One way in which a secret gets into a request.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Which requests.
    pub hosts: Vec<HostPattern>,
    /// Whether the provider's answers legitimately hold the secret.
    pub reflects: bool,
    /// How it gets in.
    pub how: How,
}

/// How a secret gets into a request.
#[derive(Debug, Clone)]
pub enum How {
    /// The host adds a header.
    Header {
        /// Its name.
        name: HeaderName,
        /// Its value: fit for a header.
        value: Secret,
    },
    /// The host adds a header with a token that it fetches.
    Token {
        /// Its name.
        name: HeaderName,
        /// Its value around the token.
        value: TokenValue,
        /// Where the token comes from.
        fetch: Arc<TokenFetch>,
    },
    /// The host adds the header `authorization` with Basic authentication.
    Basic {
        /// The whole value of the header: fit for one.
        value: Secret,
        /// The secrets within it, before their encoding.
        parts: Vec<Secret>,
    },
    /// The guest puts the placeholder where it belongs, and the host replaces it.
    Place {
        /// Where it may stand.
        places: BTreeSet<Place>,
        /// Which secrets of the config.
        secrets: PointerPattern,
    },
}

impl Credentials {
    /// The manifest's credentials as far as the operator consented to them, with this config's values. One whose secret, or whatever
    /// else it names of the config, is not set is left out. Problems carry pointers into the manifest and show no value.
    pub fn compile(
        manifest: &Manifest,
        consented: &Ask,
        config: &Config,
        grant: &EgressGrant,
    ) -> Result<Self, Vec<ManifestProblem>> {
        let mut problems = Problems::default();
        let mut all = Vec::new();
        for (index, declared) in manifest.credentials.iter().enumerate() {
            let mut compiling =
                Compiling { declared, at: format!("/credentials/{index}"), config, problems: &mut problems };
            for part in consented.parts_of(declared) {
                all.extend(compiling.part(&part, consented, grant.explicit()));
            }
        }
        problems.into_result(Self { all, grant: grant.clone() })
    }

    /// Those for requests to this origin. A pattern without `http://` is one for plain http only where the grant lets that
    /// reach nothing but private addresses.
    pub fn for_origin(&self, origin: &Origin) -> impl Iterator<Item = &Credential> {
        let stays_private = self.grant.check(origin).is_ok_and(|policy| policy.is_private_only());
        self.all.iter().filter(move |credential| meets(&credential.hosts, origin, stays_private))
    }

    /// Whether one of these patterns is for requests to this origin, as those of a credential are.
    pub fn reach(&self, hosts: &[HostPattern], origin: &Origin) -> bool {
        meets(hosts, origin, self.grant.check(origin).is_ok_and(|policy| policy.is_private_only()))
    }
}

fn meets(hosts: &[HostPattern], origin: &Origin, stays_private: bool) -> bool {
    hosts.iter().any(|pattern| match pattern.matches(origin) {
        HostMatch::Yes => true,
        HostMatch::PlainToPrivate => stays_private,
        HostMatch::No => false,
    })
}

/// One credential of the manifest.
struct Compiling<'a> {
    declared: &'a Declared,
    /// Pointer to it.
    at: String,
    config: &'a Config,
    problems: &'a mut Problems,
}

impl Compiling<'_> {
    /// The part of it that was consented to.
    fn part(&mut self, part: &Declared, consented: &Ask, grant: &Grant) -> Option<Credential> {
        let before = self.problems.count();
        let mut hosts = Vec::new();
        for host in &part.hosts {
            let entry = HostEntry::of_credential(host);
            let patterns = entry.and_then(|entry| entry.patterns(self.config, grant, consented));
            // A host that the consent narrowed is not in the manifest; it is a pattern, and right.
            let index = self.declared.hosts.iter().position(|declared| declared == host).unwrap_or_default();
            let at = format!("{}/hosts/{index}", self.at);
            hosts.extend(self.problems.accept(at, patterns).into_iter().flatten());
        }
        let (at, config) = (&self.at, self.config);
        let problems = &mut *self.problems;
        let how = match part {
            Declared { header: Some(name), value: Some(value), token, oauth2, .. }
                if token.is_some() || oauth2.is_some() =>
            {
                fetched(part, name, value, &mut ConfigTexts { at: at.clone(), config, consented, problems })
            }
            Declared { header: Some(name), value: Some(value), .. } => header(name, value, at, config, problems),
            Declared { basic: Some(parts), .. } => basic(parts, at, config, problems),
            Declared { place: Some(places), secret: Some(secret), .. } => {
                let secrets = problems.accept(format!("{at}/secret"), PointerPattern::parse(secret));
                let places = places.iter().map(|place| place.parse()).collect::<Result<_, _>>();
                let places = problems.accept(format!("{at}/place"), places);
                secrets.zip(places).map(|(secrets, places)| How::Place { places, secrets })
            }
            _ => None,
        };
        // A credential for no host is one whose hosts are not configured.
        let usable = problems.count() == before && !hosts.is_empty();
        how.filter(|_| usable).map(|how| Credential { hosts, reflects: part.reflects, how })
    }
}

fn header(name: &str, value: &str, at: &str, config: &Config, problems: &mut Problems) -> Option<How> {
    let at = format!("{at}/value");
    let name = problems.accept(&at, header_name(name))?;
    let Rendered { text, .. } = render(value, &at, config, problems)?;
    if HeaderValue::from_str(&text).is_err() {
        problems.at(at, "what the config has for it holds a line break or another control character");
        return None;
    }
    Some(How::Header { name, value: Secret::new(text) })
}

/// A header with a token in it. Without its texts no token can be fetched, and without the rest none is needed.
fn fetched(part: &Declared, name: &str, value: &str, texts: &mut ConfigTexts<'_>) -> Option<How> {
    let at = format!("{}/value", texts.at);
    let name = texts.problems.accept(&at, header_name(name));
    let template = texts.problems.accept(&at, Template::parse_with_token(value))?;
    let value = texts.problems.accept(&at, template.render_around_token(texts.config))?;
    let value = value.and_then(|parts| texts.problems.accept(&at, TokenValue::new(parts)));
    let around = texts.at.clone();
    let fetch = match (&part.token, &part.oauth2) {
        (Some(FetchedToken { exchange }), _) => {
            texts.at = format!("{around}/token/exchange");
            TokenFetch::of_exchange(exchange, texts)
        }
        (None, Some(oauth2)) => {
            texts.at = format!("{around}/oauth2");
            TokenFetch::of_oauth2(oauth2, texts)
        }
        (None, None) => None,
    };
    Some(How::Token { name: name?, value: value?, fetch: Arc::new(fetch?) })
}

fn basic(templates: &[String; 2], at: &str, config: &Config, problems: &mut Problems) -> Option<How> {
    let at = [format!("{at}/basic/0"), format!("{at}/basic/1")];
    let user = render(&templates[0], &at[0], config, problems);
    let password = render(&templates[1], &at[1], config, problems);
    let (user, password) = user.zip(password)?;
    if user.text.contains(':') {
        problems
            .at(&at[0], "what the config has for it holds a colon, which ends the user's name in Basic authentication");
    }
    for (part, at) in [(&user, &at[0]), (&password, &at[1])] {
        if part.text.contains(char::is_control) {
            problems.at(at, "what the config has for it holds a line break or another control character");
        }
    }
    let encoded = STANDARD.encode(format!("{}:{}", user.text, password.text));
    let parts = user.secrets.into_iter().chain(password.secrets).collect();
    Some(How::Basic { value: Secret::new(format!("Basic {encoded}")), parts })
}

/// `None` where it is not set, or is a problem.
fn render(template: &str, at: &str, config: &Config, problems: &mut Problems) -> Option<Rendered> {
    let template = problems.accept(at, Template::parse(template))?;
    problems.accept(at, template.render(config))?
}

#[cfg(test)]
mod tests;

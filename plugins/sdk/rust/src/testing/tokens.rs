//! Tokens that the host fetches, keeps and renews.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::origin::Pattern;
use super::token_source::{Fetched, TokenSource};
use super::vault::{found, placeholder_of, refusal};
use crate::Refusal;
use crate::http::Request;

/// What stands for the token in a header that the host adds.
const TOKEN: &str = "{token}";
/// Tokens that one invocation describes.
const DESCRIBED_MAX: usize = 16;

/// A token that is to be had, and the hosts that it may go to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) hosts: Vec<Pattern>,
    /// It may also go to every host that the operator granted by name.
    pub(super) wherever_granted: bool,
    pub(super) source: TokenSource,
    /// What describes it, all filled in: the same is the same token.
    pub(super) key: String,
}

/// A header that the host adds.
struct Added {
    name: String,
    /// What stands before, between and after the places of the token.
    around: Vec<String>,
    wanted: Wanted,
}

/// A token that a request needs, and where.
pub(super) struct Need {
    pub(super) wanted: Wanted,
    place: Place,
}

enum Place {
    Header { name: String, around: Vec<String> },
    Placeholder(String),
}

/// What [`crate::secrets::token`] gets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    hosts: Vec<String>,
    exchange: Option<Value>,
    oauth2: Option<Value>,
}

#[derive(Debug)]
struct Kept {
    token: String,
    /// Seconds since 1970.
    until: Option<u64>,
}

/// The tokens of one connection.
pub(super) struct Tokens {
    added: Vec<Added>,
    /// Those that the running invocation describes, by their placeholders.
    described: RefCell<BTreeMap<String, Wanted>>,
    kept: RefCell<BTreeMap<String, Kept>>,
    /// Newer refresh tokens than the config has.
    refreshed: RefCell<BTreeMap<String, String>>,
}

impl Tokens {
    /// Those of a manifest's credentials with this config; of a credential that names what is not set, none.
    ///
    /// # Panics
    ///
    /// If the real host would refuse one.
    pub(super) fn of(credentials: &Value, config: &Value, hosts_of: impl Fn(&Value) -> (Vec<Pattern>, bool)) -> Self {
        let credentials = credentials.as_array().into_iter().flatten();
        let added = credentials.filter_map(|credential| {
            let (exchange, oauth2) = (credential["token"].get("exchange"), credential.get("oauth2"));
            let value = credential["value"].as_str().unwrap_or_default();
            let is_fetched = exchange.is_some() || oauth2.is_some() || credential.get("token").is_some();
            assert_eq!(is_fetched, value.contains(TOKEN), "{TOKEN} goes with `exchange` or `oauth2`: {credential}");
            if !is_fetched {
                return None;
            }
            // What is not set leaves the token out, but a document that is none is none with every config.
            TokenSource::read(exchange, oauth2).unwrap_or_else(|problem| panic!("{problem}: {credential}"));
            let filled = |document: Option<&Value>| match document {
                None => Some(None),
                Some(document) => filled(document, config).map(Some),
            };
            let (exchange, oauth2) = (filled(exchange)?, filled(oauth2)?);
            let source = TokenSource::read(exchange.as_ref(), oauth2.as_ref());
            let source = source.unwrap_or_else(|problem| panic!("with this config, {problem}: {credential}"));
            let around: Option<Vec<_>> = value.split(TOKEN).map(|part| text(part, config)).collect();
            let (hosts, wherever_granted) = hosts_of(&credential["hosts"]);
            let key = exchange.or(oauth2)?.to_string();
            let wanted = Wanted { hosts, wherever_granted, source, key };
            Some(Added { name: credential["header"].as_str()?.to_owned(), around: around?, wanted })
        });
        let (described, kept, refreshed) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { added: added.collect(), described, kept, refreshed }
    }

    /// A placeholder for a token that the running invocation describes. `check` says whether the request for it may hold the
    /// placeholders that the plugin has put there.
    pub(super) fn describe(
        &self,
        document: &str,
        check: impl FnOnce(&TokenSource) -> Result<(), Refusal>,
    ) -> Result<String, Refusal> {
        let invalid = |problem: String| Refusal::invalid(format!("the token's document: {problem}"));
        let Document { hosts, exchange, oauth2 } =
            serde_json::from_str(document).map_err(|error| invalid(error.to_string()))?;
        let patterns = hosts.iter().map(|host| Pattern::parse(host).ok_or(host)).collect::<Result<Vec<_>, _>>();
        let hosts = patterns.map_err(|host| invalid(format!("hosts: {host:?} is no [http://]NAME[:PORT]")))?;
        if hosts.is_empty() {
            return Err(invalid("hosts: it must name the hosts that the token may go to".to_owned()));
        }
        let source = TokenSource::read(exchange.as_ref(), oauth2.as_ref()).map_err(invalid)?;
        check(&source)?;
        let key = exchange.or(oauth2).unwrap_or_default().to_string();
        let placeholder = placeholder_of(document, &BTreeSet::new());
        let mut described = self.described.borrow_mut();
        if described.len() >= DESCRIBED_MAX && !described.contains_key(&placeholder) {
            return Err(refusal("too-many", format!("an invocation describes {DESCRIBED_MAX} tokens")));
        }
        let wanted = Wanted { hosts, wherever_granted: false, source, key };
        described.insert(placeholder.clone(), wanted);
        Ok(placeholder)
    }

    /// What was described is good for its invocation only; what was fetched stays.
    pub(super) fn forget_described(&self) {
        self.described.borrow_mut().clear();
    }

    /// The tokens that this request needs if they may go where it goes, and the request without their placeholders.
    /// Placeholders that may not stay in it.
    pub(super) fn needs(&self, request: &Request, may_go: impl Fn(&Wanted) -> bool) -> (Vec<Need>, Request) {
        let added = self.added.iter().filter(|added| may_go(&added.wanted)).map(|Added { name, around, wanted }| {
            Need { wanted: wanted.clone(), place: Place::Header { name: name.clone(), around: around.clone() } }
        });
        let mut needs: Vec<Need> = added.collect();
        let mut without = request.clone();
        let described = self.described.borrow();
        for (_, value) in &mut without.headers {
            let placed: Vec<String> = found(value).map(str::to_owned).collect();
            for placeholder in placed {
                if let Some(wanted) = described.get(&placeholder).filter(|wanted| may_go(wanted)) {
                    *value = value.replace(&placeholder, "");
                    needs.push(Need { wanted: wanted.clone(), place: Place::Placeholder(placeholder) });
                }
            }
        }
        (needs, without)
    }

    /// The token, unless there is none or its time has come. `now`: seconds since 1970.
    pub(super) fn kept(&self, wanted: &Wanted, now: u64) -> Option<String> {
        let kept = self.kept.borrow();
        kept.get(&wanted.key).filter(|kept| kept.until.is_none_or(|until| now < until)).map(|kept| kept.token.clone())
    }

    /// The newest refresh token, if the provider has given one.
    pub(super) fn refreshed(&self, wanted: &Wanted) -> Option<String> {
        self.refreshed.borrow().get(&wanted.key).cloned()
    }

    /// Keeps what was fetched `now`, until a while before it expires: the lesser of a minute and a tenth of the time.
    pub(super) fn keep(&self, wanted: &Wanted, fetched: Fetched, now: u64) {
        let Fetched { token, expires_in, refresh_token } = fetched;
        let until = expires_in.map(|seconds| now.saturating_add(seconds - (seconds / 10).min(60)));
        self.kept.borrow_mut().insert(wanted.key.clone(), Kept { token, until });
        if let Some(refresh_token) = refresh_token {
            self.refreshed.borrow_mut().insert(wanted.key.clone(), refresh_token);
        }
    }

    /// A host did not accept it.
    pub(super) fn forget(&self, wanted: &Wanted) {
        self.kept.borrow_mut().remove(&wanted.key);
    }
}

impl Need {
    /// Puts the token where the request needs it.
    pub(super) fn put(&self, token: &str, request: &mut Request) {
        match &self.place {
            Place::Header { name, around } => {
                request.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
                request.headers.push((name.clone(), around.join(token)));
            }
            Place::Placeholder(placeholder) => {
                for (_, value) in &mut request.headers {
                    *value = value.replace(placeholder, token);
                }
            }
        }
    }
}

/// The document with its templates filled in, names of members included; `None` where one names what is not set.
fn filled(document: &Value, config: &Value) -> Option<Value> {
    Some(match document {
        Value::String(template) => Value::String(text(template, config)?),
        Value::Array(items) => items.iter().map(|item| filled(item, config)).collect::<Option<Vec<_>>>()?.into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| Some((text(name, config)?, filled(value, config)?)));
            Value::Object(members.collect::<Option<Map<_, _>>>()?)
        }
        other => other.clone(),
    })
}

/// A template with its places of the config filled in; secrets are placeholders there. Of a list of secrets, the first.
///
/// # Panics
///
/// If it is no template, or names what is no text.
fn text(template: &str, config: &Value) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, from)) = rest.split_once('{') {
        let (variable, after) = from.split_once('}').unwrap_or_else(|| panic!("{template:?} has no closing brace"));
        let (kind, pointer) = variable.split_once(':').unwrap_or((variable, ""));
        let found = match kind {
            "config" => config.pointer(pointer)?,
            "secret" => match config.pointer(pointer)? {
                Value::Array(secrets) => secrets.first()?,
                other => other,
            },
            _ => panic!("{{{variable}}} of {template:?} is not {{config:/POINTER}} or {{secret:/POINTER}}"),
        };
        filled.push_str(before);
        match found {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => filled.push_str(text),
            Value::Number(_) | Value::Bool(_) => filled.push_str(&found.to_string()),
            Value::Array(_) | Value::Object(_) => panic!("the config's {pointer} is not a text"),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

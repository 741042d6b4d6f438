//! Requests of the plugin, on their way to the provider that the test plays.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use url::Url;

use super::origin::{Origin, Pattern};
use super::run::running;
use super::token_source::base64;
use super::tokens::{Need, Tokens, Wanted};
use super::vault::{self, Vault};
use super::{pointer_pattern, request};
use crate::Refusal;
use crate::http::{Error, Request, Response};
use crate::manifest::Place;

/// What the test answers in the provider's place.
type Provider = Rc<RefCell<dyn FnMut(&Request) -> Result<Response, Error>>>;

/// The entry of a credential that stands for every host that the operator granted by name.
const GRANTED: &str = "{grant}";

/// What one connection may send, and what it has sent.
pub(crate) struct Outbound {
    hosts: Vec<Pattern>,
    /// Hosts that the operator granted by name.
    granted: RefCell<Vec<Pattern>>,
    /// The places where the plugin may put a placeholder by itself.
    places: Vec<Placing>,
    tokens: Tokens,
    pub(crate) vault: RefCell<Vault>,
    provider: RefCell<Option<Provider>>,
    pub(super) requests: RefCell<Vec<Request>>,
}

/// A credential of the manifest that leaves the placing to the plugin.
struct Placing {
    hosts: Vec<Pattern>,
    wherever_granted: bool,
    places: Vec<Value>,
    secret: String,
}

impl Outbound {
    /// What this manifest asks for with this config (defaults filled in).
    ///
    /// # Panics
    ///
    /// If it names a host or describes a token in a way that the real host refuses.
    pub(super) fn new(manifest: &Value, config: &Value, vault: Vault) -> Self {
        let resolved = |entries: &Value| -> Vec<Pattern> {
            let entries = entries.as_array().into_iter().flatten().filter_map(Value::as_str);
            let patterns = entries.filter(|entry| *entry != GRANTED).map(|entry| Pattern::resolve(entry, config));
            patterns.filter_map(|pattern| pattern.unwrap_or_else(|problem| panic!("{problem}"))).collect()
        };
        let hosts_of = |hosts: &Value| {
            let wherever_granted = hosts.as_array().is_some_and(|hosts| hosts.iter().any(|host| host == GRANTED));
            (resolved(hosts), wherever_granted)
        };
        let credentials = manifest["credentials"].as_array().into_iter().flatten();
        let places = credentials.filter_map(|credential| {
            let (hosts, wherever_granted) = hosts_of(&credential["hosts"]);
            Some(Placing {
                hosts,
                wherever_granted,
                places: credential["place"].as_array()?.clone(),
                secret: credential["secret"].as_str()?.to_owned(),
            })
        });
        Self {
            places: places.collect(),
            hosts: resolved(&manifest["hosts"]),
            tokens: Tokens::of(&manifest["credentials"], config, hosts_of),
            granted: RefCell::default(),
            vault: RefCell::new(vault),
            provider: RefCell::default(),
            requests: RefCell::default(),
        }
    }

    pub(super) fn answer_with(&self, answer: impl FnMut(&Request) -> Result<Response, Error> + 'static) {
        self.provider.replace(Some(Rc::new(RefCell::new(answer))));
    }

    /// # Panics
    ///
    /// If `pattern` is no host pattern.
    pub(super) fn grant(&self, pattern: &str) {
        let pattern = Pattern::parse(pattern).expect("a host pattern: [http://]NAME[:PORT]");
        self.granted.borrow_mut().push(pattern);
    }

    /// What was derived and described before is no longer good.
    pub(super) fn begin_invocation(&self) {
        self.vault.borrow_mut().forget_derived();
        self.tokens.forget_described();
    }

    /// A placeholder for the token that this document describes. Its secrets go only where a credential lets the plugin place them.
    pub(crate) fn ask_token(&self, document: &str) -> Result<String, Refusal> {
        self.vault.borrow().pointers_in(document)?;
        self.tokens.describe(document, |source| {
            // In base64 no placeholder could be found.
            let request = source.request(None, |text| text);
            if vault::found(&request.url).next().is_some() {
                return Err(vault::refusal("denied", "a secret stands in the URL for a token".to_owned()));
            }
            let checked =
                Self::addressed(&request).and_then(|(url, origin)| self.check_placeholders(&request, &url, &origin));
            checked.map_err(|Error { code, message, .. }| vault::refusal(&code, message))
        })
    }

    /// Hands the request to the test's provider, if the real host would let it out, with the tokens that it needs. If one is
    /// not accepted (401), all are fetched anew and the request is sent once more.
    ///
    /// # Panics
    ///
    /// If the test has no provider.
    pub(crate) fn send(&self, request: Request) -> Result<Response, Error> {
        let (url, origin) = self.target(&request)?;
        let (needs, without_tokens) = self.tokens.needs(&request, |wanted| self.may_go(wanted, &origin));
        self.check_placeholders(&without_tokens, &url, &origin)?;
        let answer = self.ask(self.with_tokens(request.clone(), &needs)?)?;
        if answer.status != 401 || needs.is_empty() {
            return Ok(answer);
        }
        for need in &needs {
            self.tokens.forget(&need.wanted);
        }
        self.ask(self.with_tokens(request, &needs)?)
    }

    /// Where the request goes, if manifest or operator name it.
    fn target(&self, request: &Request) -> Result<(Url, Origin), Error> {
        let (url, origin) = Self::addressed(request)?;
        if !self.hosts.iter().any(|pattern| pattern.matches(&origin)) && !self.is_granted(&origin) {
            return Err(Error::new("denied", format!("neither manifest nor operator name {origin:?}")));
        }
        Ok((url, origin))
    }

    /// Where a request goes that can be right at all.
    fn addressed(request: &Request) -> Result<(Url, Origin), Error> {
        let url = request::check(request)?;
        let origin = Origin::of(&url).ok_or_else(|| {
            let why = format!("{url} is not an http: or https: URL of a host, without user and password");
            Error::new("invalid", why)
        })?;
        Ok((url, origin))
    }

    /// Lets the test's provider answer. Nothing of this is borrowed meanwhile.
    fn ask(&self, request: Request) -> Result<Response, Error> {
        let Some(provider) = self.provider.borrow().clone() else {
            panic!("the plugin sends {} {}: say with `Host::provider` what is answered", request.method, request.url);
        };
        let answer = (provider.borrow_mut())(&request);
        let max_body_bytes = request.max_body_bytes;
        self.requests.borrow_mut().push(request);
        answer.map(|response| cut(response, max_body_bytes))
    }

    fn with_tokens(&self, mut request: Request, needs: &[Need]) -> Result<Request, Error> {
        for need in needs {
            need.put(&self.token(&need.wanted)?, &mut request);
        }
        Ok(request)
    }

    /// The token that is kept, or a new one. What the manifest and `secrets.token` have put into the request for it goes there by
    /// right.
    fn token(&self, wanted: &Wanted) -> Result<String, Error> {
        let now = running(|run| run.now);
        if let Some(token) = self.tokens.kept(wanted, now) {
            return Ok(token);
        }
        let newest = self.tokens.refreshed(wanted);
        let request = wanted.source.request(newest.as_deref(), base64);
        self.target(&request)?;
        let fetched = wanted.source.fetched(self.ask(request))?;
        let token = fetched.token.clone();
        self.tokens.keep(wanted, fetched, now);
        Ok(token)
    }

    fn may_go(&self, wanted: &Wanted, origin: &Origin) -> bool {
        wanted.hosts.iter().any(|pattern| pattern.matches(origin)) || wanted.wherever_granted && self.is_granted(origin)
    }

    /// A placeholder may stand only where a credential allows it; anywhere else the real host refuses the request.
    fn check_placeholders(&self, request: &Request, url: &Url, origin: &Origin) -> Result<(), Error> {
        let vault = self.vault.borrow();
        for (place, part) in request::parts(request, url) {
            let text = String::from_utf8_lossy(part);
            let Some(found) = vault::found(&text).next() else { continue };
            let Some(place) = place else {
                return Err(Error::new("denied", format!("{found} stands where no secret may go")));
            };
            let pointers = vault.pointers_in(&text).map_err(|refusal| Error::new(refusal.code, refusal.message))?;
            if let Some(pointer) = pointers.into_iter().find(|pointer| !self.may_place(pointer, place, origin)) {
                let message = format!("no credential lets the plugin place the secret {pointer} there ({place:?})");
                return Err(Error::new("denied", message));
            }
            let filled = vault.fill(&text).map_err(|refusal| Error::new(refusal.code, refusal.message))?;
            if place == Place::Header && !request::is_header_value(&filled) {
                return Err(Error::new("invalid", "a secret that cannot stand in a header was placed in one"));
            }
            if place == Place::Path && request::means_another_path(&filled) {
                return Err(Error::new("invalid", "a segment of the path that is empty, `.` or `..` with its secret"));
            }
        }
        Ok(())
    }

    fn may_place(&self, pointer: &str, place: Place, origin: &Origin) -> bool {
        let place = serde_json::json!(place);
        self.places.iter().any(|placing| {
            let host = placing.hosts.iter().any(|pattern| pattern.matches(origin))
                || placing.wherever_granted && self.is_granted(origin);
            host && placing.places.contains(&place) && pointer_pattern::means(&placing.secret, pointer)
        })
    }

    fn is_granted(&self, origin: &Origin) -> bool {
        self.granted.borrow().iter().any(|pattern| pattern.matches(origin))
    }
}

fn cut(mut response: Response, max: Option<u32>) -> Response {
    let max = max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    if response.body.len() > max {
        response.body.truncate(max);
        response.truncated = true;
    }
    response
}

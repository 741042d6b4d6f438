//! Requests of the plugin, on their way to the provider that the test plays.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use url::Url;

use super::origin::{Origin, Pattern};
use super::vault::{self, Vault};
use super::{pointer_pattern, request};
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
    /// If it names a host in a way that the real host refuses.
    pub(super) fn new(manifest: &Value, config: &Value, vault: Vault) -> Self {
        let resolved = |entries: &Value| -> Vec<Pattern> {
            let entries = entries.as_array().into_iter().flatten().filter_map(Value::as_str);
            let patterns = entries.filter(|entry| *entry != GRANTED).map(|entry| Pattern::resolve(entry, config));
            patterns.filter_map(|pattern| pattern.unwrap_or_else(|problem| panic!("{problem}"))).collect()
        };
        let credentials = manifest["credentials"].as_array().into_iter().flatten();
        let places = credentials.filter_map(|credential| {
            let hosts = &credential["hosts"];
            Some(Placing {
                hosts: resolved(hosts),
                wherever_granted: hosts.as_array()?.iter().any(|host| host == GRANTED),
                places: credential["place"].as_array()?.clone(),
                secret: credential["secret"].as_str()?.to_owned(),
            })
        });
        Self {
            places: places.collect(),
            hosts: resolved(&manifest["hosts"]),
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

    /// Hands the request to the test's provider, if the real host would let it out.
    ///
    /// # Panics
    ///
    /// If the test has no provider.
    pub(crate) fn send(&self, request: Request) -> Result<Response, Error> {
        let url = request::check(&request)?;
        let Some(origin) = Origin::of(&url) else {
            let why = format!("{url} is not an http: or https: URL of a host, without user and password");
            return Err(Error::new("invalid", why));
        };
        if !self.hosts.iter().any(|pattern| pattern.matches(&origin)) && !self.is_granted(&origin) {
            return Err(Error::new("denied", format!("neither manifest nor operator name {origin:?}")));
        }
        self.check_placeholders(&request, &url, &origin)?;
        let Some(provider) = self.provider.borrow().clone() else {
            panic!("the plugin sends {} {}: say with `Host::provider` what is answered", request.method, request.url);
        };
        let answer = (provider.borrow_mut())(&request);
        let max_body_bytes = request.max_body_bytes;
        self.requests.borrow_mut().push(request);
        answer.map(|response| cut(response, max_body_bytes))
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

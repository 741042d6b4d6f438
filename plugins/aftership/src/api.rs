//! AfterShip's Tracking API, as far as it is used here.
//!
//! Which version a connection speaks is a setting. The versions differ in their paths and in the wrapper of a tracking: up to
//! 2024-04, and in `v4`, requests have `{"tracking": {…}}`, later ones the object itself. The host adds the key to every request.

use hookyard_sdk::Error;
use hookyard_sdk::http::{Request, Response, query, segment};
use serde::Serialize;

use crate::config::Config;
use crate::problem::{self, Problem};

/// Milliseconds that AfterShip has for one answer: a little less than an invocation has by default, so that what was not
/// answered is told from what ran out of time.
const TIMEOUT_MS: u32 = 8_000;

/// First version whose requests are not wrapped.
const FLAT_SINCE: &str = "2024-07";

/// The API that a connection speaks to.
pub(crate) struct Api {
    base: String,
    wrapped: bool,
}

#[derive(Serialize)]
struct Wrapped<'a, T> {
    tracking: &'a T,
}

impl Api {
    pub(crate) fn new(config: &Config) -> Self {
        let (base, version) = (config.api_base.trim_end_matches('/'), config.api_version.as_str());
        match version {
            "v4" => Self { base: format!("{base}/v4"), wrapped: true },
            month => Self { base: format!("{base}/tracking/{month}"), wrapped: month < FLAT_SINCE },
        }
    }

    /// `POST /trackings`. It may be repeated: a tracking that is there is refused, and not created twice.
    pub(crate) fn create(&self, tracking: &impl Serialize) -> Result<Response, Problem> {
        let request = Request::post(format!("{}/trackings", self.base)).repeatable();
        send(self.with_tracking(request, tracking))
    }

    /// `GET /trackings/{id}`.
    pub(crate) fn get(&self, id: &str) -> Result<Response, Error> {
        Ok(send(Request::get(self.tracking_url(id)?))?)
    }

    /// `GET /trackings` of this number, and of this courier if one is given.
    pub(crate) fn find(&self, tracking_number: &str, slug: Option<&str>) -> Result<Response, Problem> {
        let slug = slug.map(|slug| ("slug", slug));
        self.list(&query([("tracking_numbers", tracking_number)].into_iter().chain(slug)))
    }

    /// `GET /trackings` of any one tracking: does no harm, and needs a key that is accepted.
    pub(crate) fn list_one(&self) -> Result<Response, Problem> {
        self.list("limit=1")
    }

    /// `PUT /trackings/{id}`.
    pub(crate) fn update(&self, id: &str, tracking: &impl Serialize) -> Result<Response, Error> {
        let request = Request::put(self.tracking_url(id)?).repeatable();
        Ok(send(self.with_tracking(request, tracking))?)
    }

    fn list(&self, query: &str) -> Result<Response, Problem> {
        send(Request::get(format!("{}/trackings?{query}", self.base)))
    }

    fn tracking_url(&self, id: &str) -> Result<String, Error> {
        // `.` and `..` would be another path.
        let id =
            segment(id).map_err(|_| Error::invalid("request-refused", format!("{id:?} is no id of a tracking")))?;
        Ok(format!("{}/trackings/{id}", self.base))
    }

    fn with_tracking(&self, request: Request, tracking: &impl Serialize) -> Request {
        if self.wrapped { request.json(&Wrapped { tracking }) } else { request.json(tracking) }
    }
}

/// Gives only answers that say that they are a success.
fn send(request: Request) -> Result<Response, Problem> {
    let response =
        request.header("accept", "application/json").timeout_ms(TIMEOUT_MS).send().map_err(Problem::Unanswered)?;
    problem::check(&response)?;
    Ok(response)
}

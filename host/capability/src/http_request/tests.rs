//! Against real servers on loopback addresses, which are reached by names that only these tests know.

mod addresses;
mod bounds;
mod checks;
mod credentials;
mod dry_run;
mod failures;
mod grants;
mod paths;
mod placed_tokens;
mod provider;
mod redirects;
mod reflection;
mod token_answers;
mod token_life;
mod token_world;
mod tokens;
mod world;

use super::*;

fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() }
}

fn post(url: impl Into<String>, content_type: &str, body: impl Into<Bytes>) -> HttpRequest {
    let headers = vec![("content-type".into(), content_type.into())];
    HttpRequest { method: "POST".into(), body: Some(body.into()), headers, ..get(url) }
}

#[track_caller]
fn refused(outcome: Result<HttpResponse, HttpError>, code: HttpErrorCode) -> String {
    let error = outcome.expect_err("no answer");
    assert_eq!(error.code, code, "{}", error.message);
    error.message
}

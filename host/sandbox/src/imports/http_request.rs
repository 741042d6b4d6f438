//! `http-request`.

use std::time::Duration;

use hookyard_capability::{HttpError, HttpRequest, HttpResponse};

use crate::bindings::hookyard::plugin::http_request::{Error, Host, Request, Response};
use crate::guest::Guest;

impl Host for Guest {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let requests = self.effects("http-request.send")?.requests();
        Ok(answer(requests.send(asked(request)).await))
    }

    async fn send_all(&mut self, requests: Vec<Request>) -> wasmtime::Result<Vec<Result<Response, Error>>> {
        let all = requests.into_iter().map(asked).collect();
        let requests = self.effects("http-request.send-all")?.requests();
        Ok(requests.send_all(all).await.into_iter().map(answer).collect())
    }
}

fn asked(request: Request) -> HttpRequest {
    let Request { method, url, headers, body, timeout_ms, max_redirects, max_body_bytes } = request;
    HttpRequest {
        method,
        url,
        headers,
        body: body.map(Into::into),
        timeout: timeout_ms.map(|millis| Duration::from_millis(millis.into())),
        max_redirects: max_redirects.unwrap_or_default(),
        max_body_bytes,
    }
}

fn answer(result: Result<HttpResponse, HttpError>) -> Result<Response, Error> {
    match result {
        Ok(HttpResponse { status, headers, body, truncated }) => {
            Ok(Response { status, headers, body: body.into(), truncated })
        }
        Err(HttpError { code, message }) => Err(Error { code: code.as_str().to_owned(), message }),
    }
}

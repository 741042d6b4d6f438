//! `http-request`.

use crate::bindings::hookyard::plugin::http_request::{Error, Host, Request, Response};
use crate::guest::Guest;

impl Host for Guest {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let denied = self.effects("http-request.send")?.deny_request(&request.method, &request.url);
        Ok(Err(Error { code: denied.code.as_str().to_owned(), message: denied.message }))
    }

    async fn send_all(&mut self, requests: Vec<Request>) -> wasmtime::Result<Vec<Result<Response, Error>>> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push(self.send(request).await?);
        }
        Ok(answers)
    }
}

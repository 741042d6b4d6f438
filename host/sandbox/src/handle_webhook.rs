//! `webhook-handler.handle`.

use bytes::Bytes;
use hookyard_domain::limit;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::bindings::exports::hookyard::plugin::webhook_handler::{Request, Response};
use crate::component::{Component, Loaded};
use crate::guest::Guest;
use crate::invocation::{Invocation, WebhookRequest, WebhookResponse};
use crate::invoke::{Call, CallError};
use crate::outcome::Finished;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Has a component handle a webhook, in an instance of its own. `None` is the plain answer that all is well.
    ///
    /// Nothing becomes true here: that is for whoever commits the effects. A component without `webhook-handler` ends as
    /// a trap that says so; ask [`Component::exports`] first. Dropping the future ends the guest.
    pub async fn handle_webhook(
        &self,
        component: &Component,
        invocation: Invocation,
        request: WebhookRequest,
    ) -> Finished<Option<WebhookResponse>> {
        self.invoke(component, invocation, HandleWebhook(request)).await
    }
}

struct HandleWebhook(WebhookRequest);

impl Call for HandleWebhook {
    type Answer = Option<WebhookResponse>;

    async fn call(
        self,
        component: &Loaded,
        store: &mut Store<Guest>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, CallError>> {
        let Some(indices) = &component.exports.webhook_handler else {
            return Err(wasmtime::Error::msg("the component does not export webhook-handler"));
        };
        let WebhookRequest { method, path, query, headers, body } = self.0;
        let request = Request { method, path, query, headers, body: body.into() };
        let handler = indices.load(&mut *store, instance)?;
        let answer = handler.call_handle(&mut *store, &request).await?;
        Ok(answer.map_err(CallError::Returned).and_then(|response| response.map(bounded).transpose()))
    }
}

fn bounded(response: Response) -> Result<WebhookResponse, CallError> {
    let Response { status, headers, body } = response;
    let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let problem = if body.len() > limit::RESPONSE_BODY_BYTES_MAX {
        format!("a body of {} bytes; {} are the most", body.len(), limit::RESPONSE_BODY_BYTES_MAX)
    } else if headers.len() > limit::RESPONSE_HEADERS_MAX {
        format!("{} headers; {} are the most", headers.len(), limit::RESPONSE_HEADERS_MAX)
    } else if header_bytes > limit::RESPONSE_HEADERS_BYTES_MAX {
        format!("{header_bytes} bytes of headers; {} are the most", limit::RESPONSE_HEADERS_BYTES_MAX)
    } else {
        return Ok(WebhookResponse { status, headers, body: Bytes::from(body) });
    };
    Err(CallError::unusable("invalid-response", format!("the plugin returned a response with {problem}")))
}

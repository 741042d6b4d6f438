//! `connection` and `invocation`: whom and what this call is for.

use crate::bindings::hookyard::plugin::{connection, invocation};
use crate::guest::Guest;

impl connection::Host for Guest {
    async fn config(&mut self) -> wasmtime::Result<String> {
        Ok(self.invocation("connection.config")?.config.as_ref().to_owned())
    }

    async fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.effects("connection.id")?.scope().connection.to_string())
    }

    async fn webhook_url(&mut self) -> wasmtime::Result<String> {
        Ok(self.invocation("connection.webhook-url")?.webhook_url.clone())
    }
}

impl invocation::Host for Guest {
    async fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.invocation("invocation.id")?.id.to_string())
    }

    async fn attempt(&mut self) -> wasmtime::Result<u32> {
        Ok(self.invocation("invocation.attempt")?.attempt)
    }

    async fn idempotency_key(&mut self, purpose: String) -> wasmtime::Result<String> {
        Ok(self.invocation("invocation.idempotency-key")?.idempotency.for_purpose(&purpose))
    }

    async fn attribute(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let attributes = &self.invocation("invocation.attribute")?.attributes;
        Ok(attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
    }
}

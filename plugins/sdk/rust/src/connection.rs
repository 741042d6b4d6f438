//! Whom this invocation is for.

use crate::imports;

/// The connection's id, chosen by the operator.
pub fn id() -> String {
    imports::connection_id()
}

/// The public URL that the provider must call.
pub fn webhook_url() -> String {
    imports::webhook_url()
}

/// The operator's config as JSON. The typed one is an argument of every method of [`Plugin`](crate::Plugin).
pub fn config() -> String {
    imports::config()
}

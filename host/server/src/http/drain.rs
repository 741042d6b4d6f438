//! The end of serving, as everything that waits sees it.

use tokio::sync::watch;

/// Becomes true once, when the host is to stop.
#[derive(Debug, Clone)]
pub(crate) struct Drain(watch::Receiver<bool>);

impl Drain {
    pub(crate) fn new(stopping: watch::Receiver<bool>) -> Self {
        Self(stopping)
    }

    /// Whether the host is stopping.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when the host is stopping, also if it has been for long. Nobody left who could say so counts as stopping.
    pub(crate) async fn begun(&self) {
        let mut stopping = self.0.clone();
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            tracing::debug!("nobody is left who could stop the host");
        }
    }
}

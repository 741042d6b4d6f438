//! Connections follow the plugins that serve.

use std::sync::Arc;

use hookyard_domain::limit;
use hookyard_domain::plugin::PluginVersion;
use hookyard_store::StoreError;
use tokio::sync::watch;

use super::Registry;
use crate::connections::{Connection, Wanted};
use crate::plugins::Catalogue;

impl Registry {
    /// Follows until nothing changes any more, which is the end of the host.
    pub(super) async fn follow_all(self: &Arc<Self>, mut changes: watch::Receiver<Arc<Catalogue>>) {
        while changes.changed().await.is_ok() {
            loop {
                let catalogue = Arc::clone(&changes.borrow_and_update());
                match self.follow(&catalogue).await {
                    Ok(()) => break,
                    Err(error) => {
                        stay(&error);
                        self.parts.sleep.sleep(limit::TRY_AGAIN_AFTER).await;
                    }
                }
            }
        }
    }

    /// Moves every connection whose plugin has changed to the version that it is to work with. What it will work with is durable
    /// before it does; all of them move in one step. Then versions are let go that no connection works with.
    ///
    /// # Errors
    /// The store cannot write: nothing has moved.
    pub(super) async fn follow(self: &Arc<Self>, catalogue: &Catalogue) -> Result<(), StoreError> {
        let mut desired = self.desired.lock().await;
        let now = self.parts.clock.now();
        let mut moving = Vec::new();
        for id in desired.ids() {
            let Some(wanted) = desired.wanted(&id) else { continue };
            let shown = self.connections.get(&id);
            if !shown.as_ref().is_some_and(|shown| is_settled(shown, &wanted, catalogue)) {
                let (connection, _) = self.parts.builder.build(catalogue, &wanted, now);
                let is_news = shown.is_none_or(|shown| !is_as_invalid(&shown, &connection));
                moving.extend(is_news.then_some(connection));
                // Many connections take a while, and others have work to do on this thread.
                tokio::task::yield_now().await;
            }
        }
        self.settle(&mut desired, moving.iter()).await?;
        for connection in &moving {
            tell(connection, self.connections.get(&connection.id).as_deref());
        }
        self.show(moving.into_iter().map(|connection| (connection.id.clone(), Some(connection))));
        self.parts.plugins.retain(&desired.held_contents());
        Ok(())
    }
}

fn stay(error: &StoreError) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, "connections stay on the versions they have until the store works again");
}

/// Whether building the connection again would come to the same. One that is invalid is looked at again: what it lacked may be
/// there now.
fn is_settled(shown: &Connection, wanted: &Wanted<'_>, catalogue: &Catalogue) -> bool {
    let (Some(works_with), Some(current)) = (&shown.prepared, catalogue.get(&shown.plugin_name)) else { return false };
    let (works_with, current) = (works_with.plugin.component.hash(), current.component.hash());
    match &shown.pending {
        None => works_with == current,
        Some(pending) => {
            let held_is_there = wanted
                .held
                .is_some_and(|held| held == works_with && catalogue.version(&shown.plugin_name, held).is_some());
            held_is_there && pending.content == current
        }
    }
}

fn is_as_invalid(shown: &Connection, connection: &Connection) -> bool {
    let is_invalid = shown.prepared.is_none() && connection.prepared.is_none();
    is_invalid && shown.health().message == connection.health().message
}

fn tell(connection: &Connection, before: Option<&Connection>) {
    let version = |connection: &Connection| connection.prepared.as_ref().map(|ready| ready.plugin.manifest.plugin());
    let (from, to) = (before.and_then(version), version(connection));
    let text =
        |version: &Option<PluginVersion>| version.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    match &connection.pending {
        Some(pending) => {
            let health = connection.health();
            let why = health.message.as_deref().unwrap_or_default();
            tracing::warn!(connection = %connection.id, version = text(&to), pending = %pending.version, "{why}");
        }
        None if to.is_none() => {
            let health = connection.health();
            tracing::error!("{}", health.message.as_deref().unwrap_or_default());
        }
        None if from != to => {
            tracing::info!(connection = %connection.id, from = text(&from), to = text(&to), "connection moves on");
        }
        None => {}
    }
}

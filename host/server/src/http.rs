//! The only inbound sockets of the host: listeners, routes, wire types, and the one place that turns errors into responses.
//!
//! [`serve`] accepts connections and gives each its limits; `router` says what stands where; one file answers one
//! resource; `problem` writes every error.

mod accept;
mod actions;
mod activity;
mod api_body;
mod app;
mod auth;
mod body;
mod connection;
mod connections;
mod deliveries;
mod drain;
mod entrance;
mod events;
mod health;
mod inbox;
mod inquiry;
mod invocations;
mod limits;
mod listeners;
mod members;
mod names;
mod parameters;
mod path_name;
mod plugins;
pub(crate) mod problem;
mod router;
mod subscriptions;
mod timers;
mod tokens;
mod trigger;
mod watched_io;
mod webhook_response;
mod webhooks;

pub use limits::HttpLimits;
pub use listeners::{Addresses, BindError, Listeners};

use std::sync::Arc;

use hookyard_domain::limit;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::host::Host;
use accept::Accepting;
use app::App;
use drain::Drain;
use entrance::Entrance;

/// Serves a host until `stopping` becomes true (or its sender is gone): then nothing more is accepted, idle connections are
/// closed, event streams end, and what is in flight gets [`HttpLimits::drain`] to finish.
pub async fn serve(host: Arc<Host>, listeners: Listeners, stopping: watch::Receiver<bool>) {
    serve_within(host, listeners, HttpLimits::default(), stopping).await;
}

/// [`serve`] with other limits.
pub async fn serve_within(host: Arc<Host>, listeners: Listeners, limits: HttpLimits, stopping: watch::Receiver<bool>) {
    let drain = Drain::new(stopping);
    let app = Arc::new(App::new(host, limits.clone(), &listeners.addresses(), drain.clone()));
    let accepting = |entrance: Entrance, connections_max| Accepting {
        router: router::router(&app, entrance.clone()),
        metrics: Arc::clone(&app.host.metrics),
        limits: limits.clone(),
        drain: drain.clone(),
        connections_max,
        entrance,
    };

    let mut loops = JoinSet::new();
    let Listeners { public, admin, local, .. } = listeners;
    let settings = &app.host.settings;
    let entrance = Entrance::public(settings.listen, settings.admin_on_listen);
    loops.spawn(accepting(entrance, limits.connections_max).run(public));
    if let Some(admin) = admin {
        let loopback = settings.admin_listen.is_some_and(|address| address.ip().is_loopback());
        loops.spawn(accepting(Entrance::admin(loopback), limit::HTTP_ADMIN_CONNECTIONS_MAX).run(admin));
    }
    loops.spawn(accepting(Entrance::local(), limit::HTTP_ADMIN_CONNECTIONS_MAX).run(local.listener));

    drain.begun().await;
    tracing::info!("draining connections");
    let all_ended = async { while loops.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, all_ended).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    // The guard of the socket's path goes with this function, and with it the file.
    drop(local.path);
}

#[cfg(test)]
mod tests;

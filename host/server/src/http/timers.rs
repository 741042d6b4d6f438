//! `/v1/timers` and `/v1/connections/{id}/timers/{name}`: what plugins want to be called for later.

mod query;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;
use http::{Request, StatusCode};
use serde::Serialize;

use super::app::App;
use super::connections::{change, find};
use super::path_name::PathNames;
use super::problem::Problem;
use crate::host::Host;
use crate::timers::ChangeError;
use query::TimerQuery;
use view::TimerView;

#[derive(Debug, Serialize)]
pub(crate) struct TimerList {
    timers: Vec<TimerView>,
    /// The `after` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The timers that pass the filters, by connection and name.
pub(crate) async fn list(State(host): State<Arc<Host>>, RawQuery(query): RawQuery) -> Result<Json<TimerList>, Problem> {
    let TimerQuery { connection, state, limit, mut after } = TimerQuery::parse(query.as_deref().unwrap_or_default())?;
    let mut timers = Vec::new();
    for _ in 0..limit::TIMERS_PAGES_MAX {
        let page = host.store.timers(connection.as_ref(), after.as_ref(), limit::TIMERS_PAGE_MAX).await?;
        if page.is_empty() {
            return Ok(Json(TimerList { timers, next: None }));
        }
        for timer in page {
            let place = (timer.connection.clone(), timer.name.clone());
            if state.is_none_or(|state| timer.standing.state() == state) {
                if timers.len() == limit {
                    return Ok(Json(TimerList { timers, next: after.map(query::place) }));
                }
                timers.push(TimerView::from(timer));
            }
            after = Some(place);
        }
    }
    Ok(Json(TimerList { timers, next: after.map(query::place) }))
}

/// One timer.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    PathNames(id, name): PathNames<ConnectionId>,
) -> Result<Json<TimerView>, Problem> {
    find(&host, &id)?;
    let timer = host.timers.show(&id, &name).await.map_err(|error| unchanged(&id, &name, error))?;
    Ok(Json(TimerView::from(timer)))
}

/// Ends a timer.
pub(crate) async fn cancel(
    State(host): State<Arc<Host>>,
    PathNames(id, name): PathNames<ConnectionId>,
) -> Result<StatusCode, Problem> {
    let connection = find(&host, &id)?;
    let (timers, cancelled) = (Arc::clone(&host.timers), name.clone());
    let done = host.in_work.spawn(async move { timers.cancel(&connection, &cancelled).await });
    let done = done.await.map_err(|error| change::broken(&error))?;
    done.map_err(|error| unchanged(&id, &name, error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a timer fire now. That it will is durable with the answer; what comes of it is to be seen later.
pub(crate) async fn fire(
    State(app): State<Arc<App>>,
    PathNames(id, name): PathNames<ConnectionId>,
    request: Request<Body>,
) -> Result<StatusCode, Problem> {
    app.read_nothing(request).await?;
    let connection = find(&app.host, &id)?;
    let (timers, fired) = (Arc::clone(&app.host.timers), name.clone());
    let done = app.host.in_work.spawn(async move { timers.fire_now(&connection, &fired).await });
    let done = done.await.map_err(|error| change::broken(&error))?;
    done.map_err(|error| unchanged(&id, &name, error))?;
    Ok(StatusCode::ACCEPTED)
}

fn unchanged(id: &ConnectionId, name: &str, error: ChangeError) -> Problem {
    match error {
        ChangeError::NotFound => Problem::not_found(format!("connection {id} has no timer {name:?}")),
        ChangeError::Gone => Problem::not_found(format!("there is no connection {id}")),
        ChangeError::Busy => Problem::unavailable("overloaded", error.to_string()).retry_after(limit::TRY_AGAIN_AFTER),
        ChangeError::Unavailable(error) => error.into(),
    }
}

//! `POST /v1/tokens`: makes a bearer token. Only over the local socket, so that no token can make further ones.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hookyard_domain::id::TokenId;
use hookyard_domain::limit;
use hookyard_store::{AddTokenError, ApiToken};
use http::header::CACHE_CONTROL;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};

use super::app::Entered;
use super::auth;
use super::entrance::Trust;
use super::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: String,
}

/// The only time that the token itself is shown.
#[derive(Serialize)]
struct CreatedToken<'a> {
    id: TokenId,
    name: &'a str,
    token: &'a str,
}

/// Makes a token.
pub(crate) async fn create(State(entered): State<Entered>, request: Request<Body>) -> Result<Response, Problem> {
    let app = &entered.app;
    if entered.entrance.trust != Trust::Operator {
        let problem = Problem::new(StatusCode::FORBIDDEN, "local-only");
        return Err(problem.detail("tokens are made over the local socket: `hookyard tokens create`"));
    }
    let NewToken { name } = app.read_json(request).await?;
    check_name(&name)?;
    let host = &app.host;
    let token = auth::generate(&*host.entropy);
    let created_at = host.clock.now();
    let id = TokenId::new(created_at, &*host.entropy);
    let kept = ApiToken { id, name: name.clone(), hash: auth::hash(token.expose()), created_at };
    host.store.add_token(kept).await.map_err(|error| match error {
        AddTokenError::TooMany { .. } => {
            Problem::new(StatusCode::CONFLICT, "too-many-tokens").detail(error.to_string())
        }
        AddTokenError::Unavailable(error) => error.into(),
    })?;
    tracing::info!(token = %id, name, "token created");
    let created = Json(CreatedToken { id, name: &name, token: token.expose() });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], created).into_response())
}

fn check_name(name: &str) -> Result<(), Problem> {
    let max = limit::TOKEN_NAME_BYTES_MAX;
    if name.trim().is_empty() || name.len() > max || name.chars().any(char::is_control) {
        let detail = format!("a token's name has 1 to {max} bytes and no control characters");
        return Err(Problem::invalid("/name", "invalid", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_name_that_can_be_shown() {
        assert!(check_name("ci of Ünal").is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}

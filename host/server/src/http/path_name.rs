//! The names in a path of the API, each as its type. What cannot be a name of something names nothing: 404.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::problem::Problem;

/// Two parameters of the path, in their order.
pub(crate) struct PathNames<T>(pub(crate) T, pub(crate) String);

impl<S: Send + Sync, T: FromStr<Err: ToString>> FromRequestParts<S> for PathNames<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path((first, second))) = Path::<(String, String)>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found("the path does not hold two names"));
        };
        let first = first.parse().map_err(|error: T::Err| Problem::not_found(error.to_string()))?;
        Ok(Self(first, second))
    }
}

/// The path's one parameter.
pub(crate) struct PathName<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err: ToString>> FromRequestParts<S> for PathName<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found("the path does not hold one name"));
        };
        text.parse().map(Self).map_err(|error: T::Err| Problem::not_found(error.to_string()))
    }
}

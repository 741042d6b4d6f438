//! Manifests, the schema that is published of them, and configs.

mod configs;
mod manifests;
mod published_schema;
mod tokens;

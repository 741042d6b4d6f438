//! What the actions do, against a provider that the test plays.

mod auth;
mod checks;
mod preview;
mod retries;
mod run;
mod script;
mod tried;
mod vectors;

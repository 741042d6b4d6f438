//! What becomes of webhooks, however Selarti writes them.

mod changes;
mod fields;
mod ignored;
mod messages;
mod reading;
mod script;

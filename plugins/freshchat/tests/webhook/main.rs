//! What becomes of each webhook, row by row of the plugin's table.

mod conversation;
mod given;
mod ignored;
mod message;
mod muting;
mod odd;
mod samples;
mod site;

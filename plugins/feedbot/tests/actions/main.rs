//! What goes out to Feedbot, what comes back, and what becomes of it later.

mod activate;
mod failures;
mod get_status;
mod polling;
mod script;
mod send_message;
mod send_messages;

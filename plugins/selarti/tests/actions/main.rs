//! What goes out to Selarti, what comes back, and what every failure becomes.

mod activate;
mod exchange;
mod failures;
mod script;
mod send_message;

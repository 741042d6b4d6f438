//! The calls to Freshchat: what goes out, what comes back, and what every failure becomes.

mod activate;
mod assign;
mod config;
mod failures;
mod get_conversation;
mod lists;
mod mute;
mod raise_issue;
mod script;
mod send_message;

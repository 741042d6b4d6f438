//! On the build machine: the calls go to the test host whose invocation runs on this thread.

use crate::kv::{Entry, Options, Page};
use crate::log::Level;
use crate::testing::running;
use crate::{Event, Refusal};

pub(crate) fn emit(event: Event, data: String) -> Result<(), Refusal> {
    running(|run| run.emit(event, data))
}

pub(crate) fn kv_get(key: &str) -> Result<Option<Entry>, Refusal> {
    running(|run| run.keys.get(key))
}

pub(crate) fn kv_get_many(keys: &[String]) -> Result<Vec<Option<Entry>>, Refusal> {
    running(|run| keys.iter().map(|key| run.keys.get(key)).collect())
}

pub(crate) fn kv_set(key: &str, value: &[u8], options: Options) -> Result<(), Refusal> {
    running(|run| run.keys.set(key, value, options))
}

pub(crate) fn kv_delete(key: &str) -> Result<(), Refusal> {
    running(|run| run.keys.delete(key))
}

pub(crate) fn kv_increment(key: &str, by: i32) -> Result<i64, Refusal> {
    running(|run| run.keys.increment(key, by))
}

pub(crate) fn kv_list(prefix: &str, after: Option<&str>, max: u32) -> Result<Page, Refusal> {
    running(|run| run.keys.list(prefix, after, max))
}

pub(crate) fn log(level: Level, message: &str) {
    running(|run| run.log.push((level, message.to_owned())));
}

pub(crate) fn config() -> String {
    running(|run| run.config.clone())
}

pub(crate) fn connection_id() -> String {
    crate::testing::CONNECTION.to_owned()
}

pub(crate) fn webhook_url() -> String {
    crate::testing::WEBHOOK_URL.to_owned()
}

pub(crate) fn invocation_id() -> String {
    running(|run| run.id.clone())
}

pub(crate) fn attempt() -> u32 {
    1
}

pub(crate) fn idempotency_key(purpose: &str) -> String {
    running(|run| run.idempotency_key(purpose))
}

pub(crate) fn attribute(name: &str) -> Option<String> {
    running(|run| run.attributes.get(name).cloned())
}

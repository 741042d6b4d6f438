//! `kv-store`.

use hookyard_capability::SetOptions;

use crate::bindings::hookyard::plugin::kv_store::{Entry, Host, Options, Page};
use crate::guest::Guest;

use super::{Answer, answer, refused};

impl Host for Guest {
    async fn get(&mut self, key: String) -> Answer<Option<Entry>> {
        let read = self.effects("kv-store.get")?.kv_get(key).await;
        Ok(answer(self, read)?.map(|found| found.map(entry)))
    }

    async fn get_many(&mut self, keys: Vec<String>) -> Answer<Vec<Option<Entry>>> {
        let read = self.effects("kv-store.get-many")?.kv_get_many(keys).await;
        Ok(answer(self, read)?.map(|all| all.into_iter().map(|found| found.map(entry)).collect()))
    }

    async fn set(&mut self, key: String, value: Vec<u8>, options: Options) -> Answer<()> {
        let Options { ttl_seconds, expected_revision } = options;
        let options = SetOptions { ttl_seconds, expected_revision };
        Ok(self.effects("kv-store.set")?.kv_set(&key, value, &options).map_err(refused))
    }

    async fn delete(&mut self, key: String) -> Answer<()> {
        Ok(self.effects("kv-store.delete")?.kv_delete(&key).map_err(refused))
    }

    async fn increment(&mut self, key: String, by: i32) -> Answer<i64> {
        let sum = self.effects("kv-store.increment")?.kv_increment(key, by).await;
        answer(self, sum)
    }

    async fn list_keys(&mut self, prefix: String, after: Option<String>, max: u32) -> Answer<Page> {
        let page = self.effects("kv-store.list-keys")?.kv_list_keys(&prefix, after.as_deref(), max).await;
        Ok(answer(self, page)?.map(|page| Page { keys: page.keys, next: page.next }))
    }
}

fn entry(entry: hookyard_capability::Entry) -> Entry {
    Entry { value: entry.value, revision: entry.revision }
}

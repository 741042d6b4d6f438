use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::event::Offset;
use hookyard_domain::id::TokenId;
use hookyard_domain::idempotency::IdempotencyId;
use hookyard_domain::limit;

use super::world::{World, consent, held, id, mark, noon, record, set};
use crate::{AddTokenError, ApiToken, CommitError, SaveConnectionError, StoreError};

fn token(name: &str, entropy: &SeededEntropy, millis: u64) -> ApiToken {
    let created_at = noon().after(std::time::Duration::from_millis(millis));
    ApiToken { id: TokenId::new(created_at, entropy), name: name.to_owned(), hash: [millis as u8; 32], created_at }
}

pub(super) async fn a_host_key_stays_what_it_was_first(world: World) {
    assert_eq!(world.store.host_key("hash", [1; 32]).await.expect("keeps"), [1; 32]);
    assert_eq!(world.store.host_key("hash", [2; 32]).await.expect("keeps"), [1; 32]);
    assert_eq!(world.store.host_key("seal", [2; 32]).await.expect("keeps"), [2; 32]);
}

pub(super) async fn tokens_are_kept_listed_and_removed(world: World) {
    let entropy = SeededEntropy::new(3);
    let (first, second) = (token("laptop", &entropy, 1), token("laptop", &entropy, 2));
    world.store.add_token(second.clone()).await.expect("keeps");
    world.store.add_token(first.clone()).await.expect("keeps");
    assert_eq!(world.store.tokens().await.expect("reads"), [first.clone(), second.clone()]);
    assert!(world.store.remove_token(first.id).await.expect("removes"));
    assert!(!world.store.remove_token(first.id).await.expect("looks"));
    assert_eq!(world.store.tokens().await.expect("reads"), [second]);
}

pub(super) async fn there_are_only_so_many_tokens(world: World) {
    let entropy = SeededEntropy::new(3);
    for n in 0..limit::API_TOKENS_MAX as u64 {
        world.store.add_token(token("many", &entropy, n)).await.expect("keeps");
    }
    let error = world.store.add_token(token("more", &entropy, 0)).await.expect_err("there are too many");
    assert!(matches!(error, AddTokenError::TooMany { max: limit::API_TOKENS_MAX }), "{error:?}");
    let oldest = world.store.tokens().await.expect("reads").remove(0);
    world.store.remove_token(oldest.id).await.expect("removes");
    world.store.add_token(token("more", &entropy, 0)).await.expect("there is room again");
}

pub(super) async fn a_closed_store_commits_nothing(world: World) {
    world.write([set("key", "v")]).await;
    world.store.close().await;
    world.store.close().await;
    let error = world.commit([], [set("key", "v")]).await.expect_err("is closed");
    assert!(matches!(error, CommitError::Unavailable(StoreError::Closed)), "{error:?}");
    assert!(matches!(world.store.host_key("hash", [1; 32]).await, Err(StoreError::Closed)));
    assert!(matches!(world.store.record_consent(consent("shop", "{}")).await, Err(StoreError::Closed)));
}

pub(super) async fn a_closed_store_changes_no_connection_and_no_plugin(world: World) {
    world.store.close().await;
    assert_closed(world.store.remove_consent(&id("shop")).await);
    assert_closed(world.store.hold_versions(vec![held("shop", 1)]).await);
    assert_closed(world.store.begin_deletion(&id("shop")).await);
    assert_closed(world.store.purge_connection(&id("shop")).await);
    assert_closed(world.store.remove_plugin_state(&"aftership".parse().expect("valid")).await);
    let error = world.store.save_connection(record("shop")).await.expect_err("is closed");
    assert!(matches!(error, SaveConnectionError::Unavailable(StoreError::Closed)), "{error:?}");
}

pub(super) async fn a_closed_store_reads_nothing(world: World) {
    world.write([set("key", "v")]).await;
    world.store.close().await;
    let (shop, key, record) = (id("shop"), ["key".to_owned()], IdempotencyId([1; 16]));
    assert_closed(world.store.get_many(&shop, &key, noon()).await);
    assert_closed(world.store.keys(&shop, "", None, 1, noon()).await);
    assert_closed(world.store.marked(mark(1), noon()).await);
    assert_closed(world.store.idempotency(&shop, record, noon()).await);
    assert_closed(world.store.events(Offset(0), &Default::default(), 1).await);
    assert_closed(world.store.tokens().await);
    assert_closed(world.store.consent(&shop).await);
    assert_closed(world.store.consents().await);
    assert_closed(world.store.plugin_states().await);
    assert_closed(world.store.connection_records().await);
    assert_closed(world.store.held_versions().await);
    assert_closed(world.store.lives().await);
}

#[expect(clippy::needless_pass_by_value, reason = "what a read returned is looked at and done with")]
pub(super) fn assert_closed<T: std::fmt::Debug>(read: Result<T, StoreError>) {
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

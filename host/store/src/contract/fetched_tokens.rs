use std::time::Duration;

use hookyard_domain::connection::Incarnation;
use hookyard_domain::limit;

use super::world::{World, id, noon, set};
use crate::{FetchedToken, KeepTokenError, StoreError};

const FIRST: Incarnation = Incarnation(0);

/// The `n`-th token of a connection: each is a second younger than the one before.
fn token(connection: &str, n: u8) -> FetchedToken {
    FetchedToken {
        connection: id(connection),
        incarnation: FIRST,
        key: [n; 16],
        rotated: false,
        at: noon().after(Duration::from_secs(n.into())),
        sealed: vec![0, n, 255],
    }
}

async fn keep(world: &World, token: FetchedToken) {
    world.store.keep_fetched_token(token).await.expect("keeps");
}

async fn kept(world: &World, connection: &str, incarnation: Incarnation, n: u8) -> Option<FetchedToken> {
    world.store.fetched_token(&id(connection), incarnation, [n; 16]).await.expect("reads")
}

pub(super) async fn a_token_is_read_back_as_it_was_kept(world: World) {
    assert_eq!(kept(&world, "shop", FIRST, 1).await, None);
    let first = FetchedToken { rotated: true, ..token("shop", 1) };
    keep(&world, first.clone()).await;
    keep(&world, token("shop", 2)).await;
    assert_eq!(kept(&world, "shop", FIRST, 1).await, Some(first));
    assert_eq!(kept(&world, "shop", FIRST, 2).await, Some(token("shop", 2)));
    assert_eq!(kept(&world, "shop", Incarnation(1), 1).await, None, "another life knows nothing of it");
    assert_eq!(kept(&world, "shop2", FIRST, 1).await, None);
}

pub(super) async fn a_token_takes_the_place_of_the_one_with_its_key(world: World) {
    keep(&world, FetchedToken { rotated: true, ..token("shop", 1) }).await;
    keep(&world, token("shop2", 1)).await;
    let second = FetchedToken { sealed: b"another".to_vec(), at: noon(), ..token("shop", 1) };
    keep(&world, second.clone()).await;
    assert_eq!(kept(&world, "shop", FIRST, 1).await, Some(second));
    assert_eq!(kept(&world, "shop2", FIRST, 1).await, Some(token("shop2", 1)));
}

pub(super) async fn of_too_many_tokens_the_oldest_goes_and_rotated_ones_last(world: World) {
    let max = u8::try_from(limit::FETCHED_TOKENS_MAX).expect("there are few");
    keep(&world, FetchedToken { rotated: true, ..token("shop", 1) }).await;
    keep(&world, token("other", 1)).await;
    for n in 2..=max {
        keep(&world, token("shop", n)).await;
    }
    assert!(kept(&world, "shop", FIRST, 2).await.is_some(), "they fit");
    // However old it is itself, what comes last stays.
    keep(&world, FetchedToken { at: noon(), ..token("shop", max + 1) }).await;
    assert_eq!(kept(&world, "shop", FIRST, 2).await, None);
    for n in [1, 3, max, max + 1] {
        assert!(kept(&world, "shop", FIRST, n).await.is_some(), "{n}");
    }
    assert!(kept(&world, "other", FIRST, 1).await.is_some());
}

pub(super) async fn a_rotated_token_is_known_of(world: World) {
    let holds = || async { world.store.holds_rotated_token().await.expect("reads") };
    keep(&world, token("shop", 1)).await;
    assert!(!holds().await);
    keep(&world, FetchedToken { rotated: true, ..token("shop", 1) }).await;
    assert!(holds().await);
    keep(&world, token("shop", 1)).await;
    assert!(!holds().await);
}

/// The first life of `shop` takes no token.
async fn assert_gone(world: &World) {
    let refused = world.store.keep_fetched_token(token("shop", 2)).await.expect_err("that life is over");
    assert!(matches!(refused, KeepTokenError::Gone), "{refused:?}");
}

pub(super) async fn a_deleted_connection_leaves_no_tokens_and_gets_none(world: World) {
    world.save("shop").await;
    world.write([set("key", "v")]).await;
    for connection in ["shop", "other"] {
        keep(&world, token(connection, 1)).await;
    }
    assert!(world.store.begin_deletion(&id("shop")).await.expect("begins"));
    // Its plugin takes its leave of the provider by now, and may need a token for that.
    keep(&world, token("shop", 3)).await;
    assert!(!world.store.purge_connection(&id("shop")).await.expect("clears away"));
    for n in [1, 3] {
        assert_eq!(kept(&world, "shop", FIRST, n).await, None);
    }
    assert_eq!(kept(&world, "other", FIRST, 1).await, Some(token("other", 1)));
    assert_gone(&world).await;
    let second = FetchedToken { incarnation: Incarnation(1), ..token("shop", 2) };
    keep(&world, second.clone()).await;
    assert_eq!(kept(&world, "shop", Incarnation(1), 2).await, Some(second));
}

pub(super) async fn a_connection_that_was_never_saved_keeps_tokens_and_is_not_deleted_for_it(world: World) {
    keep(&world, token("of-the-file", 1)).await;
    assert!(!world.store.begin_deletion(&id("of-the-file")).await.expect("answers"));
    assert_eq!(kept(&world, "of-the-file", FIRST, 1).await, Some(token("of-the-file", 1)));
}

pub(super) async fn a_closed_store_shows_and_keeps_no_token(world: World) {
    keep(&world, token("shop", 1)).await;
    world.store.close().await;
    let read = world.store.fetched_token(&id("shop"), FIRST, [1; 16]).await.expect_err("is closed");
    assert!(matches!(read, StoreError::Closed), "{read:?}");
    let refused = world.store.keep_fetched_token(token("shop", 2)).await.expect_err("is closed");
    assert!(matches!(refused, KeepTokenError::Unavailable(StoreError::Closed)), "{refused:?}");
    assert!(world.store.holds_rotated_token().await.is_err());
}

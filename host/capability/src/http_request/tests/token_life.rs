//! What is kept of tokens, how long, and for whom.

use std::sync::atomic::Ordering;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::connection::Incarnation;
use hookyard_store::{ConnectionRecord, ConnectionRecords as _, FetchedTokens as _};
use serde_json::json;

use super::token_world::{TokenWorld, until};
use super::*;

fn record() -> ConnectionRecord {
    ConnectionRecord {
        id: "shop".parse().expect("valid"),
        plugin: "test".parse().expect("valid"),
        config: vec![],
        grant: "{}".into(),
        enabled: true,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

#[tokio::test]
async fn a_new_refresh_token_is_durable_before_anything_of_its_answer_is_used() {
    let world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    world.disk.gate.forget_permits(1_000);
    let connection = world.connection(&world.refreshing());
    let requests = world.invocation(&connection).requests();
    let sending = tokio::spawn({
        let api = world.api();
        async move { requests.send(get(api)).await }
    });
    until(|| world.issuer.issued() == 1).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (world.seen("/api").len(), world.disk.kept.load(Ordering::SeqCst)),
        (0, 0),
        "nothing is kept, nothing is used"
    );
    world.disk.gate.add_permits(1_000);
    assert_eq!(sending.await.expect("no panic").expect("an answer").status, 200);
    assert_eq!(world.disk.kept.load(Ordering::SeqCst), 1);
    assert_eq!(world.seen("/token")[0].body, "grant_type=refresh_token&refresh_token=refresh-0");
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_used_and_not_lost() {
    let world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    world.disk.full.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.refreshing());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    for _ in 0..2 {
        let message = refused(send().await, HttpErrorCode::TokenUnavailable);
        assert!(message.contains("could not be kept") && !message.contains("refresh-1"), "{message}");
    }
    assert_eq!(
        (world.issuer.issued(), world.seen("/api").len()),
        (1, 0),
        "the new refresh token is the only one: no other is asked for"
    );
    world.disk.full.store(false, Ordering::SeqCst);
    assert_eq!(send().await.expect("an answer").status, 200);
    world.issuer.revoke(1);
    assert_eq!(send().await.expect("an answer").status, 200);
    let asked: Vec<_> = world.seen("/token").into_iter().map(|seen| seen.body).collect();
    let body = |refresh: &str| format!("grant_type=refresh_token&refresh_token={refresh}");
    assert_eq!(asked, [body("refresh-0"), body("refresh-1")]);
}

#[tokio::test]
async fn a_token_without_a_new_refresh_token_is_used_though_it_cannot_be_kept() {
    let world = TokenWorld::new().await;
    world.disk.full.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.oauth2());
    for _ in 0..2 {
        assert_eq!(
            world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status,
            200
        );
    }
    assert_eq!(world.issuer.issued(), 1);
}

#[tokio::test]
async fn after_a_restart_the_kept_token_is_used_and_then_the_kept_refresh_token() {
    let mut world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    for restart in 0..3 {
        let connection = world.connection(&world.refreshing());
        assert_eq!(
            world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status,
            200
        );
        assert_eq!(world.issuer.issued(), 1, "restart {restart}");
        world.restart();
    }
    // Refused before anything else, so that only what was kept can tell the next refresh token.
    world.issuer.revoke(1);
    let connection = world.connection(&world.refreshing());
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert_eq!(world.seen("/token")[1].body, "grant_type=refresh_token&refresh_token=refresh-1");
    world.restart();
    world.world.host.clock.advance(Duration::from_secs(1_000));
    let connection = world.connection(&world.refreshing());
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert_eq!(
        world.seen("/token")[2].body,
        "grant_type=refresh_token&refresh_token=refresh-2",
        "a kept token that has expired is not used"
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_read_makes_no_token() {
    let world = TokenWorld::new().await;
    world.world.host.store.set_broken(true);
    let connection = world.connection(&world.refreshing());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    refused(send().await, HttpErrorCode::TokenUnavailable);
    assert_eq!(world.provider.seen().len(), 0, "the refresh token of the config may long be another one's");
    world.world.host.store.set_broken(false);
    assert_eq!(send().await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_changed_config_ignores_what_was_kept() {
    let world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    let send = |config| async {
        let connection = world.life(0, &world.refreshing(), config);
        world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer")
    };
    send(json!({"password": "hunter2-hunter2", "api_key": "refresh-0"})).await;
    send(json!({"password": "hunter2-hunter2", "api_key": "refresh-new"})).await;
    send(json!({"password": "hunter3-hunter3", "api_key": "refresh-0"})).await;
    let asked: Vec<_> = world.seen("/token").into_iter().map(|seen| seen.body).collect();
    let body = |refresh: &str| format!("grant_type=refresh_token&refresh_token={refresh}");
    assert_eq!(asked, [body("refresh-0"), body("refresh-new"), body("refresh-0")]);
}

#[tokio::test]
async fn a_connection_that_was_deleted_and_made_again_shares_nothing() {
    let world = TokenWorld::new().await;
    let config = json!({"password": "hunter2-hunter2"});
    let old = world.life(0, &world.oauth2(), config.clone());
    world.invocation(&old).requests().send(get(world.api())).await.expect("an answer");
    let record = record();
    let (store, id) = (&world.world.host.store, record.id.clone());
    store.save_connection(record).await.expect("keeps");
    assert!(store.begin_deletion(&id).await.expect("begins"));
    assert!(!store.purge_connection(&id).await.expect("clears away"));
    let new = world.life(1, &world.oauth2(), config);
    world.invocation(&new).requests().send(get(world.api())).await.expect("an answer");
    assert_eq!(world.issuer.issued(), 2);
    let sent: Vec<_> = world.seen("/api").iter().map(|seen| seen.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, [Some("Bearer token-1".to_owned()), Some("Bearer token-2".to_owned())]);
    // Whoever still runs for the old life gets nothing that would have to be kept for it.
    world.issuer.revoke(1);
    refused(world.invocation(&old).requests().send(get(world.api())).await, HttpErrorCode::TokenUnavailable);
    let kept = store.fetched_token(&id, Incarnation(0), [0; 16]).await.expect("reads");
    assert_eq!(kept, None);
}

#[tokio::test]
async fn an_invocation_that_ends_does_not_cut_the_fetch_off() {
    let world = TokenWorld::new().await;
    world.gate.forget_permits(1_000);
    let connection = world.connection(&world.oauth2());
    let requests = world.invocation(&connection).requests();
    let api = world.api();
    let sending = tokio::spawn(async move { requests.send(get(api)).await });
    until(|| world.seen("/token").len() == 1).await;
    sending.abort();
    assert!(sending.await.expect_err("it was cut off").is_cancelled());
    world.gate.add_permits(1_000);
    world.registry.finish().await;
    assert_eq!(world.disk.kept.load(Ordering::SeqCst), 1);
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert_eq!(world.issuer.issued(), 1);
}

#[tokio::test]
async fn a_request_whose_time_is_up_before_there_is_a_token_was_not_sent() {
    let world = TokenWorld::new().await;
    world.gate.forget_permits(1_000);
    let connection = world.connection(&world.oauth2());
    let effects = world.invocation(&connection);
    let order = post(world.api(), "text/plain", "x");
    let order = HttpRequest { timeout: Some(Duration::from_millis(20)), ..order };
    refused(effects.requests().send(order).await, HttpErrorCode::TokenUnavailable);
    assert!(!effects.into_draft().sent_unsafe);
    world.gate.add_permits(1_000);
    world.registry.finish().await;
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert_eq!((world.issuer.issued(), world.seen("/api").len()), (1, 1));
}

#[tokio::test]
async fn nothing_that_is_kept_can_be_read_without_the_key() {
    let world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.refreshing());
    world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer");
    let printed = format!(
        "{:?} {:?} {:?} {:?}",
        connection.outbound, connection.outbound.credentials, connection.outbound.tokens, world.registry
    );
    let row = world.disk.store.holds_rotated_token().await.expect("reads");
    assert!(row, "it came with a new refresh token");
    for secret in ["token-1", "refresh-0", "refresh-1", "hunter2"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_connection_that_is_being_deleted_still_gets_a_token_to_take_its_leave_with() {
    let world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.refreshing());
    let store = &world.world.host.store;
    store.save_connection(record()).await.expect("keeps");
    assert!(store.begin_deletion(&record().id).await.expect("begins"));
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert!(!store.purge_connection(&record().id).await.expect("clears away"));
    assert!(!store.holds_rotated_token().await.expect("reads"), "and nothing of it is left");
}

#[tokio::test]
async fn a_refresh_token_that_cannot_be_opened_is_not_replaced_by_one_that_is_used_up() {
    let mut world = TokenWorld::new().await;
    world.issuer.rotates.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.refreshing());
    world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer");
    world.restart_without_key();
    let connection = world.connection(&world.refreshing());
    let effects = world.invocation(&connection);
    let message = refused(effects.requests().send(get(world.api())).await, HttpErrorCode::TokenUnavailable);
    assert!(message.contains("the key file is missing; put the key file back"), "{message}");
    assert_eq!(effects.into_draft().log.lines.len(), 1, "the operator can mend it");
    assert_eq!(world.issuer.issued(), 1, "a provider may revoke everything when an old one is used");
    world.restart();
    let connection = world.connection(&world.refreshing());
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_token_alone_that_cannot_be_opened_is_fetched_anew() {
    let mut world = TokenWorld::new().await;
    let connection = world.connection(&world.oauth2());
    world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer");
    world.restart_without_key();
    let connection = world.connection(&world.oauth2());
    assert_eq!(world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer").status, 200);
    assert_eq!(world.issuer.issued(), 2);
}

#[tokio::test]
async fn a_fetch_that_panics_keeps_nobody_waiting_and_the_next_one_goes_on() {
    let world = TokenWorld::new().await;
    world.disk.panics.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.oauth2());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await };
    let message = refused(send().await, HttpErrorCode::TokenUnavailable);
    assert!(message.contains("broken off"), "{message}");
    world.registry.finish().await;
    assert_eq!(send().await.expect("an answer").status, 200);
}

#[tokio::test]
async fn nothing_of_a_deleted_connection_stays_in_memory() {
    let world = TokenWorld::new().await;
    // Then memory is the only place where it is.
    world.disk.full.store(true, Ordering::SeqCst);
    let connection = world.connection(&world.oauth2());
    let send = || async { world.invocation(&connection).requests().send(get(world.api())).await.expect("an answer") };
    send().await;
    world.registry.forget(&"another".parse().expect("valid"));
    send().await;
    assert_eq!(world.issuer.issued(), 1);
    world.registry.forget(&"shop".parse().expect("valid"));
    send().await;
    assert_eq!(world.issuer.issued(), 2);
}

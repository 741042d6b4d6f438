//! Those who fall behind read the log by themselves, and come back without a gap.

use std::collections::BTreeSet;

use hookyard_domain::event::Offset;
use hookyard_domain::limit;

use super::world::*;

#[tokio::test]
async fn one_that_falls_behind_gets_every_event_once() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("slow")).await;
    let hanging = world.endpoints.hangs("slow");
    let count = 3 * limit::DELIVERY_FEED_MAX + limit::DELIVERY_WAITING_MAX + 77;
    for number in 0..count {
        world.emit(&number.to_string()).await;
        if number % 50 == 0 {
            settled().await;
        }
        if number == count / 2 {
            hanging.add_permits(limit::DELIVERY_WAITING_MAX);
        }
    }
    hanging.add_permits(count);
    for _ in 0..count / 50 {
        settled().await;
    }
    let tried = world.endpoints.tried("slow");
    assert_eq!(tried.len(), count);
    assert_eq!(tried.into_iter().collect::<BTreeSet<_>>().len(), count);
    assert_eq!(world.position(&name("slow")).await.cursor, Offset(count as u64));
    world.emit("after that").await;
    settled().await;
    assert_eq!(world.endpoints.tried("slow").len(), count + 1, "it is fed again");
}

#[tokio::test]
async fn what_was_appended_while_nobody_was_there_is_caught_up_with() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    settled().await;
    dispatcher.stop().await;
    let count = 2 * limit::DELIVERY_PAGE_EVENTS as u64 + 3;
    for number in 0..count {
        world.emit(&number.to_string()).await;
    }
    let dispatcher = world.dispatcher();
    world.go_on(&dispatcher, to_url("crm")).await;
    for _ in 0..10 {
        settled().await;
    }
    world.emit("new").await;
    settled().await;
    assert_eq!(world.endpoints.tried("crm").into_iter().collect::<BTreeSet<_>>(), (1..=count + 1).collect());
    assert_eq!(world.endpoints.made().len() as u64, count + 1);
}

#[tokio::test]
async fn while_the_store_cannot_write_nothing_is_lost_and_later_it_is_written() {
    let world = World::new();
    let dispatcher = world.dispatcher();
    world.subscribe(&dispatcher, to_url("crm")).await;
    let hanging = world.endpoints.hangs("crm");
    world.endpoints.answers("crm", [failed()]);
    world.emit("a").await;
    world.emit("b").await;
    settled().await;
    world.store.set_broken(true);
    hanging.add_permits(2);
    settled().await;
    world.store.set_broken(false);
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(0));
    assert_eq!(world.row("crm", 1).await, None);
    hanging.add_permits(100);
    world.pass(limit::TRY_AGAIN_AFTER).await;
    world.pass(limit::TRY_AGAIN_AFTER).await;
    assert_eq!(world.position(&name("crm")).await.cursor, Offset(2));
    let row = world.row("crm", 1).await.expect("it failed once");
    assert_eq!(row.standing.history.len(), 2);
}

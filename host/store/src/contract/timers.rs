use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::{Guard, Write};
use hookyard_domain::id::ConnectionId;
use hookyard_domain::inbox::{Next, Reason};
use hookyard_domain::limit;
use hookyard_domain::timer::{Generation, Timer, TimerStanding};
use tokio::task::JoinSet;

use super::world::{World, commit, id, increment, noon, set};
use crate::{CommitError, StoreError};

const HOUR: Duration = Duration::from_secs(3_600);

fn due() -> Timestamp {
    noon().after(HOUR)
}

fn start(name: &str) -> Write {
    Write::StartTimer { name: name.to_owned(), due_at: due(), payload: "{}".to_owned() }
}

fn start_with(name: &str, bytes: usize) -> Write {
    Write::StartTimer { name: name.to_owned(), due_at: due(), payload: format!("\"{}\"", "ü".repeat(bytes / 2 - 1)) }
}

fn cancel(name: &str) -> Write {
    Write::CancelTimer { name: name.to_owned() }
}

fn settle(name: &str, standing: &TimerStanding) -> Write {
    Write::SettleTimer { name: name.to_owned(), standing: Box::new(standing.clone()) }
}

fn timer_at(name: &str, generation: Generation, version: u32) -> Guard {
    Guard::TimerAt { name: name.to_owned(), generation, version }
}

async fn timer_of(world: &World, connection: &str, name: &str) -> Option<Timer> {
    world.store.timer(&id(connection), name).await.expect("reads")
}

async fn timer(world: &World, name: &str) -> Option<Timer> {
    timer_of(world, "shop", name).await
}

async fn names(world: &World) -> Vec<String> {
    world.store.timer_names(&id("shop")).await.expect("reads")
}

/// Starts a timer of `shop` in a commit of its own.
async fn started(world: &World, name: &str) -> Generation {
    let committed = world.write([start(name)]).await;
    assert_eq!(committed.timers.len(), 1);
    committed.timers[0]
}

/// A page of timers, by connection and name.
async fn page(world: &World, of: Option<&str>, after: Option<(&str, &str)>, limit: usize) -> Vec<(String, String)> {
    let of: Option<ConnectionId> = of.map(id);
    let after = after.map(|(connection, name)| (id(connection), name.to_owned()));
    let timers = world.store.timers(of.as_ref(), after.as_ref(), limit).await.expect("reads");
    timers.into_iter().map(|timer| (timer.connection.to_string(), timer.name)).collect()
}

pub(super) async fn a_timer_is_read_back_as_it_was_started(world: World) {
    assert_eq!(timer(&world, "poll").await, None);
    let payload = r#"{"b":1.50,"a":"ü"}"#.to_owned();
    world.clock.advance(Duration::from_secs(5));
    let write = Write::StartTimer { name: "poll ü".to_owned(), due_at: due(), payload: payload.clone() };
    let generation = world.write([write]).await.timers[0];
    let expected = Timer {
        connection: id("shop"),
        name: "poll ü".to_owned(),
        generation,
        payload,
        started_at: noon().after(Duration::from_secs(5)),
        due_at: due(),
        standing: TimerStanding { attempts: 0, next: Some(Next::At(due())), error: None },
        version: 0,
    };
    assert_eq!(timer(&world, "poll ü").await, Some(expected.clone()));
    assert_eq!(world.store.timers(None, None, 10).await.expect("reads"), [expected]);
    assert_eq!(names(&world).await, ["poll ü"]);
    assert_eq!(timer_of(&world, "shop2", "poll ü").await, None);
    assert_eq!(world.store.timer_names(&id("shop2")).await.expect("reads"), [""; 0]);
}

pub(super) async fn a_start_replaces_the_timer_of_its_name(world: World) {
    let first = started(&world, "poll").await;
    world.write([settle("poll", &TimerStanding { attempts: 3, next: None, error: None })]).await;
    let later = Write::StartTimer { name: "poll".to_owned(), due_at: noon(), payload: "2".to_owned() };
    let second = world.write([later]).await.timers[0];
    assert!(second > first);
    let timer = timer(&world, "poll").await.expect("is there");
    assert_eq!((timer.generation, timer.version, timer.payload.as_str(), timer.due_at), (second, 0, "2", noon()));
    assert_eq!(timer.standing, TimerStanding::started(noon()));
    assert_eq!(names(&world).await, ["poll"]);
}

pub(super) async fn a_generation_is_never_given_twice(world: World) {
    world.write([set("text", "abc")]).await;
    let mut given = Vec::new();
    for round in 0..3 {
        let both = world.write([start("a"), set("key", "v"), start("b"), start("a")]).await;
        assert_eq!(both.timers.len(), 3, "one for each start");
        given.extend(both.timers);
        given.extend(world.commit_to("shop2", [], [start("a")]).await.expect("commits").timers);
        world.commit([], [start("c"), increment("text", 1)]).await.expect_err("text is not a number");
        world.write([cancel("a"), cancel("b")]).await;
        given.push(started(&world, &format!("d{round}")).await);
    }
    assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
}

pub(super) async fn a_cancelled_timer_is_gone(world: World) {
    world.write([start("a"), start("b")]).await;
    world.write([cancel("a")]).await;
    assert_eq!(timer(&world, "a").await, None);
    assert_eq!(names(&world).await, ["b"]);
    world.write([start("c"), cancel("c")]).await;
    assert_eq!(names(&world).await, ["b"]);
}

pub(super) async fn settling_changes_how_a_timer_stands_and_counts_the_change(world: World) {
    let generation = started(&world, "poll").await;
    let error = Some(Reason { code: "busy".to_owned(), message: "it is busy".to_owned() });
    let changes = [
        TimerStanding { attempts: 1, next: Some(Next::At(due().after(HOUR))), error: error.clone() },
        TimerStanding { attempts: 2, next: Some(Next::Activation), error: error.clone() },
        TimerStanding { attempts: 3, next: None, error },
        TimerStanding::started(due()),
    ];
    for (version, standing) in (1..).zip(changes) {
        world.write([settle("poll", &standing)]).await;
        let timer = timer(&world, "poll").await.expect("is there");
        assert_eq!((timer.generation, timer.version, timer.standing), (generation, version, standing));
        assert_eq!((timer.payload.as_str(), timer.started_at, timer.due_at), ("{}", noon(), due()), "the rest stays");
    }
}

pub(super) async fn what_is_not_there_is_neither_settled_nor_cancelled(world: World) {
    world.commit_to("shop2", [], [start("poll")]).await.expect("commits");
    let standing = TimerStanding { attempts: 1, next: None, error: None };
    world.write([settle("poll", &standing), cancel("poll"), set("key", "v")]).await;
    assert_eq!(names(&world).await, [""; 0]);
    assert_eq!(world.value("key").await.as_deref(), Some("v"), "the rest of the commit happens");
    let theirs = timer_of(&world, "shop2", "poll").await.expect("is there");
    assert_eq!((theirs.version, theirs.standing), (0, TimerStanding::started(due())));
}

pub(super) async fn a_guard_demands_the_generation_and_the_version(world: World) {
    let generation = started(&world, "poll").await;
    let other = started(&world, "other").await;
    let standing = TimerStanding { attempts: 1, next: None, error: None };
    world.commit([timer_at("poll", generation, 0)], [settle("poll", &standing)]).await.expect("it is so");
    let wrong = [("poll", generation, 0), ("poll", generation, 2), ("poll", other, 1), ("absent", generation, 1)];
    for (name, generation, version) in wrong {
        let writes = [cancel("poll"), start("new"), set("key", "v")];
        let error = world.commit([timer_at(name, generation, version)], writes).await.expect_err("it is not so");
        assert!(matches!(error, CommitError::Moved), "{error:?}");
    }
    let error = world.commit_to("shop2", [timer_at("poll", generation, 1)], []).await.expect_err("it is not theirs");
    assert!(matches!(error, CommitError::Moved), "{error:?}");
    assert_eq!((names(&world).await, world.value("key").await), (vec!["other".to_owned(), "poll".to_owned()], None));
    world.commit([timer_at("poll", generation, 1)], [cancel("poll")]).await.expect("it is so");
    let error = world.commit([timer_at("poll", generation, 1)], []).await.expect_err("it is gone");
    assert!(matches!(error, CommitError::Moved), "{error:?}");
}

pub(super) async fn a_timer_that_fires_can_start_itself_again(world: World) {
    let first = started(&world, "poll").await;
    let fire = [cancel("poll"), world.append("shop", "a.b"), start("poll")];
    let committed = world.commit([timer_at("poll", first, 0)], fire).await.expect("it is so");
    assert_eq!(timer(&world, "poll").await.expect("is there").generation, committed.timers[0]);
    assert!(matches!(world.commit([timer_at("poll", first, 0)], []).await, Err(CommitError::Moved)));
    assert_eq!(world.event_count().await, 1);
}

pub(super) async fn of_many_commits_that_fire_a_timer_exactly_one_wins(world: World) {
    let generation = started(&world, "poll").await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let writes = [cancel("poll"), increment("count", 1), start("poll")];
        let commit = commit("shop", noon(), [timer_at("poll", generation, 0)], writes);
        let store = world.store.clone();
        tasks.spawn(async move { store.commit(commit).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::Moved))));
    assert_eq!(world.value("count").await.as_deref(), Some("1"));
}

pub(super) async fn a_commit_that_is_refused_starts_and_cancels_nothing(world: World) {
    world.write([set("text", "abc"), start("a")]).await;
    let before = timer(&world, "a").await;
    let standing = TimerStanding { attempts: 1, next: None, error: None };
    let writes = [cancel("a"), start("b"), settle("a", &standing), start("a"), increment("text", 1)];
    world.commit([], writes).await.expect_err("text is not a number");
    assert_eq!((timer(&world, "a").await, names(&world).await), (before, vec!["a".to_owned()]));
}

/// As many timers as a connection may have.
async fn fill(world: &World, connection: &str) {
    let starts = (0..limit::TIMERS_MAX).map(|n| start(&n.to_string()));
    world.commit_to(connection, [], starts).await.expect("fits");
}

fn too_many<T: std::fmt::Debug>(result: Result<T, CommitError>) {
    let error = result.expect_err("there are too many");
    assert!(matches!(error, CommitError::TooManyTimers { max } if max == limit::TIMERS_MAX), "{error:?}");
}

pub(super) async fn a_connection_may_have_so_many_timers(world: World) {
    fill(&world, "shop").await;
    too_many(world.commit([], [set("key", "v"), start("more")]).await);
    assert_eq!((timer(&world, "more").await, world.value("key").await), (None, None));
    assert_eq!(names(&world).await.len(), limit::TIMERS_MAX);
    fill(&world, "shop2").await;
    world.write([cancel("7")]).await;
    world.write([start("more")]).await;
    too_many(world.commit([], [start("7")]).await);
}

pub(super) async fn a_connection_with_all_its_timers_can_replace_them(world: World) {
    fill(&world, "shop").await;
    world.write([start("5"), start("5"), cancel("8"), start("more"), cancel("more"), start("8")]).await;
    assert_eq!(names(&world).await.len(), limit::TIMERS_MAX);
    too_many(world.commit([], [cancel("5"), cancel("absent"), start("5"), start("more")]).await);
    too_many(world.commit([], [start("more"), cancel("5")]).await);
}

pub(super) async fn timers_are_listed_by_connection_and_name(world: World) {
    for connection in ["shop2", "a", "shop"] {
        world.commit_to(connection, [], ["ü", "b", "B", "ba"].map(start)).await.expect("commits");
    }
    let of = |connection: &str| ["B", "b", "ba", "ü"].map(|name| (connection.to_owned(), name.to_owned()));
    let all = [of("a"), of("shop"), of("shop2")].concat();
    assert_eq!(page(&world, None, None, 100).await, all);
    assert_eq!(page(&world, Some("shop"), None, 100).await, of("shop"));
    assert_eq!(page(&world, Some("none"), None, 100).await, []);
    assert_eq!(names(&world).await, ["B", "b", "ba", "ü"]);
}

pub(super) async fn a_list_of_timers_goes_on_where_its_page_ended(world: World) {
    for connection in ["a", "shop", "shop2"] {
        world.commit_to(connection, [], ["x", "y", "z"].map(start)).await.expect("commits");
    }
    let all = page(&world, None, None, 100).await;
    let mut listed = Vec::new();
    loop {
        let last: Option<(String, String)> = listed.last().cloned();
        let after = last.as_ref().map(|(connection, name)| (connection.as_str(), name.as_str()));
        let next = page(&world, None, after, 2).await;
        if next.is_empty() {
            break;
        }
        assert!(next.len() <= 2);
        listed.extend(next);
    }
    assert_eq!(listed, all);
    fill(&world, "many").await;
    assert_eq!(page(&world, None, None, usize::MAX).await.len(), limit::TIMERS_PAGE_MAX);
}

pub(super) async fn a_list_of_timers_goes_on_after_what_need_not_be_there(world: World) {
    for connection in ["a", "shop", "shop2"] {
        world.commit_to(connection, [], ["x", "y", "z"].map(start)).await.expect("commits");
    }
    let all = page(&world, None, None, 100).await;
    assert_eq!(page(&world, Some("shop"), Some(("shop", "x")), 100).await, all[4..6]);
    assert_eq!(page(&world, Some("shop"), Some(("a", "z")), 100).await, all[3..6], "what is before it is all of it");
    assert_eq!(page(&world, Some("shop"), Some(("shop2", "x")), 100).await, [], "what is behind it is nothing of it");
    assert_eq!(page(&world, None, Some(("b", "x")), 1).await, all[3..4]);
    assert_eq!(page(&world, None, Some(("shop", "w")), 1).await, all[3..4]);
    assert_eq!(page(&world, None, None, 0).await.len(), 1, "one at least");
}

pub(super) async fn a_page_of_timers_ends_when_it_has_enough_bytes(world: World) {
    let (bytes, fit) = (limit::TIMER_PAYLOAD_BYTES_MAX, limit::TIMERS_PAGE_BYTES_MAX / limit::TIMER_PAYLOAD_BYTES_MAX);
    for n in 0..fit + 2 {
        world.write([start_with(&format!("{n:03}"), bytes)]).await;
    }
    assert_eq!(page(&world, None, None, 1_000).await.len(), fit);
    assert_eq!(page(&world, None, Some(("shop", "063")), 1_000).await.len(), 2);
}

pub(super) async fn a_deleted_connection_leaves_no_timers(world: World) {
    world.save("shop").await;
    fill(&world, "shop").await;
    world.commit_to("shop2", [], [start("theirs")]).await.expect("commits");
    let batches = world.delete("shop").await;
    assert_eq!(batches, limit::TIMERS_MAX / limit::PURGE_ROWS_MAX + 1);
    assert_eq!(page(&world, None, None, 10).await, [("shop2".to_owned(), "theirs".to_owned())]);
    world.save("shop").await;
    let generation = world.commit_in("shop", 1, [start("0")]).await.expect("is its present life").timers[0];
    assert!(generation.0 > limit::TIMERS_MAX as u64, "not given again");
}

pub(super) async fn a_closed_store_shows_no_timer(world: World) {
    world.write([start("poll")]).await;
    world.store.close().await;
    assert!(matches!(world.store.timer(&id("shop"), "poll").await, Err(StoreError::Closed)));
    assert!(matches!(world.store.timers(None, None, 1).await, Err(StoreError::Closed)));
    assert!(matches!(world.store.timer_names(&id("shop")).await, Err(StoreError::Closed)));
}

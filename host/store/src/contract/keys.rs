use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::commit::Write;
use hookyard_domain::limit;
use tokio::task::JoinSet;

use super::world::{World, commit, delete, id, increment, key_at, noon, set, set_until};
use crate::{CommitError, KeyPage};

const SECOND: Duration = Duration::from_secs(1);

async fn keys(world: &World, prefix: &str, after: Option<&str>, max: usize) -> KeyPage {
    world.store.keys(&id("shop"), prefix, after, max, world.clock.now()).await.expect("reads")
}

pub(super) async fn what_was_set_is_read_back(world: World) {
    let odd = [0, 255, 0, 128];
    let expires_at = noon().after(SECOND);
    world.write([set("empty", ""), set("odd", odd), set_until("short", "s", expires_at), set("a\0ü", "nul")]).await;
    let wanted = ["odd", "absent", "empty", "short", "odd", "a\0ü"].map(str::to_owned);
    let entries = world.store.get_many(&id("shop"), &wanted, noon()).await.expect("reads");
    let values: Vec<_> = entries.iter().map(|entry| entry.as_ref().map(|entry| entry.value.clone())).collect();
    let odd = Some(odd.to_vec());
    assert_eq!(values, [odd.clone(), None, Some(vec![]), Some(b"s".to_vec()), odd, Some(b"nul".to_vec())]);
    assert_eq!(entries[3].as_ref().expect("is there").expires_at, Some(expires_at));
    assert_eq!(entries[0].as_ref().expect("is there").expires_at, None);
    let unknown = world.store.get_many(&id("unknown"), &wanted, noon()).await.expect("reads");
    assert_eq!(unknown, vec![None; 6]);
}

pub(super) async fn writes_of_one_commit_happen_in_order(world: World) {
    world
        .write([
            set("a", "5"),
            increment("a", 2),
            set("b", "1"),
            delete("b"),
            delete("c"),
            set("c", "1"),
            increment("c", 1),
            set("d", "9"),
            delete("d"),
            increment("d", 1),
        ])
        .await;
    assert_eq!(world.value("a").await.as_deref(), Some("7"));
    assert_eq!(world.value("b").await, None);
    assert_eq!(world.value("c").await.as_deref(), Some("2"));
    assert_eq!(world.value("d").await.as_deref(), Some("1"));
}

pub(super) async fn every_write_gives_a_new_revision_even_after_a_deletion(world: World) {
    let mut seen = Vec::new();
    for writes in
        [vec![set("key", "1")], vec![set("key", "1")], vec![delete("key"), set("key", "1")], vec![increment("key", 0)]]
    {
        world.write(writes).await;
        let revision = world.revision("key").await.expect("is there");
        assert!(!seen.contains(&revision), "{revision:?} in {seen:?}");
        seen.push(revision);
        world.write([set("other", "x")]).await;
        assert_eq!(world.revision("key").await, Some(revision), "a write of another key moves it not");
    }
}

pub(super) async fn a_key_ceases_to_exist_when_its_time_has_come(world: World) {
    world.write([set_until("key", "1", noon().after(SECOND * 2))]).await;
    world.clock.advance(SECOND);
    assert_eq!(world.value("key").await.as_deref(), Some("1"));
    world.clock.advance(SECOND);
    assert_eq!(world.value("key").await, None);
    // Whatever has been cleared away meanwhile, the time of the read decides.
    world.write([set_until("past", "1", noon())]).await;
    assert_eq!(world.value("past").await, None);
}

pub(super) async fn setting_a_key_decides_anew_when_it_expires(world: World) {
    world.write([set_until("key", "1", noon().after(SECOND)), set("key", "2")]).await;
    world.clock.advance(SECOND);
    assert_eq!(world.value("key").await.as_deref(), Some("2"));
}

pub(super) async fn an_increment_adds_to_a_number_or_to_nothing(world: World) {
    world.write([set("key", "-7"), increment("key", 10), increment("new", -4)]).await;
    world.write([increment("key", 1), increment("new", 0)]).await;
    assert_eq!(world.value("key").await.as_deref(), Some("4"));
    assert_eq!(world.value("new").await.as_deref(), Some("-4"));
}

pub(super) async fn an_increment_keeps_the_time_to_live(world: World) {
    let expires_at = noon().after(SECOND);
    world.write([set_until("key", "1", expires_at)]).await;
    world.write([increment("key", 1)]).await;
    let entry = world.entry("key").await.expect("is there");
    assert_eq!((entry.value, entry.expires_at), (b"2".to_vec(), Some(expires_at)));
}

pub(super) async fn an_increment_of_an_expired_key_starts_from_nothing(world: World) {
    world.write([set_until("key", "abc", noon().after(SECOND))]).await;
    world.clock.advance(SECOND);
    world.write([increment("key", 1)]).await;
    let entry = world.entry("key").await.expect("is there");
    assert_eq!((entry.value, entry.expires_at), (b"1".to_vec(), None));
}

pub(super) async fn an_increment_of_anything_else_is_refused(world: World) {
    for text in ["", "abc", "1.5", " 1", "9223372036854775808"] {
        world.write([set("key", text)]).await;
        let error = world.commit([], [increment("key", 1)]).await.expect_err("is not a number");
        assert!(matches!(&error, CommitError::NotANumber { key } if key == "key"), "{text:?}: {error:?}");
        assert_eq!(world.value("key").await.as_deref(), Some(text));
    }
    world.write([set("key", [0xff])]).await;
    assert!(world.commit([], [increment("key", 1)]).await.is_err());
}

pub(super) async fn an_increment_beyond_64_bits_is_refused(world: World) {
    for (value, by) in [(i64::MAX, 1), (i64::MIN, -1)] {
        world.write([set("key", value.to_string())]).await;
        let error = world.commit([], [increment("key", by)]).await.expect_err("the sum is too large");
        assert!(matches!(&error, CommitError::NotANumber { key } if key == "key"), "{error:?}");
        assert_eq!(world.value("key").await, Some(value.to_string()));
    }
}

pub(super) async fn concurrent_increments_all_count(world: World) {
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let commit = commit("shop", noon(), [], [increment("key", 1), increment("key", 1)]);
        let store = world.store.clone();
        tasks.spawn(async move { store.commit(commit).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert_eq!(world.value("key").await.as_deref(), Some("200"));
}

pub(super) async fn deleting_an_absent_key_is_no_error(world: World) {
    world.write([delete("absent")]).await;
    assert_eq!(world.value("absent").await, None);
}

pub(super) async fn keys_are_listed_in_byte_order_below_their_prefix(world: World) {
    let unordered = ["b", "ü", "a/2", "a", "a/10", "A", "a/1", "a0", "z\u{10ffff}", "a/\u{10ffff}"];
    world.write(unordered.map(|key| set(key, "v"))).await;
    let all = keys(&world, "", None, 100).await;
    assert_eq!(all.keys, ["A", "a", "a/1", "a/10", "a/2", "a/\u{10ffff}", "a0", "b", "z\u{10ffff}", "ü"]);
    assert_eq!(all.next, None);
    assert_eq!(keys(&world, "a/", None, 100).await.keys, ["a/1", "a/10", "a/2", "a/\u{10ffff}"]);
    assert_eq!(keys(&world, "a/", Some("a/10"), 100).await.keys, ["a/2", "a/\u{10ffff}"]);
    assert_eq!(keys(&world, "a/", Some("A"), 100).await.keys.len(), 4, "an `after` before the prefix changes nothing");
    assert_eq!(keys(&world, "a/", Some("b"), 100).await, KeyPage::default());
    assert_eq!(keys(&world, "x", None, 100).await, KeyPage::default());
}

pub(super) async fn a_list_of_keys_goes_on_where_its_page_ended(world: World) {
    world.write((0..7).map(|n| set(&format!("k{n}"), "v"))).await;
    world.write([set("l", "v")]).await;
    let first = keys(&world, "k", None, 3).await;
    assert_eq!(
        (first.keys.as_slice(), first.next.as_deref()),
        (&["k0", "k1", "k2"].map(str::to_owned)[..], Some("k2"))
    );
    let second = keys(&world, "k", first.next.as_deref(), 3).await;
    assert_eq!(second.keys, ["k3", "k4", "k5"]);
    let third = keys(&world, "k", second.next.as_deref(), 3).await;
    assert_eq!((third.keys.as_slice(), third.next), (&["k6".to_owned()][..], None));
    assert_eq!(keys(&world, "k", None, 7).await.next, None, "a page that is just full is the last one");
    assert_eq!(keys(&world, "k", None, 0).await.keys, ["k0"], "a page has at least one key");
}

pub(super) async fn expired_keys_are_not_listed(world: World) {
    let soon = noon().after(SECOND);
    world.write([set_until("a", "v", soon), set("b", "v"), set_until("c", "v", soon), set("d", "v")]).await;
    assert_eq!(keys(&world, "", None, 10).await.keys.len(), 4);
    world.clock.advance(SECOND);
    assert_eq!(keys(&world, "", None, 10).await.keys, ["b", "d"]);
}

pub(super) async fn a_page_of_keys_looks_at_a_bounded_number(world: World) {
    let soon = noon().after(SECOND);
    for thousand in 0..limit::KEYS_SCANNED_MAX / 1_000 {
        world.write((0..1_000).map(|n| set_until(&format!("a{thousand:03}{n:03}"), "v", soon))).await;
    }
    world.write([set("b", "v")]).await;
    // Read at a time of its own, because the clock of the store would have the keys cleared away.
    let page = |after: Option<String>| {
        let store = world.store.clone();
        async move { store.keys(&id("shop"), "", after.as_deref(), 10, soon).await.expect("reads") }
    };
    let first = page(None).await;
    assert_eq!((first.keys.len(), first.next.as_deref()), (0, Some("a009999")));
    let second = page(first.next).await;
    assert_eq!((second.keys.as_slice(), second.next), (&["b".to_owned()][..], None));
}

pub(super) async fn connections_do_not_see_each_other(world: World) {
    world.commit_to("shop", [], [set("key", "mine"), set("mine", "v")]).await.expect("commits");
    world.commit_to("shop2", [key_at("key", None)], [set("key", "theirs"), delete("mine")]).await.expect("commits");
    world.commit_to("shop2", [], [Write::Increment { key: "count".into(), by: 1 }]).await.expect("commits");
    assert_eq!(world.value("key").await.as_deref(), Some("mine"));
    assert_eq!(world.value("mine").await.as_deref(), Some("v"));
    assert_eq!(keys(&world, "", None, 10).await.keys, ["key", "mine"]);
    let theirs = world.store.keys(&id("shop2"), "", None, 10, noon()).await.expect("reads");
    assert_eq!(theirs.keys, ["count", "key"]);
}

use std::time::Duration;

use hookyard_domain::commit::{Guard, Write};
use hookyard_store::CommitError;

use super::*;
use crate::refusal::RefusalCode;
use crate::test_host::TestHost;

async fn get(effects: &mut Effects, key: &str) -> Option<(String, String)> {
    let entry = effects.kv_get(key.into()).await.expect("the store answers").expect("not refused")?;
    Some((String::from_utf8(entry.value).expect("text"), entry.revision))
}

async fn value(effects: &mut Effects, key: &str) -> Option<String> {
    get(effects, key).await.map(|(value, _)| value)
}

fn set(effects: &mut Effects, key: &str, value: &str) {
    effects.kv_set(key, value.into(), &SetOptions::default()).expect("not refused");
}

fn set_at(effects: &mut Effects, key: &str, value: &str, revision: &str) -> Result<(), Refusal> {
    let options = SetOptions { expected_revision: Some(revision.into()), ..SetOptions::default() };
    effects.kv_set(key, value.into(), &options)
}

async fn increment(effects: &mut Effects, key: &str, by: i32) -> Result<i64, Refusal> {
    effects.kv_increment(key.into(), by).await.expect("the store answers")
}

async fn page(effects: &mut Effects, after: Option<&str>, max: u32) -> (Vec<String>, Option<String>) {
    let page = effects.kv_list_keys("k", after, max).await.expect("the store answers").expect("not refused");
    (page.keys, page.next)
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> RefusalCode {
    result.expect_err("refused").code
}

#[tokio::test]
async fn reads_see_own_writes_first_and_others_nothing_before_the_commit() {
    let host = TestHost::new();
    host.set("a", "committed").await;
    let mut effects = host.effects();
    set(&mut effects, "a", "own");
    set(&mut effects, "b", "new");
    assert_eq!(value(&mut effects, "a").await.as_deref(), Some("own"));
    assert_eq!(host.value("a").await.as_deref(), Some("committed"));
    effects.kv_delete("a").expect("not refused");
    assert_eq!(value(&mut effects, "a").await, None);
    host.commit(effects).await.expect("commits");
    assert_eq!((host.value("a").await, host.value("b").await), (None, Some("new".into())));
}

#[tokio::test]
async fn connections_do_not_see_each_other() {
    let host = TestHost::new();
    host.set("a", "1").await;
    assert_eq!(value(&mut host.effects_of("other"), "a").await, None);
}

#[tokio::test]
async fn get_many_answers_in_the_order_of_the_keys() {
    let host = TestHost::new();
    host.set("a", "1").await;
    host.set("c", "3").await;
    let mut effects = host.effects();
    set(&mut effects, "b", "2");
    let keys = ["c", "missing", "b", "a", "c"].map(String::from).to_vec();
    let answers = effects.kv_get_many(keys).await.expect("the store answers").expect("not refused");
    let values: Vec<_> = answers.into_iter().map(|entry| entry.map(|entry| entry.value)).collect();
    assert_eq!(values, [Some(b"3".to_vec()), None, Some(b"2".to_vec()), Some(b"1".to_vec()), Some(b"3".to_vec())]);
}

#[tokio::test]
async fn a_write_of_a_key_that_was_read_conflicts_when_the_key_has_moved_on() {
    let host = TestHost::new();
    host.set("a", "1").await;
    for delete in [false, true] {
        let mut effects = host.effects();
        value(&mut effects, "a").await;
        if delete {
            effects.kv_delete("a").expect("not refused");
        } else {
            set(&mut effects, "a", "mine");
        }
        host.set("a", "theirs").await;
        assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { key }) if key == "a"));
        assert_eq!(host.value("a").await.as_deref(), Some("theirs"));
    }
}

#[tokio::test]
async fn a_key_that_was_read_as_absent_must_still_be_absent() {
    let host = TestHost::new();
    let mut effects = host.effects();
    assert_eq!(value(&mut effects, "a").await, None);
    set(&mut effects, "a", "mine");
    host.set("a", "theirs").await;
    assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { .. })));
}

#[tokio::test]
async fn the_first_of_two_reads_decides() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let mut effects = host.effects();
    value(&mut effects, "a").await;
    host.set("a", "2").await;
    assert_eq!(value(&mut effects, "a").await.as_deref(), Some("2"));
    set(&mut effects, "a", "3");
    assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { .. })));
}

#[tokio::test]
async fn a_star_and_a_key_that_was_never_read_take_whatever_is_there() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let mut effects = host.effects();
    value(&mut effects, "a").await;
    set_at(&mut effects, "a", "mine", "*").expect("not refused");
    set(&mut effects, "b", "mine");
    host.set("a", "theirs").await;
    host.set("b", "theirs").await;
    host.commit(effects).await.expect("commits");
    assert_eq!((host.value("a").await, host.value("b").await), (Some("mine".into()), Some("mine".into())));
}

#[tokio::test]
async fn an_explicit_revision_counts_also_in_a_later_invocation() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let (_, revision) = get(&mut host.effects(), "a").await.expect("there");
    let mut effects = host.effects();
    set_at(&mut effects, "a", "2", &revision).expect("not refused");
    host.commit(effects).await.expect("commits");
    let mut effects = host.effects();
    set_at(&mut effects, "a", "3", &revision).expect("not refused");
    assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { .. })));
}

#[tokio::test]
async fn an_empty_revision_means_must_not_exist() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let mut effects = host.effects();
    set_at(&mut effects, "b", "new", "").expect("not refused");
    assert_eq!(code(set_at(&mut effects, "b", "again", "")), RefusalCode::Invalid);
    effects.kv_delete("b").expect("not refused");
    set_at(&mut effects, "b", "once more", "").expect("not refused");
    host.commit(effects).await.expect("commits");
    assert_eq!(host.value("b").await.as_deref(), Some("once more"));
    let mut effects = host.effects();
    set_at(&mut effects, "a", "new", "").expect("not refused");
    assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { .. })));
}

#[tokio::test]
async fn own_revisions_hold_until_the_next_own_write_and_nowhere_else() {
    let host = TestHost::new();
    let mut effects = host.effects();
    set(&mut effects, "a", "1");
    let (_, first) = get(&mut effects, "a").await.expect("there");
    set_at(&mut effects, "a", "2", &first).expect("not refused");
    assert_eq!(code(set_at(&mut effects, "a", "3", &first)), RefusalCode::Invalid);
    let (read, second) = get(&mut effects, "a").await.expect("there");
    assert_eq!(read, "2");
    assert_ne!(first, second);
    assert_eq!(code(set_at(&mut host.effects(), "a", "4", &second)), RefusalCode::Invalid);
    assert_eq!(code(set_at(&mut host.effects(), "a", "4", "no revision")), RefusalCode::Invalid);
    let draft = effects.into_draft();
    assert!(draft.guards.is_empty(), "{:?}", draft.guards);
    assert!(matches!(&draft.writes[..], [Write::Set { value, .. }] if value == b"2"));
}

#[tokio::test]
async fn a_refused_write_leaves_no_guard_behind() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let mut effects = host.effects();
    value(&mut effects, "a").await;
    let large = vec![0; limit::KV_VALUE_BYTES_MAX + 1];
    assert_eq!(code(effects.kv_set("a", large, &SetOptions::default())), RefusalCode::TooLarge);
    let draft = effects.into_draft();
    assert!(draft.guards.is_empty() && draft.writes.is_empty());
}

#[tokio::test]
async fn increments_add_up_and_never_conflict() {
    let host = TestHost::new();
    host.set("n", "40").await;
    let (mut one, mut two) = (host.effects(), host.effects());
    value(&mut one, "n").await;
    assert_eq!(increment(&mut one, "n", 1).await, Ok(41));
    assert_eq!(increment(&mut one, "n", 1).await, Ok(42));
    assert_eq!(increment(&mut two, "n", -10).await, Ok(30));
    assert_eq!(increment(&mut two, "absent", 5).await, Ok(5));
    host.commit(one).await.expect("commits");
    host.commit(two).await.expect("commits");
    assert_eq!(host.value("n").await.as_deref(), Some("32"));
    assert_eq!(host.value("absent").await.as_deref(), Some("5"));
}

#[tokio::test]
async fn a_value_made_from_a_counter_depends_on_what_was_committed() {
    let host = TestHost::new();
    host.set("n", "1").await;
    let mut effects = host.effects();
    increment(&mut effects, "n", 1).await.expect("not refused");
    let (read, revision) = get(&mut effects, "n").await.expect("there");
    assert_eq!(read, "2");
    set_at(&mut effects, "n", "20", &revision).expect("not refused");
    host.set("n", "7").await;
    assert!(matches!(host.commit(effects).await, Err(CommitError::KeyMoved { .. })));
}

#[tokio::test]
async fn increments_of_own_values_are_exact() {
    let host = TestHost::new();
    host.set("gone", "100").await;
    let mut effects = host.effects();
    set(&mut effects, "n", "5");
    assert_eq!(increment(&mut effects, "n", 2).await, Ok(7));
    effects.kv_delete("gone").expect("not refused");
    assert_eq!(increment(&mut effects, "gone", 3).await, Ok(3));
    host.commit(effects).await.expect("commits");
    assert_eq!((host.value("n").await, host.value("gone").await), (Some("7".into()), Some("3".into())));
}

#[tokio::test]
async fn what_is_not_a_decimal_number_of_64_bits_cannot_be_incremented() {
    let host = TestHost::new();
    for wrong in ["x", "", "1.5", " 1", &i64::MAX.to_string()] {
        host.set("n", wrong).await;
        assert_eq!(code(increment(&mut host.effects(), "n", 1).await), RefusalCode::Invalid, "{wrong:?}");
        let mut effects = host.effects();
        set(&mut effects, "m", wrong);
        assert_eq!(code(increment(&mut effects, "m", 1).await), RefusalCode::Invalid, "{wrong:?}");
    }
}

#[tokio::test]
async fn keys_end_when_their_time_has_come() {
    let host = TestHost::new();
    let mut effects = host.effects();
    let options = SetOptions { ttl_seconds: Some(10), ..SetOptions::default() };
    effects.kv_set("k1", b"x".to_vec(), &options).expect("not refused");
    assert_eq!(value(&mut effects, "k1").await.as_deref(), Some("x"));
    host.clock.advance(Duration::from_secs(10));
    assert_eq!(value(&mut effects, "k1").await, None);
    assert_eq!(page(&mut effects, None, 5).await, (vec![], None));
    set_at(&mut effects, "k1", "y", "").expect("it does not exist any more");
    let mut effects = host.effects();
    effects.kv_set("k2", b"x".to_vec(), &options).expect("not refused");
    host.commit(effects).await.expect("commits");
    assert_eq!(host.value("k2").await.as_deref(), Some("x"));
    host.clock.advance(Duration::from_secs(10));
    assert_eq!(host.value("k2").await, None);
    let never = SetOptions { ttl_seconds: Some(0), ..SetOptions::default() };
    assert_eq!(code(host.effects().kv_set("k", vec![], &never)), RefusalCode::Invalid);
}

#[tokio::test]
async fn lists_merge_own_writes_in_byte_order() {
    let host = TestHost::new();
    for key in ["k1", "k3", "k5", "k7", "other"] {
        host.set(key, "x").await;
    }
    let mut effects = host.effects();
    set(&mut effects, "k2", "own");
    set(&mut effects, "k9", "own");
    set(&mut effects, "a", "not listed");
    effects.kv_delete("k3").expect("not refused");
    increment(&mut effects, "k6", 1).await.expect("not refused");
    let all: Vec<String> = ["k1", "k2", "k5", "k6", "k7", "k9"].map(String::from).to_vec();
    assert_eq!(page(&mut effects, None, 100).await, (all.clone(), None));
    assert_eq!(page(&mut effects, Some("k2"), 100).await, (all[2..].to_vec(), None));
    for max in 1..=7_usize {
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let (keys, next) = page(&mut effects, after.as_deref(), u32::try_from(max).expect("small")).await;
            assert!(keys.len() <= max);
            seen.extend(keys);
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all, "in pages of {max}");
    }
}

#[tokio::test]
async fn a_page_is_filled_although_many_of_its_keys_are_deleted() {
    let host = TestHost::new();
    for number in 0..40 {
        host.set(&format!("k{number:02}"), "x").await;
    }
    let mut effects = host.effects();
    for number in 0..38 {
        effects.kv_delete(&format!("k{number:02}")).expect("not refused");
    }
    assert_eq!(page(&mut effects, None, 1).await, (vec!["k38".into()], Some("k38".into())));
    assert_eq!(page(&mut effects, Some("k38"), 1).await.0, ["k39"]);
}

#[tokio::test]
async fn sizes_and_numbers_are_bounded() {
    let host = TestHost::new();
    let mut effects = host.effects();
    let long = "x".repeat(limit::KV_KEY_BYTES_MAX + 1);
    assert_eq!(code(effects.kv_set(&long, vec![], &SetOptions::default())), RefusalCode::TooLarge);
    assert_eq!(code(effects.kv_delete("")), RefusalCode::Invalid);
    let read = effects.kv_get(long).await.expect("the store answers");
    assert_eq!(code(read), RefusalCode::TooLarge);
    let many = vec!["k".to_owned(); limit::KV_PAGE_MAX + 1];
    assert_eq!(code(effects.kv_get_many(many).await.expect("the store answers")), RefusalCode::TooMany);
    let none = effects.kv_list_keys("", None, 0).await.expect("the store answers");
    assert_eq!(code(none), RefusalCode::Invalid);
    for number in 0..limit::KV_KEYS_MAX {
        effects.kv_delete(&format!("k{number}")).expect("not refused");
    }
    assert_eq!(code(effects.kv_delete("one more")), RefusalCode::TooMany);
    effects.kv_delete("k0").expect("a key that is touched already costs nothing");
}

#[tokio::test]
async fn the_commit_is_bounded_while_it_is_collected() {
    let host = TestHost::new();
    let mut effects = host.effects();
    let value = vec![0; limit::KV_VALUE_BYTES_MAX];
    for key in ["a", "b", "c"] {
        effects.kv_set(key, value.clone(), &SetOptions::default()).expect("not refused");
    }
    assert_eq!(code(effects.kv_set("d", value.clone(), &SetOptions::default())), RefusalCode::TooLarge);
    effects.kv_set("c", vec![], &SetOptions::default()).expect("not refused");
    effects.kv_set("d", value, &SetOptions::default()).expect("room was made");
    host.commit(effects).await.expect("commits");
}

#[tokio::test]
async fn a_failing_store_is_never_an_answer() {
    use hookyard_store::Store as _;
    let host = TestHost::new();
    let mut effects = host.effects();
    host.store.close().await;
    let failure = effects.kv_get("a".into()).await.expect_err("the store is closed");
    assert_eq!(failure.to_string(), "reading keys failed");
    assert!(effects.kv_list_keys("", None, 1).await.is_err());
    assert!(effects.kv_increment("a".into(), 1).await.is_err());
}

#[tokio::test]
async fn contradictory_revisions_are_left_to_the_commit_to_refuse() {
    let host = TestHost::new();
    host.set("a", "1").await;
    let mut effects = host.effects();
    for revision in ["1", "2", "3", "2"] {
        set_at(&mut effects, "a", "x", revision).expect("not refused");
    }
    let guards = effects.into_draft().guards;
    assert_eq!(guards.len(), 2, "{guards:?}");
    assert!(guards.iter().all(|guard| matches!(guard, Guard::KeyAt { key, revision: Some(_) } if key == "a")));
}

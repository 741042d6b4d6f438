use futures_util::FutureExt as _;
use hookyard_domain::entropy::SeededEntropy;

use super::*;

fn shop() -> ConnectionId {
    "shop".parse().expect("valid")
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn due(millis: i64) -> Option<Next> {
    Some(Next::At(at(millis)))
}

fn webhook(place: u64) -> Item {
    Item::Webhook { place: Place(place), id: WebhookId::new(at(1), &SeededEntropy::new(place)) }
}

fn timer(name: &str) -> Item {
    Item::Timer { name: name.to_owned() }
}

fn agenda() -> Agenda {
    Agenda::new(2)
}

fn taken(agenda: &Agenda, now: i64) -> Vec<Item> {
    agenda.take_due(at(now), 100).into_iter().map(|(_, item)| item).collect()
}

fn enter(agenda: &Agenda, place: u64) -> Turn {
    agenda.enter(&shop(), "k", Place(place)).expect("a place")
}

fn has_come(turn: &mut Turn) -> bool {
    turn.come().now_or_never().is_some()
}

/// Whether nothing is left behind.
fn is_empty(agenda: &Agenda) -> bool {
    let state = agenda.lock();
    state.connections.is_empty() && state.announced.is_empty()
}

#[test]
fn what_is_put_on_because_it_might_be_missing_changes_nothing_that_is_on() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), Some("k"), due(30));
    agenda.put_missing(&shop(), webhook(1), Some("k"), due(1));
    assert_eq!(agenda.next_due(), Some(at(30)));
    agenda.put_missing(&shop(), webhook(2), None, due(1));
    assert_eq!(taken(&agenda, 1), [webhook(2)]);
    agenda.put_missing(&shop(), webhook(2), None, due(1));
    agenda.ended(&shop(), &webhook(2), Ended::Again(Next::At(at(40))));
    assert_eq!(taken(&agenda, 30), [webhook(1)], "the other one ran and waits as its run has ended");
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert_eq!(taken(&agenda, 40), [webhook(2)]);
    agenda.ended(&shop(), &webhook(2), Ended::Done);
    assert!(is_empty(&agenda));
}

#[test]
fn items_run_when_they_are_due_those_first_that_have_been_so_for_longest() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), None, due(30));
    agenda.put(&shop(), timer("t"), None, due(20));
    assert_eq!(agenda.next_due(), Some(at(20)));
    assert_eq!(taken(&agenda, 19), []);
    assert_eq!(taken(&agenda, 30), [timer("t"), webhook(1)]);
    agenda.ended(&shop(), &timer("t"), Ended::Done);
    agenda.ended(&shop(), &webhook(1), Ended::Again(Next::At(at(90))));
    assert_eq!(agenda.next_due(), Some(at(90)));
    assert_eq!(taken(&agenda, 90), [webhook(1)]);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert!(is_empty(&agenda));
}

#[test]
fn a_connection_runs_a_few_at_a_time_and_holds_up_nobody() {
    let (agenda, other) = (agenda(), "other".parse().expect("valid"));
    (1..=5).for_each(|place| agenda.put(&shop(), webhook(place), None, due(1)));
    agenda.put(&other, webhook(9), None, due(2));
    assert_eq!(taken(&agenda, 10), [webhook(1), webhook(9), webhook(2)]);
    assert_eq!(taken(&agenda, 10), []);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert_eq!(taken(&agenda, 10), [webhook(3)]);
}

#[test]
fn what_is_kept_keeps_its_place_and_nothing_passes_it() {
    let agenda = agenda();
    let mut first = enter(&agenda, 1);
    let mut second = enter(&agenda, 2);
    let mut third = enter(&agenda, 3);
    assert!(first.is_first() && !second.is_first() && !has_come(&mut third));
    // The second is kept because the key is busy, then the first because it failed.
    second.keep(webhook(2), due(5), Activation::default());
    assert_eq!(taken(&agenda, 100), [], "the first has the key");
    first.keep(webhook(1), due(50), Activation::default());
    assert_eq!(agenda.next_due(), Some(at(50)));
    assert_eq!(taken(&agenda, 49), [], "the second waits for the first to be tried again");
    assert_eq!(taken(&agenda, 50), [webhook(1)]);
    assert!(!has_come(&mut third));
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert_eq!(taken(&agenda, 50), [webhook(2)]);
    assert_eq!(third.in_the_way(), Some(webhook(2)));
    agenda.ended(&shop(), &webhook(2), Ended::Done);
    assert!(has_come(&mut third) && third.in_the_way().is_none());
    drop(third);
    assert!(is_empty(&agenda));
}

#[test]
fn what_failed_lets_the_next_one_go_unless_it_blocks() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), Some("k"), due(1));
    agenda.put(&shop(), webhook(2), Some("k"), due(1));
    assert_eq!(taken(&agenda, 1), [webhook(1)]);
    agenda.ended(&shop(), &webhook(1), Ended::Blocks);
    assert_eq!(taken(&agenda, 1_000), []);
    // Skipped.
    agenda.remove(&shop(), &webhook(1));
    assert_eq!(taken(&agenda, 1), [webhook(2)]);
}

#[test]
fn one_that_is_replayed_stands_before_those_that_came_later_but_interrupts_nobody() {
    let agenda = agenda();
    let running = enter(&agenda, 5);
    agenda.put(&shop(), webhook(6), Some("k"), due(1));
    agenda.put(&shop(), webhook(1), Some("k"), due(1));
    assert_eq!(taken(&agenda, 10), []);
    drop(running);
    assert_eq!(taken(&agenda, 10), [webhook(1)]);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    // Between two that both wait, the order changes as well.
    agenda.put(&shop(), webhook(2), Some("k"), due(20));
    assert_eq!(taken(&agenda, 10), []);
    assert_eq!(taken(&agenda, 20), [webhook(2)]);
}

#[test]
fn other_keys_and_connections_do_not_wait() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), Some("k"), due(1_000));
    assert!(agenda.enter(&shop(), "l", Place(2)).expect("a place").is_first());
    assert!(agenda.enter(&"other".parse().expect("valid"), "k", Place(3)).expect("a place").is_first());
}

#[test]
fn a_call_that_gives_up_does_not_block_the_line_and_nothing_is_left_behind() {
    let agenda = agenda();
    let first = enter(&agenda, 1);
    let second = enter(&agenda, 2);
    let third = enter(&agenda, 3);
    let mut fourth = enter(&agenda, 4);
    drop(second);
    drop(first);
    // The third was called but never looked.
    drop(third);
    assert!(has_come(&mut fourth));
    drop(fourth);
    assert!(is_empty(&agenda));
}

#[test]
fn a_line_has_an_end() {
    let agenda = agenda();
    let _turns: Vec<_> = (0..limit::ORDER_WAITING_MAX as u64).map(|place| enter(&agenda, place)).collect();
    assert!(agenda.enter(&shop(), "k", Place(1_000_000)).is_none());
    assert!(agenda.enter(&shop(), "l", Place(1_000_000)).is_some());
}

#[test]
fn what_waits_for_the_activation_is_due_after_it() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), Some("k"), Some(Next::Activation));
    agenda.put(&shop(), webhook(2), Some("k"), due(1));
    agenda.put(&shop(), timer("t"), None, Some(Next::Activation));
    assert_eq!(taken(&agenda, 1_000), []);
    agenda.activated(&shop());
    assert_eq!(taken(&agenda, 1), [webhook(1), timer("t")]);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert_eq!(taken(&agenda, 1), [webhook(2)]);
}

#[test]
fn an_activation_that_has_come_since_is_not_waited_for() {
    let agenda = agenda();
    let seen = agenda.activation(&shop());
    agenda.activated(&"other".parse().expect("valid"));
    let turn = enter(&agenda, 1);
    turn.keep(webhook(1), Some(Next::Activation), seen);
    assert_eq!(taken(&agenda, 1), [], "that was of another connection");
    let turn = enter(&agenda, 2);
    agenda.activated(&shop());
    assert_eq!(taken(&agenda, 1), [webhook(1)]);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    turn.keep(webhook(2), Some(Next::Activation), seen);
    agenda.put_since(&shop(), timer("t"), None, Some(Next::Activation), agenda.activation(&shop()));
    assert_eq!(taken(&agenda, 1), [webhook(2)], "only the timer waits for the next one");
}

#[test]
fn those_that_are_refused_again_do_not_keep_others_from_being_tried() {
    let agenda = Agenda::new(1);
    (1..=3).for_each(|place| agenda.put(&shop(), webhook(place), None, Some(Next::Activation)));
    let mut tried = Vec::new();
    for _ in 0..4 {
        agenda.activated(&shop());
        // The first one is refused; what comes after it is not run at all.
        for number in 0..3 {
            let item = taken(&agenda, 1).remove(0);
            agenda.ended(&shop(), &item, if number == 0 { Ended::Again(Next::Activation) } else { Ended::Refused });
            tried.extend((number == 0).then_some(item));
        }
        assert_eq!(taken(&agenda, 1_000), [], "once an activation");
    }
    assert_eq!(tried, [webhook(1), webhook(2), webhook(3), webhook(1)]);
}

#[test]
fn many_timers_do_not_hold_up_webhooks_nor_other_connections() {
    let (agenda, other) = (Agenda::new(4), "other".parse().expect("valid"));
    (0..1_000).for_each(|number| agenda.put(&shop(), timer(&number.to_string()), None, due(1)));
    assert_eq!(taken(&agenda, 1).len(), 3, "one fewer than may run");
    agenda.put(&shop(), webhook(1), None, due(5));
    agenda.put(&other, webhook(2), None, due(6));
    assert_eq!(taken(&agenda, 9), [webhook(2), webhook(1)]);
    agenda.put(&shop(), webhook(3), None, due(7));
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert_eq!(taken(&agenda, 9), [webhook(3)], "although all those timers have been due for longer");
}

#[test]
fn with_room_for_one_webhooks_and_timers_take_turns() {
    let agenda = Agenda::new(8);
    agenda.works(&shop(), 1);
    for number in 1..=2 {
        agenda.put(&shop(), timer(&number.to_string()), None, due(1));
        agenda.put(&shop(), webhook(number), None, due(2));
    }
    for expected in [timer("1"), webhook(1), timer("2"), webhook(2)] {
        assert_eq!(taken(&agenda, 9), std::slice::from_ref(&expected));
        agenda.ended(&shop(), &expected, Ended::Done);
    }
}

#[test]
fn a_clock_that_is_set_back_holds_up_only_what_is_not_due_any_more() {
    let (agenda, other) = (agenda(), "other".parse().expect("valid"));
    agenda.put(&shop(), webhook(1), None, due(50));
    assert_eq!(agenda.take_due(at(60), 0), []);
    agenda.put(&other, webhook(2), None, due(20));
    assert_eq!(taken(&agenda, 30), [webhook(2)]);
    assert_eq!(agenda.next_due(), Some(at(50)));
    assert_eq!(taken(&agenda, 50), [webhook(1)]);
}

#[test]
fn a_connection_that_does_not_work_is_let_alone_until_it_changes() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), None, due(1));
    assert_eq!(taken(&agenda, 5), [webhook(1)]);
    agenda.ended(&shop(), &webhook(1), Ended::Paused);
    agenda.put(&shop(), webhook(2), None, due(1));
    assert_eq!((taken(&agenda, 1_000), agenda.next_due()), (Vec::new(), None));
    agenda.changed(&shop());
    assert_eq!(taken(&agenda, 1), [webhook(1), webhook(2)]);
}

#[test]
fn what_is_decided_while_it_runs_wins_over_how_it_ends() {
    let agenda = agenda();
    agenda.put(&shop(), timer("t"), None, due(1));
    agenda.put(&shop(), webhook(1), Some("k"), due(1));
    agenda.put(&shop(), webhook(2), Some("k"), due(1));
    assert_eq!(taken(&agenda, 1).len(), 2);
    // The timer starts itself again; the webhook is skipped, but nobody passes it while it runs.
    agenda.put(&shop(), timer("t"), None, due(70));
    agenda.remove(&shop(), &webhook(1));
    assert_eq!(taken(&agenda, 1_000), []);
    agenda.ended(&shop(), &timer("t"), Ended::Done);
    agenda.ended(&shop(), &webhook(1), Ended::Again(Next::At(at(1))));
    assert_eq!(taken(&agenda, 69), [webhook(2)]);
    assert_eq!(taken(&agenda, 70), [timer("t")]);
}

#[test]
fn a_run_does_not_miss_what_happened_to_its_connection_meanwhile() {
    let agenda = agenda();
    agenda.put(&shop(), timer("t"), None, due(1));
    assert_eq!(taken(&agenda, 1), [timer("t")]);
    agenda.activated(&shop());
    agenda.ended(&shop(), &timer("t"), Ended::Again(Next::Activation));
    assert_eq!(taken(&agenda, 1), [timer("t")], "it was activated while it ran");
    agenda.changed(&shop());
    agenda.ended(&shop(), &timer("t"), Ended::Paused);
    assert_eq!(taken(&agenda, 1), [timer("t")], "it has changed while it ran");
    agenda.ended(&shop(), &timer("t"), Ended::Paused);
    assert_eq!(taken(&agenda, 1), []);
    agenda.changed(&shop());
    assert_eq!(taken(&agenda, 1), [timer("t")]);
    agenda.ended(&shop(), &timer("t"), Ended::Again(Next::Activation));
    assert_eq!(taken(&agenda, 1), []);
}

#[test]
fn a_deleted_connection_leaves_nothing_behind() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), Some("k"), due(1));
    agenda.put(&shop(), webhook(2), Some("k"), due(1));
    agenda.put(&shop(), timer("t"), None, due(1));
    let mut call = enter(&agenda, 3);
    assert_eq!(agenda.take_due(at(1), 1).len(), 1);
    agenda.forget(&shop());
    assert_eq!(agenda.take_due(at(1), 9), [], "only what runs is left");
    agenda.ended(&shop(), &timer("t"), Ended::Done);
    agenda.ended(&shop(), &webhook(1), Ended::Done);
    assert!(has_come(&mut call));
    drop(call);
    assert!(is_empty(&agenda));
}

#[tokio::test]
async fn whoever_takes_what_is_due_is_woken_when_something_is_sooner() {
    let agenda = agenda();
    agenda.put(&shop(), webhook(1), None, due(50));
    agenda.changes().notified().await;
    agenda.put(&shop(), webhook(2), None, due(60));
    assert!(agenda.changes().notified().now_or_never().is_none());
    agenda.put(&shop(), webhook(3), None, due(40));
    agenda.changes().notified().await;
}

proptest::proptest! {
    /// Whoever gets the key is the first of those that stand in the line then: nobody passes one that is kept, waits to be tried again,
    /// is replayed at its own place, or stands behind one that is skipped.
    #[test]
    fn nobody_is_passed(steps in proptest::collection::vec((0_u8..8, 0_usize..8), 1..200)) {
        let agenda = Agenda::new(100);
        let (mut carried, mut running): (Vec<Turn>, Option<Item>) = (Vec::new(), None);
        // Those in the line, and of those the ones that are kept.
        let (mut standing, mut kept): (BTreeSet<u64>, BTreeSet<u64>) = Default::default();
        let (mut now, mut last, mut holder) = (1, 0, None);
        for (step, which) in steps {
            let chosen = kept.iter().copied().nth(which);
            match step {
                0 | 1 => { last += 2; carried.push(enter(&agenda, last)); standing.insert(last); }
                2 if !carried.is_empty() => {
                    let turn = carried.remove(which % carried.len());
                    let place = turn.place.0;
                    let next = [due(now), due(now + 10), Some(Next::Activation), None][which % 4];
                    turn.keep(webhook(place), next, agenda.activation(&shop()));
                    kept.insert(place);
                }
                3 if !carried.is_empty() => {
                    standing.remove(&carried.remove(which % carried.len()).place.0);
                }
                4 => now += 5,
                5 => if let Some(item) = running.take() {
                    let ended = [Ended::Done, Ended::Again(Next::At(at(now + 10))), Ended::Again(Next::Activation), Ended::Blocks];
                    let place = item.place().expect("a webhook").0;
                    agenda.ended(&shop(), &item, ended[which % 4]);
                    if which % 4 == 0 { standing.remove(&place); kept.remove(&place); }
                },
                6 => agenda.activated(&shop()),
                _ => if let Some(place) = chosen.filter(|place| {
                    let runs = running.as_ref().and_then(Item::place);
                    runs != Some(Place(*place)) && runs != Some(Place(*place - 1))
                }) {
                    // One that stands is replayed or skipped; one that had gone comes back to its own place.
                    if which % 2 == 0 {
                        agenda.remove(&shop(), &webhook(place));
                        standing.remove(&place);
                        kept.remove(&place);
                    } else if place % 2 == 0 {
                        // Nobody was ever carried at an odd place.
                        agenda.put(&shop(), webhook(place), Some("k"), due(now));
                        agenda.put(&shop(), webhook(place - 1), Some("k"), due(now));
                        standing.insert(place - 1);
                        kept.insert(place - 1);
                    }
                },
            }
            running = running.or_else(|| taken(&agenda, now).pop());
            let called = carried.iter_mut().find_map(|turn| turn.is_first().then_some(turn.place.0));
            let holds = called.or_else(|| running.as_ref().and_then(Item::place).map(|place| place.0));
            proptest::prop_assert!(called.is_none() || running.is_none(), "one at a time");
            if holds != holder && let Some(place) = holds {
                proptest::prop_assert_eq!(Some(&place), standing.first(), "nobody is passed");
            }
            holder = holds;
        }
    }

    /// Whatever happens, one at a time has an order key, nobody passes one that came before and still waits, and in the end
    /// everything has run and nothing is left.
    #[test]
    fn a_line_is_always_in_order(steps in proptest::collection::vec(0_u8..6, 1..200)) {
        let agenda = Agenda::new(100);
        let (mut carried, mut running, mut next_place): (Vec<Turn>, Option<Item>, u64) = (Vec::new(), None, 0);
        for step in steps {
            match step {
                0 => { next_place += 1; carried.push(enter(&agenda, next_place)); }
                1 => { next_place += 1; agenda.put(&shop(), webhook(next_place), Some("k"), due(1)); }
                2 if !carried.is_empty() => {
                    let turn = carried.remove(0);
                    let item = webhook(turn.place.0);
                    turn.keep(item, due(1), Activation::default());
                }
                3 if !carried.is_empty() => drop(carried.pop()),
                4 => {
                    let mut due = taken(&agenda, 1);
                    proptest::prop_assert!(due.len() + usize::from(running.is_some()) <= 1);
                    running = running.or(due.pop());
                }
                _ => if let Some(item) = running.take() { agenda.ended(&shop(), &item, Ended::Done); },
            }
            let holders = carried.iter_mut().filter_map(|turn| turn.is_first().then_some(turn.place)).count();
            proptest::prop_assert!(holders + usize::from(running.is_some()) <= 1, "one at a time");
        }
        if let Some(item) = running { agenda.ended(&shop(), &item, Ended::Done); }
        carried.clear();
        let mut last = Place(0);
        while let Some(item) = taken(&agenda, 1).pop() {
            let place = item.place().expect("a webhook");
            proptest::prop_assert!(place > last, "in order");
            last = place;
            agenda.ended(&shop(), &item, Ended::Done);
        }
        proptest::prop_assert!(is_empty(&agenda));
    }
}

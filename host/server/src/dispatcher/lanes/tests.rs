use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn put(lanes: &mut Lanes<()>, offset: u64, subject: &str) {
    lanes.put(Offset(offset), Some(subject.to_owned()), Arc::new(()));
}

fn begun(lanes: &mut Lanes<()>) -> Vec<u64> {
    std::iter::from_fn(|| lanes.begin().map(|begun| begun.offset.0)).collect()
}

#[test]
fn of_a_subject_one_at_a_time_begins_in_the_order_of_the_log() {
    let mut lanes = Lanes::new(false);
    for (offset, subject) in [(1, "a"), (2, "b"), (3, "a")] {
        put(&mut lanes, offset, subject);
    }
    assert_eq!(begun(&mut lanes), [1, 2]);
    lanes.remove(Offset(1));
    assert_eq!(begun(&mut lanes), [3]);
}

#[test]
fn one_that_is_tried_again_lets_those_behind_it_pass_unless_it_is_ordered() {
    for (ordered, expected) in [(false, vec![2]), (true, Vec::new())] {
        let mut lanes = Lanes::new(ordered);
        put(&mut lanes, 1, "a");
        put(&mut lanes, 2, "a");
        assert_eq!(begun(&mut lanes), [1]);
        lanes.save(Offset(1), Some(Next::At(at(5))));
        assert_eq!(lanes.is_held(Offset(2)), ordered);
        assert_eq!(lanes.held_with(Offset(1)), if ordered { vec![Offset(2)] } else { Vec::new() });
        lanes.saved(Offset(1));
        assert_eq!(begun(&mut lanes), expected);
        lanes.look(at(4));
        assert_eq!(lanes.next_time(), Some(at(5)));
        lanes.look(at(5));
        lanes.remove(Offset(2));
        assert_eq!(begun(&mut lanes), [1]);
    }
}

#[test]
fn what_waits_for_its_time_is_not_starved_by_what_is_new() {
    let mut lanes = Lanes::new(false);
    lanes.restore(Offset(1), None, Next::At(at(5)));
    lanes.look(at(5));
    lanes.put(Offset(2), None, Arc::new(()));
    assert_eq!(begun(&mut lanes), [1, 2]);
}

#[test]
fn each_is_forwarded_once_until_it_is_forgiven() {
    let mut lanes: Lanes<()> = Lanes::new(false);
    lanes.restore(Offset(1), None, Next::At(at(5)));
    lanes.forward();
    assert_eq!(begun(&mut lanes), [1]);
    lanes.save(Offset(1), Some(Next::At(at(9))));
    lanes.saved(Offset(1));
    lanes.forward();
    assert!(begun(&mut lanes).is_empty());
    lanes.forgive();
    lanes.forward();
    assert_eq!(begun(&mut lanes), [1]);
}

#[test]
fn a_subject_that_is_held_waits_and_comes_back() {
    let mut lanes = Lanes::new(false);
    put(&mut lanes, 1, "a");
    put(&mut lanes, 2, "b");
    lanes.hold(Offset(1), at(60));
    assert_eq!(begun(&mut lanes), [2]);
    assert_eq!(lanes.next_time(), Some(at(60)));
    lanes.look(at(60));
    assert_eq!(begun(&mut lanes), [1]);
    assert_eq!(lanes.next_time(), None);
}

#[derive(Debug, Clone)]
enum Step {
    Put(Option<u8>),
    Restore(Option<u8>, i64),
    Begin,
    /// The n-th of those that run ends so.
    Over(usize),
    Again(usize, i64),
    Refused(usize),
    Saved(usize),
    Look(i64),
    Forward,
    Activated,
    Hold(i64),
    SetOrdered(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let subject = || prop::option::of(0_u8..3);
    let step = prop_oneof![
        4 => subject().prop_map(Step::Put),
        1 => (subject(), 0_i64..50).prop_map(|(subject, at)| Step::Restore(subject, at)),
        5 => Just(Step::Begin),
        3 => (0_usize..4).prop_map(Step::Over),
        3 => (0_usize..4, 0_i64..50).prop_map(|(nth, at)| Step::Again(nth, at)),
        1 => (0_usize..4).prop_map(Step::Refused),
        3 => (0_usize..4).prop_map(Step::Saved),
        2 => (0_i64..50).prop_map(Step::Look),
        1 => Just(Step::Forward),
        1 => Just(Step::Activated),
        1 => (0_i64..50).prop_map(Step::Hold),
        1 => any::<bool>().prop_map(Step::SetOrdered),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn whatever_happens_lanes_stay_lanes_and_everything_begins_in_the_end(steps in steps(), ordered: bool) {
        let mut lanes: Lanes<()> = Lanes::new(ordered);
        let (mut ordered, mut next, mut now) = (ordered, 0, 0);
        let mut there = BTreeMap::<u64, Option<u8>>::new();
        let (mut running, mut saving) = (Vec::<u64>::new(), Vec::<u64>::new());
        for step in steps {
            match step {
                Step::Put(subject) | Step::Restore(subject, _) => {
                    next += 1;
                    there.insert(next, subject);
                    let text = subject.map(|subject| subject.to_string());
                    match step {
                        Step::Restore(_, due) => lanes.restore(Offset(next), text, Next::At(at(due))),
                        _ => lanes.put(Offset(next), text, Arc::new(())),
                    }
                }
                Step::Begin => if let Some(begun) = lanes.begin() {
                    let offset = begun.offset.0;
                    let alike = |other: &&u64| there[*other] == there[&offset] && (ordered || there[&offset].is_some());
                    prop_assert!(!running.iter().any(|other| alike(&other)), "two of a lane run");
                    if ordered {
                        let first = there.keys().find(|other| alike(other)).copied();
                        prop_assert_eq!(first, Some(offset), "one has passed another");
                    }
                    running.push(offset);
                }
                Step::Over(nth) => if nth < running.len() {
                    let offset = running.remove(nth);
                    there.remove(&offset);
                    lanes.remove(Offset(offset));
                }
                Step::Again(nth, due) => if nth < running.len() {
                    let offset = running.remove(nth);
                    lanes.save(Offset(offset), Some(Next::At(at(due))));
                    saving.push(offset);
                }
                Step::Refused(nth) => if nth < running.len() {
                    let offset = running.remove(nth);
                    lanes.save(Offset(offset), Some(Next::Activation));
                    saving.push(offset);
                }
                Step::Saved(nth) => if nth < saving.len() {
                    lanes.saved(Offset(saving.remove(nth)));
                }
                Step::Look(on) => {
                    now = on.max(now);
                    lanes.look(at(now));
                }
                Step::Forward => lanes.forward(),
                Step::Activated => lanes.activated(),
                Step::Hold(until) => if let Some((offset, _)) = lanes.next() {
                    lanes.hold(offset, at(until));
                }
                // Of lanes that did not exist, several may run.
                Step::SetOrdered(to) => if running.is_empty() {
                    lanes.set_ordered(to);
                    ordered = to;
                }
            }
            prop_assert_eq!(lanes.kept() + lanes.waiting(), there.len());
        }
        running.into_iter().for_each(|offset| { there.remove(&offset); lanes.remove(Offset(offset)); });
        saving.into_iter().for_each(|offset| lanes.saved(Offset(offset)));
        lanes.activated();
        lanes.look(at(1_000));
        while let Some(begun) = lanes.begin() {
            there.remove(&begun.offset.0);
            lanes.remove(begun.offset);
        }
        prop_assert!(there.is_empty(), "{there:?} never begins");
        prop_assert_eq!((lanes.kept(), lanes.waiting(), lanes.next_time()), (0, 0, None));
    }
}

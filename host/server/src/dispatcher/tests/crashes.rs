//! Whatever ends a host in the midst of it: nothing is lost, and the order is kept where it was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use hookyard_domain::clock::{Clock as _, Timestamp};
use hookyard_domain::delivery::{AttemptOutcome, DeliveryState};
use hookyard_domain::event::Offset;
use hookyard_store::Ledger as _;
use proptest::prelude::*;

use super::world::*;

const SUBSCRIPTIONS: [&str; 2] = ["free", "line"];
const SUBJECTS: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    Emit(usize),
    /// So many turns of the scheduler.
    Work(usize),
    Pass(u64),
    /// What the subscription answers next.
    Answers(usize, Vec<u8>),
    /// The host ends, at once.
    Crash,
    Stop,
    Disk(bool),
    PauseAndResume(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..SUBJECTS.len()).prop_map(Step::Emit),
        8 => (0_usize..40).prop_map(Step::Work),
        2 => (1_u64..600).prop_map(Step::Pass),
        4 => (0..2_usize, prop::collection::vec(0_u8..4, 0..5)).prop_map(|(id, codes)| Step::Answers(id, codes)),
        2 => Just(Step::Crash),
        1 => Just(Step::Stop),
        1 => any::<bool>().prop_map(Step::Disk),
        1 => (0..2_usize).prop_map(Step::PauseAndResume),
    ];
    prop::collection::vec(step, 1..60)
}

fn outcome(code: u8) -> AttemptOutcome {
    match code {
        0 => failed(),
        1 => busy(30),
        2 => AttemptOutcome::Never { status: None, reason: reason("bad") },
        _ => AttemptOutcome::Delivered { status: 200 },
    }
}

fn subscription(id: &str) -> hookyard_domain::subscription::Subscription {
    if id == "line" { ordered(id) } else { to_url(id) }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("can be built")
}

/// What was kept is true: of everything up to each cursor the endpoint has got it, or there is a row.
async fn check(world: &World) {
    for id in SUBSCRIPTIONS {
        let cursor = world.position(&name(id)).await.cursor;
        let delivered: BTreeSet<_> = of(world, id).filter(|made| made.delivered).map(|made| made.offset).collect();
        for offset in 1..=cursor.0 {
            let is_event = world.subject_at(offset).await.is_some();
            let is_kept = world.row(id, offset).await.is_some();
            assert!(!is_event || delivered.contains(&offset) || is_kept, "{id} lost {offset}, its cursor is {cursor}");
        }
    }
}

fn of<'a>(world: &World, id: &'a str) -> impl Iterator<Item = Made> + use<'a> {
    world.endpoints.made().into_iter().filter(move |made| made.subscription == id)
}

/// One life of a host; `false`: there are no more steps.
async fn live(world: &World, steps: &mut std::vec::IntoIter<Step>) -> bool {
    let dispatcher = world.dispatcher();
    for id in SUBSCRIPTIONS {
        world.go_on(&dispatcher, subscription(id)).await;
    }
    let mut is_broken = false;
    for step in steps.by_ref() {
        // What the test itself does takes no time, so that the disk may be there for it.
        let is_work = matches!(step, Step::Work(_));
        world.store.set_broken(is_broken && is_work);
        match step {
            Step::Emit(subject) => _ = world.emit(SUBJECTS[subject]).await,
            Step::Work(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            Step::Pass(seconds) => {
                world.clock.advance(Duration::from_secs(seconds));
                world.sleep.wake();
            }
            Step::Answers(id, codes) => {
                world.endpoints.answers(SUBSCRIPTIONS[id], codes.into_iter().map(outcome));
            }
            Step::Crash => return true,
            Step::Stop => {
                dispatcher.stop().await;
                return true;
            }
            Step::Disk(broken) => is_broken = broken,
            Step::PauseAndResume(id) => {
                let id = name(SUBSCRIPTIONS[id]);
                in_time(world, dispatcher.pause(&id)).await;
                in_time(world, dispatcher.resume(&id)).await;
            }
        }
        world.store.set_broken(false);
        check(world).await;
    }
    false
}

/// Lets time pass until it is done, or is told that the store could not do it at once.
async fn in_time<T>(world: &World, work: impl Future<Output = T>) {
    let mut work = pin!(work);
    while work.as_mut().now_or_never().is_none() {
        world.pass(Duration::from_secs(1)).await;
    }
}

/// Endpoints that work get everything in the end.
async fn drain(world: &World) {
    let dispatcher = world.dispatcher();
    for id in SUBSCRIPTIONS {
        world.endpoints.answers(id, []);
        world.go_on(&dispatcher, subscription(id)).await;
        dispatcher.resume(&name(id)).await.expect("it is there");
    }
    for _ in 0..40 {
        world.pass(Duration::from_secs(3_600)).await;
    }
    dispatcher.stop().await;
    let newest = *world.store.newest().borrow();
    for id in SUBSCRIPTIONS {
        let delivered: BTreeMap<_, _> =
            of(world, id).enumerate().filter(|(_, made)| made.delivered).map(|(at, made)| (made.offset, at)).collect();
        for offset in 1..=newest.0 {
            let Some(_) = world.subject_at(offset).await else { continue };
            let is_given_up = world.state(id, offset).await == Some(DeliveryState::Exhausted);
            assert!(delivered.contains_key(&offset) || is_given_up, "{id} never got {offset}");
        }
        assert_eq!(world.position(&name(id)).await.cursor, newest, "{id}");
    }
    in_order(world).await;
}

/// Where it was promised, nothing began before all of its subject that came before it was over, and repeats began with the oldest.
async fn in_order(world: &World) {
    for subject in SUBJECTS {
        let mut over = BTreeSet::new();
        let mut seen = Vec::new();
        for made in of(world, "line").filter(|made| made.subject.as_deref() == Some(subject)) {
            let earlier = seen.iter().filter(|offset| **offset < made.offset);
            for offset in earlier {
                let is_given_up = world.state("line", *offset).await == Some(DeliveryState::Exhausted);
                assert!(over.contains(offset) || is_given_up, "{} began before {offset} was over", made.offset);
            }
            seen.push(made.offset);
            if made.delivered {
                over.insert(made.offset);
            }
        }
    }
}

impl World {
    async fn subject_at(&self, offset: u64) -> Option<String> {
        let filter = hookyard_domain::event::EventFilter { types: vec!["aftership.*".into()], ..Default::default() };
        let page = self.store.events(Offset(offset - 1), &filter, 1).await.expect("the store works");
        page.events.into_iter().find(|logged| logged.offset.0 == offset)?.event.subject
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_crash_loses_an_event_or_its_order(steps in steps()) {
        let world = World::new();
        let mut steps = steps.into_iter();
        runtime().block_on(async {
            for id in SUBSCRIPTIONS {
                let now: Timestamp = world.clock.now();
                let record = hookyard_store::SubscriptionRecord {
                    id: name(id), definition: None, secrets: None, created_at: now, updated_at: now,
                };
                hookyard_store::Subscriptions::save_subscription(&*world.store, record, Offset::START).await.expect("works");
            }
        });
        loop {
            // A life that ends takes all its tasks with it, wherever they are.
            let goes_on = runtime().block_on(live(&world, &mut steps));
            world.store.set_broken(false);
            runtime().block_on(check(&world));
            if !goes_on {
                break;
            }
        }
        runtime().block_on(drain(&world));
    }
}

//! Delivers the events of one subscription, and keeps the books of it. Nobody else writes how far it has come.

mod heed;
mod reading;
mod restore;
mod saving;
mod settle;
mod tries;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::commit::Committed;
use hookyard_domain::event::Offset;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::subscription::{Endpoint, Position};
use hookyard_store::{CommitError, EventPage, StoreError};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};

use super::crowd::Share;
use super::lanes::Lanes;
use super::order::{Order, Replay, Tell};
use super::pace::Pace;
use super::progress::{Batch, Progress};
use super::shared::Shared;
use super::status::Status;
use super::window::Window;
use crate::subscriptions::active::Active;
use crate::tail::TailEvent;
use tries::Tried;

/// How far its end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It works.
    Working,
    /// It begins nothing, and ends when what goes on is over and written down.
    Ending,
    /// It ends, with what was written down: attempts that go on are given up.
    Cut,
}

/// By what a worker is moved.
pub(super) struct Strings {
    pub(super) definition: watch::Receiver<Arc<Active>>,
    pub(super) stage: watch::Receiver<Stage>,
    /// Counts activations of the connection that it calls.
    pub(super) activations: watch::Receiver<u64>,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Where it shows how it stands.
    pub(super) board: Arc<Mutex<Status>>,
}

/// One subscription at work.
pub(super) struct Worker {
    shared: Arc<Shared>,
    strings: Strings,
    id: SubscriptionId,
    active: Arc<Active>,
    stage: Stage,
    progress: Progress,
    window: Window,
    lanes: Lanes<TailEvent>,
    pace: Pace,
    /// Offsets beyond the cursor of which the store has a row.
    skipped: BTreeSet<Offset>,
    wake: Arc<Notify>,
    page: Option<Reading>,
    page_not_before: Option<Timestamp>,
    tries: JoinSet<Tried>,
    running: HashMap<task::Id, Offset>,
    /// Room for an attempt that is waited for, and whether it is among those that fail.
    room: Option<(bool, BoxFuture<'static, Option<OwnedSemaphorePermit>>)>,
    /// Room that was waited for.
    spare: Option<OwnedSemaphorePermit>,
    commit: Option<BoxFuture<'static, (Batch, Result<Committed, CommitError>)>>,
    replay: Option<Replay>,
    /// Deliveries to be tried again as soon as they are not busy.
    retries: BTreeMap<Offset, Vec<Tell>>,
    /// The endpoint has said so.
    held_until: Option<Timestamp>,
    /// No attempt may begin before then.
    paced_until: Option<Timestamp>,
    awaits_activation: bool,
    /// Attempts that failed one after another.
    failures: u32,
    /// What it has among all deliveries that wait to be tried again.
    share: Share,
    /// Nothing has succeeded yet since the start.
    is_new: bool,
    /// The last commit has failed.
    gave_up: bool,
    /// The store may know better where it stands.
    is_old: bool,
    /// What the clock said last.
    looked_at: Option<Timestamp>,
}

/// A page of the log that is being read.
struct Reading {
    /// Everything up to here was in the log before it was begun.
    seen: Offset,
    page: BoxFuture<'static, Result<EventPage, StoreError>>,
}

/// Why a worker looks around.
enum Woken {
    Staged,
    Defined,
    Activated,
    Ordered(Order),
    Tried(Result<(task::Id, Tried), JoinError>),
    Saved(Batch, Result<Committed, CommitError>),
    Read(Offset, Result<EventPage, StoreError>),
    Room(Option<OwnedSemaphorePermit>),
    Nothing,
}

impl Worker {
    /// Goes on at this position, which is the one that is kept, unless it `is_old`: then the store is asked.
    pub(super) fn new(shared: Arc<Shared>, mut strings: Strings, position: Position, is_old: bool) -> Self {
        let active = Arc::clone(&strings.definition.borrow_and_update());
        let share = Share::of(Arc::clone(&shared.crowd));
        Self {
            shared,
            id: active.definition.id.clone(),
            stage: Stage::Working,
            window: Window::at(position.cursor),
            lanes: Lanes::new(active.definition.ordered),
            progress: Progress::since(position.clone(), position),
            pace: Pace::default(),
            skipped: BTreeSet::new(),
            wake: Arc::default(),
            page: None,
            page_not_before: None,
            tries: JoinSet::new(),
            running: HashMap::new(),
            room: None,
            spare: None,
            commit: None,
            replay: None,
            retries: BTreeMap::new(),
            held_until: None,
            paced_until: None,
            awaits_activation: false,
            failures: 0,
            share,
            is_new: true,
            gave_up: false,
            is_old,
            looked_at: None,
            active,
            strings,
        }
    }

    /// Works until it is to end.
    pub(super) async fn run(&mut self) {
        if self.restore().await {
            loop {
                self.look_at_the_clock();
                self.share.set(self.lanes.kept());
                self.read_on();
                self.begin_due();
                self.save();
                self.show();
                if self.is_over() {
                    break;
                }
                let woken = self.woken().await;
                self.heed(woken).await;
            }
        }
        self.shared.feeds.leave(&self.id);
    }

    /// A clock that was set back holds up nothing: what was to come by it comes now.
    fn look_at_the_clock(&mut self) {
        let now = self.shared.now();
        let before = self.looked_at.replace(now);
        if before.is_some_and(|before| now.after(limit::DUE_SLEEP_MAX) < before) {
            (self.held_until, self.page_not_before, self.progress.not_before) = (None, None, None);
            self.lanes.clock_was_set_back();
        }
    }

    /// After a mistake in it: the attempts that go on are given up, and the last commit ends, so that whoever comes next finds what
    /// it wrote.
    pub(super) async fn abandon(mut self) -> Strings {
        self.tries.shutdown().await;
        if let Some(commit) = self.commit.take() {
            // That it panics again may be the mistake.
            let _batch = AssertUnwindSafe(commit).catch_unwind().await;
        }
        self.strings
    }

    /// Whether anything is delivered at present.
    fn delivers(&self) -> bool {
        self.stage == Stage::Working
            && self.replay.is_none()
            && self.active.definition.enabled
            && self.progress.position.paused.is_none()
    }

    fn is_over(&self) -> bool {
        // With anything left to write down there would be a commit, unless the last one failed.
        self.stage > Stage::Working && self.tries.is_empty() && self.commit.is_none()
    }

    /// How many attempts may go on at a time: of an endpoint that fails, only what shows whether it is back.
    fn at_once(&self) -> usize {
        if self.is_failing() {
            return limit::FAILING_IN_FLIGHT_PER_SUBSCRIPTION_MAX;
        }
        let at_once = match &self.active.definition.endpoint {
            Endpoint::Url(url) => url.max_in_flight,
            Endpoint::Action(action) => action.max_in_flight,
        };
        usize::try_from(at_once).unwrap_or(usize::MAX)
    }

    fn is_failing(&self) -> bool {
        self.progress.position.failing_since.is_some()
    }

    fn show(&self) {
        let mut board = self.strings.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.position = Position { cursor: self.window.cursor(), ..self.progress.position.clone() };
        (board.pending, board.in_flight) = (self.lanes.kept(), self.tries.len());
    }

    async fn woken(&mut self) -> Woken {
        let time = self.shared.parts.sleep_until(self.next_time());
        tokio::select! {
            // Whoever started it has gone: so does it.
            _ = self.strings.stage.changed(), if self.stage < Stage::Cut => Woken::Staged,
            Ok(()) = self.strings.definition.changed() => Woken::Defined,
            Ok(()) = self.strings.activations.changed() => Woken::Activated,
            Some(order) = self.strings.orders.recv(), if self.replay.is_none() => Woken::Ordered(order),
            Some(tried) = self.tries.join_next_with_id() => Woken::Tried(tried),
            (batch, result) = wanted(self.commit.as_mut()) => Woken::Saved(batch, result),
            page = wanted(self.page.as_mut().map(|reading| &mut reading.page)) => {
                let seen = self.page.as_ref().map_or(Offset::START, |reading| reading.seen);
                Woken::Read(seen, page)
            }
            permit = wanted(self.room.as_mut().map(|(_, room)| room)) => Woken::Room(permit),
            () = self.wake.notified() => Woken::Nothing,
            () = time => Woken::Nothing,
        }
    }

    /// When something is to be done that nobody else brings about.
    fn next_time(&self) -> Option<Timestamp> {
        let of_delivering = match self.delivers() {
            true => [self.lanes.next_time(), self.held_until, self.paced_until, self.page_not_before],
            false => [None; 4],
        };
        of_delivering.into_iter().chain([self.progress.not_before]).flatten().min()
    }
}

/// What comes of it, if there is anything.
async fn wanted<T>(future: Option<&mut BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

impl super::Parts {
    /// Returns at this moment, at the latest [`DUE_SLEEP_MAX`](limit::DUE_SLEEP_MAX) from now; never, when there is none.
    pub(super) fn sleep_until(&self, until: Option<Timestamp>) -> impl Future<Output = ()> + use<> {
        let (sleep, now) = (Arc::clone(&self.sleep), self.clock.now());
        async move {
            let Some(until) = until else { return std::future::pending().await };
            let left = until.as_millis().saturating_sub(now.as_millis());
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            sleep.sleep(left.min(limit::DUE_SLEEP_MAX)).await;
        }
    }
}

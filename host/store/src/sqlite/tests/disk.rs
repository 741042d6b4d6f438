//! A disk that fails: what was acknowledged stays, and the store goes on by itself once the disk does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use hookyard_domain::clock::ManualClock;
use hookyard_domain::commit::Write;
use hookyard_domain::entropy::{Entropy as _, SeededEntropy};
use hookyard_faults::Disk;
use tempfile::TempDir;

use super::{append, directory, kinds};
use crate::contract::world::{commit, increment, mark, mark_absent, noon};
use crate::sqlite::{SqliteSettings, SqliteStore};
use crate::{CommitError, Ledger as _, StoreError};

/// A store on a disk of this name, in a directory of its own.
struct World {
    disk: Disk,
    directory: TempDir,
    store: Option<SqliteStore>,
}

impl World {
    fn new(name: &str) -> Self {
        let (disk, directory) = (Disk::register(name).expect("registers"), directory());
        let store = Some(open(&disk, directory.path()));
        Self { disk, directory, store }
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().expect("is open")
    }

    /// Commits the event `a.NUMBER`, its mark and one more on a counter.
    async fn add(&self, number: u8) -> Result<(), CommitError> {
        let writes = [Write::Mark(mark(number)), append(&format!("a.{number}"), 2_000), increment("n", 1)];
        self.store().commit(commit("shop", noon(), [mark_absent(number)], writes)).await.map(drop)
    }

    async fn kinds(&self) -> Vec<String> {
        kinds(self.store()).await
    }

    fn end_faults(&self) {
        self.disk.fail_syncs(false);
        self.disk.fail_writes(false);
        self.disk.set_room(None);
    }

    /// The same disk after its power, and with it the store's process, was gone. Nothing fails any more: a store does not open
    /// on a disk that does.
    fn cut_power(&mut self) {
        self.disk.cut_power();
        drop(self.store.take());
        self.end_faults();
        self.disk.restore_power();
        self.store = Some(open(&self.disk, self.directory.path()));
    }
}

fn open(disk: &Disk, directory: &Path) -> SqliteStore {
    let settings =
        SqliteSettings { vfs: Some(disk.name().to_owned()), copy_log_above: 64 * 1024, ..SqliteSettings::default() };
    SqliteStore::open_with(directory, Arc::new(ManualClock::at(noon())), &settings).expect("opens")
}

#[tokio::test]
async fn a_commit_that_cannot_be_synced_is_refused_and_the_next_one_that_can_be_is_not() {
    let mut world = World::new("store-syncs");
    world.add(1).await.expect("commits");
    world.disk.fail_syncs(true);
    let error = world.add(2).await.expect_err("is not durable");
    assert!(matches!(error, CommitError::Unavailable(StoreError::Failed(_))), "{error:?}");
    world.disk.fail_syncs(false);
    world.add(3).await.expect("commits");
    assert_eq!(world.kinds().await, ["a.1", "a.3"]);
    world.cut_power();
    assert_eq!(world.kinds().await, ["a.1", "a.3"]);
    world.add(2).await.expect("nothing of it was kept");
}

#[tokio::test]
async fn a_disk_without_room_is_said_and_is_over_when_there_is_some() {
    let mut world = World::new("store-room");
    world.add(1).await.expect("commits");
    world.disk.set_room(Some(3 * 4_096));
    let error = world.add(2).await.expect_err("there is no room");
    assert!(matches!(error, CommitError::Unavailable(StoreError::Full(_))), "{error:?}");
    assert_eq!(world.kinds().await, ["a.1"], "what is there can be read meanwhile");
    world.disk.set_room(None);
    world.add(2).await.expect("there is room");
    world.cut_power();
    assert_eq!(world.kinds().await, ["a.1", "a.2"]);
}

/// Commits go on while the disk fails in every way in turn and loses its power in between.
#[tokio::test]
async fn whatever_the_disk_does_what_was_acknowledged_is_there_once() {
    let mut world = World::new("store-storm");
    let random = SeededEntropy::new(7);
    let below = |end: u8| {
        let mut byte = [0];
        random.fill(&mut byte);
        byte[0] % end
    };
    let (mut acknowledged, mut refused, mut cuts) = (Vec::new(), 0, 0);
    for number in 1..=250 {
        match below(12) {
            0 => world.disk.fail_syncs(true),
            1 => world.disk.fail_writes(true),
            2 => world.disk.set_room(Some(usize::from(below(20)) * 1_000)),
            3 => {
                world.cut_power();
                cuts += 1;
            }
            4..=7 => world.end_faults(),
            _ => {}
        }
        match world.add(number).await {
            Ok(()) => acknowledged.push(format!("a.{number}")),
            Err(CommitError::Unavailable(_) | CommitError::Overloaded) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    world.cut_power();
    let found = world.kinds().await;
    let distinct: BTreeSet<_> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "nothing is there twice");
    let lost: Vec<_> = acknowledged.iter().filter(|kind| !distinct.contains(kind)).collect();
    assert!(lost.is_empty(), "{lost:?} of {} are lost", acknowledged.len());
    assert!(acknowledged.len() > 50 && refused > 20 && cuts > 5, "{} {refused} {cuts}", acknowledged.len());
}

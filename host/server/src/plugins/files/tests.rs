use std::fs;
use std::path::Path;

use super::*;

/// A directory whose files are looked at.
struct World {
    directory: tempfile::TempDir,
    files: Files,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("temp dir");
        Self { directory, files: Files::default(), now: Instant::now() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file; each length has another signature.
    fn write(&self, name: &str, length: usize) {
        fs::write(self.path().join(name), vec![b'x'; length]).expect("written");
    }

    fn look(&mut self, later: Duration) -> bool {
        self.now += later;
        self.files.observe(Listing::of(self.path()).expect("can be read"), self.now)
    }

    fn due(&self) -> Vec<String> {
        self.files.due(self.now, false)
    }

    /// A task that never ends reads the file.
    fn begin(&mut self, name: &str) -> AbortHandle {
        let task = tokio::spawn(std::future::pending::<()>()).abort_handle();
        self.files.begun(name, task.clone());
        task
    }

    fn reject(&mut self, name: &str, id: Id) -> bool {
        let wrong = Unusable::Content { reason: "wrong".into(), content: None, plugin: None };
        self.files.finished(name, id, Err(wrong), self.now)
    }
}

const QUIET: Duration = limit::PLUGIN_QUIET;
const SHORT: Duration = Duration::from_millis(10);

#[test]
fn a_file_is_read_when_it_has_been_quiet_and_not_while_it_changes() {
    let mut world = World::new();
    for length in 1..=100 {
        world.write("a.wasm", length);
        assert!(world.look(SHORT), "each change is noticed");
        assert_eq!(world.due(), [] as [&str; 0]);
    }
    assert_eq!(world.files.next_change(), Some(world.now + QUIET));
    assert!(!world.look(QUIET));
    assert_eq!(world.due(), ["a.wasm"]);
}

#[test]
fn at_the_start_nothing_is_waited_for() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    assert_eq!(world.files.due(world.now, true), ["a.wasm"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_read_anew_and_what_was_read_does_not_count() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    world.look(QUIET);
    let first = world.begin("a.wasm");
    assert!(world.files.compiling("a.wasm", first.id()));
    world.write("a.wasm", 2);
    world.look(SHORT);
    tokio::task::yield_now().await;
    assert!(first.is_finished(), "it was dropped");
    assert!(!world.reject("a.wasm", first.id()));
    assert_eq!(world.due(), [] as [&str; 0]);
    world.look(QUIET);
    let second = world.begin("a.wasm");
    assert!(!world.files.compiling("a.wasm", first.id()) && world.reject("a.wasm", second.id()));
    assert!(world.files.get("a.wasm").is_some_and(|file| matches!(file.phase, Phase::Unusable(_))));
    world.look(limit::PLUGIN_RETRY_MAX);
    assert_eq!(world.due(), [] as [&str; 0], "what is wrong with a file stays until it changes");
}

#[tokio::test]
async fn what_the_host_could_not_do_is_tried_again_later_each_time() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    world.look(QUIET);
    let mut waits = Vec::new();
    for _ in 0..8 {
        let id = world.begin("a.wasm").id();
        assert!(world.files.finished("a.wasm", id, Err(Unusable::Host("full".into())), world.now));
        let next = world.files.next_change().expect("it is tried again");
        waits.push((next - world.now).as_secs());
        assert_eq!(world.due(), [] as [&str; 0]);
        let wait = next - world.now;
        world.look(wait);
        assert_eq!(world.due(), ["a.wasm"]);
    }
    assert_eq!((waits[0], waits[7]), (2, 60), "{waits:?}");
    assert!(waits.is_sorted(), "{waits:?}");
}

#[test]
fn a_file_that_is_taken_away_is_gone_after_a_while_and_not_before() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    fs::remove_file(world.path().join("a.wasm")).expect("removed");
    assert!(world.look(SHORT));
    assert!(world.files.get("a.wasm").is_some_and(|file| !file.is_there()));
    assert_eq!(world.files.next_change(), Some(world.now + limit::PLUGIN_GONE_AFTER));
    assert!(!world.look(limit::PLUGIN_GONE_AFTER - SHORT));
    assert!(world.files.get("a.wasm").is_some());
    assert!(world.look(SHORT));
    assert!(world.files.get("a.wasm").is_none());
}

#[test]
fn a_file_that_comes_back_in_time_was_never_gone() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    fs::remove_file(world.path().join("a.wasm")).expect("removed");
    world.look(SHORT);
    world.write("a.wasm", 2);
    assert!(world.look(SHORT));
    world.look(limit::PLUGIN_GONE_AFTER);
    assert_eq!(world.due(), ["a.wasm"]);
}

#[test]
fn a_file_that_should_be_there_at_the_start_is_gone_only_after_a_while() {
    let mut world = World::new();
    world.write("a.wasm", 1);
    world.look(Duration::ZERO);
    let expected = ["a.wasm", "b.wasm"].map(str::to_owned);
    world.files.miss(expected.iter(), world.now);
    assert!(world.files.get("a.wasm").is_some_and(File::is_there));
    assert!(world.files.get("b.wasm").is_some_and(|file| !file.is_there()));
    world.look(limit::PLUGIN_GONE_AFTER - SHORT);
    assert!(world.files.get("b.wasm").is_some());
    assert!(world.look(SHORT));
    assert!(world.files.get("b.wasm").is_none());
}

#[test]
fn a_thousand_files_are_looked_at_and_read_in_order() {
    let mut world = World::new();
    for number in 0..1_000 {
        world.write(&format!("{number:04}.wasm"), 1);
    }
    world.look(Duration::ZERO);
    world.look(QUIET);
    let due = world.due();
    assert_eq!((due.len(), due[0].as_str(), due[999].as_str()), (1_000, "0000.wasm", "0999.wasm"));
}

#[test]
fn what_cannot_be_read_is_rejected_at_once() {
    let mut world = World::new();
    std::os::unix::fs::symlink("nothing", world.path().join("a.wasm")).expect("linked");
    world.look(Duration::ZERO);
    let file = world.files.get("a.wasm").expect("it was seen");
    assert!(matches!(&file.phase, Phase::Unusable(fault) if fault.is_of_the_file()));
    world.look(QUIET);
    assert_eq!(world.due(), [] as [&str; 0]);
}

//! The contract may grow only in ways that keep every released guest running.

mod manifest;
mod released;

use std::path::{Path, PathBuf};

use hookyard_tests::wit_freeze::{Contract, releases};

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// The released contracts: version and directory, the newest last.
fn released() -> Vec<(String, PathBuf)> {
    let releases = releases(&wit().join("released")).expect("released contracts can be read");
    assert!(!releases.is_empty(), "0.1.0 is released");
    releases
}

const OLD: &str = "
package hookyard:plugin@0.1.0;
interface types { record error { code: string } enum level { debug, info } }
interface log { use types.{level}; write: func(level: level, message: string); }
interface handler { use types.{error}; handle: func(body: list<u8>) -> result<_, error>; }
world plugin { import log; export handler; }
";

fn breaks(from: &str, to: &str) -> Vec<String> {
    assert!(OLD.contains(from), "{from:?} does not occur");
    let old = Contract::parse(OLD).expect("the old contract parses");
    let new = Contract::parse(&OLD.replace(from, to)).expect("the new contract parses");
    new.breaks(&old)
}

#[test]
fn new_imports_and_new_exported_interfaces_are_compatible() {
    assert!(breaks("write: func", "flush: func(); write: func").is_empty());
    assert!(
        breaks("world plugin {", "interface clock { now: func() -> u64; } world plugin { import clock;").is_empty()
    );
    assert!(breaks("world plugin {", "interface timer { fire: func(); } world plugin { export timer;").is_empty());
    assert!(breaks("@0.1.0", "@0.1.7").is_empty());
}

#[test]
fn whatever_old_guests_would_stumble_over_is_named() {
    for (from, to, place) in [
        ("code: string", "code: string, message: string", "export handler: handle was"),
        ("debug, info", "debug, info, warn", "import log: type level was"),
        ("handle: func", "ready: func(); handle: func", "export handler: ready is new"),
        ("message: string", "text: string", "import log: write was"),
        ("body: list<u8>", "body: string", "export handler: handle was"),
        ("import log; ", "", "import log: is gone"),
        ("export handler;", "", "export handler: is gone"),
    ] {
        let breaks = breaks(from, to);
        assert!(breaks.iter().any(|line| line.starts_with(place)), "{from} -> {to}: {breaks:?}");
    }
}

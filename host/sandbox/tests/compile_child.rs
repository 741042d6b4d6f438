//! Compiling in a child process. The child is this very program, so it has no test harness: with `compile-component` it
//! compiles, otherwise it tests.

#[allow(dead_code, reason = "shared with tests that need more of it")]
#[path = "sandbox/guest.rs"]
mod guest;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_sandbox::{Compiler, Rejection, Sandbox, SandboxSettings, compile_child};

use crate::guest::Guest;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == compile_child::SUBCOMMAND) {
        return compile_child::main(args);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        a_component_is_compiled_by_the_child().await;
        what_the_child_refuses_is_said().await;
        a_child_that_cannot_do_its_work_is_the_fault_of_the_host().await;
    });
    ExitCode::SUCCESS
}

fn sandbox(dir: &tempfile::TempDir, program: PathBuf) -> Sandbox {
    let settings =
        SandboxSettings { pool_slots: 0, cache_dir: dir.path().to_owned(), compiler: Compiler::Child(program) };
    let clock = ManualClock::at(Timestamp::from_millis(0));
    Sandbox::new(settings, Arc::new(clock), Arc::new(SeededEntropy::new(0))).expect("a sandbox")
}

async fn a_component_is_compiled_by_the_child() {
    let dir = tempfile::tempdir().expect("temp dir");
    let sandbox = sandbox(&dir, std::env::current_exe().expect("it runs"));
    let component = sandbox.load(&Guest::handling("").component()).await.expect("usable");
    assert_eq!(component.manifest_json(), guest::MANIFEST);
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("readable").collect();
    assert_eq!(left.len(), 1, "only the entry stays: {left:?}");
}

async fn what_the_child_refuses_is_said() {
    let dir = tempfile::tempdir().expect("temp dir");
    let sandbox = sandbox(&dir, std::env::current_exe().expect("it runs"));
    let mut damaged = Guest::handling("").component();
    damaged.truncate(damaged.len() / 2);
    let rejection = sandbox.load(&damaged).await.expect_err("rejected");
    assert!(matches!(&rejection, Rejection::Invalid { reason } if reason.contains("unexpected end")), "{rejection}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0);
}

async fn a_child_that_cannot_do_its_work_is_the_fault_of_the_host() {
    let dir = tempfile::tempdir().expect("temp dir");
    for program in ["/nonexistent/compiler", "/bin/false"] {
        let rejection = sandbox(&dir, program.into()).load(&Guest::handling("").component()).await;
        let rejection = rejection.expect_err("rejected");
        assert!(matches!(rejection, Rejection::Host { .. }), "{program}: {rejection}");
    }
}

//! Compiling in a child process. The child is this very program, so it has no test harness: with `compile-component` it
//! compiles, otherwise it tests.

#[allow(dead_code, reason = "shared with tests that need more of it")]
#[path = "sandbox/guest.rs"]
mod guest;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_sandbox::{Compiler, LoadBounds, Rejection, Sandbox, SandboxSettings, compile_child};

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
        what_takes_too_long_is_given_up_and_holds_up_nobody().await;
        what_takes_too_much_memory_is_given_up().await;
        a_compiler_ends_with_its_host().await;
    });
    ExitCode::SUCCESS
}

fn sandbox(dir: &tempfile::TempDir, program: PathBuf) -> Sandbox {
    bounded(dir, program, LoadBounds::default())
}

fn bounded(dir: &tempfile::TempDir, program: PathBuf, bounds: LoadBounds) -> Sandbox {
    let settings =
        SandboxSettings { pool_slots: 0, cache_dir: dir.path().to_owned(), compiler: Compiler::Child(program), bounds };
    let clock = ManualClock::at(Timestamp::from_millis(0));
    Sandbox::new(settings, Arc::new(clock), Arc::new(SeededEntropy::new(0))).expect("a sandbox")
}

async fn a_component_is_compiled_by_the_child() {
    let dir = tempfile::tempdir().expect("temp dir");
    let sandbox = sandbox(&dir, std::env::current_exe().expect("it runs"));
    let component = sandbox.load(&Guest::handling("").component()).await.expect("usable");
    assert_eq!(component.manifest_json(), guest::MANIFEST);
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("readable").collect();
    assert_eq!(left.len(), 2, "only code and entry stay: {left:?}");
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
    let stopped = dir.path().join("stopped");
    std::fs::write(&stopped, "#!/bin/sh\nkill -TERM $$\n").expect("writable");
    std::fs::set_permissions(&stopped, std::fs::Permissions::from_mode(0o700)).expect("allowed");
    for program in [Path::new("/nonexistent/compiler"), Path::new("/bin/false"), &stopped] {
        let rejection = sandbox(&dir, program.to_owned()).load(&Guest::handling("").component()).await;
        let rejection = rejection.expect_err("rejected");
        assert!(matches!(rejection, Rejection::Host { .. }), "{}: {rejection}", program.display());
    }
}

async fn what_takes_too_long_is_given_up_and_holds_up_nobody() {
    let dir = tempfile::tempdir().expect("temp dir");
    let bounds = LoadBounds { compile_cpu: Duration::from_secs(2), ..LoadBounds::default() };
    let sandbox = bounded(&dir, std::env::current_exe().expect("it runs"), bounds);
    let (heavy, light) = (Guest::heavy(1_000).component(), Guest::handling("").component());
    let mut given_up = std::pin::pin!(sandbox.load(&heavy));
    tokio::select! {
        biased;
        light = sandbox.load(&light) => drop(light.expect("usable")),
        heavy = &mut given_up => panic!("the heavy one was first: {heavy:?}"),
    }
    assert_eq!(
        given_up.await.expect_err("rejected").to_string(),
        "compiling it was given up: it takes more than 2 s of processor time; build it optimised, and break its largest \
         functions up"
    );
    assert_eq!(compilers_of(dir.path()), Vec::<PathBuf>::new(), "the compiler is gone");
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 2, "only the light one was kept");
}

async fn what_takes_too_much_memory_is_given_up() {
    let dir = tempfile::tempdir().expect("temp dir");
    let bounds = LoadBounds { compile_address_bytes: 192 * 1024 * 1024, ..LoadBounds::default() };
    let sandbox = bounded(&dir, std::env::current_exe().expect("it runs"), bounds);
    let rejection = sandbox.load(&Guest::heavy(2_000).component()).await.expect_err("rejected");
    assert_eq!(
        rejection.to_string(),
        "compiling it was given up: it takes more than 192 MiB of memory; build it optimised, and break its largest \
         functions up"
    );
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0);
}

async fn a_compiler_ends_with_its_host() {
    let dir = tempfile::tempdir().expect("temp dir");
    let wasm = dir.path().join("heavy.wasm");
    std::fs::write(&wasm, Guest::heavy(1_000).component()).expect("writable");
    let mut compiler = tokio::process::Command::new(std::env::current_exe().expect("it runs"));
    compiler.arg(compile_child::SUBCOMMAND).args([&wasm, &dir.path().join("code")]).args(["60", "6442450944"]);
    // This process is its parent, and not that one.
    let ended = compiler.arg("1").stderr(std::process::Stdio::null()).status().await.expect("it runs");
    assert_eq!(ended.code(), Some(70));
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1, "it compiled nothing");
}

/// The running processes that compile into this directory.
fn compilers_of(dir: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let dir = dir.to_string_lossy();
    let compiles = |process: &PathBuf| {
        std::fs::read(process.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*dir))
    };
    processes.filter(compiles).collect()
}

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hookyard_sandbox::{Compiler, Outcome, Rejection};

use crate::guest::Guest;
use crate::host::{ROOMY, TestHost};

fn entries(host: &TestHost) -> Vec<PathBuf> {
    let dir = fs::read_dir(host.dir.path().join("code")).expect("the cache is there");
    dir.map(|entry| entry.expect("readable").path()).collect()
}

async fn works(host: &TestHost, wasm: &[u8]) {
    let component = host.sandbox.load(wasm).await.expect("usable");
    assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
}

#[tokio::test]
async fn a_second_start_compiles_nothing() {
    let host = TestHost::new();
    let wasm = Guest::handling("").component();
    works(&host, &wasm).await;
    let host = TestHost::in_dir(host.dir, 2, Compiler::Child("/nonexistent/compiler".into()));
    works(&host, &wasm).await;
    let other = Guest::handling("(drop (i32.const 1))").component();
    assert!(matches!(host.sandbox.load(&other).await, Err(Rejection::Host { .. })), "that would have to be compiled");
}

#[tokio::test]
async fn what_is_damaged_is_made_again() {
    let host = TestHost::new();
    let wasm = Guest::handling("").component();
    works(&host, &wasm).await;
    let files = entries(&host);
    assert_eq!(files.len(), 2, "code and entry: {files:?}");
    for file in &files {
        let whole = fs::read(file).expect("readable");
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        replace(file, &damaged);
        works(&host, &wasm).await;
        assert_eq!(fs::read(file).expect("readable"), whole, "{}", file.display());
        assert_eq!(entries(&host).len(), 2, "nothing else stays behind");
    }
    let host = TestHost::in_dir(host.dir, 2, Compiler::Child("/nonexistent/compiler".into()));
    works(&host, &wasm).await;
}

/// What a disk does to a file while it is not mapped.
fn replace(file: &Path, content: &[u8]) {
    fs::remove_file(file).expect("there");
    fs::write(file, content).expect("writable");
}

#[tokio::test]
async fn code_that_is_loaded_works_whatever_becomes_of_its_file() {
    for pool_slots in [0, 2] {
        let host = TestHost::with_pool(pool_slots);
        let wasm = Guest::handling("").component();
        works(&host, &wasm).await;
        let component = host.sandbox.load(&wasm).await.expect("usable");
        entries(&host).iter().for_each(|file| replace(file, b"something else"));
        assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
        host.sandbox.retain(BTreeSet::new()).await;
        assert_eq!(entries(&host), Vec::<PathBuf>::new());
        assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn code_is_mapped_from_its_file() {
    let host = TestHost::new();
    let component = host.load(&Guest::handling("")).await;
    let code = entries(&host).into_iter().find(|file| file.extension().is_some_and(|kind| kind == "cwasm"));
    let code = code.expect("there").display().to_string();
    let mapped = || fs::read_to_string("/proc/self/maps").expect("readable").contains(&code);
    assert!(mapped());
    drop(component);
    assert!(!mapped(), "and no longer than it is needed");
}

#[tokio::test]
async fn nothing_of_a_rejected_component_is_kept() {
    let host = TestHost::new();
    host.sandbox.load(&Guest::handling("").describing("unreachable").component()).await.expect_err("rejected");
    assert_eq!(entries(&host), Vec::<PathBuf>::new());
}

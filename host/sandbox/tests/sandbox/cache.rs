use std::fs;
use std::path::PathBuf;

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
async fn a_damaged_entry_is_made_again() {
    let host = TestHost::new();
    let wasm = Guest::handling("").component();
    works(&host, &wasm).await;
    let [entry] = &entries(&host)[..] else { panic!("one entry: {:?}", entries(&host)) };
    let whole = fs::read(entry).expect("readable");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(entry, &damaged).expect("writable");
    works(&host, &wasm).await;
    assert_eq!(entries(&host).len(), 1, "nothing else stays behind");
    let host = TestHost::in_dir(host.dir, 2, Compiler::Child("/nonexistent/compiler".into()));
    works(&host, &wasm).await;
}

#[tokio::test]
async fn nothing_of_a_rejected_component_is_kept() {
    let host = TestHost::new();
    host.sandbox.load(&Guest::handling("").describing("unreachable").component()).await.expect_err("rejected");
    assert_eq!(entries(&host), Vec::<PathBuf>::new());
}
